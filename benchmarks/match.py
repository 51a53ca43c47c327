"""How fast rules are matched: normalisation, scan, evaluation and evidence, on one core.

    python benchmarks/match.py [--items 50000] [--rules 10,100,1000,10000] [--json] [--picture FILE.svg]

Makes items of about 60 words (Han: about 110 characters), a third each in Russian, Chinese and English, and rules of
eight multi-word terms in three languages each. About one item in fifty is given words of some rule. Beside the matcher
stand, over the same texts and in the same run: the bare minimum (the cheapest normalisation and one automaton over
all forms, nothing else) and, on a sample, one regular expression a rule. Seconds are processor time; matcher and bare
minimum take turns, and of each the fastest turn counts. Ratios count; absolute figures drift with the machine. Each
rule set has a process of its own, whose peak of memory is taken before there are any items.
"""

import argparse
import json
import multiprocessing
import random
import re
import resource
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import ahocorasick_rs
from match_picture import growth

from monitor.core.model import Item
from monitor.core.rules import Matcher, Rulebook, compile_rules, parse_rules


def _words(text: str) -> list[str]:
    return text.split()


RU_NOUNS = _words(
    "река мост порт договор завод газопровод граница суд министр корабль терминал дорога зерно остров союз путь рынок "
    "банк проект компания станция город край область форум визит документ карта служба агент посольство университет"
)
RU_ADJECTIVES = _words(
    "северный дальний новый крупный китайский российский пограничный морской железный секретный торговый речной "
    "государственный временный совместный западный восточный первый зимний высокий старый тихий"
)
EN_NOUNS = _words(
    "river bridge port contract plant pipeline border court minister vessel terminal road grain island union route "
    "market bank project company station city region forum visit document map service agent embassy university"
)
EN_ADJECTIVES = _words(
    "northern distant new large chinese russian coastal maritime iron secret commercial federal temporary joint "
    "western eastern first winter high old quiet narrow"
)
HAN = (
    "江桥港约厂管界院部船站路粮岛盟道场行项司城边省坛访图局员馆校海山东西南北中大小新老高长远近金银铜铁木水火土石田林风云雨雪春夏秋冬"
    "国家政府经济贸易合作发展能源天然气石油建设安全会议主席总统外交部长声明协议签署开通运输物流航运铁路公路口岸海关边境投资企业市场"
)
RU_FILL = _words("и в на по с о для что как это из за от до при не также после уже сообщили заявил будет может")
EN_FILL = _words("the of in and to a for on with as by at from that is was will be has said after over its")


def syllables(rng: random.Random, letters: str, vowels: str, size: int) -> str:
    return "".join(rng.choice(letters) + rng.choice(vowels) for _ in range(size))


class World:
    """Vocabulary, rules and items; everything follows from the seed."""

    def __init__(self, seed: int = 7) -> None:
        rng = self.rng = random.Random(seed)
        self.ru = RU_NOUNS + [syllables(rng, "бвгдзклмнпрстф", "аеиоу", 2) + rng.choice("нкртл") for _ in range(3000)]
        self.en = EN_NOUNS + [syllables(rng, "bcdfgklmnprstv", "aeiou", 2) + rng.choice("nkrtl") for _ in range(3000)]

    def term(self, language: str) -> str:
        rng = self.rng
        if language == "zh":
            return "".join(rng.choice(HAN) for _ in range(rng.randint(3, 5)))
        adjectives, nouns = (RU_ADJECTIVES, self.ru) if language == "ru" else (EN_ADJECTIVES, self.en)
        return f"{rng.choice(adjectives)} {rng.choice(nouns)}"

    def rules(self, count: int) -> dict[str, object]:
        """Each rule: one of four terms and one of four others, the eight spread over three languages."""
        rules = []
        for i in range(count):
            terms = [{lang: [self.term(lang)] for lang in ("ru", "zh", "en")} for _ in range(8)]
            rules.append(
                {"id": f"r{i}", "title": f"Rule {i}", "match": {"all": [{"any": terms[:4]}, {"any": terms[4:]}]}}
            )
        return {"rules": rules}

    def items(self, count: int, rules: dict[str, object], share: float) -> list[Item]:
        return [self.item(i, rules["rules"] if self.rng.random() < share else []) for i in range(count)]

    def item(self, i: int, rules: list) -> Item:
        rng = self.rng
        language = ("ru", "zh", "en")[i % 3]
        if language == "zh":
            words = [
                "".join(rng.choice(HAN) for _ in range(rng.randint(5, 12))) + rng.choice("，。，、") for _ in range(13)
            ]
        else:
            nouns, adjectives, fill = (
                (self.ru, RU_ADJECTIVES, RU_FILL) if language == "ru" else (self.en, EN_ADJECTIVES, EN_FILL)
            )
            words = [rng.choice(rng.choice((nouns, adjectives, fill, fill))) for _ in range(60)]
            words[0] = words[0].capitalize()
            words[20] = f"«{words[20]}»" if language == "ru" else f"“{words[20]}”"
            words[40] += "." if language == "en" else " —"
        if rules:
            parts = rng.choice(rules)["match"]["all"]
            for at, part in zip((5, 9), parts, strict=True):
                words[at] = rng.choice(part["any"])[language][0]
        glue = "" if language == "zh" else " "
        return Item(feed="f", key=str(i), title=glue.join(words[:12]), summary=glue.join(words[12:]), language=language)


