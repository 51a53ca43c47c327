"""Whether two readings are one article, from what they share when a feed's own ids can't be trusted.

Feeds give new guids to old articles, one guid to many, and put times and sessions into links. Where the evidence is
thin, two readings are two articles: a double is a nuisance, and a loss is what must not happen.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from hashlib import blake2b
from urllib.parse import urlsplit

from monitor.core.headline import weight
from monitor.core.identity import normalise_link

TITLES_ALIKE = 0.6  # shared words of two wordings of one headline; see `likeness`
TITLES_APART = 0.35  # below this they say different things
TEXTS_ALIKE = 0.6  # share of the shorter text's words that are in the longer one
TEXTS_APART = 0.3
LEAST_TEXT = 12  # words below which a text proves nothing: "Read more on our site"
LEAST_TITLE = 4  # words below which a headline proves nothing: "Court hearing"
CLOSE_DATES = timedelta(hours=12)  # an article given out under two links; a column with one title comes back daily
_COMPARED = 4_000  # characters of a text that are looked at
_STEM = 6  # letters of a word that are compared, so that an inflected form is the same word

_WORDS = re.compile(r"\w+")
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
# Parameters that differ at every reading and never say which page is meant.
_PASSING = re.compile(
    r"(?:_|t|ts|time|timestamp|rnd|rand|random|nonce|cb|cachebuster|nocache|no_cache|cache|sid|session|session_?id"
    r"|phpsessid|jsessionid|aspsessionid\w*|token|sig|signature|expires|from|src|source|ref|referr?er)",
    re.IGNORECASE,
)
_SESSION = re.compile(r";(?:jsessionid|sid|phpsessid)=[^/?#]*", re.IGNORECASE)
_EPOCH = re.compile(r"1[4-9]\d{8}(?:\d{3}){0,2}")  # seconds, milliseconds or microseconds since 1970, of 2014 to 2033


class Proof(IntEnum):
    """Why two readings are one article, the strongest first; `reason` puts it in words."""

    LINK_AND_TITLE = 1
    PAGE_AND_TITLE = 2
    LINK_AND_TEXT = 3
    TITLE_AND_TEXT = 4
    TITLE_AND_DATE = 5

    @property
    def reason(self) -> str:
        """For the record of decisions."""
        return _REASONS[self]


_REASONS = {
    Proof.LINK_AND_TITLE: "same link and headline",
    Proof.PAGE_AND_TITLE: "same headline, and the link differs only in a time or session",
    Proof.LINK_AND_TEXT: "same link and text",
    Proof.TITLE_AND_TEXT: "same headline and text under another link",
    Proof.TITLE_AND_DATE: "same headline and date under another link",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is compared. `text`: summary and content; None: not at hand, so it proves nothing."""

    title: str
    link: str
    published: datetime | None
    text: str | None = None


def marks(feed: str, title: str, link: str) -> tuple[int | None, int | None]:
    """By which an article is looked for when its key is unknown: of its headline and of its link, 64 bits, signed.

    None where there is nothing to look for: no headline, no link, or a link to the front page. Cheap and coarse on
    purpose: `proof` judges what is found.
    """
    words = _plain(title)
    place = link.strip().partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/")
    return (
        _mark(f"{feed}\0title\0{words}") if words else None,
        _mark(f"{feed}\0link\0{place}") if "/" in place or "?" in place else None,
    )


def proof(one: Reading, other: Reading, *, together: bool) -> Proof | None:
    """Why these are one article, though their keys differ; None: they are two, or it can't be told.

    `together`: both stand in the same document. A publisher who lists two entries means two, unless they say the same.
    """
    same_link, compatible = _same_link(one.link, other.link), _compatible(one, other)
    same_title = _plain(one.title) == _plain(other.title)
    same_text = _is_copy(one.text, other.text)
    # Cases on one list have headlines alike, too: a headline that was changed beside its guid needs the text to stay.
    alike = not together and _same_text(one.text, other.text) and likeness(one.title, other.title) >= TITLES_ALIKE
    if same_link and (same_title or alike):
        # A column may keep headline and link, and then its text is another every day; so may a list of verdicts.
        if same_text or (compatible and _agree(one.text, other.text, together=together)):
            return Proof.LINK_AND_TITLE
        return None if together or (one.text and other.text) else Proof.LINK_AND_TITLE
    if same_link and same_text and not together:  # those who collect links give one page to several entries
        return Proof.LINK_AND_TEXT
    if not (same_title and _plain(one.title) and compatible):
        return None
    telling = weight(one.title) >= LEAST_TITLE
    same_page = not together and page(one.link) == page(other.link) != ""
    if same_page and telling and _agree(one.text, other.text, together=False):  # ?t= may name a topic of a forum
        return Proof.PAGE_AND_TITLE
    if same_text:
        return Proof.TITLE_AND_TEXT
    dated = one.published is not None and one.published == other.published and not _is_day(one.published)
    nothing_against = not one.text or not other.text or _overlap(_tokens(one.text), _tokens(other.text)) >= TEXTS_ALIKE
    if not together and telling and dated and nothing_against:
        return Proof.TITLE_AND_DATE
    return None


