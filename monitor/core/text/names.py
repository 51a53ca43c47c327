"""Chinese names in the scripts of the press: Han, pinyin, Cyrillic by the Palladius system, Wade–Giles."""

from monitor.core.text.forms import Form, read_form

NAME_KINDS = ("person", "place")


def name_forms(
    text: str, *, case: bool = True, wade_giles: bool = False, cyrillic: bool = True, exact: bool = False
) -> list[Form]:
    """All renderings of a Chinese name given as Han or pinyin. Raises FormError."""
    return read_form(text, "", exact=exact, case=case)
