"""Searches at news services made from a rule's own terms: which words, in how many searches, at which address. Pure.

A search only fetches what a rule then looks at; so words are asked for broadly: whatever `within`, `none` and the
context of a form demand is left to the rule. Where a rule has more words than a few searches can hold, the words
written first, the usual ones, are asked for, and the feed says how many are not.

Limits and forms, none of them promised by the services:

- Google News: `https://news.google.com/rss/search?q=…&hl=…&gl=…&ceid=…`; `"…"` for phrases, `OR`, brackets, `when:2d`;
  at most 100 items (newscatcherapi.com, “Google News RSS search parameters”). Words beyond the 32nd are ignored (NSA,
  “Untangling the Web”, p. 51); an address of more than 2,048 characters is refused by many servers on the way.
- GDELT DOC 2.0: `…/api/v2/doc/doc?query=…&mode=artlist&format=json`, at most 250 records, `timespan`, `sourcelang:`
  (blog.gdeltproject.org/gdelt-doc-2-0-api-debuts). It searches English translations of all articles; search in other
  languages was taken out (…/updates-doc-2-0-api): so a rule's English words are asked for, whatever language is wanted.
  Queries of some 290 characters are refused as too long, those of 213 are not (users' reports); words with OR between
  them must stand in brackets, and nothing else may; one request in 5 seconds.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from urllib.parse import quote

from monitor.core.model import Engine, FeedSpec, SourceKind
from monitor.core.rules.book import Condition, Group, Kind, Pattern, Phrase, Rulebook, Term, TermRef
from monitor.core.suggest import suggestion
from monitor.core.text.chars import is_unspaced
from monitor.core.text.forms import Form
from monitor.errors import Problem

MOST_SEARCHES = 6  # for one entry
GOOGLE_WORDS = 32
GOOGLE_ADDRESS = 2_000  # characters
GDELT_QUERY = 220  # characters
_MOST_BRANCHES = 60
_ADDRESSES = {
    Engine.GOOGLE_NEWS: "https://news.google.com/rss/search",
    Engine.GDELT: "https://api.gdeltproject.org/api/v2/doc/doc",
}
_GOOGLE_COUNTRY = {
    "ru": "RU",
    "en": "US",
    "ja": "JP",
    "ko": "KR",
    "uk": "UA",
    "de": "DE",
    "fr": "FR",
    "es": "ES",
    "it": "IT",
    "pl": "PL",
    "tr": "TR",
    "vi": "VN",
    "no": "NO",
    "ar": "EG",
}
_GDELT_LANGUAGE = {
    "ru": "russian",
    "en": "english",
    "zh": "chinese",
    "ja": "japanese",
    "ko": "korean",
    "uk": "ukrainian",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "pl": "polish",
    "tr": "turkish",
    "vi": "vietnamese",
    "no": "norwegian",
    "ar": "arabic",
    "fi": "finnish",
    "mn": "mongolian",
    "kk": "kazakh",
}
_BARE = re.compile(r"\w{3,}")

Words = tuple[str, ...]  # any of these, as a search writes them


@dataclass(frozen=True, slots=True)
class Expansion:
    """The feeds with every query made into the searches it stands for, and what is wrong with queries."""

    feeds: tuple[FeedSpec, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Searches:
    """What is asked for: the searches in their service's language, and how many of the words they hold."""

    texts: tuple[str, ...]
    asked: int = 0
    words: int = 0


class QueryError(ValueError):
    """A query can't be made into a search; the message says why, `key` which key of the entry is meant."""

    def __init__(self, message: str, hint: str = "", key: str = "rule") -> None:
        super().__init__(message)
        self.hint = hint
        self.key = key


