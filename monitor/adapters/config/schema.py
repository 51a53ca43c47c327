"""JSON Schema of both YAML files, for editors to complete and check by: made of what the readers themselves know.

That of digests, as programs receive them, stands beside what makes them: core/digestschema.py.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel

from monitor.adapters.config.digests import DigestEntry, MaintenanceEntry
from monitor.adapters.config.feeds import FeedDefaults, FeedEntry
from monitor.adapters.config.kinds import ORIGINS
from monitor.adapters.config.values import CHANNELS
from monitor.core.digestschema import digest_schema
from monitor.core.model import Engine, Fulltext, Ownership, RuleStatus, Severity
from monitor.core.rules.conditions import FORM_KEYS, GROUP_KEYS, NAME_SWITCHES, TERM_KEYS
from monitor.core.rules.syntax import EXAMPLE_KEYS, FIELDS, ONLY_KEYS, RULE_KEYS
from monitor.core.text.names import NAME_KINDS

Schema: TypeAlias = dict[str, Any]
DIALECT = "http://json-schema.org/draft-07/schema#"  # what the YAML language servers of editors know best

_ID = r"^[a-z0-9][a-z0-9_-]*$"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"  # of feeds and digests
_LANGUAGE = r"^(?!(not|of|all|any)$)[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"  # a key that has it is a language's
_DURATION = r"^(\d+\s*[smhdwSMHDW]\s*)+$"
_HTTP = "^[hH][tT][tT][pP][sS]?://"
_NUMBER: Schema = {"type": "number"}
_FLAG: Schema = {"type": "boolean"}
_SCALAR: Schema = {"type": ["string", "number"]}
_SCALARS: Schema = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}


def schemas() -> dict[str, str]:
    """All schemas as JSON text, by file name."""
    made = {
        "feeds.schema.json": feeds_schema(),
        "rules.schema.json": rules_schema(),
        "digest.schema.json": digest_schema(),
    }
    return {name: json.dumps(schema, ensure_ascii=False, indent=2) + "\n" for name, schema in made.items()}


def _text(description: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"description": description} if description else {}), **more}


def _choice(values: Iterable[str], description: str = "") -> Schema:
    return _text(description, enum=list(values))


def _anycase(values: Iterable[str], description: str) -> Schema:
    """One of these words however written; an editor offers them in lower case."""
    words = list(values)
    pattern = f"^({_folded(*words)})$"
    return {"type": "string", "anyOf": [{"enum": words}, {"pattern": pattern}], "description": description}


def _folded(*words: str) -> str:
    """A pattern for any of these in either case: schemas know no flags."""
    return "|".join("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in word) for word in words)


def _several(one: Schema, description: str = "") -> Schema:
    """One, or a list of them."""
    about = {"description": description} if description else {}
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}], **about}


def _listed(one: Schema, description: str = "") -> Schema:
    return {"type": "array", "items": one, **({"description": description} if description else {})}


def _object(properties: Mapping[str, Schema], required: Iterable[str] = (), **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": {name: properties[name] for name in sorted(properties)},
        **({"required": sorted(required)} if required else {}),
        "additionalProperties": False,
        **more,
    }


# --- feeds.yaml ---------------------------------------------------------------------------------------------

# Neither empty nor XPath, and every [ closed; whether it is CSS, only the reader tells.
_SELECTOR = r"^(?!\.?/|\(\.?/)[^\[\]]*(\[[^\[\]]*\][^\[\]]*)*$"
_CHANNEL = r"^(@?[A-Za-z]\w{3,31}|(https?://)?[\w.-]+(:\d+)?/(?!\+|joinchat|/)\S+)$"
_ORIGINS: Mapping[str, Schema] = {
    "url": _text("the feed's address, or with html: the page's", pattern=_HTTP),
    "html": _object(
        {
            "items": _text('CSS of one item: "div.news-item"', pattern=_SELECTOR),
            "title": _text("within the item; left out: the text of the link", pattern=_SELECTOR),
            "link": _text("within the item; left out: its first link", pattern=_SELECTOR),
            "date": _text("within the item", pattern=_SELECTOR),
            "summary": _text("within the item", pattern=_SELECTOR),
        },
        ("items",),
        description="how a page without a feed is read",
    ),
    "sitemap": _text("address of a news sitemap, or of an index of sitemaps", pattern=_HTTP),
    "telegram": _text("name of a public channel, as in t.me/NAME", pattern=_CHANNEL),
    "query": _object(
        {
            "engine": _anycase(Engine, "the service that is asked"),
            "rule": _text("id of the rule whose words are asked for", pattern=_ID),
            "text": _text("words in the service's own query language"),
            "url": _text("another address of the service, such as a mirror", pattern=_HTTP),
        },
        ("engine",),
        description="a search in place of a feed",
        oneOf=[{"required": ["rule"]}, {"required": ["text"]}],
    ),
    "folder": _text("a directory whose files are read; the path counts from this file"),
}
_FEED: Mapping[str, Schema] = {
    "id": _text("a lasting name: the archive knows the source by it", pattern=_NAME),
    **_ORIGINS,
    "name": _text("what a digest shows"),
    "language": _text(
        "BCP 47: ru, zh-Hans, en …; left out when mixed", pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$"
    ),
    "country": _text("ISO 3166 code of the outlet's seat", pattern="^[A-Za-z]{2}$"),
    "kind": _text("a free word to group by: wire, paper, regional …"),
    "ownership": _anycase(Ownership, "who stands behind the source"),
    "tags": _listed(_text(), "free words; a rule can be limited to them"),
    "enabled": {**_FLAG, "description": "false: not polled"},
    "reason": _text("why it is disabled, or what to know about it"),
    "every": _text("how often it is polled: 10m, 1h …", pattern=_DURATION),
    "timezone": _text("zone of dates that name none, such as Europe/Moscow"),
    "encoding": _text("where server and document both get it wrong"),
    "headers": {
        "type": "object",
        "additionalProperties": _text(),
        "description": "sent with every request; ${NAME} comes from the environment",
    },
    "user_agent": _text("how the reader introduces itself here", pattern=r"^[\x20-\x7e]*$"),
    "cookies": {"type": "object", "additionalProperties": _text(), "description": "sent with every request"},
    "auth": _object(
        {
            "username": _text("", pattern="^[^:]*$"),
            "password": _text("such as ${PAPER_PASSWORD}"),
            "bearer": _text("a token in place of both"),
        },
        description="a login",
        oneOf=[{"required": ["username"]}, {"required": ["bearer"]}],
        dependencies={"password": ["username"]},
    ),
    "proxy": _text(
        "http://…, https://… or socks5://…",
        pattern=rf"^(|\$\{{\w+\}}.*|({_folded('http', 'https', 'socks5', 'socks5h')})://.+)$",
    ),
    "tls": _object(
        {
            "verify": {**_FLAG, "description": "false: take any certificate"},
            "ca_file": _text("further authorities to trust, PEM", pattern=r"^(|[/~$].*)$"),
        },
        description="how the server proves who it is",
    ),
    "fulltext": {
        "anyOf": [{"enum": [True, False, "promising"]}, {"type": "string", "pattern": f"^({_folded(*Fulltext)})$"}],
        "description": "fetch the articles of new items, too",
    },
}
_ONE_ORIGIN: Schema = {"oneOf": [{"required": [key]} for key in ORIGINS], "dependencies": {"html": ["url"]}}
_INCLUDE = _several(_text(), "other files to draw in; paths count from this file")


def feeds_schema() -> Schema:
    """The schema of `feeds.yaml`."""
    return {
        "$schema": DIALECT,
        "title": "feeds.yaml: what is read",
        **_object(
            {
                "include": _INCLUDE,
                "defaults": {
                    **_entry(FeedDefaults, _FEED),
                    "description": "holds for every feed that says nothing else",
                },
                "feeds": _listed({**_entry(FeedEntry, _FEED), **_ONE_ORIGIN}),
            }
        ),
    }


def _entry(model: type[BaseModel], known: Mapping[str, Schema]) -> Schema:
    """The model's keys, each as described here. Raises KeyError where the model has a key that is not."""
    fields = model.model_fields
    return _object({name: known[name] for name in fields}, [name for name in fields if fields[name].is_required()])


