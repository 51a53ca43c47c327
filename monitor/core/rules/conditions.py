"""Reads terms and conditions: forms with their marks and switches, the condition tree, regular expressions."""

import re
from collections.abc import Mapping
from functools import cache

from monitor.core.languagetags import meant_language
from monitor.core.rules.book import Condition, Group, Kind, Part, Pattern, Phrase, Term, TermForm, TermRef, Unit, Within
from monitor.core.rules.reader import Path, Reader, suggestion
from monitor.core.text.chars import fold_char
from monitor.core.text.forms import Form, FormError, read_form
from monitor.core.text.names import NAME_KINDS, name_forms

FORM_KEYS = {"form", "forms", "exact", "case", "needs", "not", "weight"}
NAME_SWITCHES = {"wade_giles", "cyrillic"}
TERM_KEYS = {"label", "entity", "gloss", "not", "needs", "note"}
GROUP_KEYS = {"all", "any", "at_least", "of", "order", "none", "within"}
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
TERM_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")
_CHOICES = re.compile(r"\([^()]*\)")
_CHINESE_COMMAS = re.compile("[\uff0c\u3001\uff1b]")
_WITHIN = re.compile(r"(\d+)\s*(words?|sentences?)|sentence|title|lead")
_OPERATOR = re.compile(r"\s+(?:and|or|not)\s+|\s*(?:&&?|\|\|?|\+|,)\s*", re.IGNORECASE)
_LANGUAGES = {"en", "ru", "zh", "ko", "ja"}


def languages_of(raw: Mapping[str, object], fixed: set[str]) -> list[str]:
    """Keys that are language tags."""
    return [
        key
        for key in raw
        if key not in fixed and key not in NAME_KINDS and LANGUAGE.fullmatch(key) and not meant_language(key)
    ]


