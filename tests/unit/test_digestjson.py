"""A digest as data for programs: as its schema says, nothing left out, in parts where it is large."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from jsonschema import Draft7Validator
from support import samples

from monitor.core.digestjson import PART_MAX, digest_parts, digest_to_dict, encode, size, web_link
from monitor.core.digestschema import digest_schema
from monitor.core.model import Digest, DigestStory, RuleChange, RuleEdit

SCHEMA = digest_schema()
VALIDATOR = Draft7Validator(SCHEMA)
# Fields of the model that have another name, and those that stand inside another.
NAMES = {"spec": "digest", "alert": "type", "story_id": "id", "carriers": "reports", "hit_ids": "hits"}


def alert() -> Digest:
    """With everything that only an alert, or a digest that was held back, can have."""
    story = replace(
        samples.espionage(),
        told_at=samples.AT - timedelta(hours=1),
        earlier=samples.pipeline().carriers,
        acknowledged=True,
    )
    return replace(
        samples.digest(),
        stories=(story,),
        alert=True,
        thread="flash/41",
        folded=3,
        held_since=samples.AT - timedelta(hours=9),
        held_by="quiet hours",
        rule_edits=(RuleEdit("tumen-passage", RuleChange.EDITED, samples.AT),),
    )


DIGESTS = {
    "morning": samples.digest(),
    "empty": samples.empty(),
    "feeds": samples.feeds(),
    "alert": alert(),
    "flood": samples.flood(60, 12),
}


@pytest.mark.parametrize("name", DIGESTS)
def test_a_digest_is_as_the_schema_says(name: str) -> None:
    Draft7Validator.check_schema(SCHEMA)
    data = json.loads(encode(digest_to_dict(DIGESTS[name])))
    assert [error.message for error in VALIDATOR.iter_errors(data)] == []


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Every object that the schema describes."""
    found = [schema] if "properties" in schema else []
    for value in schema.values():
        for one in value if isinstance(value, list) else [value]:
            found += objects(one) if isinstance(one, dict) else []
    return found


def test_the_schema_demands_every_name_and_knows_every_name() -> None:
    """Checked with names forbidden that it does not know; which it must not do for receivers of a later version."""
    assert all(one["required"] == list(one["properties"]) for one in objects(SCHEMA))
    strict = json.loads(json.dumps(SCHEMA))
    for one in objects(strict):
        one["additionalProperties"] = False
    for digest in DIGESTS.values():
        assert not list(Draft7Validator(strict).iter_errors(digest_to_dict(digest)))


@pytest.mark.parametrize("kind", [Digest, DigestStory])
def test_no_field_of_the_model_is_forgotten(kind: type) -> None:
    data = digest_to_dict(alert())
    known = set(data) if kind is Digest else set(data["stories"][0])
    assert {NAMES.get(field.name, field.name) for field in fields(kind)} <= known


def test_the_schema_refuses_what_is_amiss() -> None:
    for change in ({"version": 2}, {"at": "2026-11-24 08:00"}, {"stories": [{}]}, {"part": 0}):
        assert list(VALIDATOR.iter_errors(digest_to_dict(samples.digest()) | change)), change


def test_times_are_in_utc_whatever_zone_they_came_in() -> None:
    tokyo = samples.AT.astimezone(timezone(timedelta(hours=9)))
    assert digest_to_dict(replace(samples.digest(), at=tokyo))["at"] == "2026-11-23T23:00:00+00:00"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://a.example/1?x=1&y=новость", "https://a.example/1?x=1&y=новость"),
        (" HTTP://a.example ", "HTTP://a.example"),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("//a.example/1", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_only_web_addresses_are_links(url: str, link: str | None) -> None:
    assert web_link(url) == link


def reports(parts: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(story["id"], one["link"]) for part in parts for story in part["stories"] for one in story["reports"]]


@pytest.mark.parametrize("limit", [PART_MAX, 60_000, 20_000])
def test_a_large_digest_comes_in_parts_that_lose_nothing(limit: int) -> None:
    digest = samples.flood(60, 12)
    parts = digest_parts(digest, limit)
    assert all(size(part) <= limit for part in parts)
    assert reports(parts) == reports([digest_to_dict(digest)])
    assert [(part["part"], part["parts"]) for part in parts] == [(n, len(parts)) for n in range(1, len(parts) + 1)]
    assert not [error for part in parts for error in VALIDATOR.iter_errors(part)]
    assert (len(parts) == 1) == (limit == PART_MAX)


def test_a_story_too_large_for_a_part_goes_on_in_the_next() -> None:
    digest = samples.flood(1, 4_000)
    parts = digest_parts(digest, 100_000)
    assert len(parts) > 3
    assert all(size(part) <= 100_000 for part in parts)
    assert [part["stories"][0]["continued"] for part in parts] == [False, *[True] * (len(parts) - 1)]
    assert reports(parts) == reports([digest_to_dict(digest)])


def test_half_a_character_does_not_keep_the_news_back() -> None:
    assert json.loads(encode({"headline": "a\ud83db"})) == {"headline": "a?b"}
    assert datetime.fromisoformat(digest_to_dict(samples.digest())["at"]).tzinfo is UTC
