"""Numbers inside names: 2号 and 二号, 第276条 and 第二百七十六条, Siberia 2 and Siberia II."""

import re

_DIGITS = "〇一二三四五六七八九"
_VALUES = {char: value for value, char in enumerate(_DIGITS)} | {"零": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_CHINESE = "".join([*_VALUES, *_UNITS])
_COUNTED = "号条届款章期线"  # simplified: forms are folded before they come here
_ORDINAL = re.compile(
    f"(?<=第)[{_CHINESE}]+|[{_CHINESE}]+(?=[{_COUNTED}])|(?<=第)[0-9]+|[0-9]+(?=[{_COUNTED}])|[0-9]+$"
)
_MOST_NUMBERS = 4  # each is written in several ways
_ROMAN = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


def roman(number: str) -> str:
    """Roman numeral in lower case for 1 … 20, else the empty string."""
    if not number.isdigit() or not 1 <= int(number) <= 20:
        return ""
    tens, ones = divmod(int(number), 10)
    return "x" * tens + ("" if not ones else _ROMAN[ones])


def han_numeral_forms(text: str) -> set[str]:
    """Folded Han text with each number that counts something in Arabic, Chinese and Roman numerals.

    Roman ones of two letters and more: 力量II is 力量2, but X线 (an X-ray) is not 10线.
    """
    match = _ORDINAL.search(text)
    if match is None:
        return {text}
    number = _value(match[0])
    if number is None or number > 99_999:
        return {text}
    written = {match[0], str(number), to_chinese(number), "".join(_DIGITS[int(digit)] for digit in str(number))}
    if len(roman(str(number))) > 1:
        written.add(roman(str(number)))
    rest = (
        {text[match.end() :]} if _ORDINAL.search(text, match.end()) is None else han_numeral_forms(text[match.end() :])
    )
    return {text[: match.start()] + one + tail for one in written for tail in rest}


def to_chinese(number: int) -> str:
    """276 → 二百七十六, 12 → 十二; 0 … 99,999."""
    if number < 10:
        return _DIGITS[number]
    out, gap = "", False
    for unit, char in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            out += ("零" if gap else "") + _DIGITS[digit] + char
            gap = False
        elif out:
            gap = True
    return out.removeprefix("一") if out.startswith("一十") else out


def _value(text: str) -> int | None:
    if text.isdigit() and text.isascii():
        return int(text)
    if not set(text) & set(_UNITS):
        return int("".join(str(_VALUES[char]) for char in text))
    total = section = 0
    for char in text:
        if char in _VALUES:
            section = _VALUES[char]
        else:
            total += (section or 1) * _UNITS[char]
            section = 0
    return total + section
