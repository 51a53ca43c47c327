"""Cuts a text into pieces that fit, where it hurts least. Pure."""

from collections.abc import Callable

BREAKS = ("\n\n", "\n", " ")


def cut(text: str, fits: Callable[[str], bool], breaks: tuple[str, ...] = BREAKS) -> list[str]:
    """The text in as few pieces as a first fit gives, in order, nothing but white space at the cuts left out.

    Blocks stay whole where they fit, then lines, then words. `fits` must hold for every beginning of what it holds
    for; a single character is a piece even if it does not fit.
    """
    if fits(text):
        return [text]
    if not breaks:
        return _slices(text, fits)
    found: list[str] = []
    current = ""
    for part in text.split(breaks[0]):
        longer = f"{current}{breaks[0]}{part}" if current else part
        if fits(longer):
            current = longer
            continue
        if current:
            found.append(current)
        *whole, current = cut(part, fits, breaks[1:])
        found += whole
    return [piece for piece in (*found, current) if piece.strip()]


def _slices(text: str, fits: Callable[[str], bool]) -> list[str]:
    found: list[str] = []
    while text:
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
        found.append(text[:low])
        text = text[low:]
    return found or [""]