TURNS = 3


def measure(items: list[Item], work: Callable[[Item], object]) -> tuple[float, int]:
    """Items a second, and how many gave something."""
    some = 0
    begin = time.process_time()
    for item in items:
        if work(item):
            some += 1
    return len(items) / (time.process_time() - begin), some


def bare(forms: list[str]) -> Callable[[Item], object]:
    """The cheapest normalisation and one scan."""
    automaton = ahocorasick_rs.AhoCorasick(forms)
    normalize = unicodedata.normalize

    def work(item: Item) -> object:
        text = f"{item.title}\n{item.summary}\n{item.content}"
        return automaton.find_matches_as_indexes(normalize("NFKC", text).casefold().replace("ё", "е"))

    return work


def regexes(matcher: Matcher) -> Callable[[Item], object]:
    """One regular expression a rule over all its forms."""
    forms: dict[int, set[str]] = {}
    for text, leaf in matcher.leaves.lexicon.forms():
        forms.setdefault(leaf, set()).add(text)
    by_rule = [
        re.compile("|".join(sorted({re.escape(text) for leaf in rule.leaves for text in forms[leaf]})))
        for rule in matcher.compiled
    ]

    def work(item: Item) -> object:
        text = unicodedata.normalize("NFKC", f"{item.title}\n{item.summary}").casefold().replace("ё", "е")
        return [one for one in by_rule if one.search(text)]

    return work


def parsed(data: dict[str, object]) -> tuple[Rulebook, float]:
    """The rulebook with the seconds it took to read."""
    begin = time.process_time()
    book, problems = parse_rules(data)
    assert not problems, problems[:3]
    return book, time.process_time() - begin


def compiled(book: Rulebook) -> tuple[Matcher, float, float]:
    """The matcher with the seconds it took to compile, cold and from the cache."""
    cache: dict[str, bytes] = {}
    begin = time.process_time()
    compile_rules(book, cache=cache)  # and let go: two at once would count twice
    cold = time.process_time() - begin
    begin = time.process_time()
    matcher = compile_rules(book, cache=cache)
    return matcher, cold, time.process_time() - begin


def run(rule_count: int, item_count: int) -> dict[str, object]:
    book, parse_seconds = parsed(World().rules(rule_count))
    matcher, cold, warm = compiled(book)
    compile_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    world = World()
    data = world.rules(rule_count)  # once more, as what was parsed is not kept while compiling
    items = world.items(item_count, data, share=0.02)
    dense = world.items(item_count // 5, data, share=1.0)
    forms = sorted({text for text, _ in matcher.leaves.lexicon.forms()})
    minimum = bare(forms)
    rate = bare_rate = 0.0
    for _ in range(TURNS):
        one, hits = measure(items, matcher.match)
        rate = max(rate, one)
        bare_rate = max(bare_rate, measure(items, minimum)[0])
    dense_rate, dense_hits = measure(dense, matcher.match)
    print(f"{rule_count} rules: {rate:,.0f} items/s, bare {bare_rate:,.0f}", file=sys.stderr)
    sample = items[: max(30, min(3000, 60_000 // rule_count))]
    regex_rate, _ = measure(sample, regexes(matcher))
    return {
        "rules": rule_count,
        "forms": len(forms),
        "items_per_second": round(rate),
        "microseconds_an_item": round(1e6 / rate, 1),
        "hit_share": round(hits / len(items), 4),
        "dense_items_per_second": round(dense_rate),
        "dense_hit_share": round(dense_hits / len(dense), 4),
        "bare_items_per_second": round(bare_rate),
        "share_of_bare": round(rate / bare_rate, 2),
        "regex_items_per_second": round(regex_rate, 1),
        "times_regex": round(rate / regex_rate),
        "parse_seconds": round(parse_seconds, 2),
        "compile_cold_seconds": round(cold, 2),
        "compile_cached_seconds": round(warm, 2),
        "peak_mb_compiling": compile_mb,
    }


def in_own_process(rule_count: int, item_count: int) -> dict[str, object]:
    """As `run`, in a fresh process: what other rule sets left behind counts for nothing."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(run, (rule_count, item_count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--rules", default="10,100,1000,10000")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--picture", type=Path, help="also draw the growth curve to this SVG file")
    options = parser.parse_args()
    rows = [in_own_process(int(count), options.items) for count in options.rules.split(",")]
    if options.picture:
        options.picture.write_text(growth(rows), "utf-8")
    if options.json:
        json.dump({"items": options.items, "rows": rows}, sys.stdout, indent=2)
        print()
        return
    for name in rows[0]:
        print(f"{name:24}", *(f"{row[name]:>12}" for row in rows))


if __name__ == "__main__":
    main()
