"""How the log is written: readable lines on a terminal, JSON for machines; on standard error either way."""

import logging
import os
import sys

import structlog


def configure(level: str, form: str) -> None:
    """Send our log, and what libraries log from `warning` up, to standard error. `form`: console or json."""
    number = logging.getLevelNamesMapping()[level.upper()]
    stamps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    ending: list[structlog.typing.Processor]
    if form == "json":
        ending = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        # Plain tracebacks: the rich ones print local variables, and one of these may be a password.
        colors = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        ending = [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[*stamps, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    foreign = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=foreign, foreign_pre_chain=stamps))
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
