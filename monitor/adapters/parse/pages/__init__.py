"""What is read out of HTML pages, by trees or by patterns, and what they name elsewhere. Pure."""
