"""What is said of an argument that can't be used: a sentence with what is allowed, in place of a library's words."""

from collections.abc import Mapping
from typing import Any

from typer import BadParameter
from typer.core import TyperCommand

from monitor.core.suggest import suggestion

LARGEST = 2**31 - 1  # seconds, numbers of rows: what neither the database nor the calendar chokes on
_QUOTED = 60  # characters of what was given that are repeated


class PlainCommand(TyperCommand):
    """A command that says in plain words what is wrong with its arguments."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As ever. Raises BadParameter in plain words."""
        try:
            rest = super().parse_args(ctx, args)
        except BadParameter as error:
            faults = getattr(error.__cause__, "errors", None)  # those of the library that converts values
            if faults is None:
                raise
            raise BadParameter(_in_words(faults()[0], error), ctx=error.ctx, param=error.param) from None
        for value in ctx.params.values():
            if isinstance(value, int) and value > LARGEST:
                raise BadParameter(f"{value} is too large: {LARGEST} or less", ctx=ctx)
        return rest


def _in_words(fault: Mapping[str, Any], error: BadParameter) -> str:
    given, limits = str(fault.get("input", "")), fault.get("ctx", {})
    quoted = repr(given if len(given) <= _QUOTED else f"{given[:_QUOTED]}…")
    match str(fault["type"]):
        case kind if kind.startswith("int_"):
            return f"{quoted} is no whole number, such as 12"
        case kind if kind.startswith("float_") or kind == "finite_number":
            return f"{quoted} is no number, such as 1.5"
        case "greater_than_equal":
            return f"{given} is too small: {limits['ge']} or more"
        case "less_than_equal":
            return f"{given} is too large: {limits['le']} or less"
        case "value_error":
            return _of_choices(given, quoted, str(limits["error"]))
    return f"{quoted} can't be used: {fault['msg']}"


def _of_choices(given: str, quoted: str, complaint: str) -> str:
    """'parkd' is not one of 'queued', 'parked' … → with the one that may be meant."""
    _, found, listed = complaint.partition(" is not one of ")
    if not found:
        return complaint.rstrip(".")
    choices = [one.strip(" '") for one in listed.rstrip(".").split(",")]
    return f"{quoted} is not one of {', '.join(choices)}{suggestion(given, choices)}"
