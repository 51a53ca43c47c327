"""Characters that only look right: letters of another alphabet, what a Chinese keyboard types, what nobody sees."""

import re
import unicodedata

_LONGEST = 80  # of a value that is a word or an address; longer ones are texts, which may hold anything
_MIXED = re.compile(r"(?=\w*[A-Za-z])(?=\w*[\u0400-\u052f])\w+")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_QUOTED = re.compile(r"([“”„‘’«「『＂＇])(.+)([“”‘’»」』＂＇])")
_FULL_WIDTH = re.compile(r"[\uff01-\uff0b\uff0d-\uff1a\uff1c-\uff5e\u3000≥≤]")  # commas are said where a list is meant


def oddity(text: str) -> str:
    """What is odd about a value or a key that was refused, and what to type; empty where nothing is.

    For words such as keys, ids, codes and addresses: in a headline most of this would be right.
    """
    if len(text) > _LONGEST:
        return ""
    unseen = next((char for char in text if unicodedata.category(char) == "Cf"), "")
    if unseen:
        return f"it holds the invisible character U+{ord(unseen):04X}: type it anew"
    if quoted := _QUOTED.fullmatch(text):
        return f'{quoted[1]} and {quoted[3]} are no quotes to YAML: leave them out, or write " in their place'
    if _FULL_WIDTH.search(text) and "： " not in text:  # that is a key with its value
        plain = unicodedata.normalize("NFKC", text).replace("≥", ">=").replace("≤", "<=")
        return f"type it in plain characters: `{plain}`" if plain.isascii() else ""
    if " " not in text and (mixed := "".join(_MIXED.findall(text))):
        letters = "".join(dict.fromkeys(_CYRILLIC.findall(mixed)))
        return (
            f"`{letters}` in it {'are Cyrillic letters' if len(letters) > 1 else 'is a Cyrillic letter'}: type it anew"
        )
    return ""
