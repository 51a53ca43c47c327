"""The log of rules: each wording that was in force, by its fingerprint, and what became of rules since then."""

from collections.abc import Sequence
from datetime import datetime

from monitor.adapters.store.codec import moment, stamp, to_json
from monitor.adapters.store.database import Database
from monitor.core.model import RuleChange, RuleEdit, RuleInfo

_LATEST = """
SELECT rule, fingerprint FROM rule_editions AS e
WHERE id = (SELECT max(id) FROM rule_editions WHERE rule = e.rule)
"""

_NOTE = """
INSERT INTO rule_editions (rule, fingerprint, at) SELECT value ->> 0, value ->> 1, :now FROM json_each(:editions)
"""

# The first rules that a database ever knew are no edit.
_EDITS = """
SELECT e.rule, e.fingerprint, e.at,
    (SELECT fingerprint FROM rule_editions WHERE rule = e.rule AND at <= :since ORDER BY id DESC LIMIT 1) AS before
FROM rule_editions AS e
WHERE e.at > :since AND e.at <= :until AND e.at > (SELECT at FROM rule_editions ORDER BY id LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM rule_editions WHERE rule = e.rule AND id > e.id AND at <= :until)
ORDER BY e.id
"""


def note_rules(database: Database, rules: Sequence[RuleInfo], now: datetime) -> None:
    """Log the rules that differ from what was in force last, and those that are gone."""
    with database.transaction():
        latest = {row["rule"]: row["fingerprint"] for row in database.rows(_LATEST)}
        present = {rule.id: rule.fingerprint or "?" for rule in rules}
        changed = [[rule, mark] for rule, mark in present.items() if latest.get(rule, "") != mark]
        gone = [[rule, ""] for rule, mark in latest.items() if mark and rule not in present]
        if changed or gone:
            database.execute(_NOTE, {"editions": to_json(changed + gone), "now": stamp(now)})


def rule_edits(database: Database, since: datetime, until: datetime) -> tuple[RuleEdit, ...]:
    """What became of rules after `since`, up to `until`, each once; a rule that is as it was is not among them."""
    found = []
    for row in database.rows(_EDITS, {"since": stamp(since), "until": stamp(until)}):
        before, after = row["before"] or "", row["fingerprint"]
        if before != after:
            change = RuleChange.NEW if not before else RuleChange.EDITED if after else RuleChange.REMOVED
            found.append(RuleEdit(row["rule"], change, moment(row["at"])))
    return tuple(found)
