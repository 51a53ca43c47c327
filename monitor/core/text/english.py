"""English inflection by rule and a table of irregular words: nouns, verbs, phrases.

It writes more than a grammar would (a noun also gets verb endings): a form that nobody prints costs nothing.
Not here: derivation (spy → espionage), comparison of adjectives.
"""

IRREGULAR = {
    "arise": "arises arose arisen arising",
    "be": "is are was were been being am",
    "bear": "bears bore borne bearing",
    "become": "becomes became becoming",
    "begin": "begins began begun beginning",
    "break": "breaks broke broken breaking",
    "bring": "brings brought bringing",
    "build": "builds built building",
    "buy": "buys bought buying",
    "catch": "catches caught catching",
    "choose": "chooses chose chosen choosing",
    "come": "comes came coming",
    "cut": "cuts cutting",
    "deal": "deals dealt dealing",
    "do": "does did done doing",
    "draw": "draws drew drawn drawing",
    "drive": "drives drove driven driving",
    "fall": "falls fell fallen falling",
    "feel": "feels felt feeling",
    "fight": "fights fought fighting",
    "find": "finds found finding",
    "flee": "flees fled fleeing",
    "fly": "flies flew flown flying",
    "forbid": "forbids forbade forbidden forbidding",
    "get": "gets got gotten getting",
    "give": "gives gave given giving",
    "go": "goes went gone going",
    "grow": "grows grew grown growing",
    "hang": "hangs hung hanged hanging",
    "have": "has had having",
    "hear": "hears heard hearing hearings",
    "hide": "hides hid hidden hiding",
    "hit": "hits hitting",
    "hold": "holds held holding",
    "keep": "keeps kept keeping",
    "know": "knows knew known knowing",
    "lay": "lays laid laying",
    "lead": "leads led leading",
    "leave": "leaves left leaving",
    "lend": "lends lent lending",
    "let": "lets letting",
    "lie": "lies lied lay lain lying",
    "lose": "loses lost losing",
    "make": "makes made making",
    "meet": "meets met meeting meetings",
    "mislead": "misleads misled misleading",
    "overtake": "overtakes overtook overtaken overtaking",
    "pay": "pays paid paying",
    "plead": "pleads pleaded pled pleading",
    "put": "puts putting",
    "read": "reads reading",
    "ride": "rides rode ridden riding",
    "rise": "rises rose risen rising",
    "run": "runs ran running",
    "say": "says said saying",
    "see": "sees saw seen seeing",
    "seek": "seeks sought seeking",
    "sell": "sells sold selling",
    "send": "sends sent sending",
    "set": "sets setting",
    "shake": "shakes shook shaken shaking",
    "shoot": "shoots shot shooting",
    "show": "shows showed shown showing",
    "shut": "shuts shutting",
    "sink": "sinks sank sunk sinking",
    "sit": "sits sat sitting",
    "speak": "speaks spoke spoken speaking",
    "spend": "spends spent spending",
    "spin": "spins spun spinning",
    "spread": "spreads spreading",
    "stand": "stands stood standing",
    "steal": "steals stole stolen stealing",
    "stick": "sticks stuck sticking",
    "strike": "strikes struck stricken striking",
    "swear": "swears swore sworn swearing",
    "sweep": "sweeps swept sweeping",
    "take": "takes took taken taking",
    "teach": "teaches taught teaching",
    "tell": "tells told telling",
    "think": "thinks thought thinking",
    "throw": "throws threw thrown throwing",
    "undergo": "undergoes underwent undergone undergoing",
    "understand": "understands understood understanding",
    "undertake": "undertakes undertook undertaken undertaking",
    "uphold": "upholds upheld upholding",
    "wear": "wears wore worn wearing",
    "win": "wins won winning",
    "withdraw": "withdraws withdrew withdrawn withdrawing",
    "write": "writes wrote written writing",
    # nouns
    "analysis": "analyses",
    "child": "children",
    "crisis": "crises",
    "foot": "feet",
    "half": "halves",
    "life": "lives",
    "man": "men",
    "memorandum": "memoranda memorandums",
    "person": "people persons",
    "tooth": "teeth",
    "woman": "women",
}
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


_DOUBLING = _words(
    "ban bar bid cap chat chop control cut dam dig drag drop equip expel fit grab hit hop jam kidnap map occur pat "
    "permit plan plot plug pop program rebel refer rob rub scan ship shop shut slam slip spot step stop strip submit "
    "swap tap top transfer transmit trap trim transit tug wrap"
)
_DOUBLING_EITHER_WAY = _words("cancel channel counsel fuel label level model signal travel tunnel")
_FUNCTION = _words(
    "a an the of to in on at by for from with into over under against between across through after before and or as "
    "its his her their near off out up down about via within without upon"
)


def word_forms(word: str) -> set[str]:
    """The word with its plural, third person, past and -ing forms; `word` in lower case."""
    if not word.isalpha() or len(word) < 3 or word in _FUNCTION:
        return {word}
    if word in IRREGULAR:
        return {word, *IRREGULAR[word].split()}
    for stem in ("man", "woman", "child"):  # fisherman, grandchild
        if word.endswith(stem) and len(word) > len(stem) + 2:
            return {word, word.removesuffix(stem) + IRREGULAR[stem]}
    if word.endswith(("ed", "s")) and not word.endswith(("ss", "us", "is", "need", "seed", "feed")):
        return {word}  # already inflected
    forms = {word, _with_s(word)}
    if len(word) < 6 or word in _VERBS_TOO or not word.endswith((*_ONLY_NOUNS, "ing")):
        forms |= _verb_forms(word)
    return forms


def phrase_forms(words: list[str]) -> set[tuple[str, ...]]:
    """Forms of a phrase: its head noun in both numbers, its first word as a verb. Capitals mark proper names."""
    lower = [word.lower() for word in words]
    if len(words) == 1:
        proper = words[0][:1].isupper() and lower[0].isalpha()
        forms = {lower[0], _with_s(lower[0])} if proper else word_forms(lower[0])
        return {(form,) for form in forms}
    found = {tuple(lower)}
    head = next((i for i, word in enumerate(lower) if i and word in _FUNCTION), len(lower)) - 1
    if lower[head].isalpha() and lower[head] not in _FUNCTION:
        nouns = {lower[head], _with_s(lower[head]), *(IRREGULAR.get(lower[head], "").split())}
        found |= {(*lower[:head], form, *lower[head + 1 :]) for form in nouns}
    if words[0].islower():
        found |= {(form, *lower[1:]) for form in word_forms(lower[0])}
    return found


def _with_s(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and len(word) > 1 and word[-2] not in _VOWELS:
        return word[:-1] + "ies"
    return word + "s"


def _verb_forms(word: str) -> set[str]:
    if word in _DOUBLING or word in _DOUBLING_EITHER_WAY:
        doubled = {word + word[-1] + "ed", word + word[-1] + "ing"}
        return doubled | ({word + "ed", word + "ing"} if word in _DOUBLING_EITHER_WAY else set())
    if word.endswith("ie"):
        return {word + "d", word[:-2] + "ying"}
    if word.endswith("e"):
        return {word + "d", (word if word.endswith(("ee", "oe", "ye")) else word[:-1]) + "ing"}
    if word.endswith("y") and word[-2] not in _VOWELS:
        return {word[:-1] + "ied", word + "ing"}
    return {word + "ed", word + "ing"}