# --- rules.yaml ---------------------------------------------------------------------------------------------

_QUIET_TIME = r"\d{1,2}([:.]\d\d)?\s*(-|–|—|to|until)\s*\d{1,2}([:.]\d\d)?"
_MOMENT = r"^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?\s*(Z|[+-]\d\d:?\d\d)?)?$"
_NOT = r"([nN][oO][tT]\s+|-\s*)?"
_ZONE = "in which the times are meant, such as Europe/Berlin"
_DIGEST: Mapping[str, Schema] = {
    "id": _text("a lasting name such as morning", pattern=_NAME),
    "rules": _several(_text(), 'rule ids, severity>=medium, tag:energy, not some-rule, or "*"'),
    "to": _several(
        _text(pattern=rf"^\s*({_folded(*CHANNELS)})\s*:"),
        "email:name@host, slack:#channel, webhook:name, apprise:name, atom:file, file:folder, console:",
    ),
    "at": _text('cron such as "0 8 * * 1-5", or once', pattern=rf"^\s*({_folded('once')}|\S+(\s+\S+){{4}})\s*$"),
    "timezone": _text(_ZONE),
    "title": _text(),
    "when_empty": _anycase(("send", "skip"), "silence is a statement, too"),
    "languages": _several(
        _text(pattern=rf"^{_NOT}[A-Za-z]{{2,3}}([-_][A-Za-z0-9]{{2,8}})*$"), "only reports in these: ru, zh, not en"
    ),
    "countries": _several(
        _text(pattern=rf"^{_NOT}[A-Za-z]{{2}}$"), "only outlets seated in these: RU, not CN (ISO 3166)"
    ),
    "sources": _several(_text(), "only these feeds: ids, tag:wire, ownership:state, each also after not"),
    "at_once": _several(_text(), "selectors like those of rules: what can't wait for this digest is told by itself"),
    "wait": _text("how long the reports of one story are gathered before it is told at once", pattern=_DURATION),
    "update_every": _text("how often further reports of a story told at once may follow", pattern=_DURATION),
    "repeat_after": _text("tell it again after this long, until somebody acknowledges it", pattern=_DURATION),
    "at_most": _text(
        "more than these come as one: 10 in 10m", pattern=rf"^\s*\d+\s*({_folded('in', 'per')}|/)\s*\S.*$"
    ),
    "quiet_hours": _several(
        _text(pattern=rf"^\s*({_QUIET_TIME}([\s,].*)?|[A-Za-z].*)$"),
        "when nothing is told at once: 22:00-07:00, 22:00-07:00 mon-fri, sat-sun",
    ),
    "quiet_unless": _several(_text(), "selectors of what is told in quiet hours all the same"),
}
_MAINTENANCE: Mapping[str, Schema] = {
    "from": _text("date and time, like 2026-12-01 02:00", pattern=_MOMENT),
    "until": _text("date and time, like 2026-12-01 06:00", pattern=_MOMENT),
    "timezone": _text(_ZONE),
    "reason": _text("told with what was held back"),
    "digests": _several(_text(), "ids of the digests that are held back; left out: all"),
}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


