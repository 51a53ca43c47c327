"""Dates of feeds, in the forms in which they are really written, become one moment in UTC."""

from datetime import UTC, datetime
from time import process_time

import pytest

from monitor.adapters.parse.dates.written import parse_date, zone_of

TEN_UTC = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SEVEN_UTC = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 22 Nov 2026 10:00:00 GMT",
        "Sun, 22 Nov 2026 10:00:00 +0000",
        "Sun, 22 Nov 2026 10:00:00 -0000",
        "Sun, 22 Nov 2026 10:00:00 Z",
        "Sun, 22 Nov 2026 10:00:00 UT",
        "sun, 22 nov 2026 10:00:00 gmt",
        "22 Nov 26 10:00 GMT",
        "Sunday, 22-Nov-26 10:00:00 GMT",
        "Sun Nov 22 10:00:00 UTC 2026",
        "Sun, 22 Nov 2026 13:00:00 +0300",
        "Sun, 22 Nov 2026 13:00:00 +03:00",
        "Sun, 22 Nov 2026 13:00:00 GMT+3",
        "Sun, 22 Nov 2026 13:00:00 GMT+0300 (Moscow Standard Time)",
        "Sun, 22 Nov 2026 13:00:00 MSK",
        "Mon, 22 Nov 2026 13:00:00 MSK",
        "Sun, 22 Nov 2026 13:00:00 +0300 (MSK)",
        "Sun, 22 Nov 2026 13:00:00 GMT +0300",
        "Sun, 22 Nov 2026 13:00:00 +3:00",
        "Sun, 22 Nov 2026 18:00:00 MSK+5",
        "22 ноября 2026, 18:00 (МСК+5)",
        "22 ноября 2026, 13:00 по московскому времени",
        "2026年11月22日 18:00 北京时间",
        "Sun, 22 Nov 2026 18:00:00 BJT",
        "Sun, 22 Nov 2026 05:00:00 EST",
        "Sun, 22 Nov 2026 19:00:00 JST",
        "Sun, 22 November 2026 10:00:00 GMT",
        "Sun,22 Nov 2026 10:00:00GMT",
        "  Sun, 22  Nov  2026 10:00:00   GMT\n",
        "Sun, 22 Nov 2026 10:00 AM GMT",
        "2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00.000Z",
        "2026-11-22T10:00Z",
        "2026-11-22 10:00:00 UTC",
        "2026-11-22T18:00:00+08:00",
        "2026-11-22T18:00:00+0800",
        "2026-11-22T18:00:00+08",
        "20261122T100000Z",
        "2026-11-22T10:00:00,123Z",
        "2026-11-22T10:00:00.123456789Z",
        "2026-11-22 13:00:00 +0300",
        "2026-11-22T13:00:00+03:00[Europe/Moscow]",
        "2026-11-22T05:00:00−05:00",
        "1795341600",
        "1795341600.5",
        "1795341600000",
        "1795341600000000",
        "@1795341600",
        "/Date(1795341600000)/",
        "/Date(1795341600000+0300)/",
    ],
)
def test_a_date_with_its_zone_is_that_moment(text: str) -> None:
    assert parse_date(text, zone_of("Asia/Tokyo")) == TEN_UTC


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 22 Nov 2026 10:00:00",
        "2026-11-22T10:00:00",
        "2026-11-22 10:00",
        "2026/11/22 10:00:00",
        "2026.11.22 10:00",
        "22.11.2026 10:00",
        "10:00 22.11.2026",
        "22.11.2026, 10:00",
        "Вс, 22 ноя 2026 10:00:00",
        "Вс, 22 Ноя 2026 10:00:00",
        "22 ноября 2026, 10:00",
        "22 ноября 2026 г. 10:00",
        "воскресенье, 22 ноября 2026 года, 10:00",
        "10:00, 22 ноября 2026",
        "Вс, 22 ноября 2026 10:00:00 МСК",
        "2026年11月22日 10:00",
        "2026年11月22日10:00:00",
        "2026年11月22日 10时00分",
        "2026年11月22日 上午10点",
        "2026-11-22 上午10:00",
        "2026年11月22日 10時00分",
        "2026년 11월 22일 오전 10시 0분",
        "２０２６年１１月２２日 １０：００",
        "11/22/2026 10:00 AM",
        "22/11/2026 10:00",
        "Nov 22, 2026 10:00 AM",
        "November 22nd, 2026 10:00",
        "Sun Nov 22 10:00:00 2026",
        "Sunday, November 22, 2026 - 10:00",
        "22nd of November 2026, 10:00",
        "22.11.26 10:00",
        "22.11.2026 10.00",
        "22-11-2026 10:00",
        "11-22-2026 10:00",
        "22-ноя-2026 10:00",
        "22 ноября 2026 г. в 10 ч. 00 мин.",
        "22 листопада 2026, 10:00",
        "Дата: 22.11.2026 Время: 10:00",
        "10:00 / 22 ноября 2026",
        "2026年11月22日(日) 10:00",
        "2026年11月22日 星期日 早上10点",
        "令和8年11月22日 10時00分",
        "2026. 11. 22. 오전 10:00",
        "202611221000",
        "22 Nov 2026 10:00:00 +9999",
        "Sun, 22 Nov 2026 10:00:00 XYZ",
    ],
)
def test_a_date_without_zone_is_in_the_feeds_zone(text: str) -> None:
    assert parse_date(text, zone_of("Europe/Moscow")) == SEVEN_UTC


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026年11月22日 下午3時05分", 15),
        ("2026-11-22 晚上 3:05", 15),
        ("2026-11-22 凌晨0:05", 0),
        ("2026-11-22 上午12:05", 0),
        ("2026-11-22 下午12:05", 12),
        ("2026년 11월 22일 오후 3시 5분", 15),
        ("Nov 22, 2026 3:05 PM", 15),
        ("Nov 22, 2026 12:05 AM", 0),
        ("Nov 22, 2026 3:05 p.m.", 15),
    ],
)
def test_the_half_of_the_day_counts(text: str, hour: int) -> None:
    assert parse_date(text) == datetime(2026, 11, 22, hour, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("Sun, 22 Nov 2026 24:00:00 GMT", datetime(2026, 11, 23, tzinfo=UTC), id="hour 24"),
        pytest.param("Sun, 22 Nov 2026 10:00:60 GMT", datetime(2026, 11, 22, 10, 0, 59, tzinfo=UTC), id="leap second"),
        pytest.param("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC), id="a day"),
        pytest.param("20261122", datetime(2026, 11, 22, tzinfo=UTC), id="a day without hyphens"),
        pytest.param("2026年11月22日", datetime(2026, 11, 22, tzinfo=UTC), id="a Chinese day"),
        pytest.param("2026-11", datetime(2026, 11, 1, tzinfo=UTC), id="a month"),
        pytest.param("2026", datetime(2026, 1, 1, tzinfo=UTC), id="a year"),
        pytest.param("3 мая 2026", datetime(2026, 5, 3, tzinfo=UTC), id="May in the genitive"),
        pytest.param("3 марта 2026", datetime(2026, 3, 3, tzinfo=UTC), id="March, not May"),
        pytest.param("5 липня 2026", datetime(2026, 7, 5, tzinfo=UTC), id="July in Ukrainian"),
        pytest.param("05-nov-2026", datetime(2026, 11, 5, tzinfo=UTC), id="a month in letters is not turned round"),
        pytest.param("05-06-2026", datetime(2026, 6, 5, tzinfo=UTC), id="with hyphens the day comes first"),
        pytest.param("05/06/2026", datetime(2026, 5, 6, tzinfo=UTC), id="with slashes the month comes first"),
        pytest.param("令和元年11月22日", datetime(2019, 11, 22, tzinfo=UTC), id="the first year of an era"),
        pytest.param("2026/1/10 14:33:00", datetime(2026, 1, 10, 14, 33, tzinfo=UTC), id="month without zero"),
        pytest.param("Sat, Dec 16 2023 02:02:33 PM", datetime(2023, 12, 16, 14, 2, 33, tzinfo=UTC), id="month first"),
        pytest.param("Thu, 31 Dec 98 23:59:59 GMT", datetime(1998, 12, 31, 23, 59, 59, tzinfo=UTC), id="last century"),
    ],
)
def test_odd_but_clear_dates_are_understood(text: str, moment: datetime) -> None:
    assert parse_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "вчера", "Sun, 31 Nov 2026 10:00:00 GMT", "2026-13-01", "00.00.0000", "99999999999999",
        "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "9999-12-31T23:59:59Z",
        "2026-11-22T99:99:99Z", "22 Foo 2026", "Wed, 30 Feb 2026 10:00:00 GMT",
        "令和99年99月1日", "/Date(-1)/", "+", "-" * 500, "1" * 500,
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_cst_is_china_in_china_and_chicago_elsewhere() -> None:
    text = "Sun, 22 Nov 2026 18:00:00 CST"

    assert parse_date(text, zone_of("Asia/Shanghai")) == TEN_UTC
    assert parse_date(text) == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def test_summer_time_counts_on_the_day_itself() -> None:
    assert parse_date("2026-07-01 12:00", zone_of("Europe/Berlin")) == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert parse_date("2026-12-01 12:00", zone_of("Europe/Berlin")) == datetime(2026, 12, 1, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize("name", [None, "", "Nowhere/City", "../../etc/passwd", "x" * 300])
def test_without_a_known_zone_it_is_utc(name: str | None) -> None:
    assert zone_of(name) is UTC


@pytest.mark.parametrize("text", ["1" + "\u0301\u0323" * 200_000, "22 Nov 2026" + " " * 500_000, "\ufdfa" * 100_000])
def test_an_endless_date_takes_no_time(text: str) -> None:
    began = process_time()

    parse_date(text)

    assert process_time() - began < 2
