"""Selectors take the rules they name; a hit is told, or not with the reason in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import DigestSpec, FeedSpec, Hit, Item, Ownership, RuleInfo, RuleStatus, Severity, Target
from monitor.core.routes import check_selector, halves, in_words, selects, tellable, urgent, wants

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TWO_DAYS = timedelta(hours=48)


def rule(rule_id: str = "tumen-passage", severity: str = "high", *tags: str) -> RuleInfo:
    return RuleInfo(rule_id, rule_id, Severity(severity), tags=tags)


def spec(*selectors: str, at: str | None = "0 8 * * *") -> DigestSpec:
    return DigestSpec("morning", selectors, (Target("console", ""),), at=at)


RULES = (
    rule("tumen-passage", "high", "river"),
    rule("power-of-siberia-2", "medium", "energy"),
    rule("fsb-china", "low"),
)


@pytest.mark.parametrize(
    ("selectors", "taken"),
    [
        (("*",), "tumen-passage power-of-siberia-2 fsb-china"),
        (("tumen-passage",), "tumen-passage"),
        (("tumen",), ""),  # an id is whole
        (("severity>=medium",), "tumen-passage power-of-siberia-2"),
        (("severity > medium",), "tumen-passage"),
        (("Severity=Low",), "fsb-china"),
        (("severity<high",), "power-of-siberia-2 fsb-china"),
        (("severity<=high",), "tumen-passage power-of-siberia-2 fsb-china"),
        (("tag:energy",), "power-of-siberia-2"),
        (("tag: energy",), "power-of-siberia-2"),
        (("tag:energy", "fsb-china"), "power-of-siberia-2 fsb-china"),  # alternatives
        (("*", "not tag:energy"), "tumen-passage fsb-china"),
        (("not tag:energy", "*"), "tumen-passage fsb-china"),  # order doesn't matter
        (("power-of-siberia-2", "-tag:energy"), ""),  # exclusion wins
        (("not fsb-china",), "tumen-passage power-of-siberia-2"),  # only exclusions: from all
        (("-fsb-china", "- severity=high"), "power-of-siberia-2"),
        (("not *",), ""),
        ((), ""),
        (("severity>=loud",), ""),  # refused by check_selector, takes nothing
        (("colour:red",), ""),
    ],
)  # fmt: skip
def test_selectors_take(selectors: tuple[str, ...], taken: str) -> None:
    assert [r.id for r in RULES if selects(spec(*selectors), r)] == taken.split()


def test_a_rule_whose_id_begins_with_not_is_no_exclusion() -> None:
    assert selects(spec("notable-trials"), rule("notable-trials"))


@pytest.mark.parametrize(
    "selector",
    ["*", "tumen-passage", "severity>=medium", "severity = LOW", "tag:energy", "not tag:energy", "-fsb-china", "not *"],
)
def test_good_selectors_have_no_complaint(selector: str) -> None:
    assert check_selector(selector) is None
    assert check_selector(selector, rules=RULES) is None


@pytest.mark.parametrize(
    ("selector", "complaint"),
    [
        ("", "a selector is empty: write a rule id, '*', 'severity>=medium' or 'tag:name'"),
        ("not ", "a selector is empty"),
        ("severity>=hgh", "'hgh' is no severity, did you mean 'high'? Use one of low, medium, high, critical"),
        ("severity>=", "'' is no severity: use one of low"),
        ("severity!=low", "'!=' is no comparison: use one of >= <= > < ="),
        ("sverity>=high", "only severity can be compared, not 'sverity': write 'severity>=high'"),
        ("tags:energy", "rules can't be selected by 'tags', did you mean 'tag'? Use 'tag:name'"),
        ("language:ru", "rules can't be selected by 'language': use 'tag:name'"),
        ("tag:", "'tag:' needs the name of a tag"),
        ("tag:enrgy", "no rule has the tag 'enrgy', did you mean 'energy'?"),
        ("tag:sport", "no rule has the tag 'sport'"),
        ("tumen-pasage", "no rule has the id 'tumen-pasage', did you mean 'tumen-passage'?"),
        ("all", "no rule has the id 'all': for every rule write '*'"),
        ("critical", "no rule has the id 'critical': for a severity write 'severity=critical'"),
        ("energy", "no rule has the id 'energy': for the tag write 'tag:energy'"),
        ("two words", "'two words' is no selector: write a rule id"),
        ("not tumen-pasage", "no rule has the id 'tumen-pasage', did you mean 'tumen-passage'?"),
    ],
)
def test_complaints_say_what_to_do(selector: str, complaint: str) -> None:
    assert complaint in (check_selector(selector, rules=RULES) or "no complaint")


def test_without_rules_an_unknown_id_is_no_complaint() -> None:
    assert check_selector("tumen-pasage") is None
    assert check_selector("tag:enrgy") is None


def hit(status: RuleStatus = RuleStatus.LIVE) -> Hit:
    return Hit("tumen-passage", Severity.HIGH, 1.0, (), status)


def item(published: datetime | None, seen: datetime = NOW) -> Item:
    return Item("primer", "k", "Заголовок", published=published, seen_at=seen)


@pytest.mark.parametrize(
    ("published", "first_read", "at", "status", "told", "reason"),
    [
        (NOW, False, None, RuleStatus.LIVE, True, "told"),
        (NOW - TWO_DAYS, False, None, RuleStatus.LIVE, True, "told"),  # just young enough
        (NOW - TWO_DAYS - timedelta(seconds=1), False, None, RuleStatus.LIVE, False, "more than 48 hours old"),
        (NOW - timedelta(days=9), False, "0 8 * * *", RuleStatus.LIVE, False, "more than 48 hours old"),
        (None, False, None, RuleStatus.LIVE, True, "told"),  # undated: as old as its first sight
        (NOW + timedelta(days=9), False, None, RuleStatus.LIVE, True, "told"),  # a date in the future doesn't count
        (NOW, True, None, RuleStatus.LIVE, False, "already there when their feed was first read"),
        (NOW, True, "0 8 * * *", RuleStatus.LIVE, True, "told"),  # backlog may be in a scheduled digest
        (NOW, False, None, RuleStatus.SHADOW, False, "from rules on trial"),
        (NOW, True, None, RuleStatus.SHADOW, False, "from rules on trial"),
        (NOW, False, None, RuleStatus.OFF, False, "from rules that are off"),
    ],
)
def test_a_hit_is_told_or_not_with_the_reason(
    published: datetime | None, first_read: bool, at: str | None, status: RuleStatus, told: bool, reason: str
) -> None:
    verdict = tellable(spec("*", at=at), hit(status), item(published), first_read=first_read, now=NOW, max_age=TWO_DAYS)
    assert (verdict.told, verdict.reason) == (told, reason)


def test_an_undated_item_seen_long_ago_is_old() -> None:
    old = item(None, seen=NOW - timedelta(days=3))
    assert not tellable(spec("*"), hit(), old, first_read=False, now=NOW, max_age=TWO_DAYS).told


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(hours=48), "48 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=61), "61 seconds"),
        (timedelta(seconds=1), "1 second"),
    ],
)
def test_durations_are_said_in_their_largest_exact_unit(span: timedelta, words: str) -> None:
    assert in_words(span) == words


# --- whose news --------------------------------------------------------------------------------------------------

WIRE = FeedSpec(
    id="coast", url="https://coast.example/rss", language="zh-Hant", country="TW", ownership=Ownership.STATE,
    tags=("wire", "sea"),
)  # fmt: skip
SEARCH = FeedSpec(id="river-gdelt-2", url="https://search.example/", made_from="river-gdelt")


@pytest.mark.parametrize(
    ("only", "feed", "language", "wanted", "why"),
    [
        ({}, None, None, True, "no condition"),
        ({"languages": ("zh",)}, WIRE, None, True, "a more exact tag"),
        ({"languages": ("zh-Hant",)}, WIRE, "ZH-hant", True, "in any case of letters"),
        ({"languages": ("zh-Hant",)}, WIRE, "zh", False, "the item's own language counts first"),
        ({"languages": ("z",)}, WIRE, None, False, "a tag is no prefix"),
        ({"languages": ("not zh",)}, WIRE, None, False, "left out"),
        ({"languages": ("not zh",)}, SEARCH, None, True, "an unknown language is left out by none"),
        ({"languages": ("ru",)}, SEARCH, None, False, "and taken by no name"),
        ({"languages": ("ru", "zh", "not zh-Hant")}, WIRE, None, False, "what leaves out wins"),
        ({"countries": ("TW", "CN")}, WIRE, None, True, "alternatives"),
        ({"countries": ("not TW",)}, WIRE, None, False, "left out"),
        ({"countries": ("TW",)}, None, None, False, "a feed that is not there any more"),
        ({"sources": ("coast",)}, WIRE, None, True, "by id"),
        ({"sources": ("coast",)}, None, None, True, "by id, also when it is not there any more"),
        ({"sources": ("river-gdelt",)}, SEARCH, None, True, "by the entry that it is one search of"),
        ({"sources": ("tag:wire", "not tag:sport")}, WIRE, None, True, "by tag"),
        ({"sources": ("not tag:sea",)}, WIRE, None, False, "not with this tag"),
        ({"sources": ("ownership:state",)}, WIRE, None, True, "by who stands behind it"),
        ({"sources": ("not ownership:state",)}, SEARCH, None, True, "unknown"),
        ({"sources": ("coast",), "countries": ("RU",)}, WIRE, None, False, "every condition counts"),
    ],
)
def test_a_digest_wants_the_news_of_its_languages_countries_and_sources(
    only: dict[str, tuple[str, ...]], feed: FeedSpec | None, language: str | None, wanted: bool, why: str
) -> None:
    news = Item(feed=feed.id if feed else "coast", key="k", title="Заголовок", language=language)
    assert wants(DigestSpec(id="desk", rules=("*",), to=(), **only), news, feed) is wanted, why


def test_what_is_urgent_is_told_in_quiet_hours() -> None:
    quiet = DigestSpec(id="flash", rules=("*",), to=(), quiet_unless=("severity=high", "not tag:river"))
    assert [urgent(quiet, one) for one in RULES] == [False, False, False]
    assert urgent(quiet, rule("fire", "high"))
    assert not urgent(spec("*", at=None), rule("fire", "high")), "nothing is, unless it is said"


selectors = st.lists(
    st.sampled_from(
        ["*", "severity>=medium", "severity=low", "tag:energy", "tumen-passage", "fsb-china", "not tag:river",
         "not severity=high", "-power-of-siberia-2"]
    ),
    max_size=3,
).map(tuple)  # fmt: skip


@given(
    taken=selectors,
    at_once=selectors,
    which=st.sampled_from(RULES),
    status=st.sampled_from(RuleStatus),
    first_read=st.booleans(),
    hours_old=st.integers(0, 72) | st.none(),
)
def test_what_is_told_goes_either_into_the_digest_or_out_at_once_and_is_never_lost(
    taken: tuple[str, ...],
    at_once: tuple[str, ...],
    which: RuleInfo,
    status: RuleStatus,
    first_read: bool,
    hours_old: int | None,
) -> None:
    """Against the same digest without `at_once`, which tells everything itself."""
    plain = DigestSpec(id="desk", rules=taken, to=(), at="0 8 * * *")
    desk = replace(plain, at_once=at_once)
    split = [desk, replace(plain, id="desk-at-once", at=None, also=at_once)] if at_once else [desk]
    news = item(None if hours_old is None else NOW - timedelta(hours=hours_old))

    def told(one: DigestSpec) -> bool:
        verdict = tellable(
            one, hit(status), news, rule=which, first_read=first_read, now=NOW, max_age=TWO_DAYS
        )  # fmt: skip
        return selects(one, which) and verdict.told

    assert sum(map(told, split)) == told(plain)


def test_what_was_told_at_once_is_counted_in_the_digest_with_its_reason() -> None:
    desk = DigestSpec(id="desk", rules=("*",), to=(), at="0 8 * * *", at_once=("severity=high",))
    verdict = tellable(desk, hit(), item(NOW), rule=RULES[0], first_read=False, now=NOW, max_age=TWO_DAYS)
    assert (verdict.told, verdict.reason) == (False, "told at once by desk-at-once")


def test_a_digest_and_what_is_told_at_once_for_it_are_two_halves() -> None:
    morning = replace(spec("*"), at_once=("severity=critical",))
    alone, flash = replace(spec("*"), id="evening"), replace(spec("*", at=None), id="flash")
    told = replace(spec("*", at=None), id="morning-at-once")
    every = (alone, morning, told, flash)
    assert [halves(one.id, every) for one in every] == [None, *[("morning", "morning-at-once")] * 2, None]