_CONDITION = _ref("condition")
_CONDITIONS = _several(_CONDITION)
_FORMS = _several(_ref("form"))
_NAMES = {
    kind: _several(_ref("form"), f"a Chinese {kind}: Han or pinyin; all renderings follow") for kind in NAME_KINDS
}
_BY_LANGUAGE = {_LANGUAGE: _FORMS}
_FORM_KEYS: Mapping[str, Schema] = {
    "form": _FORMS,
    "forms": _FORMS,
    "exact": {**_FLAG, "description": "no inflection"},
    "case": {**_FLAG, "description": "capitals where the form has them"},
    "needs": {"anyOf": [_CONDITION, _listed(_CONDITION)], "description": "context without which it does not count"},
    "not": {"anyOf": [_FORMS, {"type": "object"}], "description": "look-alikes"},
    "weight": _NUMBER,
    "wade_giles": {**_FLAG, "description": "also Chou Li-ch'ün"},
    "cyrillic": {**_FLAG, "description": "false: without the Russian rendering"},
}
_TERM_KEYS: Mapping[str, Schema] = {
    "label": {**_SCALAR, "description": "its name in English"},
    "entity": _text("person, place, organisation …; left out for ideas"),
    "gloss": {"type": "boolean", "description": "false: a helper of conditions, whose label is not told to readers"},
    "not": _FORM_KEYS["not"],
    "needs": _FORM_KEYS["needs"],
    "note": _SCALAR,
}
_GROUP_KEYS: Mapping[str, Schema] = {
    "all": {**_CONDITIONS, "description": "every condition holds"},
    "any": {**_CONDITIONS, "description": "at least one holds"},
    "order": {**_CONDITIONS, "description": "all hold, one after the other"},
    "none": {**_CONDITIONS, "description": "none holds, where `within` looks"},
    "at_least": {"type": "integer", "minimum": 1, "description": "so many of `of` hold"},
    "of": _CONDITIONS,
    "within": _text(
        "40 words, sentence, 2 sentences, title or lead",
        pattern=r"^([1-9]\d*\s*(words?|sentences?)|sentence|title|lead)$",
    ),
}
_ONLY: Mapping[str, Schema] = {
    "feeds": _SCALARS,
    "tags": _SCALARS,
    "countries": _several(_text("ISO 3166: RU, CN", pattern="^[A-Za-z]{2}$")),
    "languages": _several(_text()),
    "fields": _several(_choice(FIELDS)),
}
_EXAMPLE: Mapping[str, Schema] = {
    **dict.fromkeys((*FIELDS, "language", "feed", "why"), _SCALAR),
    "finds": _several(_text(), "terms that must be among the evidence"),
}
_RULE: Mapping[str, Schema] = {
    "id": {**_SCALAR, "description": "lasting: hits are stored under it", "pattern": _ID},
    "title": _SCALAR,
    "severity": _choice(Severity),
    "status": {"enum": [*RuleStatus, False], "description": "shadow: counted and shown, never told"},
    "tags": _SCALARS,
    "why": {**_SCALAR, "description": "for the reader of a digest"},
    "match": {**_CONDITION, "description": "what is looked for"},
    "only": _ref("only"),
    "except": _ref("except"),
    "score": {"type": "object", "additionalProperties": _NUMBER, "description": "condition: points"},
    "threshold": {**_NUMBER, "description": "fires from this score"},
    "cooldown": _text("do not tell again for this long", pattern=r"^(\d+(\.\d+)?\s*[smhdwSMHDW]\s*)+$"),
    "examples": _ref("examples"),
    "note": _SCALAR,
}


