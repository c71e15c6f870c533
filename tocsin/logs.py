"""Touches. What the service writes to its standard error: one line an event, never in the way."""

import contextlib
import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger


class _Output:
    """Logging must never stop an alarm: on a full disk a line is lost, and that is all."""

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(message + "\n")
            sys.stderr.flush()

    log = debug = info = warn = warning = error = critical = exception = failure = fatal = msg


def _one_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A device's name or an error text must not be able to forge a line of the log."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = value.replace("\r", "\\r").replace("\n", "\\n")
    return event


def configure(level: int = logging.INFO) -> None:
    """Call once at start. Tracebacks are plain and show no values."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _one_line,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Output(),
    )