def expand(feeds: Sequence[FeedSpec], book: Rulebook | None) -> Expansion:
    """Put the searches in place of each entry with a query; one that needs several becomes `id`, `id.2` ….

    The first keeps the id, so that an edit after which a rule needs more searches, or fewer, makes no new feed of it.

    `book` None: the rules are not known; entries that name one are left as they are.
    """
    out: list[FeedSpec] = []
    problems: list[Problem] = []
    taken = {feed.id for feed in feeds}
    for number, feed in enumerate(feeds):
        if feed.query is None:
            out.append(feed)
            continue
        if book is None and feed.query.rule:
            out.append(feed)
            continue
        try:
            made = _searching(feed, book or Rulebook())
            if clash := next((one.id for one in made if one.id != feed.id and one.id in taken), ""):
                raise QueryError(f"its searches need the id `{clash}`, which another feed has", key="")
            out += made
        except QueryError as error:
            path = ("feeds", number, "query", error.key) if error.key else ("feeds", number, "query")
            problems.append(Problem(path, str(error), error.hint))
    return Expansion(tuple(out), tuple(problems))


def _searching(feed: FeedSpec, book: Rulebook) -> list[FeedSpec]:
    query = feed.query
    assert query is not None
    dialect = _google(feed) if query.engine is Engine.GOOGLE_NEWS else _gdelt(feed)
    searches = searches_for(query.rule, book, dialect) if query.rule else Searches((query.text,))
    kind = SourceKind.GDELT if query.engine is Engine.GDELT else SourceKind.FEED
    several = len(searches.texts) > 1
    left_out = f"; {searches.words - searches.asked} of its {searches.words} words do not fit"
    out = []
    for number, text in enumerate(searches.texts, 1):
        of = f"search {number} of {len(searches.texts)}" if several else "a search"
        about = f"{of} for rule {query.rule}" + left_out * (searches.asked < searches.words) if query.rule else ""
        out.append(
            replace(
                feed,
                id=feed.id if number == 1 else f"{feed.id}.{number}",
                url=dialect.address(text),
                source=kind,
                name=f"{feed.label} ({number})" if several else feed.name,
                reason=feed.reason or about,
                made_from="" if number == 1 else feed.id,
            )
        )
    return out


# --- the services' languages --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one service is asked: the language of words, how a form is written, whether a text fits, its address."""

    language: str
    write: Callable[[Form], str]  # "": this form can't be asked for
    join: Callable[[Sequence[Words]], str]  # all of these, any word of each
    fits: Callable[[str], bool]
    address: Callable[[str], str]


def _google(feed: FeedSpec) -> Dialect:
    assert feed.query is not None
    if feed.language is None:
        raise QueryError("a search at Google News needs the language of its edition", "add language: ru", key="engine")
    base = feed.query.url or _ADDRESSES[Engine.GOOGLE_NEWS]
    edition = _edition(feed.language, feed.country)

    def address(text: str) -> str:
        recent = text if "when:" in text or "after:" in text else f"{text} when:2d"
        return f"{base}{'&' if '?' in base else '?'}q={quote(recent, safe='()')}&{edition}"

    def fits(text: str) -> bool:
        return _google_words(text) < GOOGLE_WORDS and len(address(text)) <= GOOGLE_ADDRESS

    return Dialect(feed.language.split("-")[0], _google_form, _google_text, fits, address)


def _edition(language: str, country: str | None) -> str:
    """The parameters that choose an edition, such as `hl=en-GB&gl=GB&ceid=GB:en`."""
    short = language.split("-")[0]
    if short == "zh":
        traditional = language.startswith("zh-Hant") or country in {"TW", "HK"}
        country = country if country in {"CN", "TW", "HK", "SG"} else ("TW" if traditional else "CN")
        return f"hl=zh-{country}&gl={country}&ceid={country}:zh-{'Hant' if traditional else 'Hans'}"
    country = country or _GOOGLE_COUNTRY.get(short, "US")
    shown = f"en-{country}" if short == "en" else short
    return f"hl={shown}&gl={country}&ceid={country}:{short}"


def _google_form(form: Form) -> str:
    """A single word bare, so that Google inflects it; a phrase, and what must not be inflected, in quotes."""
    text = _without_quotes(form.text)
    inflected = _BARE.fullmatch(text) and not is_unspaced(text[0]) and not (form.exact and not form.open_right)
    return text if inflected else f'"{text}"'


