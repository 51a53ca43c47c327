"""From plain data to a rulebook: reads `terms` and `rules`, and tells every problem at once.

Knows nothing of files; `Problem.path` leads to the value, and the configuration adapter finds the line.
"""

import re
from collections.abc import Iterator, Mapping

from monitor.core.languagetags import meant_language
from monitor.core.model import Item, RuleInfo, RuleStatus, Severity
from monitor.core.rules.book import Condition, Example, Group, Phrase, Restriction, Rule, Rulebook, Term, TermRef
from monitor.core.rules.conditions import TERM_ID, ConditionReader
from monitor.core.rules.reader import Path
from monitor.errors import Problem

_COUNTRY = re.compile("[A-Za-z]{2}")
FIELDS = ("title", "summary", "content")
RULE_KEYS = {
    "id", "title", "severity", "status", "tags", "why", "match", "only", "except", "score", "threshold", "cooldown",
    "examples", "note",
}  # fmt: skip
ONLY_KEYS = {"feeds", "tags", "countries", "languages", "fields"}
EXAMPLE_KEYS = {"title", "summary", "content", "language", "feed", "finds", "why"}


def parse_rules(data: Mapping[str, object]) -> tuple[Rulebook, list[Problem]]:
    """Reads the keys `terms` and `rules` of a document; what is wrong is left out of the book and told.

    Other top-level keys are not looked at. Paths of problems begin at the document's root.
    """
    raw_terms = data.get("terms") or {}
    known = {str(key) for key in raw_terms} if isinstance(raw_terms, Mapping) else set()
    reader = _RuleReader(known)
    terms = reader.terms(raw_terms)
    reader.check_cycles(terms)
    rules = reader.rules(data.get("rules") or [])
    return Rulebook(terms, tuple(rules)), reader.problems