class ConditionReader(Reader):
    """A reader that knows terms and conditions. `known` holds the ids of all terms of the book."""

    def __init__(self, known: set[str]) -> None:
        super().__init__()
        self.known = known

    # --- terms ------------------------------------------------------------------------------------------------

    def term(self, term_id: str, value: object, path: Path) -> Term:
        """One entry of `terms`."""
        raw = self.mapping(value, path, "a term")
        languages = languages_of(raw, TERM_KEYS)
        before = len(self.problems)
        self.keys(raw, {*TERM_KEYS, *_LANGUAGES, *NAME_KINDS, *languages}, path, "a term")
        forms = self._forms_by_language(raw, languages, path)
        if raw and not forms and len(self.problems) == before:  # else what is wrong with them was said
            self.complain(path, "this term has no forms", "give at least one language, such as en: [word]")
        entity = self.text(raw["entity"], (*path, "entity"), "entity") if "entity" in raw else None
        entity = entity or next((kind for kind in NAME_KINDS if kind in raw), None)
        label = self.text(raw["label"], (*path, "label"), "label") if "label" in raw else ""
        lookalikes, terms = self._lookalikes(raw.get("not"), (*path, "not")) if "not" in raw else ((), ())
        if term_id in terms:
            self.complain((*path, "not"), "a term can't be its own look-alike")
        needs = self._needs(raw["needs"], (*path, "needs")) if "needs" in raw else None
        label = label or term_id.replace("-", " ").replace("_", " ")
        gloss = self.flag(raw["gloss"], (*path, "gloss"), "gloss") if "gloss" in raw else True
        return Term(term_id, label, forms, entity, lookalikes, terms, needs, gloss=gloss is not False)

    def _forms_by_language(self, raw: Mapping[str, object], languages: list[str], path: Path) -> tuple[TermForm, ...]:
        forms: list[TermForm] = []
        for key in raw:
            if key in languages or key in NAME_KINDS:
                for one, where in self.items(raw[key], (*path, key)):
                    forms += self._term_forms(one, key, where)
        return tuple(forms)

    def _term_forms(self, value: object, key: str, path: Path) -> list[TermForm]:
        """The forms of one entry: plain text, or a mapping with switches. `key` is a language, a kind of name or ''."""
        if not isinstance(value, Mapping):
            return [TermForm(form) for form in self._read(self.text(value, path, "a form"), key, path, {})]
        raw = self.mapping(value, path, "a form")
        self.keys(raw, FORM_KEYS | (NAME_SWITCHES if key in NAME_KINDS else set()), path, "a form")
        switches = {k: self.flag(raw[k], (*path, k), k) for k in ("exact", "case", *NAME_SWITCHES) if k in raw}
        needs = self._needs(raw["needs"], (*path, "needs")) if "needs" in raw else None
        lookalikes, terms = self._lookalikes(raw["not"], (*path, "not")) if "not" in raw else ((), ())
        if terms:
            self.complain((*path, "not"), "a form takes words here, not terms", "move the $term to the term's own not:")
        weight = self.number(raw["weight"], (*path, "weight"), "weight", 1.0) if "weight" in raw else 1.0
        if not raw.keys() & {"form", "forms"}:
            self.complain(path, "this form says no words", "write form: or forms:")
        texts = [
            (self.text(one, where, "a form"), where)
            for k in ("form", "forms") if k in raw for one, where in self.items(raw[k], (*path, k))
        ]  # fmt: skip
        read = [form for text, where in texts for form in self._read(text, key, where, switches)]
        return [TermForm(form, needs, lookalikes, weight) for form in read]

    def _read(self, text: str, key: str, path: Path, switches: Mapping[str, bool | None]) -> list[Form]:
        if not text:
            self.complain(path, "this form is empty")
            return []
        if _CHINESE_COMMAS.search(_CHOICES.sub("", text)):
            apart = ", ".join(filter(None, map(str.strip, _CHINESE_COMMAS.split(text))))
            self.complain(path, f"“{text}” is one form, with a Chinese comma in it", f"write several apart: [{apart}]")
            return []
        try:
            if key in NAME_KINDS:
                return name_forms(text, key, **{k: v for k, v in switches.items() if v is not None})
            return read_form(text, key, exact=switches.get("exact"), case=switches.get("case"))
        except FormError as error:
            self.complain(path, f"“{text}”: {error}")
            return []

    def _lookalikes(self, value: object, path: Path) -> tuple[tuple[Form, ...], tuple[str, ...]]:
        forms: list[Form] = []
        terms: list[str] = []
        if isinstance(value, Mapping):
            pairs = [
                (key, one, where)
                for key, inner in self.mapping(value, path, "not").items()
                for one, where in self.items(inner, (*path, key))
            ]
        else:
            pairs = [("", one, where) for one, where in self.items(value, path)]
        for key, one, where in pairs:
            if isinstance(one, str) and one.startswith("$"):
                terms += self._known_term(one[1:], where)
            else:
                forms += [found.form for found in self._term_forms(one, key, where)]
        return tuple(forms), tuple(terms)

    def _known_term(self, term_id: str, path: Path) -> list[str]:
        if term_id in self.known:
            return [term_id]
        self.complain(path, f"there is no term “{term_id}”", self._instead(term_id))
        return []

    def _instead(self, term_id: str) -> str:
        """What may have been meant by a term that is not there."""
        parts = [part.strip().lstrip("$") for part in _OPERATOR.split(term_id)]
        if len(parts) > 1:
            signs = {sign.strip().lower() for sign in _OPERATOR.findall(term_id)}
            kind = "all" if signs <= {"and", "&", "&&", "+"} else "any" if signs <= {"or", "|", "||"} else ""
            if kind and all(TERM_ID.fullmatch(part) for part in parts):
                return f"to combine terms write {{{kind}: [{', '.join(f'${part}' for part in parts)}]}}"
            return "to combine terms write all: […], any: […] and none: […]"
        hint = suggestion(term_id, self.known)
        return hint.replace("mean ", "mean $") if hint else "define it under terms:"

    def _needs(self, value: object, path: Path) -> Condition | None:
        if isinstance(value, list):
            children = tuple(c for one, where in self.items(value, path) if (c := self.condition(one, where)))
            return Group((Part(Kind.ANY, children),)) if children else None
        return self.condition(value, path)

    # --- conditions -------------------------------------------------------------------------------------------

    def condition(self, value: object, path: Path) -> Condition | None:
        """A condition of any kind; None after a complaint."""
        if isinstance(value, list):
            self.complain(path, "a list says nothing by itself here", "write all: […] or any: […]")
            return None
        if isinstance(value, Mapping):
            return self._mapping_condition(self.mapping(value, path, "a condition"), path)
        text = self.text(value, path, "a condition")
        if text.startswith("$"):
            return next(iter([TermRef(found) for found in self._known_term(text[1:], path)]), None)
        if len(text) > 2 and text.startswith("/") and text.endswith("/"):
            return self._pattern(text[1:-1], path)
        forms = self._term_forms(text, "", path)
        return Phrase(Term(text, text.strip("=*"), tuple(forms), named=False)) if forms else None

    def _mapping_condition(self, raw: dict[str, object], path: Path) -> Condition | None:
        languages = languages_of(raw, GROUP_KEYS | FORM_KEYS)
        if raw.keys() & GROUP_KEYS:
            self.keys(raw, GROUP_KEYS, path, "a condition")
            return self._group(raw, path)
        if raw.keys() & {"form", "forms"}:
            forms = tuple(self._term_forms(raw, "", path))
        elif languages or raw.keys() & NAME_KINDS:
            self.keys(raw, {*languages, *NAME_KINDS, *_LANGUAGES}, path, "a condition")
            forms = self._forms_by_language(raw, languages, path)
        else:
            self.keys(raw, GROUP_KEYS | FORM_KEYS, path, "a condition")
            if not raw:
                self.complain(path, "this condition is empty")
            return None
        label = next((f.form.text for f in forms if f.form.language == "en"), forms[0].form.text if forms else "")
        return Phrase(Term(label, label, forms, named=False)) if forms else None

    def _group(self, raw: dict[str, object], path: Path) -> Condition | None:
        parts: list[Part] = []
        for kind in (Kind.ALL, Kind.ANY, Kind.ORDER):
            if kind.value in raw:
                children = self._children(raw[kind.value], (*path, kind.value))
                parts += [Part(kind, children)] if children else []
        if "at_least" in raw or "of" in raw:
            parts += self._at_least(raw, path)
        none = self._children(raw["none"], (*path, "none")) if "none" in raw else ()
        within = self._within(raw["within"], (*path, "within")) if "within" in raw else None
        if not raw.keys() & {"all", "any", "order", "at_least", "of"}:
            self.complain(path, "this condition looks for nothing", "add all: or any: beside what it has")
        return Group(tuple(parts), none, within) if parts else None

    def _children(self, value: object, path: Path) -> tuple[Condition, ...]:
        return tuple(child for one, where in self.items(value, path) if (child := self.condition(one, where)))

    def _at_least(self, raw: dict[str, object], path: Path) -> list[Part]:
        if "of" not in raw or "at_least" not in raw:
            self.complain(path, "at_least and of belong together", "write at_least: 2 and of: […]")
            return []
        children = self._children(raw["of"], (*path, "of"))
        count = raw["at_least"]
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= max(len(children), 1):
            self.complain((*path, "at_least"), f"at_least must be a number from 1 to {len(children)}, not {count!r}")
            return []
        return [Part(Kind.AT_LEAST, children, count)] if children else []

    def _within(self, value: object, path: Path) -> Within | None:
        match = _WITHIN.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None or match[1] == "0":
            self.complain(path, f"within can't be {value!r}", "write 40 words, sentence, 2 sentences, title or lead")
            return None
        if match[1]:
            return Within(Unit.WORDS if match[2].startswith("word") else Unit.SENTENCES, int(match[1]))
        return Within({"sentence": Unit.SENTENCES, "title": Unit.TITLE, "lead": Unit.LEAD}[match[0]])

    def _pattern(self, source: str, path: Path) -> Pattern | None:
        left, right = source.startswith(r"\b"), source.endswith(r"\b") and not source.endswith(r"\\b")
        body = source[2 if left else 0 : len(source) - (2 if right else 0)]
        if re.search(r"(?<!\\)(\\\\)*\\b", body):
            self.complain(path, rf"/{source}/: \b may stand only at the beginning or the end")
            return None
        expression = _folded_pattern(body)
        complaint = check_pattern(expression)
        if complaint:
            self.complain(
                path, f"/{source}/: {complaint}", "the syntax is that of RE2: no look-around, no back-references"
            )
            return None
        return Pattern(source, expression, left, right)


def _folded_pattern(source: str) -> str:
    r"""The expression as it must read over folded text: letters folded, `\w` for all scripts."""
    out: list[str] = []
    escaped = False
    for char in source:
        if escaped:
            out[-1] = r"[\pL\pN_]" if char == "w" else "\\" + char
            escaped = False
        elif char == "\\":
            out.append(char)
            escaped = True
        else:
            folded = fold_char(char)
            out.append(folded if len(folded) == 1 and folded.isalnum() else char)
    return "".join(out)


def check_pattern(expression: str) -> str:
    """What is wrong with a regular expression; the empty string where nothing is."""
    import re2

    try:
        compiled = compile_pattern(expression)
    except re2.error as error:
        said = error.args[0] if error.args else str(error)
        return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return "it matches the empty text, and so everything" if compiled.search("") else ""


@cache
def compile_pattern(expression: str):  # type: ignore[no-untyped-def]  # re2 has no types
    """The compiled expression. Raises re2.error."""
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 8 << 20
    return re2.compile(expression, options)
