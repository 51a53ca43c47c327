"""A rulebook with mistakes tells all of them at once, each with its place and what to write instead."""

from datetime import timedelta

import pytest
import yaml

from monitor.core.model import RuleStatus, Severity
from monitor.core.rules import parse_rules


def problems(text: str) -> list[tuple[str, str, str]]:
    """(place, message, hint) of every problem."""
    _, found = parse_rules(yaml.safe_load(text))
    return [(".".join(map(str, one.path)), one.message, one.hint) for one in found]


def rule(match: str, **more: str) -> str:
    extra = "".join(f", {key.rstrip('_')}: {value}" for key, value in more.items())
    return f"terms: {{river: {{en: [river]}}}}\nrules:\n  - {{id: r, title: R, match: {match}{extra}}}\n"


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("terms: {a: {lable: x, en: [y]}}", "terms.a.lable", "no key “lable”", "did you mean label?"),
        ("terms: {a: {label: x}}", "terms.a", "no forms", "en: [word]"),
        (
            "rules: [{id: r, title: R, match: $ice and $port}]",
            "rules.0.match",
            "no term “ice and $port”",
            "write {all: [$ice, $port]}",
        ),
        (
            "rules: [{id: r, title: R, match: $ice || $port|$quay}]",
            "rules.0.match",
            "no term",
            "write {any: [$ice, $port, $quay]}",
        ),
        ("rules: [{id: r, title: R, match: $ice and not $port}]", "rules.0.match", "no term", "and none: […]"),
        ("rules: [{id: r, title: R, match: '$ice, $port'}]", "rules.0.match", "no term", "all: […], any: […]"),
        ("terms: {a: {en: [(ice|breaker]}}", "terms.a.en.0", "a bracket is not closed", ""),
        ("terms: {a: {russian: [лёд]}}", "terms.a.russian", "has no key", "did you mean ru?"),
        (
            "rules: [{id: r, title: R, match: {chinese: [冰]}}]",
            "rules.0.match.chinese",
            "has no key",
            "did you mean zh?",
        ),
        ("terms: {a: {rus: [лёд]}}", "terms.a.rus", "has no key", "did you mean ru?"),
        ("rules: [{id: r, title: R, match: {zho: [冰]}}]", "rules.0.match.zho", "has no key", "did you mean zh?"),
        (rule("x", only="{languages: [en, rus]}"), "rules.0.only.languages.1", "no language code", "did you mean ru?"),
        (rule("x", except_="{languages: Chinese}"), "rules.0.except.languages.0", "no language code", "mean zh?"),
        (
            rule("x", examples="{hit: {title: x, language: eng}}"),
            "rules.0.examples.hit.language",
            "“eng” is no language code",
            "did you mean en?",
        ),
        (rule("x", only="{countries: [RU, Russia]}"), "rules.0.only.countries.1", "no country code", "ISO 3166"),
        (rule("x", except_="{countries: uk}"), "rules.0.except.countries.0", "no country code", "did you mean GB?"),
        (rule("x", cooldown="999999999w"), "rules.0.cooldown", "longer than anybody can wait", "30m"),
        (rule("x", tags="'sea, ice'"), "rules.0.tags", "is one text with commas", "write a list: [sea, ice]"),
        (rule("x", only="{feeds: 'a，b'}"), "rules.0.only.feeds", "is one text with commas", "write a list: [a, b]"),
        ("rules: [{id: r, title: R, match: /лёд(/}]", "rules.0.match", "missing ): лед(", "RE2"),
        ("terms: {A b: {en: [y]}}", "terms.A b", "can't be the id", "lower-case"),
        ("terms: {a: [x]}", "terms.a", "must be a mapping, not a list", ""),
        ("terms: {a: {en: ['fo*o']}}", "terms.a.en.0", "asterisk", ""),
        ("terms: {a: {en: [yes]}}", "terms.a.en.0", "must be text, not true", "quotes"),
        ("terms: {a: {en: [x], not: [$b]}}", "terms.a.not.0", "no term “b”", "define it"),
        ("terms: {a: {en: [x], not: [$a]}}", "terms.a.not", "its own look-alike", ""),
        ("terms: {a: {en: [{from: x}]}}", "terms.a.en.0.from", "no key “from”", "did you mean form?"),
        ("terms: {a: {en: [{exact: true}]}}", "terms.a.en.0", "says no words", "form:"),
        ("terms: {a: {en: [{form: x, case: often}]}}", "terms.a.en.0.case", "true or false", ""),
        ("terms: {a: {person: [Schwarzenegger]}}", "terms.a.person.0", "neither Han nor pinyin", ""),
        ("terms: {a: {en: [x], needs: [$b]}, b: {en: [y], needs: [$a]}}", "terms.a", "lead back to itself", ""),
        ("rules: {id: r}", "rules", "must be a list", "- id:"),
        ("rules: [{title: t, match: x}]", "rules.0", "no id", "add id:"),
        ("rules: [{id: r, match: x}]", "rules.0", "no title", "add title:"),
        ("rules: [{id: r, title: t}]", "rules.0", "no match", ""),
        ("rules: [{id: R 1, title: t, match: x}]", "rules.0.id", "can't be an id", ""),
        ("rules: [{id: r, title: t, match: x}, {id: r, title: t, match: y}]", "rules.1.id", "“r” is taken", ""),
        (rule("x", severity="hihg"), "rules.0.severity", "“hihg” is unknown", "did you mean high?"),
        (rule("x", status="shadwo"), "rules.0.status", "“shadwo” is unknown", "did you mean shadow?"),
        (rule("x", cooldown="soon"), "rules.0.cooldown", "must be a duration", "30m"),
        (rule("x", macth="y"), "rules.0.macth", "no key “macth”", "did you mean match?"),
        (rule("[a, b]"), "rules.0.match", "a list says nothing", "all: […]"),
        (rule("{}"), "rules.0.match", "empty", ""),
        (rule("{none: [a]}"), "rules.0.match", "looks for nothing", "all:"),
        (rule("{all: []}"), "rules.0.match.all", "empty", ""),
        (rule("{all: [$rivr]}"), "rules.0.match.all.0", "no term “rivr”", "did you mean $river?"),
        (rule("{alll: [x]}"), "rules.0.match.alll", "no key “alll”", "did you mean all?"),
        (rule("{at_least: 3, of: [a, b]}"), "rules.0.match.at_least", "from 1 to 2", ""),
        (rule("{at_least: 2}"), "rules.0.match", "belong together", ""),
        (rule("{all: [a], within: 3 wrods}"), "rules.0.match.within", "can't be", "40 words"),
        (rule("{all: [a], within: 0 words}"), "rules.0.match.within", "can't be", ""),
        (rule("'/(?=a)b/'"), "rules.0.match", "invalid perl operator", "RE2"),
        (rule(r"'/a(b/'"), "rules.0.match", "missing", "RE2"),
        (rule(r"'/x*/'"), "rules.0.match", "empty text", ""),
        (rule(r"'/a\bb/'"), "rules.0.match", "beginning or the end", ""),
        (rule("x", threshold="2"), "rules.0.threshold", "needs a score", ""),
        (rule("x", score="{a: 1}", threshold="2"), "rules.0.threshold", "no text can reach 2", ""),
        (rule("x", only="{feds: [a]}"), "rules.0.only.feds", "no key “feds”", "did you mean feeds?"),
        (rule("x", only="{fields: [body]}"), "rules.0.only.fields.0", "no field “body”", "title"),
        (rule("x", except_="{fields: [title]}"), "rules.0.except.fields", "no key “fields”", ""),
        (rule("x", examples="{hits: [a]}"), "rules.0.examples.hits", "no key “hits”", "did you mean hit?"),
        (rule("x", examples="{hit: [{titel: a}]}"), "rules.0.examples.hit.0.titel", "no key", "did you mean title?"),
        (rule("x", examples="{hit: [{title: a, finds: [z]}]}"), "rules.0.examples.hit.0.finds.0", "no term “z”", ""),
    ],
)
def test_one_mistake_is_named_where_it_stands(text: str, place: str, message: str, hint: str) -> None:
    found = problems(text)
    assert [one for one in found if one[0] == place and message in one[1] and hint in one[2]], found


