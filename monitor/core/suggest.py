"""The "did you mean" of every complaint."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(text: str, choices: Iterable[str]) -> str:
    """ ", did you mean 'high'?" for a near miss among `choices`, else nothing; to be put behind a complaint."""
    named = {str(choice).casefold(): str(choice) for choice in sorted(choices)}
    close = get_close_matches(text.casefold(), named, n=1)
    return f", did you mean {named[close[0]]!r}?" if close else ""


def complaint(what: str, text: str, choices: Iterable[str], advice: str) -> str:
    """`what` is wrong, the near miss that may be meant, and what to do: three parts of one message."""
    meant = suggestion(text, choices)
    return f"{what}{meant} {advice[:1].upper()}{advice[1:]}" if meant else f"{what}: {advice}"
