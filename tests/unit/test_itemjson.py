"""Items in JSON: few fields are needed, and a wrong one is named."""

from datetime import UTC, datetime

import pytest

from monitor.core.itemjson import item_from_dict, item_to_dict
from monitor.core.model import Item


def test_id_and_title_are_enough() -> None:
    assert item_from_dict({"id": 7, "title": "Суда"}) == Item(feed="", key="7", title="Суда")


def test_empty_and_unknown_fields_do_not_matter() -> None:
    data = {
        "id": "a",
        "title": "",
        "summary": None,
        "language": "",
        "published": "",
        "rules": ["x"],
        "categories": None,
    }

    assert item_from_dict(data) == Item(feed="", key="a", title="")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T08:00:00Z", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22T11:00:00+03:00", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22T08:00:00", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
    ],
)
def test_times_come_in_utc(text: str, moment: datetime) -> None:
    assert item_from_dict({"id": "a", "title": "t", "published": text}).published == moment


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ([], "not a JSON object"),
        ("text", "not a JSON object"),
        ({}, '"id" is missing'),
        ({"id": None, "title": "t"}, '"id" is missing'),
        ({"id": "a"}, '"title" is missing'),
        ({"id": ["a"], "title": "t"}, '"id" must be text or a number'),
        ({"id": True, "title": "t"}, '"id" must be text or a number'),
        ({"id": "a", "title": 5}, '"title" must be text'),
        ({"id": "a", "title": "t", "summary": {}}, '"summary" must be text'),
        ({"id": "a", "title": "\ud83d"}, '"title" holds half a character'),
        ({"id": "a", "title": "t", "published": "yesterday"}, '"published" is no ISO 8601 date'),
        ({"id": "a", "title": "t", "published": 5}, '"published" is no ISO 8601 date'),
        ({"id": "a", "title": "t", "published": "0001-01-01T00:00:00+14:00"}, '"published" is no ISO 8601 date'),
        ({"id": "a", "title": "t", "categories": "x"}, '"categories" must be a list of texts'),
        ({"id": "a", "title": "t", "categories": [1]}, '"categories" must be a list of texts'),
    ],
)
def test_what_is_wrong_is_named(data: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        item_from_dict(data)


def test_what_parse_writes_always_has_the_same_names() -> None:
    names = list(item_to_dict(Item(feed="f", key="k", title="t")))

    assert names[:4] == ["id", "feed", "title", "summary"]
    assert len(names) == 12
