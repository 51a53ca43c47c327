"""Pieces of SQL that compare how grave reports are."""

from monitor.core.model import Severity


def rank(column: str) -> str:
    """A severity column as a number, larger where graver; NULL for an unknown one."""
    cases = " ".join(f"WHEN '{severity.value}' THEN {severity.rank}" for severity in Severity)
    return f"CASE {column} {cases} END"


# Whether the acknowledgement `a` counts: of what the digest :digest (NULL: any) told of the story or has waiting,
# nothing is graver than what it had told by then or, where it had told nothing, than what had been found by then.
_ACK_COUNTS = """(
    SELECT coalesce(max(rank) <= coalesce(
        max(rank) FILTER (WHERE told_at <= a.at), max(rank) FILTER (WHERE found_at <= a.at)
    ), 1)
    FROM (
        SELECT {rank} AS rank, h.at AS found_at, min(told.at) AS told_at
        FROM hits AS h LEFT JOIN told ON told.hit_id = h.id AND (:digest IS NULL OR told.digest = :digest)
        WHERE h.story_id = a.story_id AND (told.hit_id IS NOT NULL OR EXISTS (
            SELECT 1 FROM waiting AS w WHERE w.hit_id = h.id AND (:digest IS NULL OR w.digest = :digest)
        ))
        GROUP BY h.id
    )
)"""
ACK_COUNTS = _ACK_COUNTS.format(rank=rank("h.severity"))
