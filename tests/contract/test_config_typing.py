"""What keyboards, word processors and habit put into YAML: each slip is named with what to type, or it works."""

from pathlib import Path

import pytest

from monitor.adapters.config import load_feeds, load_rules
from monitor.errors import ConfigError

FEEDS = """\
feeds:
  - id: coast
    url: https://coast.example/rss
    language: ru
    every: 10m
    tags: [wire]
"""
RULES = """\
terms:
  ice: {en: [ice], zh: [冰]}
rules:
  - id: ports
    title: Ports
    severity: high
    tags: [sea]
    match: {all: [$ice, harbour]}
    examples:
      hit:
        - Ice in the harbour
digests:
  - id: morning
    rules: [ports]
    at: 0 8 * * *
    to: [file:out]
    at_once: [severity=high]
    quiet_hours: 22:00-07:00
"""


def said(tmp_path: Path, name: str, text: str) -> list[str]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    try:
        load_feeds(path) if name == "feeds.yaml" else load_rules(path)
    except ConfigError as error:
        return [str(problem).removeprefix(f"{path}:") for problem in error.problems]
    return []


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


IN_FEEDS = [
    ("language: ru", "language：ru", "4:13: `：` is no colon (write `: `", "a Chinese colon"),
    ("feeds:", "feeds：", "1:6: `：` is no colon", "a Chinese colon, found only in the next line"),
    ("- id: coast", "- id：coast", "2:7: `：` is no colon", "a Chinese colon in the first key of an entry"),
    ("language: ru", "language:\u00a0ru", "4:14: a blank of another kind (U+00A0) is no blank", "pasted from a page"),
    ("    language", "\u3000\u3000language", "4:1: a blank of another kind (U+3000) indents", "a Chinese blank"),
    ("    language", "\tlanguage", "4:1: a tab indents this line", "a tab"),
    ("  - id", "  -\tid", "2:4: a tab indents this line", "a tab after the hyphen"),
    ("  - id", "  – id", "2:3: `–` is no hyphen (begin an entry", "a word processor's dash"),
    ("  - id", "  － id", "2:3: `－` is no hyphen", "a full-width hyphen"),
    (
        "language: ru",
        "lаnguage: ru",
        "4:5: unknown key `lаnguage`, did you mean 'language'? (`а` in it is a",
        "look-alike",
    ),
    ("url: https", "urІ: https", "(`І` in it is a Cyrillic letter: type it anew", "look-alike"),
    ("language: ru", "\u200blanguage: ru", "it holds the invisible character U+200B: type it anew", "pasted"),
    ("language: ru", "language: “ru”", "4:15: language: `“ru”` is no language code (“ and ” are no quotes", "quotes"),
    ("id: coast", "id: «coast»", "« and » are no quotes to YAML", "Russian quotes"),
    ("https://", "https：//", "type it in plain characters: `https://coast.example/rss`", "a full-width colon"),
    ("tags: [wire]", "tags: ［wire］", "type it in plain characters: `[wire]`", "full-width brackets"),
    (
        "[wire]",
        "[wire，state]",
        "6:11: tags: `wire，state` is one text with commas (write them apart: wire, state)",
        "comma",
    ),
    ("10m", "01:30", "5:12: every: `01:30` is no duration", "no number in base 60"),
    ("every: 10m", "enabled: on", "5:14: enabled: must be true or false, not `on`", "a word of old YAML"),
    ("every: 10m", "language: ru", "5:5: key `language` is there twice, first in line 4", "twice"),
    ("every: 10m", "name: Coast: news", "5:16: a second `:` in this line", "a colon in a text"),
    ("every: 10m", "name: @coast", "5:11: a text can't begin with @ (put the text in quotes)", "an at sign"),
    ("every: 10m", "name: %coast", "5:11: a text can't begin with %", "a per cent sign"),
    ("every: 10m", "name: !coast", "5:11: the tag !coast is not supported (remove it, or quote", "an exclamation mark"),
    ("every: 10m", "name: !берег", "5:12: a text can't begin with !", "an exclamation mark before another script"),
]
IN_RULES = [
    ("severity: high", "severity：high", "6:13: `：` is no colon", "a Chinese colon"),
    (
        "      hit:",
        "      hit：",
        "10:7: examples must be a mapping, not text (write `: ` after a key, not `：`)",
        "valid YAML",
    ),
    ("{en: [ice]", "{en：[ice]", "2:11: `：` is no colon", "a Chinese colon in braces"),
    ("[ice], zh", "[ice]，zh", "2:18: `，` is no comma to YAML", "a Chinese comma in braces"),
    (
        "[冰]",
        "[冰，雪]",
        "2:25: “冰，雪” is one form, with a Chinese comma in it (write several apart: [冰, 雪])",
        "in a list",
    ),
    ("[sea]", "[sea、ice]", "7:12: “sea、ice” is one text with commas (write them apart: sea, ice)", "a Chinese comma"),
    ("    at: 0", "    аt: 0", "15:5: unknown key `аt` (`а` in it is a Cyrillic letter", "a look-alike in a short key"),
    ("severity: high", "sеverity: high", "6:5: a rule has no key “sеverity” (`е` in it is a Cyrillic", "look-alike"),
    ("severity: high", "severity: hіgh", "6:15: severity “hіgh” is unknown (`і` in it is a Cyrillic", "in a value"),
    (
        "[ports]",
        "[pоrts]",
        "14:13: no rule has the id 'pоrts', did you mean 'ports'? (`о` in it is a Cyrillic",
        "an id",
    ),
    ("[ports]", "[“ports”]", "“ and ” are no quotes to YAML", "quotes"),
    ("[severity=high]", "severity≥high", "type it in plain characters: `severity>=high`", "one character for two"),
    ("22:00-07:00", "22：00-07：00", "type it in plain characters: `22:00-07:00`", "full-width colons"),
    (
        "22:00-07:00",
        "79200",
        "18:18: `79200` names no quiet hours (write '22:00-07:00'",
        "seconds, as old YAML reads 22:00",
    ),
    ("22:00-07:00", "{22:00: 07:00}", "18:18: a mapping names no quiet hours", "a colon for the hyphen"),
    ("22:00-07:00", "off", "18:18: `off` names no quiet hours (for none, remove the line)", "a word of old YAML"),
    (
        "0 8 * * *",
        "08:30",
        "15:9: at: `08:30` is no cron line (for every day at that time write '30 8 * * *')",
        "a clock",
    ),
    ("0 8 * * *", "*/5 * * * *", 'put the whole text in quotes, such as "*" or "*/5 * * * *"', "a star"),
    ("[ports]", "*", "put the whole text in quotes", "a lone star"),
    ("[ports]", ">=high", "quote a text that begins with > or |", "the mark of a block"),
    ("- Ice in", "- Ice: in", "11:11: an example has no key “Ice”", "a colon in a headline"),
    (
        "- Ice in",
        "- Лёд: in",
        "11:11: an example has no key “Лёд” (a text with `: ` must stand in quotes)",
        "a colon in one",
    ),
    ("- Ice in", '- "Ice" in', "text follows a closed quote or bracket (quote the whole value", "quotes in a headline"),
    ("- Ice in", "- #Ice in", "an example must be text, not empty (a text that begins with # needs quotes)", "a hash"),
    ("severity: high", "status: no", "6:13: status “no” is unknown (one of: live, shadow, off)", "a word of old YAML"),
]


