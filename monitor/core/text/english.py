"""English inflection by rule and a table of irregular words: nouns, verbs, phrases.

It writes more than a grammar would (a noun also gets verb endings): a form that nobody prints costs nothing.
Not here: derivation (spy → espionage), comparison of adjectives.
"""

import re

IRREGULAR = {
    "arise": "arises arose arisen arising",
    "awake": "awakes awoke awoken awaking",
    "be": "is are was were been being am",
    "bear": "bears bore borne bearing",
    "beat": "beats beaten beating",
    "become": "becomes became becoming",
    "begin": "begins began begun beginning",
    "bend": "bends bent bending",
    "bet": "bets betting",
    "bind": "binds bound binding",
    "bite": "bites bit bitten biting",
    "bleed": "bleeds bled bleeding",
    "blow": "blows blew blown blowing",
    "break": "breaks broke broken breaking",
    "breed": "breeds bred breeding",
    "bring": "brings brought bringing",
    "broadcast": "broadcasts broadcasting",
    "build": "builds built building",
    "burn": "burns burnt burned burning",
    "burst": "bursts bursting",
    "buy": "buys bought buying",
    "cast": "casts casting",
    "catch": "catches caught catching",
    "choose": "chooses chose chosen choosing",
    "cling": "clings clung clinging",
    "come": "comes came coming",
    "cost": "costs costing",
    "creep": "creeps crept creeping",
    "cut": "cuts cutting",
    "deal": "deals dealt dealing",
    "dig": "digs dug digging",
    "do": "does did done doing",
    "draw": "draws drew drawn drawing",
    "dream": "dreams dreamt dreamed dreaming",
    "drink": "drinks drank drunk drinking",
    "drive": "drives drove driven driving",
    "dwell": "dwells dwelt dwelling",
    "eat": "eats ate eaten eating",
    "fall": "falls fell fallen falling",
    "feed": "feeds fed feeding",
    "feel": "feels felt feeling",
    "fight": "fights fought fighting",
    "find": "finds found finding",
    "flee": "flees fled fleeing",
    "fling": "flings flung flinging",
    "fly": "flies flew flown flying",
    "forbid": "forbids forbade forbidden forbidding",
    "forecast": "forecasts forecasting",
    "forget": "forgets forgot forgotten forgetting",
    "freeze": "freezes froze frozen freezing",
    "get": "gets got gotten getting",
    "give": "gives gave given giving",
    "go": "goes went gone going",
    "grind": "grinds ground grinding",
    "grow": "grows grew grown growing",
    "hang": "hangs hung hanged hanging",
    "have": "has had having",
    "hear": "hears heard hearing hearings",
    "hide": "hides hid hidden hiding",
    "hit": "hits hitting",
    "hold": "holds held holding",
    "hurt": "hurts hurting",
    "keep": "keeps kept keeping",
    "know": "knows knew known knowing",
    "lay": "lays laid laying",
    "lead": "leads led leading",
    "lean": "leans leant leaned leaning",
    "leap": "leaps leapt leaped leaping",
    "learn": "learns learnt learned learning",
    "leave": "leaves left leaving",
    "lend": "lends lent lending",
    "let": "lets letting",
    "lie": "lies lied lay lain lying",
    "light": "lights lit lighted lighting",
    "lose": "loses lost losing",
    "make": "makes made making",
    "mean": "means meant meaning",
    "meet": "meets met meeting meetings",
    "pay": "pays paid paying",
    "plead": "pleads pleaded pled pleading",
    "prove": "proves proved proven proving",
    "put": "puts putting",
    "quit": "quits quitting",
    "read": "reads reading",
    "rid": "rids ridding",
    "ride": "rides rode ridden riding",
    "ring": "rings rang rung ringed ringing",
    "rise": "rises rose risen rising",
    "run": "runs ran running",
    "say": "says said saying",
    "see": "sees saw seen seeing",
    "seek": "seeks sought seeking",
    "sell": "sells sold selling",
    "send": "sends sent sending",
    "set": "sets setting",
    "sew": "sews sewn sewed sewing",
    "shake": "shakes shook shaken shaking",
    "shed": "sheds shedding",
    "shine": "shines shone shining",
    "shoot": "shoots shot shooting",
    "show": "shows showed shown showing",
    "shrink": "shrinks shrank shrunk shrinking",
    "shut": "shuts shutting",
    "sing": "sings sang sung singing",
    "sink": "sinks sank sunk sinking",
    "sit": "sits sat sitting",
    "sleep": "sleeps slept sleeping",
    "slide": "slides slid sliding",
    "speak": "speaks spoke spoken speaking",
    "speed": "speeds sped speeded speeding",
    "spell": "spells spelt spelled spelling",
    "spend": "spends spent spending",
    "spill": "spills spilt spilled spilling",
    "spin": "spins spun spinning",
    "split": "splits splitting",
    "spoil": "spoils spoilt spoiled spoiling",
    "spread": "spreads spreading",
    "spring": "springs sprang sprung springing",
    "stand": "stands stood standing",
    "steal": "steals stole stolen stealing",
    "stick": "sticks stuck sticking",
    "strike": "strikes struck stricken striking",
    "swear": "swears swore sworn swearing",
    "sweep": "sweeps swept sweeping",
    "swim": "swims swam swum swimming",
    "swing": "swings swung swinging",
    "take": "takes took taken taking",
    "teach": "teaches taught teaching",
    "tear": "tears tore torn tearing",
    "tell": "tells told telling",
    "think": "thinks thought thinking",
    "throw": "throws threw thrown throwing",
    "thrust": "thrusts thrusting",
    "wake": "wakes woke woken waking",
    "wear": "wears wore worn wearing",
    "weave": "weaves wove woven weaving",
    "weep": "weeps wept weeping",
    "win": "wins won winning",
    "wind": "winds wound winding",
    "write": "writes wrote written writing",
    # nouns
    "appendix": "appendices appendixes",
    "child": "children",
    "criterion": "criteria",
    "datum": "data",
    "foot": "feet",
    "goose": "geese",
    "half": "halves",
    "index": "indices indexes",
    "knife": "knives",
    "leaf": "leaves",
    "life": "lives",
    "loaf": "loaves",
    "man": "men",
    "matrix": "matrices",
    "memorandum": "memoranda memorandums",
    "mouse": "mice",
    "ox": "oxen",
    "person": "people persons",
    "phenomenon": "phenomena",
    "quiz": "quizzes",
    "shelf": "shelves",
    "thief": "thieves",
    "tooth": "teeth",
    "wife": "wives",
    "wolf": "wolves",
    "woman": "women",
}
_PREFIXES = ("for", "fore", "mis", "out", "over", "re", "un", "under", "up", "with")  # foresaw, undertook, withdrew
_VOWELS = "aeiou"
_ONLY_NOUNS = ("tion", "sion", "ment", "ness", "ity", "ship", "ism", "ist", "ance", "ence", "ese", "ian", "cy", "age")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# End like nouns and are verbs as well.
_VERBS_TOO = _words(
    "advance balance caution cement champion comment commence commission condition damage distance document encourage "
    "engage envisage experience experiment finance function glance implement influence leverage manage mention message "
    "package petition position question ration reference sabotage salvage sanction sentence silence station "
    "supplement torment voyage witness"
)