def rules_schema() -> Schema:
    """The schema of `rules.yaml`. Raises KeyError where the reader knows a key that is not described here."""
    none: Schema = {"enum": [None, []]}  # begun, and not yet written
    examples = {kind: {"anyOf": [_several(_ref("example")), none]} for kind in ("hit", "miss")}
    together = {"at_least": ["of"], "of": ["at_least"]}
    term = {**{key: _TERM_KEYS[key] for key in TERM_KEYS}, **_NAMES}
    return {
        "$schema": DIALECT,
        "title": "rules.yaml: what is looked for, and who hears of it",
        **_object(
            {
                "include": _INCLUDE,
                "terms": {"type": "object", "propertyNames": {"pattern": _ID}, "additionalProperties": _ref("term")},
                "rules": _listed(_ref("rule")),
                "digests": _listed(_entry(DigestEntry, _DIGEST)),
                "maintenance": _listed(
                    _entry(MaintenanceEntry, _MAINTENANCE), "planned stretches of time in which nothing is sent"
                ),
            }
        ),
        "definitions": {
            "term": _object(term, patternProperties=_BY_LANGUAGE),
            "form": {"anyOf": [_SCALAR, _object({key: _FORM_KEYS[key] for key in FORM_KEYS | NAME_SWITCHES})]},
            "condition": {
                "anyOf": [
                    _SCALAR,
                    _object({key: _GROUP_KEYS[key] for key in GROUP_KEYS}, minProperties=1, dependencies=together),
                    _object({key: _FORM_KEYS[key] for key in FORM_KEYS}, minProperties=1),
                    _object(_NAMES, patternProperties=_BY_LANGUAGE, minProperties=1),
                ]
            },
            "only": _object({key: _ONLY[key] for key in ONLY_KEYS}),
            "except": _object({key: _ONLY[key] for key in ONLY_KEYS - {"fields"}}),
            "example": {"anyOf": [_SCALAR, _object({key: _EXAMPLE[key] for key in EXAMPLE_KEYS})]},
            "examples": _object({**examples, "todo": _object(examples)}),
            "rule": _object(
                {key: _RULE[key] for key in RULE_KEYS},
                ("id", "title", "match"),
                dependencies={"threshold": ["score"]},
            ),
        },
    }
