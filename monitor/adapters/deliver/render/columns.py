"""Plain text in columns: Han, kana and Hangul take two cells, and may be broken between any two characters. Pure."""

import re

from rich.cells import cell_len

WIDTH = 78
_WIDE = r"[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60]"
# What may not begin a line sticks to the character before it, what may not end one to the character after it.
_CLOSING = r"[、。，．！？：；）」』】〕》〉”’…％,.;:!?)\]»]"
_OPENING = r"[（「『【〔《〈“‘(\[«]"
# Hangul is written with spaces between words and is therefore not in _WIDE: it breaks there, as Latin does.
_UNIT = re.compile(rf"[^\S\xa0]+|{_OPENING}*{_WIDE}{_CLOSING}*|(?:(?!{_OPENING}*{_WIDE})[\S\xa0])+{_CLOSING}*")


def wrap(text: str, first: str = "", rest: str | None = None, width: int = WIDTH) -> str:
    """Lines of at most `width` cells; the first begins with `first`, the others with `rest` (default: as many blanks).

    A word wider than a line (a long address) stays whole on its own line, so that it can be copied. A no-break
    space keeps its words together and is written as a plain one.
    """
    rest = " " * cell_len(first) if rest is None else rest
    lines: list[str] = []
    line, used, empty = first, cell_len(first), True
    for unit in _UNIT.findall(text.strip()):
        unit = " " if unit.isspace() else unit.replace("\xa0", " ")
        cells = cell_len(unit)
        if used + cells > width and not empty:
            lines.append(line.rstrip())
            line, used, empty = rest, cell_len(rest), True
        if empty and unit == " ":
            continue
        line, used, empty = line + unit, used + cells, False
    return "\n".join([*lines, line.rstrip()])


def pad(text: str, cells: int) -> str:
    """Filled with blanks to that many cells; longer text stays as it is."""
    return text + " " * max(0, cells - cell_len(text))


def fit(text: str, cells: int) -> str:
    """Cut to that many cells, the cut shown by an ellipsis, and filled with blanks."""
    if cell_len(text) > cells:
        while cell_len(text) > cells - 1:
            text = text[:-1]
        text += "…"
    return pad(text, cells)
