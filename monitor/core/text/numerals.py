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
_LONGEST = 12  # characters of a number up to 99,999, with zeros before it
_ROMAN = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


def roman(number: str) -> str:
    """Roman numeral in lower case for 1 … 20, else the empty string."""
    if not number.isdigit() or not 1 <= int(number) <= 20:
        return ""
    tens, ones = divmod(int(number), 10)
    return "x" * tens + ("" if not ones else _ROMAN[ones])


def han_numeral_forms(text: str) -> set[str]:
    """Folded Han text with each number that counts something in Arabic, Chinese and Roman numerals.

    Roman ones of two letters and more: 力量II is 力量2, but X线 (an X-ray) is not 10线. Text with more numbers
    than a name has (a list, a table) is left as it is: every mixture of their forms would fill the memory.
    """
    numbers = list(_ORDINAL.finditer(text))
    if len(numbers) > _MOST_NUMBERS:
        return {text}
    forms, start = {""}, 0
    for match in numbers:
        before, start = text[start : match.start()], match.end()
        forms = {form + before + one for form in forms for one in _written(match[0])}
    return {form + text[start:] for form in forms}


def _written(numeral: str) -> set[str]:
    number = _value(numeral) if len(numeral) <= _LONGEST else 100_000
    if number > 99_999:
        return {numeral}
    ways = {numeral, str(number), to_chinese(number), "".join(_DIGITS[int(digit)] for digit in str(number))}
    if len(roman(str(number))) > 1:
        ways.add(roman(str(number)))
    return ways


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


def _value(text: str) -> int:
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
