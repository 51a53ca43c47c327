"""The quick reader of dates says what the thorough one says, or nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.parse.dates.quick import quick_date
from monitor.adapters.parse.dates.written import parse_date

NUMBERS = st.integers(0, 99).map("{:02}".format)
YEARS = st.integers(1969, 2201).map(str)
MONTHS = st.sampled_from(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Foo"])
ZONES = st.sampled_from(
    ["GMT", "UTC", "Z", "+0000", "-0000", "+0300", "-0930", "+08:00", "+1400", "+2359", "-9999", "EST"]
)
RFC822 = st.builds("{}{} {} {} {}:{}:{} {}".format, st.sampled_from(["", "Sat, ", "Sat,"]), NUMBERS, MONTHS, YEARS,
                   NUMBERS, NUMBERS, NUMBERS, ZONES)  # fmt: skip
ISO = st.builds("{}-{}-{}T{}:{}:{}{}{}".format, YEARS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS,
                st.sampled_from(["", ".5", ".123456"]), ZONES)  # fmt: skip


@given(RFC822 | ISO | st.text(max_size=30))
def test_a_date_read_quickly_is_the_date_read_thoroughly(text: str) -> None:
    quick = quick_date(text)

    assert quick is None or quick == parse_date(text)
    assert quick is None or quick.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sat, 21 Nov 2026 10:30:00 +0300", datetime(2026, 11, 21, 7, 30, tzinfo=UTC)),
        ("1 Nov 2026 00:00:00 GMT", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-21T08:00:00+08:00", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21T08:00:00.25Z", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-02-30T08:00:00Z", None),
        ("Sat, 21 Ноя 2026 10:30:00 +0300", None),
        ("", None),
    ],
)
def test_the_usual_ways_of_writing_are_read_and_others_left(text: str, moment: datetime | None) -> None:
    assert quick_date(text) == moment
