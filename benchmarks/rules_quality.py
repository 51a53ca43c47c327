"""How good are the rules? Scores rules.yaml on labelled headlines, and on unrelated ones, beside plainer means.

    python benchmarks/rules_quality.py [FOLDER] [--rules rules.yaml] [--part all|tuning|held-out] [--errors] [--json]

FOLDER (default ../shared/corpus/headlines) holds labelled.jsonl, one object a line with `id`, `lang`, `title`,
`summary`, `rules` (the ids that should fire) and `decidable` (false: left out), and background.<lang>.jsonl, headlines
on which nothing should fire. A third of the labelled ones, chosen by a hash of the id, is held out: rules are tuned
on the others only, and `--part held-out` shows how they do on what nobody looked at.

The same vocabulary is tried in two other ways that feed readers offer: as case-insensitive keywords, and as regular
expressions with \\b. Both keep the rules' any, all and none; they know no inflection, distance, look-alikes, context.

Precision is TP / (TP + FP), recall TP / (TP + FN), an item and a rule at a time. Exits 1 if a target is missed.
"""

import argparse
import hashlib
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.adapters.config.document import load_document
from monitor.adapters.config.rules import load_rules
from monitor.core.model import Hit, Item
from monitor.core.rules import compile_rules

MAIN = ("espionage-arrests", "tumen-passage", "power-of-siberia-2")
LANGUAGES = ("ru", "zh", "en")
OVERALL, EACH, NOISE = 0.95, 0.9, 1.0  # targets: all languages together, one language, false hits in 10,000

Row = Mapping[str, Any]
Predict = Callable[[Row], set[str]]


@dataclass(frozen=True, slots=True)
class Score:
    """Right hits, false hits and misses; `precision` and `recall` are None where there is nothing to divide."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def precision(self) -> float | None:
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None

    def as_json(self) -> dict[str, float | int | None]:
        return {"tp": self.tp, "fp": self.fp, "fn": self.fn, "precision": self.precision, "recall": self.recall}


Table = dict[tuple[str, str], Score]  # (rule, language) → score


# --- the three ways of looking ------------------------------------------------------------------------------


class Ours:
    """The rules as they are meant; keeps the hits, to explain errors."""

    def __init__(self, rules: Path) -> None:
        self.matcher = compile_rules(load_rules(rules).book)
        self.ids = [rule.id for rule in self.matcher.rules]

    def hits(self, row: Row) -> list[Hit]:
        title, summary = row["title"], row.get("summary") or ""
        item = Item(feed="benchmark", key="", title=title, summary=summary, language=row["lang"])
        return self.matcher.match(item)

    def __call__(self, row: Row) -> set[str]:
        return {hit.rule for hit in self.hits(row)}


class Plain:
    """The same words and the same any, all and none; `found(form, text)` is all there is to matching."""

    def __init__(self, data: Mapping[str, Any], found: Callable[[str, str], bool]) -> None:
        self.rules = {rule["id"]: rule["match"] for rule in data["rules"]}
        self.terms = {f"${name}": sorted(set(term_forms(term))) for name, term in data["terms"].items()}
        self.found = found

    def __call__(self, row: Row) -> set[str]:
        text = f"{row['title']}\n{row.get('summary') or ''}".lower()
        known: dict[str, bool] = {}
        return {rule for rule, condition in self.rules.items() if self.holds(condition, text, known)}

    def holds(self, condition: Any, text: str, known: dict[str, bool]) -> bool:
        if isinstance(condition, str):
            if condition not in known:
                forms = self.terms.get(condition) or list(written_forms(condition))
                known[condition] = any(self.found(form, text) for form in forms)
            return known[condition]
        if "form" in condition or "forms" in condition or condition.keys() & set(LANGUAGES):
            return any(self.found(form, text) for form in term_forms(condition))
        each = {key: (self.holds(one, text, known) for one in condition.get(key, ())) for key in _KEYS}
        return (
            all(each["all"])
            and all(each["order"])
            and ("any" not in condition or any(each["any"]))
            and ("of" not in condition or sum(each["of"]) >= condition["at_least"])
            and not any(each["none"])
        )


_KEYS = ("all", "order", "any", "of", "none")
_NOT_FORMS = {"label", "entity", "not", "needs", "weight", "exact", "case", "wade_giles", "cyrillic"}


def term_forms(term: Any) -> Iterator[str]:
    """Every form that a term spells out, lower-case; its look-alikes and its context are left aside."""
    if isinstance(term, str):
        yield from written_forms(term)
    elif isinstance(term, list):
        for one in term:
            yield from term_forms(one)
    elif isinstance(term, dict):
        for key, value in term.items():
            if key not in _NOT_FORMS:
                yield from term_forms(value)


def written_forms(form: str) -> Iterator[str]:
    """`(free|safe) passage` → free passage, safe passage. Regular expressions are left aside."""
    if form.startswith("/"):
        return
    parts = re.split(r"(\([^()]*\|[^()]*\))", form.lstrip("="))
    choices = [part[1:-1].split("|") if part.startswith("(") and "|" in part else [part] for part in parts]
    for chosen in itertools.product(*choices):
        if text := " ".join("".join(chosen).lower().replace("*", "").split()):
            yield text


def keyword(form: str, text: str) -> bool:
    """As in a feed reader's "contains"."""
    return form in text


