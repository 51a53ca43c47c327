"""Language tags (BCP 47) that people get wrong: names, codes of three letters, codes of countries."""

from collections.abc import Mapping
from functools import cache

# The right tag, then what is written in its place: codes of three letters where BCP 47 has one of two
# (RFC 5646, 2.2.1), names, and codes of countries that are no code of a language.
_SLIPS = """
ru rus russian русский рус русс 俄语 俄文
zh zho chi chinese mandarin cn китайский кит 中文 汉语 华语 普通话
en eng english английский англ 英语 英文
ja jpn japanese jp японский 日语 日文 日本語
ko kor korean kr корейский 韩语 韩文 한국어
uk ukr ukrainian ua украинский українська 乌克兰语
be bel belarusian by белорусский
kk kaz kazakh kz казахский
mn mon mongolian монгольский 蒙古语
de deu ger german немецкий deutsch 德语
fr fra fre french французский français 法语
es spa spanish испанский español 西班牙语
it ita italian
pt por portuguese
pl pol polish
nl nld dut dutch
cs ces cze czech cz
sk slk slo slovak
el ell gre greek gr
da dan danish dk
sv swe swedish
fi fin finnish
no nor norwegian
nb nob
et est estonian
lv lav latvian
lt lit lithuanian
hu hun hungarian
ro ron rum romanian
bg bul bulgarian
sr srp serbian
ka kat geo georgian
hy hye arm armenian
az aze azerbaijani
uz uzb uzbek
ky kir kyrgyz
tg tgk tajik
tk tuk turkmen
tr tur turkish
fa fas per persian farsi
ar ara arabic
he heb hebrew
hi hin hindi
vi vie vietnamese
th tha thai
id ind indonesian
ms msa may malay
"""


def meant_language(text: str) -> str | None:
    """The tag that is meant by a name or a code that is none, such as `ru` by `Russian` or `rus`; None: not known."""
    return _by_slip().get(text.strip().casefold())


@cache
def _by_slip() -> Mapping[str, str]:
    rows = [line.split() for line in _SLIPS.splitlines() if line]
    return {slip: tag for tag, *slips in rows for slip in slips}