# A last consonant is doubled after one short vowel: always in a word of one syllable, and perhaps where a longer word
# ends like these (permitted, transferred, patrolled; but also visited, travelled or traveled).
_SHORT = re.compile("[^aeiou]*(?:qu)?[aeiou][^aeiouwxy]")
_DOUBLING = re.compile(".*(?:(?:qu|[^aeiou])(?:[aeio]l|a[mp]|[io]p)|mit|quit|cur|fer|deter|gret|bet|lot)")
_FUNCTION = _words(
    "a an the of to in on at by for from with into over under against between across through after before and or as "
    "its his her their near off out up down about via within without upon"
)


def word_forms(word: str) -> set[str]:
    """The word with its plural, third person, past and -ing forms; `word` in lower case."""
    if word in IRREGULAR:
        return {word, *IRREGULAR[word].split()}
    if not word.isalpha() or len(word) < 3 or word in _FUNCTION:
        return {word}
    for stem in ("man", "woman", "child", "wife"):  # fisherman, grandchild
        if word.endswith(stem) and len(word) > len(stem) + 2:
            return {word, word.removesuffix(stem) + IRREGULAR[stem]}
    if len(word) > 3 and word.endswith(("ed", "s")) and not word.endswith(("ss", "us", "is", "eed")):
        return {word}  # already inflected
    forms = {word, *_plurals(word), *_prefixed(word)}
    if len(word) < 6 or word in _VERBS_TOO or not word.endswith((*_ONLY_NOUNS, "ing")):
        forms |= _verb_forms(word)
    return forms


def phrase_forms(words: list[str]) -> set[tuple[str, ...]]:
    """Forms of a phrase: its head noun in both numbers, its first word as a verb. Capitals mark proper names."""
    lower = [word.lower() for word in words]
    if len(words) == 1:
        proper = words[0][:1].isupper() and lower[0].isalpha()
        forms = {lower[0], *_plurals(lower[0])} if proper else word_forms(lower[0])
        return {(form,) for form in forms}
    found = {tuple(lower)}
    head = next((i for i, word in enumerate(lower) if i and word in _FUNCTION), len(lower)) - 1
    if lower[head].isalpha() and lower[head] not in _FUNCTION:
        nouns = {lower[head], *_plurals(lower[head]), *(IRREGULAR.get(lower[head], "").split())}
        found |= {(*lower[:head], form, *lower[head + 1 :]) for form in nouns}
    if words[0].islower():
        found |= {(form, *lower[1:]) for form in word_forms(lower[0])}
    return found


def _plurals(word: str) -> set[str]:
    if word.endswith("sis") and len(word) > 4:
        return {word[:-2] + "es"}
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return {word + "es"}
    before = word[-2:-1]
    if word.endswith("y") and before and before not in _VOWELS:
        return {word[:-1] + "ies"}
    if word.endswith("o") and before and before not in _VOWELS:
        return {word + "s", word + "es"}  # embargoes, casinos
    return {word + "s"}


def _prefixed(word: str) -> set[str]:
    """An irregular verb behind a prefix; some only look so (relay), so these forms stand beside the regular ones."""
    stems = [(prefix, word.removeprefix(prefix)) for prefix in _PREFIXES if word.startswith(prefix)]
    return {prefix + form for prefix, stem in stems for form in IRREGULAR.get(stem, "").split()}


def _verb_forms(word: str) -> set[str]:
    if _SHORT.fullmatch(word):
        return {word + word[-1] + "ed", word + word[-1] + "ing"}
    if word.endswith("ie"):
        return {word + "d", word[:-2] + "ying"}
    if word.endswith("e"):
        return {word + "d", (word if word.endswith(("ee", "oe", "ye")) else word[:-1]) + "ing"}
    if word.endswith("y") and word[-2] not in _VOWELS:
        return {word[:-1] + "ied", word + "ing"}
    stems = {word, word + word[-1]} if _DOUBLING.fullmatch(word) else {word}
    if word.endswith("ic"):
        stems = {word, word + "k"}  # trafficked
    return {stem + ending for stem in stems for ending in ("ed", "ing")}