def test_all_mistakes_are_told_at_once() -> None:
    found = problems(
        "terms: {a: {lable: x, en: ['fo*o', ok]}}\n"
        "rules: [{id: r, title: t, match: {all: [$b]}, severity: loud}, {id: s}]"
    )
    assert len(found) == 6


def test_a_faultless_book_keeps_everything_written() -> None:
    book, found = parse_rules(
        yaml.safe_load(
            "terms: {river: {label: River, entity: place, en: [river], no: [elv], zh-Hant: [江]}}\n"
            "rules: [{id: r, title: T, severity: high, status: off, tags: [a, b], why: W, cooldown: 90m,"
            " match: {all: [$river, sea], within: 2 sentences}, score: {$river: 2, sea: 1.5}, threshold: 3,"
            " only: {languages: en, countries: [ru, KZ], fields: [title]}, except: {feeds: [x]},"
            " examples: {hit: [a], miss: [{title: b, summary: c}], todo: {hit: [d]}}}]"
        )
    )
    assert found == []
    (one,) = book.rules
    assert (one.info.severity, one.info.status, one.info.tags) == (Severity.HIGH, RuleStatus.OFF, ("a", "b"))
    assert one.cooldown == timedelta(minutes=90)
    assert one.only.languages == ("en",)
    assert one.only.countries == ("RU", "KZ"), "as feeds have them"
    assert [(e.hit, e.todo, e.item.title) for e in one.examples] == [
        (True, False, "a"),
        (False, False, "b"),
        (True, True, "d"),
    ]
    assert {form.form.language for form in book.terms["river"].forms} == {"en", "no", "zh"}, "YAML reads no: as false"


def test_what_is_wrong_is_left_out_and_the_rest_still_works() -> None:
    book, found = parse_rules(
        yaml.safe_load("rules: [{id: bad, title: t, match: []}, {id: good, title: t, match: word}]")
    )
    assert found
    assert [one.id for one in book.rules] == ["good"]


@pytest.mark.parametrize("data", [{}, {"terms": None, "rules": None}, {"digests": [1]}])
def test_an_empty_book_is_no_mistake(data: dict[str, object]) -> None:
    assert parse_rules(data)[1] == []
