"""The JSON Schema (draft 7) of what core/digestjson.py makes. Pure data."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeAlias

from monitor.core.digestjson import VERSION
from monitor.core.model import Ownership, RuleChange, Severity, StoryStatus, TroubleKind

Schema: TypeAlias = dict[str, Any]


def digest_schema() -> Schema:
    """The schema. It lets names pass that it does not know, for later versions may add some."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A digest or alert, as webhooks receive it",
        **_object(
            {
                "version": {"const": VERSION, "description": "another one where a name goes or changes its meaning"},
                "type": {"enum": ["digest", "alert"], "description": "alert: from a digest `at: once`"},
                "part": _count("of a digest too large for one message", minimum=1),
                "parts": _count("how many there are; each has everything around the stories", minimum=1),
                "digest": _text("its id in rules.yaml"),
                "title": _text("its name"),
                "headline": _text("the news itself, as in a subject line"),
                "at": _time("when it was made"),
                "since": _or_null(_time("when the one before was made")),
                "next_at": _or_null(_time("when the next is due")),
                "timezone": _text("its readers' zone, by its IANA name; times here are in UTC all the same"),
                "sample": _flag("made up by `monitor demo`"),
                "thread": _or_null(_text("of an alert: the same for all that follows of its story")),
                "folded": _count("alerts that came too thick and stand in this one digest; 0: none"),
                "held_since": _or_null(_time("quiet hours or maintenance held it back from then on")),
                "held_by": _or_null(_text("what held it back, in words")),
                "by_hand": _flag("an alert, or several together, that somebody sent before their time"),
                "topics": _list(_ref("topic"), "each rule that found something"),
                "stories": _list(_ref("story"), "the gravest first"),
                "coverage": _ref("coverage"),
                "feed_news": _list(_ref("feed_news"), "troubles of feeds that began or ended in the period"),
                "rule_edits": _list(_ref("rule_edit"), "since the last digest"),
                "left_out": _list(_object({"reason": _text(), "reports": _count()}), "what is not told here, and why"),
                "notes": _list(_text(), "such as a refused edit of rules.yaml"),
            }
        ),
        "definitions": {
            "topic": _object(
                {
                    "rule": _text("its id"),
                    "title": _text(),
                    "stories": _count("in this digest"),
                    "reports": _count("in this digest"),
                    "daily": _list(_count(), "hits a day, oldest first, ending today"),
                }
            ),
            "story": _story(),
            "report": _report(),
            "reason": _reason(),
            "segment": _object({"text": _text(), "marked": _flag("a rule's words")}),
            "coverage": _coverage(),
            "feed_news": _feed_news(),
            "rule_edit": _object({"rule": _text("its id"), "change": _choice(RuleChange), "at": _time()}),
        },
    }


def _story() -> Schema:
    return _object(
        {
            "id": {"type": "integer", "description": "lasting: the same in every digest"},
            "severity": _choice(Severity, "of its gravest rule"),
            "status": _choice(StoryStatus, "new; more reports; a changed headline; again, as nobody acknowledged it"),
            "headline": _text("in its own language"),
            "headline_marks": _list(_ref("segment"), "the headline in runs; may be empty"),
            "link": _or_null(_link("of the headline")),
            "language": _or_null(_text("BCP 47")),
            "gloss": _list(_text(), "what it mentions, in English"),
            "snippet": _list(_ref("segment"), "the stretch of the text that shows why, in runs"),
            "reports": _list(_ref("report"), "in order of time"),
            "earlier": _list(_ref("report"), "those that this digest told before"),
            "reasons": _list(_ref("reason"), "why it is here"),
            "changes": _list(_object({"before": _text(), "after": _text()}), "headlines that were edited"),
            "undated": _flag("its date is when it was first read"),
            "told_at": _or_null(_time("when this digest last told of it")),
            "told_severity": _or_null(_choice(Severity, "the gravest that this digest told of it before")),
            "acknowledged": _flag("somebody has seen to it"),
            "hits": _list(_count(), "those told now, as `monitor hits` numbers them"),
            "continued": _flag("the first of its reports stand in the part before"),
        }
    )


