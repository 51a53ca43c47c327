"""What no feed has reason to exceed."""

DEEPEST = 200  # elements within elements
MOST_ATTRIBUTES = 500  # of one element
MOST_CATEGORIES = 5_000  # of one item; feedparser compares each with all others


class ExcessError(Exception):
    """Elements nested deeper, or with more attributes or categories, than any feed has reason to."""