def word(form: str, text: str, cache: dict[str, re.Pattern[str]] = {}) -> bool:  # noqa: B006
    """As in a feed reader's regular expression: the words between two \\b."""
    if form not in cache:
        cache[form] = re.compile(rf"\b{re.escape(form)}\b")
    return form in text and cache[form].search(text) is not None


# --- scoring ------------------------------------------------------------------------------------------------


def held_out(row: Row) -> bool:
    """A third of the labelled headlines, the same at every run and on every machine."""
    return int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % 3 == 0


def score(rows: Iterable[Row], rules: Iterable[str], predict: Predict) -> Table:
    """Every decidable row against every rule."""
    counts: dict[tuple[str, str], Counter[str]] = {(rule, lang): Counter() for rule in rules for lang in LANGUAGES}
    for row in rows:
        found, wanted = predict(row), set(row["rules"])
        for rule in found | wanted:
            verdict = "tp" if rule in found and rule in wanted else "fp" if rule in found else "fn"
            counts.setdefault((rule, row["lang"]), Counter())[verdict] += 1
    return {key: Score(count["tp"], count["fp"], count["fn"]) for key, count in counts.items()}


def overall(table: Table, rule: str) -> Score:
    """A rule over all languages."""
    return sum((score for (name, _), score in table.items() if name == rule), Score())


def misses(table: Table, noise: float | None) -> list[str]:
    """Which targets are not met, in words."""
    found = []
    for rule in MAIN:
        for lang, target in ((None, OVERALL), *((lang, EACH) for lang in LANGUAGES)):
            result = table[rule, lang] if lang else overall(table, rule)
            for name in ("precision", "recall"):
                value = getattr(result, name)
                if value is not None and value < target:
                    found.append(f"{rule} {lang or 'all'}: {name} {value:.3f}, wanted {target}")
    if noise is not None and noise > NOISE:
        found.append(f"background: {noise:.2f} false hits in 10,000 headlines, wanted at most {NOISE:.0f}")
    return found


# --- reading and showing ------------------------------------------------------------------------------------


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def cell(value: float | None) -> str:
    return "    –" if value is None else f"{value:5.2f}"


def show(table: Table, others: Mapping[str, Table], rules: Iterable[str]) -> None:
    head = "  ".join(f"{name:>11}" for name in others)
    print(f"{'rule':<22}{'lang':<6}{'TP':>4}{'FP':>4}{'FN':>4}  {'prec.':>5} {'rec.':>5}   {head}")
    for rule in rules:
        for lang in (*LANGUAGES, None):
            mine = table[rule, lang] if lang else overall(table, rule)
            line = f"{rule if lang == LANGUAGES[0] else '':<22}{lang or 'all':<6}{mine.tp:>4}{mine.fp:>4}{mine.fn:>4}"
            line += f"  {cell(mine.precision)} {cell(mine.recall)}   "
            for other in others.values():
                its = other[rule, lang] if lang else overall(other, rule)
                line += f"{cell(its.precision)} {cell(its.recall)}  "
            print(line.rstrip())