def _report() -> Schema:
    return _object(
        {
            "outlet": _text(),
            "title": _text(),
            "link": _or_null(_link()),
            "at": _time("by its date, or when it was first read"),
            "language": _or_null(_text("BCP 47")),
            "country": _or_null(_text("of the outlet's seat, ISO 3166")),
            "ownership": _choice(Ownership, "who stands behind the outlet"),
            "copies": _count("further reports with the same headline"),
            "copies_of": _list(_text(), "the outlets that carried them"),
        }
    )


def _reason() -> Schema:
    evidence = {
        "term": _text("its id, or the phrase itself"),
        "label": _text("in English"),
        "entity": _or_null(_text("person, place …; null for ideas")),
        "text": _text("as it was found"),
        "field": {"enum": ["title", "summary", "content"]},
        "start": _count("where in that field, in characters"),
        "end": _count(),
    }
    return _object(
        {
            "rule": _text("its id"),
            "title": _text(),
            "severity": _choice(Severity),
            "evidence": _list(_object(evidence), "the words that fired it"),
        }
    )


def _coverage() -> Schema:
    broken = {
        "feed": _text("its id"),
        "name": _text(),
        "message": _text(),
        "since": _or_null(_time()),
        "told": _flag("in an earlier digest, or in `feed_news`"),
    }
    spoken = {"language": _text(), "feeds_read": _count(), "feeds": _count()}
    return _object(
        {
            "feeds": _count("enabled"),
            "feeds_read": _count("with success in the period"),
            "polls": _count(),
            "items": _count("read in the period"),
            "last_poll_at": _or_null(_time()),
            "due": _count("feeds whose time came in the period"),
            "failed": _count("feeds that were asked, and not once with success"),
            "quiet": _list(_object({"language": _text(), "feeds": _count()}), "feeds quiet beyond their own rhythm"),
            "by_language": _list(_object(spoken)),
            "broken": _list(_object(broken), "feeds that are not heard now"),
            "standing": _list(_object({"trouble": _choice(TroubleKind), "feeds": _count()})),
        },
        description="what was watched: silence is a statement only with this beside it",
    )


def _feed_news() -> Schema:
    return _object(
        {
            "trouble": _choice(TroubleKind),
            "over": _flag("false: it began"),
            "feeds": _list(_text(), "names, the first few"),
            "count": _count("of all feeds it is about"),
            "message": _or_null(_text("of a single feed: what is the matter, and what to do")),
            "host": _or_null(_text("where all of them are")),
            "cause": _or_null(_text("what they have in common")),
            "everywhere": _flag("nearly every feed: the fault is hardly theirs"),
            "began_at": _or_null(_time()),
            "ended_at": _or_null(_time()),
            "brief": _flag("began and ended in the period"),
        }
    )


def _object(properties: dict[str, Schema], **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), **more}


def _list(one: Schema, description: str = "") -> Schema:
    return {"type": "array", "items": one, **_about(description)}


def _text(description: str = "") -> Schema:
    return {"type": "string", **_about(description)}


def _link(description: str = "") -> Schema:
    return {"type": "string", "pattern": "^[hH][tT][tT][pP][sS]?://", **_about(description)}


def _time(description: str = "") -> Schema:
    pattern = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00$"
    return {"type": "string", "format": "date-time", "pattern": pattern, **_about(description)}


def _count(description: str = "", minimum: int = 0) -> Schema:
    return {"type": "integer", "minimum": minimum, **_about(description)}


def _flag(description: str = "") -> Schema:
    return {"type": "boolean", **_about(description)}


def _choice(kind: type[StrEnum], description: str = "") -> Schema:
    values: Iterable[str] = (one.value for one in kind)
    return {"enum": list(values), **_about(description)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _or_null(one: Schema) -> Schema:
    """What it says, or null; the description stands outside, where editors look for it."""
    about = {"description": one["description"]} if "description" in one else {}
    inner = {name: value for name, value in one.items() if name != "description"}
    return {"anyOf": [inner, {"type": "null"}], **about}


def _about(description: str) -> Schema:
    return {"description": description} if description else {}