def unlike(one: Reading, other: Reading) -> bool:
    """Whether these have neither headline nor link in common: one key for both is open to doubt."""
    if not one.title.strip() or not other.title.strip() or _same_link(one.link, other.link):
        return False
    return likeness(one.title, other.title) < TITLES_APART


def estranged(one: Reading, other: Reading) -> bool:
    """Whether one key for both is a mistake: they have neither headline nor link nor text in common.

    A retitled article under a new link keeps its text, or most of it. Where no link tells them apart, the texts must
    be long enough to; else the key is believed.
    """
    if not unlike(one, other) or one.text is None or other.text is None or _same_text(one.text, other.text):
        return False
    if page(one.link) and page(other.link):
        return True
    left, right = _tokens(one.text), _tokens(other.text)
    return min(len(left), len(right)) >= LEAST_TEXT and _overlap(left, right) < TEXTS_APART


def likeness(one: str, other: str) -> float:
    """Share of words that two texts have in common, 0 to 1 (Dice's coefficient); Han counts in pairs of characters."""
    left, right = _tokens(one), _tokens(other)
    return 2 * len(left & right) / (len(left) + len(right)) if left or right else 0.0


def page(link: str) -> str:
    """The link without what passes: sessions and times among its parameters; "" for none and for a front page."""
    url = normalise_link(_SESSION.sub("", link))
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    kept = [p for p in parts.query.split("&") if p and not _passes(p)]
    if not (parts.path.strip("/") or kept or parts.fragment):
        return ""
    return parts._replace(query="&".join(kept)).geturl()


def _passes(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return bool(_PASSING.fullmatch(name)) or bool(_EPOCH.fullmatch(value))


def _same_link(one: str, other: str) -> bool:
    places = [place for place in (one.partition("#")[2], other.partition("#")[2]) if place]
    if places and places[0] != places[-1]:
        return False  # two entries of a live page
    url = normalise_link(one)
    if not url or url != normalise_link(other):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return bool(parts.path.strip("/") or parts.query or parts.fragment)  # else it is the front page


def _same_text(one: str | None, other: str | None) -> bool:
    if not one or not other:
        return False
    left, right = _tokens(one), _tokens(other)
    return min(len(left), len(right)) >= LEAST_TEXT and _overlap(left, right) >= TEXTS_ALIKE


def _agree(one: str | None, other: str | None, *, together: bool) -> bool:
    """Whether these texts speak for one article, or say nothing; `together` they must be alike, else not unlike."""
    if not one or not other:
        return True
    left, right = _tokens(one), _tokens(other)
    if min(len(left), len(right)) < LEAST_TEXT:
        return not together
    return _overlap(left, right) >= (TEXTS_ALIKE if together else TEXTS_APART)


def _is_copy(one: str | None, other: str | None) -> bool:
    """Whether they say the same word for word: an answer quotes what it answers, and cases differ by their number."""
    if not one or not other:
        return False
    words = _tokens(one)
    return len(words) >= LEAST_TEXT and words == _tokens(other)


def _overlap(left: frozenset[str], right: frozenset[str]) -> float:
    """How much of the shorter text is in the longer one: an article that grew is the same article."""
    shorter = min(len(left), len(right))
    return len(left & right) / shorter if shorter else 0.0


def _compatible(one: Reading, other: Reading) -> bool:
    return one.published is None or other.published is None or abs(one.published - other.published) <= CLOSE_DATES


def _is_day(moment: datetime) -> bool:
    """Whether this is a date without a time, in whatever zone."""
    return not (moment.minute % 15 or moment.second)


def _plain(title: str) -> str:
    return " ".join(_WORDS.findall(unicodedata.normalize("NFKC", title).casefold()))


def _tokens(text: str) -> frozenset[str]:
    """Beginnings of words, and pairs of characters where no spaces part words. Figures count whole."""
    found: set[str] = set()
    for word in _WORDS.findall(unicodedata.normalize("NFKC", text[:_COMPARED]).casefold().replace("ё", "е")):
        dense = _DENSE.search(word)
        if dense:
            found.update(word[n : n + 2] for n in range(max(1, len(word) - 1)))
        else:
            found.add(word if word.isdigit() else word[:_STEM])
    return frozenset(found)


def _mark(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)