@pytest.mark.parametrize(
    ("name", "text", "old", "new", "complaint", "why"),
    [("feeds.yaml", FEEDS, *case) for case in IN_FEEDS] + [("rules.yaml", RULES, *case) for case in IN_RULES],
)
def test_a_slip_of_typing_is_named_with_what_to_type(
    tmp_path: Path, name: str, text: str, old: str, new: str, complaint: str, why: str
) -> None:
    found = said(tmp_path, name, changed(text, old, new))
    assert [one for one in found if complaint in one], (why, found)
    assert all(one[0].isdigit() for one in found), "each with its line"


@pytest.mark.parametrize(
    ("name", "text", "old", "new", "why"),
    [
        ("feeds.yaml", FEEDS, "language: ru", "language: no", "Norwegian, not false"),
        ("feeds.yaml", FEEDS, "language: ru", "language: ru\u00a0", "a blank at the end that nobody sees"),
        ("feeds.yaml", FEEDS, "language: ru", "language:\tru", "a tab between key and value"),
        ("feeds.yaml", FEEDS, "language: ru", "name: Газета “Coast”", "quotes within a name"),
        ("feeds.yaml", "feeds:", "feeds:", "\ufeff" + FEEDS, "a byte order mark"),
        ("feeds.yaml", FEEDS, "feeds:\n", "feeds:\r\n", "line ends of another system"),
        ("rules.yaml", RULES, "severity: high", "status: off", "the word itself"),
        ("rules.yaml", RULES, "0 8 * * *", '"*/5 * * * *"', "a star in quotes"),
        ("rules.yaml", RULES, "- Ice in", "- “Ice” in", "typographic quotes in a headline"),
        ("rules.yaml", RULES, "- Ice in", "- 外交部：ice，in", "Chinese marks in a headline"),
        ("rules.yaml", RULES, "[冰]", "[冰(和|、)雪]", "a Chinese comma in a choice"),
        ("rules.yaml", RULES, "[sea]", "[on, no]", "words of old YAML as tags"),
    ],
)
def test_what_looks_like_a_slip_and_is_none_works(
    tmp_path: Path, name: str, text: str, old: str, new: str, why: str
) -> None:
    assert said(tmp_path, name, changed(text, old, new)) == [], why


def test_a_right_letter_in_a_refused_headline_is_not_blamed(tmp_path: Path) -> None:
    found = said(tmp_path, "rules.yaml", changed(RULES, "- Ice in the harbour", "- {title: x, finds: [“Лёd”]}"))
    assert found
    assert not [one for one in found if "Cyrillic" in one or "no quotes" in one]
