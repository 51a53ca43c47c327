"""What people write in place of a zone of the IANA database, and what they are told."""

from zoneinfo import ZoneInfo

import pytest

from monitor.core.zones import _MEANT, check_timezone, meant_zones


@pytest.mark.parametrize("name", ["Asia/Tokyo", "UTC", "Europe/Kyiv", "Etc/GMT-3", "Japan"])
def test_a_zone_of_the_database_is_fine(name: str) -> None:
    assert check_timezone(name) is None


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("Asia/Tokio", "'Asia/Tokio' is no time zone, did you mean 'Asia/Tokyo'? Use a name like"),
        ("Europe/Vladivostok", "did you mean 'Asia/Vladivostok'?"),  # the city counts more than the continent
        ("Mars/Olympus", "'Mars/Olympus' is no time zone: use a name like 'Asia/Tokyo' or 'UTC'"),
        ("UTC+3", "name a city, like 'Europe/Moscow', or write 'Etc/GMT-3' (its sign is the other way round)"),
        ("-05:00", "or write 'Etc/GMT+5'"),
        ("UTC+5:30", "'UTC+5:30' is no time zone: name a city, like 'Europe/Moscow'"),
        ("CST", "it may mean 'Asia/Shanghai' or 'America/Chicago': write the one that is meant"),
        ("IST", "it may mean 'Asia/Kolkata', 'Asia/Jerusalem' or 'Europe/Dublin': write"),
        ("", "is no time zone: use"),
        ("../etc/passwd", "is no time zone: use"),
    ],
)
def test_what_is_no_zone_gets_a_complaint_that_helps(name: str, complaint: str) -> None:
    assert complaint in (check_timezone(name) or "no complaint")


@pytest.mark.parametrize(
    ("name", "zones"),
    [
        ("MSK", ["Europe/Moscow"]),  # by likeness it would be MST, in Arizona
        ("JST", ["Asia/Tokyo"]),
        ("kst", ["Asia/Seoul"]),
        ("HKT", ["Asia/Hong_Kong"]),
        ("VLAT", ["Asia/Vladivostok"]),
        ("PDT", ["America/Los_Angeles"]),
        ("BST", ["Europe/London", "Asia/Dhaka"]),
        ("utc", ["UTC"]),
        ("Z", ["UTC"]),
        ("XST", []),  # too short to guess
        ("Mosk", []),
        ("Moscow", ["Europe/Moscow"]),
        ("new york", ["America/New_York"]),
        ("asia/vladivostok", ["Asia/Vladivostok"]),
        ("Beijing", ["Asia/Shanghai"]),  # not in the database
        ("Asia/Bejing", ["Asia/Shanghai"]),  # nor is its misspelling
        ("Vladivostock", ["Asia/Vladivostok"]),
        ("北京", ["Asia/Shanghai"]),
        ("Москва", ["Europe/Moscow"]),
        ("local", []),  # the database's "localtime" is no place
    ],
)
def test_the_zones_that_may_be_meant_are_named(name: str, zones: list[str]) -> None:
    assert list(meant_zones(name)) == zones


def test_every_zone_of_the_table_is_in_the_database() -> None:
    named = {zone for line in filter(None, _MEANT.splitlines()) for zone in line.partition(": ")[2].split()}
    assert len(named) > 50
    for zone in named:
        assert ZoneInfo(zone).key == zone


def test_no_word_of_the_table_stands_for_two_lines() -> None:
    words = [word.casefold() for line in _MEANT.splitlines() for word in line.partition(": ")[0].split()]
    assert sorted(words) == sorted(set(words))


def test_no_word_of_the_table_hides_a_zone_of_the_database() -> None:
    words = [word for line in filter(None, _MEANT.splitlines()) for word in line.partition(": ")[0].split()]
    assert not [word for word in words if check_timezone(word) is None]