def show_errors(rows: Iterable[Row], ours: Ours) -> None:
    """Every miss and every false alarm, with the words that made it."""
    for row in rows:
        hits = {hit.rule: hit for hit in ours.hits(row)}
        for rule in sorted(set(row["rules"]) - hits.keys()):
            print(f"MISS   {rule}  {row['id']}  {row['title']} || {row.get('summary') or ''}")
        for rule in sorted(hits.keys() - set(row["rules"])):
            words = ", ".join(f"{one.term}={one.text}" for one in hits[rule].evidence)
            print(f"FALSE  {rule}  {row['id']}  {row['title']} || {row.get('summary') or ''}  [{words}]")


def background(folder: Path, predict: Predict) -> tuple[int, list[tuple[str, str]]]:
    """How many unrelated headlines there are, and (rule, headline) for every hit on them."""
    total, found = 0, []
    for lang in LANGUAGES:
        for row in read(folder / f"background.{lang}.jsonl"):
            total += 1
            found += [(rule, row["title"]) for rule in sorted(predict({**row, "lang": lang}))]
    return total, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).parents[1]
    parser.add_argument("folder", nargs="?", type=Path, default=root.parent / "shared/corpus/headlines")
    parser.add_argument("--rules", type=Path, default=root / "rules.yaml")
    parser.add_argument("--part", choices=("all", "tuning", "held-out"), default="all")
    parser.add_argument("--errors", action="store_true", help="list every miss and every false alarm")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    options = parser.parse_args()
    if not (options.folder / "labelled.jsonl").is_file():
        print(f"{options.folder}: no labelled.jsonl there; give the folder that holds the headlines", file=sys.stderr)
        return 2
    labelled = [row for row in read(options.folder / "labelled.jsonl") if row.get("decidable", True)]
    rows = [row for row in labelled if options.part == "all" or held_out(row) == (options.part == "held-out")]
    ours = Ours(options.rules)
    data = load_document(options.rules).root.plain()
    assert isinstance(data, dict)
    ways: dict[str, Predict] = {"ours": ours, "keywords": Plain(data, keyword), "regex": Plain(data, word)}
    tables = {name: score(rows, ours.ids, way) for name, way in ways.items()}
    noise = {name: background(options.folder, way) for name, way in ways.items()}
    rates = {name: len(found) / total * 10_000 for name, (total, found) in noise.items()}
    failed = misses(tables["ours"], rates["ours"])
    if options.json:
        print(json.dumps(as_json(tables, rates, failed, len(rows), options.part), indent=2))
        return 1 if failed else 0
    print(f"{len(rows)} decidable headlines ({options.part}); beside ours: precision and recall of plainer means\n")
    show(tables["ours"], {name: table for name, table in tables.items() if name != "ours"}, ours.ids)
    print("\nhits in 10,000 unrelated headlines: " + ", ".join(f"{name} {rate:.2f}" for name, rate in rates.items()))
    for rule, title in noise["ours"][1]:
        print(f"  {rule}: {title}")
    if options.errors:
        print()
        show_errors(rows, ours)
    print("\n" + ("\n".join(["Targets missed:", *failed]) if failed else "All targets are met."))
    return 1 if failed else 0


def as_json(
    tables: Mapping[str, Table], rates: Mapping[str, float], failed: list[str], rows: int, part: str
) -> dict[str, Any]:
    """Figures by way, rule and language."""
    return {
        "part": part,
        "rows": rows,
        "background_per_10000": dict(rates),
        "rules": {
            way: {
                rule: {
                    "all": overall(table, rule).as_json(),
                    **{lang: table[rule, lang].as_json() for lang in LANGUAGES},
                }
                for rule in dict.fromkeys(name for name, _ in table)
            }
            for way, table in tables.items()
        },
        "missed": failed,
    }


if __name__ == "__main__":
    sys.exit(main())
