"""The two ways in which nearly all feeds write their dates, without the search that the others need. Pure."""

import re
from datetime import UTC, datetime, timedelta

_MONTHS = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)  # noqa: SIM905
}
_RFC822 = re.compile(
    r"(?:[A-Z][a-z]{2}, ?)?(\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC|Z|([+-])(\d\d):?(\d\d))",
    re.ASCII,
)
_ISO8601 = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|([+-])(\d\d):?(\d\d))", re.ASCII)
_EARLIEST_YEAR, _LATEST_YEAR = 1972, 2199  # beyond these the zone decides, and other readings


def quick_date(text: str) -> datetime | None:
    """The moment in UTC, as `parse_date` has it; None where it is written in another way or makes no sense."""
    if match := _RFC822.fullmatch(text):
        day, name, year, hour, minute, second, sign, hours, minutes = match.groups()
        month = _MONTHS.get(name, 0)
    elif match := _ISO8601.fullmatch(text):
        year, number, day, hour, minute, second, sign, hours, minutes = match.groups()
        month = int(number)
    else:
        return None
    if not _EARLIEST_YEAR <= int(year) <= _LATEST_YEAR:
        return None
    try:
        moment = datetime(int(year), month, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
    if sign is None or hours == minutes == "00":
        return moment
    if int(hours) > 14 or int(minutes) > 59:
        return None
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return moment - offset if sign == "+" else moment + offset
