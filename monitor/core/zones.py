"""Names of time zones: which there are, and which one is meant by what people write in their place."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

_OFFSET = re.compile(r"(?:UTC|GMT)?\s*(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?", re.IGNORECASE)
_ADVICE = "use a name like 'Asia/Tokyo' or 'UTC'"
# Names in the database that are no place: the machine's own setting, and that of a machine without one.
_NO_PLACES = {"localtime", "Factory"}
# So short, every name is near to every other.
_SHORT = 4

# What people write → the zones that it may mean, the likeliest for this program's readers first. Abbreviations as in
# the tz database and the news; cities and countries that are not in the database, or by another name.
_MEANT = """
MSK MSD: Europe/Moscow
SAMT: Europe/Samara
YEKT: Asia/Yekaterinburg
OMST: Asia/Omsk
NOVT: Asia/Novosibirsk
KRAT: Asia/Krasnoyarsk
IRKT: Asia/Irkutsk
YAKT: Asia/Yakutsk
VLAT: Asia/Vladivostok
SAKT: Asia/Sakhalin
MAGT: Asia/Magadan
PETT: Asia/Kamchatka
CST: Asia/Shanghai America/Chicago
IST: Asia/Kolkata Asia/Jerusalem Europe/Dublin
BST: Europe/London Asia/Dhaka
AST: Asia/Riyadh America/Halifax
GST: Asia/Dubai
JST: Asia/Tokyo
KST: Asia/Seoul
HKT: Asia/Hong_Kong
SGT: Asia/Singapore
MYT: Asia/Kuala_Lumpur
PHT: Asia/Manila
WIB: Asia/Jakarta
ICT: Asia/Bangkok Asia/Ho_Chi_Minh
NPT: Asia/Kathmandu
PKT: Asia/Karachi
UZT: Asia/Tashkent
ALMT: Asia/Almaty
ULAT: Asia/Ulaanbaatar
IRST: Asia/Tehran
TRT: Europe/Istanbul
CEST: Europe/Berlin Europe/Paris
EEST: Europe/Kyiv Europe/Helsinki
WEST: Europe/Lisbon
EDT: America/New_York
CDT: America/Chicago
MDT: America/Denver
PST PDT: America/Los_Angeles
AKST AKDT: America/Anchorage
BRT: America/Sao_Paulo
ART: America/Argentina/Buenos_Aires
SAST: Africa/Johannesburg
EAT: Africa/Nairobi
AEST AEDT: Australia/Sydney
AWST: Australia/Perth
NZST NZDT: Pacific/Auckland
Z: UTC
Beijing Peking Pekin China Guangzhou Shenzhen Tianjin Wuhan Chengdu Nanjing Dalian Shenyang: Asia/Shanghai
北京 上海 中国 Пекин Шанхай Китай: Asia/Shanghai
香港 Гонконг: Asia/Hong_Kong
台北 Тайбэй Taiwan: Asia/Taipei
東京 东京 Токио: Asia/Tokyo
서울 Сеул Korea South_Korea Busan: Asia/Seoul
North_Korea Пхеньян 평양 平壤: Asia/Pyongyang
Osaka Kyoto Sapporo: Asia/Tokyo
Москва 莫斯科 St_Petersburg Saint_Petersburg Petersburg Санкт-Петербург Sochi Kazan: Europe/Moscow
Russia Россия 俄罗斯: Europe/Moscow Asia/Yekaterinburg Asia/Vladivostok
Владивосток 海参崴 Khabarovsk Хабаровск: Asia/Vladivostok
Якутск Blagoveshchensk Благовещенск: Asia/Yakutsk
Иркутск Ulan-Ude: Asia/Irkutsk
Новосибирск: Asia/Novosibirsk
Екатеринбург Ekaterinburg: Asia/Yekaterinburg
Калининград: Europe/Kaliningrad
Ukraine Киев Київ Odessa Kharkiv: Europe/Kyiv
Minsk Минск Belarus: Europe/Minsk
Kazakhstan Astana Nur-Sultan Алматы Астана: Asia/Almaty
Mongolia Ulan_Bator Улан-Батор: Asia/Ulaanbaatar
India Delhi New_Delhi Mumbai Bombay Chennai Bangalore: Asia/Kolkata
Vietnam Hanoi: Asia/Ho_Chi_Minh
Islamabad Lahore Pakistan: Asia/Karachi
Abu_Dhabi: Asia/Dubai
Tel_Aviv: Asia/Jerusalem
Ankara: Europe/Istanbul
Germany Frankfurt Munich Hamburg Cologne: Europe/Berlin
Switzerland Geneva Bern: Europe/Zurich
France Strasbourg: Europe/Paris
Italy Milan: Europe/Rome
Spain Barcelona: Europe/Madrid
England Britain Edinburgh Manchester: Europe/London
Washington Boston Philadelphia Miami Atlanta: America/New_York
Houston Dallas Texas: America/Chicago
San_Francisco Seattle California: America/Los_Angeles
Ottawa Montreal: America/Toronto
Brasilia Rio Rio_de_Janeiro: America/Sao_Paulo
Canberra: Australia/Sydney
Wellington: Pacific/Auckland
Cape_Town Pretoria: Africa/Johannesburg
"""


def check_timezone(name: str) -> str | None:
    """What is wrong with the name of a time zone, with the zones that may be meant; None if nothing is."""
    if name in _zones():
        return None
    complaint = f"{name!r} is no time zone"
    if offset := _OFFSET.fullmatch(name.strip()):
        hours = int(offset["hours"])
        exact = f"'Etc/GMT{'-' if offset['sign'] == '+' else '+'}{hours}' (its sign is the other way round)"
        whole = hours and not int(offset["minutes"] or 0) and f"Etc/GMT-{hours}" in _zones()
        return f"{complaint}: name a city, like 'Europe/Moscow'" + (f", or write {exact}" if whole else "")
    meant = [repr(zone) for zone in meant_zones(name)]
    if not meant:
        return f"{complaint}: {_ADVICE}"
    if len(meant) == 1:
        return f"{complaint}, did you mean {meant[0]}? {_ADVICE[:1].upper()}{_ADVICE[1:]}"
    return f"{complaint}, it may mean {', '.join(meant[:-1])} or {meant[-1]}: write the one that is meant"


def meant_zones(name: str) -> tuple[str, ...]:
    """The zones that such a name may stand for, the likeliest first; none where nobody can tell.

    By the zone's own name or its city in any case of letters, by abbreviations and cities that are known here, and for
    longer names by likeness.
    """
    wanted = _plain(name)
    city = wanted.rpartition("/")[2]
    known = _by_word()
    found = known.get(wanted) or known.get(city)
    if found or len(city) <= _SHORT:
        return found or ()
    close = get_close_matches(city, known, n=1, cutoff=0.7) or get_close_matches(wanted, known, n=1, cutoff=0.7)
    return known[close[0]] if close else ()


def _plain(name: str) -> str:
    return "_".join(name.strip().casefold().split())


@cache
def _by_word() -> Mapping[str, tuple[str, ...]]:
    """Every word that names a zone → those zones. Only zones that this machine's database has."""
    zones = sorted(_zones() - _NO_PLACES)
    found: dict[str, tuple[str, ...]] = {_plain(zone).rpartition("/")[2]: (zone,) for zone in zones}
    for line in filter(None, _MEANT.splitlines()):
        words, _, meant = line.partition(": ")
        if there := tuple(zone for zone in meant.split() if zone in _zones()):
            found |= {_plain(word): there for word in words.split()}
    return found | {_plain(zone): (zone,) for zone in zones}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