def _google_text(groups: Sequence[Words]) -> str:
    return " ".join(f"({' OR '.join(words)})" if len(words) > 1 else words[0] for words in groups)


def _google_words(text: str) -> int:
    """Words as Google counts them, rather too many: of a text without spaces, two characters are one."""
    words = re.findall(r"[^\s\"()]+", text.replace(" OR ", " "))
    return sum((len(word) + 1) // 2 if is_unspaced(word[0]) else 1 for word in words)


def _gdelt(feed: FeedSpec) -> Dialect:
    assert feed.query is not None
    base = feed.query.url or _ADDRESSES[Engine.GDELT]
    language = _GDELT_LANGUAGE.get((feed.language or "").split("-")[0], "")
    if feed.language and not language:
        known = ", ".join(sorted(_GDELT_LANGUAGE))
        raise QueryError(
            f"how GDELT calls the language `{feed.language}` is not known here", f"known: {known}", "engine"
        )
    source = f" sourcelang:{language}" if language else ""

    def address(text: str) -> str:
        whole = text if "sourcelang:" in text else f"{text}{source}"
        asked = f"query={quote(whole, safe='')}&mode=artlist&format=json&maxrecords=250&timespan=1d&sort=datedesc"
        return f"{base}{'&' if '?' in base else '?'}{asked}"

    def fits(text: str) -> bool:
        return len(text + source) <= GDELT_QUERY

    return Dialect("en", _gdelt_form, _google_text, fits, address)


def _gdelt_form(form: Form) -> str:
    """Plain ASCII only; a word of fewer than three letters is refused as too short."""
    text = _without_quotes(form.text)
    if not text.isascii() or len(text) < 3:
        return ""
    return text if re.fullmatch(r"[A-Za-z]+", text) else f'"{text}"'


def _without_quotes(text: str) -> str:
    return " ".join(text.replace('"', " ").split())


# --- a rule as searches -------------------------------------------------------------------------------------


def searches_for(rule_id: str, book: Rulebook, dialect: Dialect) -> Searches:
    """The searches that bring what a rule may find. Raises QueryError when the rule is unknown or has no words."""
    rule = next((one for one in book.rules if one.id == rule_id), None)
    if rule is None:
        known = [one.id for one in book.rules]
        raise QueryError(f"no rule has the id `{rule_id}`{suggestion(rule_id, known)}", "name a rule of rules.yaml")
    memo: dict[str, Words] = {}

    def words(term: Term) -> Words:
        if term.id not in memo or not term.named:
            memo[term.id] = _words(term, dialect)
        return memo[term.id]

    branches = [_usable(groups) for groups in _branches(rule.match, book.terms, words)]
    branches = [groups for groups in branches if groups]
    if not branches:
        hint = "give `text:` in place of `rule:`, or the rule terms in this language"
        raise QueryError(f"rule `{rule_id}` has no words in the language `{dialect.language}`", hint)
    chosen = _covering(branches)
    asked_for = set().union(*(set(words) for groups in chosen for words in groups))
    queues = [list(_split(groups, dialect)) for groups in chosen]
    # The first search of each pair before the second of any: the usual words stand first.
    in_turn = [one for row in zip_longest(*queues) for one in row if one is not None][:MOST_SEARCHES]
    if not in_turn:
        raise QueryError(f"no search with the words of rule `{rule_id}` is short enough", "give `text:` instead")
    held = set().union(*(set(words) for groups in in_turn for words in groups))
    return Searches(tuple(dialect.join(groups) for groups in in_turn), len(held), len(asked_for))


def _words(term: Term, dialect: Dialect) -> Words:
    """A term's forms in the language, as a search writes them, without those that another one finds as well."""
    forms = [one.form for one in term.forms if one.form.language == dialect.language]
    texts = [(_without_quotes(form.text).casefold(), written) for form in forms if (written := dialect.write(form))]
    seen = [text for text, _ in texts]
    kept = (written for text, written in texts if not any(_within(other, text) for other in seen if other != text))
    return tuple(dict.fromkeys(kept))


def _within(part: str, text: str) -> bool:
    """Whether whoever looks for `part` finds `text`, too."""
    if is_unspaced(text[0]):
        return part in text
    return f" {part} " in f" {text} "


def _branches(condition: Condition, terms: Mapping[str, Term], words: Callable[[Term], Words]) -> Iterator[list[Words]]:
    """The ways in which a condition can hold, as far as `any` at its top tells them apart: what each one asks for."""
    if isinstance(condition, Group) and len(condition.parts) == 1 and condition.parts[0].kind is Kind.ANY:
        for child in condition.parts[0].children[:_MOST_BRANCHES]:
            yield from _branches(child, terms, words)
    else:
        yield _asked(condition, terms, words)


def _asked(condition: Condition, terms: Mapping[str, Term], words: Callable[[Term], Words]) -> list[Words]:
    """Sets of words of each of which one must be there. Patterns and numbers of several ask for nothing certain."""
    if isinstance(condition, TermRef):
        return [words(terms[condition.id])] if condition.id in terms else []
    if isinstance(condition, Phrase):
        return [words(condition.term)]
    if isinstance(condition, Pattern):
        return []
    out: list[Words] = []
    for part in condition.parts:
        children = [_asked(child, terms, words) for child in part.children]
        if part.kind in {Kind.ALL, Kind.ORDER}:
            out += [one for groups in children for one in groups]
            continue
        # One of these: any word of the set that says most about each. Without words in this language it can't be met.
        usable = [_usable(groups) for groups in children]
        if part.kind is Kind.ANY and all(children):
            out.append(tuple(dict.fromkeys(word for groups in usable if groups for word in min(groups, key=len))))
    return out


def _usable(groups: Sequence[Words]) -> list[Words]:
    """Without sets that are empty, as words of another language are; each once."""
    return [words for words in dict.fromkeys(groups) if words]


def _covering(branches: Sequence[list[Words]]) -> list[list[Words]]:
    """Few pairs of sets such that each branch asks for one of the pairs.

    Sets that many branches ask for come first: they are what the rule is about. The fewest words are no sign of that.
    """
    asked_by = Counter(words for groups in branches for words in groups)

    def weight(pair: tuple[Words, ...]) -> tuple[int, int, int, tuple[Words, ...]]:
        covered = sum(all(words in groups for words in pair) for groups in left)
        return covered, sum(asked_by[words] for words in pair), -sum(map(len, pair)), pair

    left = list(branches)
    chosen: list[list[Words]] = []
    while left:
        best = max((pair for groups in left for pair in _pairs(groups)), key=weight)
        chosen.append(list(best))
        left = [groups for groups in left if not all(words in groups for words in best)]
    return chosen


def _pairs(groups: list[Words]) -> Iterator[tuple[Words, ...]]:
    if len(groups) == 1:
        yield (groups[0],)
    for number, one in enumerate(groups):
        for other in groups[number + 1 :]:
            yield (one, other)


def _split(groups: Sequence[Words], dialect: Dialect) -> Iterator[list[Words]]:
    """The sets cut into pieces that fit into a search together, the first words of each first."""
    if dialect.fits(dialect.join(groups)):
        yield list(groups)
        return
    if len(groups) == 1:
        for piece in _pieces(groups[0], lambda words: dialect.fits(dialect.join([words]))):
            yield [piece]
        return
    shorter, longer = sorted(groups[:2], key=len)
    # Half the room for each at most; what the shorter one leaves is the longer one's.
    for piece in _pieces(shorter, lambda words: dialect.fits(dialect.join([words, words]))):
        for other in _pieces(longer, lambda words: dialect.fits(dialect.join([piece, words]))):  # noqa: B023
            yield [piece, other]


def _pieces(words: Words, fits: Callable[[Words], bool]) -> Iterator[Words]:
    """Cut a set into runs that fit; a word that does not fit alone is left out."""
    piece: Words = ()
    for word in words:
        if fits((*piece, word)):
            piece = (*piece, word)
        elif piece:
            yield piece
            piece = (word,) if fits((word,)) else ()
    if piece:
        yield piece
