"""What of HTML and CSS mail programs do not know, by the data of caniemail.com (npm package `caniemail`, MIT)."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import node

PROGRAMS = ("apple-mail", "gmail", "outlook", "yahoo", "thunderbird", "samsung-email", "protonmail", "fastmail", "aol")
# The data speak of several under one name.
_TAGS = {
    "h1": "h1-h6", "h2": "h1-h6", "ul": "lists", "li": "lists", "tr": "table", "td": "table", "th": "table",
    "tbody": "table", "b": "strong", "i": "strong",
}  # fmt: skip
_PROPERTIES = {
    "font-family": "font", "font-style": "font", "background": "background-color",  # only colours are given
}  # fmt: skip
_DECLARATION = re.compile(r"([a-z-]+)\s*:\s*([^;{}]+)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


@cache
def _data() -> dict[str, dict[str, Any]]:
    if reason := node.lacking("caniemail"):
        pytest.skip(reason)
    text = (node.HERE / "node_modules/caniemail/data/caniemail.json").read_text("utf-8")
    return {feature["slug"]: feature for feature in json.loads(text)["data"]}


def unsupported(html: str) -> dict[str, set[str]]:
    """Features of this page that some of `PROGRAMS` do not know at all, each with these programs.

    What the data does not tell of a program counts for nothing.
    """
    found: dict[str, set[str]] = {}
    for slug in set(features(html)) & set(_data()):
        for program in PROGRAMS:
            for platform, versions in _data()[slug]["stats"].get(program, {}).items():
                newest = list(versions.values())[-1]
                if newest[0] == "n":
                    found.setdefault(slug, set()).add(f"{program}.{platform}")
    return found


def unlisted(html: str) -> set[str]:
    """Features of this page of which the data knows nothing."""
    return set(features(html)) - set(_data())


def features(html: str) -> Iterator[str]:
    """What the page uses, by the data's names: `html-table`, `css-max-width`, `css-unit-px`."""
    page = LexborHTMLParser(html)
    for element in page.css("body, body *"):
        tag = str(element.tag)
        yield f"html-{_TAGS.get(tag, tag)}"
        for name, value in element.attributes.items():
            if name == "style":
                yield from _declared(value or "")
            elif name == "href":
                yield "html-anchor-links" if (value or "").startswith("#") else "html-link-address"
            elif name not in {"class", "id"}:
                yield f"html-{name}"
    for sheet in page.css("style"):
        yield "html-style"
        yield from _sheet(sheet.text())


def _sheet(text: str) -> Iterator[str]:
    for query in re.findall(r"@media\s*([^{]*)", text):
        yield "css-at-media"
        if "prefers-color-scheme" in query:
            yield "css-at-media-prefers-color-scheme"
    for at_rule in re.findall(r"@([a-z-]+)", text):
        yield f"css-at-{at_rule}"
    for selector, block in _RULE.findall(re.sub(r"@media[^{]*\{", "", text)):
        yield from (f"css-selector-{kind}" for mark, kind in {"[": "attribute", ">": "child", ":": "pseudo"}.items()
                    if mark in selector)  # fmt: skip
        yield from _declared(block)


def _declared(style: str) -> Iterator[str]:
    for name, value in _DECLARATION.findall(style):
        if (name, value.strip().removesuffix("!important")) == ("display", "none"):
            yield "css-display-none"
        else:
            yield f"css-{_property(name)}"
        if "!important" in value:
            yield "css-important"
        yield from (f"css-unit-{unit.replace('%', 'percent')}" for unit in re.findall(r"\d(px|em|rem|%|vw|vh)", value))


def _property(name: str) -> str:
    name = _PROPERTIES.get(name, name)
    known = _data()
    if f"css-{name}" in known:
        return name
    # `border-top-color` and `padding-left` are told of under the name of the whole.
    return next((whole for whole in ("border", "padding", "margin") if name.startswith(f"{whole}-")), name)
