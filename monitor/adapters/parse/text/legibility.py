"""Judges whether text reads like a language or like bytes decoded with the wrong encoding. Pure; knows no encodings.

General detectors need long texts and confuse the encodings that matter here (windows-1251 and KOI8-R, GBK and EUC-KR),
so this counts what sets real text apart: which letters are frequent, and that a word keeps to one script and one case.
"""

import re
from collections import Counter
from functools import lru_cache
from itertools import islice

_RUN = re.compile(r"[^\W\d_]+|[^\x00-\x7f]")
_SAMPLE = 40_000
_MOST_RUNS = 1_500  # different ones, which tell enough

# The letters and characters that make up most of any text of their language.
_CYRILLIC = frozenset("оеаинтсрвлі")  # two letters in three
_HAN = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种"
    "事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第"
    "公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合"
    "回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总"
    "何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听"
    "白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带"
    "导争运笔议警俄罗普京习近间谍边境天然气管道协议签署总统外交部称新闻网讯记者"
    "這個們來為國說時會對發後經動進現實學從開無與長機關點業將兩間問應戰門東見話體產給員論處義幾條氣題爾變總電數報結場計"
    "務過還沒樣軍當種於裡麼華資質車運連達際單該據認證識議記訊語統網線組織級紀約終經營當權標樂樣機構構協"
    "日本会社国年月人大中出者事見行前後学生新東京時分間同場理発手市自思政府部問題的力高記開明米党首相選挙朝鮮氏"
)
_HANGUL = frozenset(
    "이다는의에을를가한하고지로서은기인도사대해자시나리어아정수일부그있장전과제주보상원구만스들국지조여안성라공고게거것"
    "위면세당비으했년연용경신동방개유결되발물소계실러진화미행등간후무된관중통단우외선체회합모말음생할적요명문북남군월민"
)
_PLAIN = frozenset(  # typography shared by all languages: says nothing
    "\u00a0«»“”„‘’‚–—…·•№©®™§°±×€£¥‹›′″→←★☆■□▲△○●◆◇〈〉《》「」『』【】〔〕、。・ー〜～！？，．：；（）％＋－／＝＆＃＠［］｛｝｜"
    "０１２３４５６７８９ⅠⅡⅢⅣⅤ①②③④⑤²³½¼¡¿ªºа\u200b\u200c\u200d\u200e\u200f\ufeff\u00ad"
)


def legibility(text: str) -> float:
    """From 0 (gibberish) to 1 (surely a language), judged by what is not ASCII; 1.0 when all of it is ASCII."""
    foreign = " ".join([word for word in text[:_SAMPLE].split() if not word.isascii()])
    runs = Counter([run for run in _RUN.findall(foreign) if not run.isascii() and run not in _PLAIN])
    total = good = 0.0
    for run, times in islice(runs.items(), _MOST_RUNS):
        size = len(run) - len(run.encode("ascii", "ignore"))
        total += times * size
        good += times * size * _run_score(run)
    return good / total if total else 1.0


@lru_cache(maxsize=4096)
def _run_score(run: str) -> float:
    """How much a run of letters looks like a word, or a stretch of words without spaces, of one language."""
    scripts = Counter(map(_script, run))
    size = len(run)
    east = scripts["han"] + scripts["kana"] + scripts["hangul"]
    if scripts["odd"]:
        return 0.0
    if east:
        return _eastern(run, scripts, east) * (east + scripts["ascii"]) / size
    if scripts["cyrillic"]:
        if scripts["ascii"] or scripts["cyrillic"] < size:
            return 0.1
        common = sum(char in _CYRILLIC for char in run.lower()) / size
        return min(1.0, common * 1.5) * _case_score(run)
    if scripts["latin"]:
        return 1.0 if scripts["ascii"] >= scripts["latin"] or (size <= 2 and run.islower()) else 0.1
    return 0.7 if len(scripts) == 1 else 0.1  # Greek, Arabic, Thai …: a word of one script


def _eastern(run: str, scripts: Counter[str], east: int) -> float:
    common = sum(char in _HAN for char in run)
    if scripts["hangul"]:
        common = sum(char in _HANGUL for char in run)
        return min(1.0, common / scripts["hangul"] * 1.5) * (scripts["hangul"] / east) ** 2
    # Text has about three common characters in four; kana are nearly all of what is not Han in Japanese.
    return min(1.0, (common * 1.35 + scripts["kana"]) / east)


def _case_score(word: str) -> float:
    if word.islower() or word.istitle():
        return 1.0
    # KOI8 and windows-1251 turn each other's cases round; real text is seldom all in capitals.
    return 0.6 if word.isupper() else 0.3


@lru_cache(maxsize=8192)
def _script(char: str) -> str:
    code = ord(char)
    if code < 0x80:
        return "ascii"
    if 0xC0 <= code < 0x250:
        return "latin"
    if 0x400 <= code < 0x460 or 0x490 <= code < 0x492:
        return "cyrillic"
    if 0x3040 <= code < 0x3100:
        return "kana"
    if 0x4E00 <= code < 0xA000:
        return "han"
    if 0xAC00 <= code < 0xD7B0:
        return "hangul"
    if 0x370 <= code < 0x400:
        return "greek"
    if 0x590 <= code < 0x1100:
        return "other"
    return "odd"  # controls, private use, half-width kana, box drawing, U+FFFD, rare Han, loose symbols