class _RuleReader(ConditionReader):
    def terms(self, value: object) -> dict[str, Term]:
        terms: dict[str, Term] = {}
        for key, raw in self.mapping(value, ("terms",), "terms").items():
            path: Path = ("terms", key)
            if not TERM_ID.fullmatch(key):
                self.complain(path, f"“{key}” can't be the id of a term", "use lower-case letters, digits and hyphens")
            terms[key] = self.term(key, raw, path)
        return terms

    def check_cycles(self, terms: Mapping[str, Term]) -> None:
        """A term whose `needs` lead back to itself could never be decided."""
        for start in terms:
            seen: set[str] = set()
            ahead = list(needed_terms(terms[start]))
            while ahead:
                found = ahead.pop()
                if found == start:
                    self.complain(("terms", start), f"the needs of “{start}” lead back to itself")
                    break
                if found not in seen and found in terms:
                    seen.add(found)
                    ahead += needed_terms(terms[found])

    def rules(self, value: object) -> list[Rule]:
        if not isinstance(value, list):
            self.complain(("rules",), "rules must be a list", "begin each rule with - id:")
            return []
        rules: list[Rule] = []
        seen: dict[str, int] = {}
        for i, raw in enumerate(value):
            rule = self._rule(self.mapping(raw, ("rules", i), "a rule"), ("rules", i))
            if rule is None:
                continue
            if rule.id in seen:
                self.complain(
                    ("rules", i, "id"), f"the id “{rule.id}” is taken by rule {seen[rule.id] + 1} of this list"
                )
                continue
            seen[rule.id] = i
            rules.append(rule)
        return rules

    def _rule(self, raw: dict[str, object], path: Path) -> Rule | None:
        if not raw:
            return None
        self.keys(raw, RULE_KEYS, path, "a rule")
        info = self._info(raw, path)
        only = self._restriction(raw, "only", path)
        exclude = self._restriction(raw, "except", path)
        score, threshold = self._score(raw, path)
        cooldown = self.duration(raw["cooldown"], (*path, "cooldown"), "cooldown") if "cooldown" in raw else None
        examples = tuple(self._examples(raw["examples"], (*path, "examples"))) if "examples" in raw else ()
        if "match" not in raw:
            self.complain(path, "this rule has no match", "say what to look for")
            return None
        match = self.condition(raw["match"], (*path, "match"))
        if match is None or not info.id:
            return None
        return Rule(info, match, only, exclude, score, threshold, cooldown, examples)

    def _info(self, raw: dict[str, object], path: Path) -> RuleInfo:
        for key in ("id", "title"):
            if key not in raw:
                self.complain(path, f"this rule has no {key}", f"add {key}:")
        rule_id = self.text(raw["id"], (*path, "id"), "id") if "id" in raw else ""
        if rule_id and not TERM_ID.fullmatch(rule_id):
            self.complain((*path, "id"), f"“{rule_id}” can't be an id", "use lower-case letters, digits and hyphens")
        severities = [one.value for one in Severity]
        statuses = [one.value for one in RuleStatus]
        severity = self.choice(raw.get("severity", "medium"), severities, (*path, "severity"), "severity", "medium")
        # YAML 1.1 reads `status: off` as false.
        status = "off" if raw.get("status") is False else raw.get("status", "live")
        return RuleInfo(
            id=rule_id,
            title=self.text(raw["title"], (*path, "title"), "title") if "title" in raw else rule_id,
            severity=Severity(severity),
            status=RuleStatus(self.choice(status, statuses, (*path, "status"), "status", "live")),
            tags=self.texts(raw["tags"], (*path, "tags"), "a tag") if "tags" in raw else (),
            why=self.text(raw["why"], (*path, "why"), "why") if "why" in raw else "",
        )

    def _restriction(self, raw: dict[str, object], key: str, path: Path) -> Restriction:
        if key not in raw:
            return Restriction()
        here = (*path, key)
        found = self.mapping(raw[key], here, key)
        self.keys(found, ONLY_KEYS - (set() if key == "only" else {"fields"}), here, key)
        values = {k: self.texts(v, (*here, k), k) for k, v in found.items() if k in ONLY_KEYS}
        for i, name in enumerate(values.get("fields", ())):
            if name not in FIELDS:
                self.complain((*here, "fields", i), f"there is no field “{name}”", f"one of: {', '.join(FIELDS)}")
        for i, name in enumerate(values.get("countries", ())):
            if not _COUNTRY.fullmatch(name) or name.upper() == "UK":
                hint = "did you mean GB?" if name.upper() == "UK" else "two letters of ISO 3166: RU, CN, JP …"
                self.complain((*here, "countries", i), f"“{name}” is no country code", hint)
        if "countries" in values:
            values["countries"] = tuple(name.upper() for name in values["countries"])
        for i, name in enumerate(values.get("languages", ())):
            self._check_language(name, (*here, "languages", i))
        return Restriction(**values)

    def _check_language(self, name: str, path: Path) -> None:
        """Complain of what is no language tag; a tag that no feed has may be right."""
        if meant := meant_language(name):
            self.complain(path, f"“{name}” is no language code", f"did you mean {meant}?")

    def _score(self, raw: dict[str, object], path: Path) -> tuple[tuple[tuple[Condition, float], ...], float | None]:
        if "threshold" in raw and "score" not in raw:
            self.complain((*path, "threshold"), "a threshold needs a score", "add score: {$term: 2, …}")
        threshold = self.number(raw["threshold"], (*path, "threshold"), "threshold", 0) if "threshold" in raw else None
        entries: list[tuple[Condition, float]] = []
        if "score" in raw:
            for key, value in self.mapping(raw["score"], (*path, "score"), "score").items():
                condition = self.condition(key, (*path, "score", key))
                points = self.number(value, (*path, "score", key), "a score", 0)
                entries += [(condition, points)] if condition else []
            best = sum(points for _, points in entries if points > 0)
            if threshold is not None and entries and best < threshold:
                self.complain((*path, "threshold"), f"no text can reach {threshold:g}: the scores add up to {best:g}")
        return tuple(entries), threshold

    def _examples(self, value: object, path: Path) -> Iterator[Example]:
        raw = self.mapping(value, path, "examples")
        self.keys(raw, {"hit", "miss", "todo"}, path, "examples")
        groups = [(raw, path, False)]
        if "todo" in raw:
            todo = self.mapping(raw["todo"], (*path, "todo"), "todo")
            self.keys(todo, {"hit", "miss"}, (*path, "todo"), "todo")
            groups.append((todo, (*path, "todo"), True))
        for group, here, is_todo in groups:
            for kind in ("hit", "miss"):
                if group.get(kind):
                    for one, where in self.items(group[kind], (*here, kind)):
                        yield self._example(one, where, hit=kind == "hit", todo=is_todo)

    def _example(self, value: object, path: Path, *, hit: bool, todo: bool) -> Example:
        if not isinstance(value, Mapping):
            return Example(_item(title=self.text(value, path, "an example")), hit, todo, path=path)
        raw = self.mapping(value, path, "an example")
        self.keys(raw, EXAMPLE_KEYS, path, "an example")
        texts = {k: self.text(raw[k], (*path, k), k) for k in (*FIELDS, "language", "feed") if k in raw}
        if "language" in texts:
            self._check_language(texts["language"], (*path, "language"))
        finds = self.texts(raw["finds"], (*path, "finds"), "a term") if "finds" in raw else ()
        for i, term in enumerate(finds):
            if term.removeprefix("$") not in self.known:
                self._known_term(term.removeprefix("$"), (*path, "finds", i))
        return Example(_item(**texts), hit, todo, tuple(term.removeprefix("$") for term in finds), path)


def _item(*, feed: str = "", title: str = "", **texts: str) -> Item:
    return Item(feed=feed, key="example", title=title, **texts)  # type: ignore[arg-type]


def needed_terms(term: Term) -> Iterator[str]:
    """Ids of the terms that a term or one of its forms needs beside it."""
    conditions = [term.needs, *(form.needs for form in term.forms)]
    for condition in conditions:
        if condition is not None:
            yield from terms_in(condition)


def terms_in(condition: Condition) -> Iterator[str]:
    """Ids of all named terms that a condition mentions, those under `none` and `needs` included."""
    if isinstance(condition, TermRef):
        yield condition.id
    elif isinstance(condition, Phrase):
        yield from needed_terms(condition.term)
    elif isinstance(condition, Group):
        for child in (*(child for part in condition.parts for child in part.children), *condition.none):
            yield from terms_in(child)
