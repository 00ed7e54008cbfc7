"""Lines in the log, as JSON for machines or as text for people. Secrets never get that far."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import IO, Any, Final

import orjson

from pinyon.server.settings import Settings

NAME: Final = "pinyon"
HIDDEN: Final = "[hidden]"
_IN_MESSAGE: Final = frozenset({"status", "ms"})
"""Fields that people read in the message already."""

_SECRETS = re.compile(
    r"""(?ix)
    \b pny[nst]_[0-9a-z]{4,}(?:_[0-9a-z]+)?            # our own
    | \b (?:pcsk|pckey)_[\w-]{8,}                       # Pinecone's
    | (?<=bearer\ ) [^\s'",}]+
    | (?<=api-key:\ ) [^\s'",}]+
    | (?<=api-key=) [^\s'",}]+
    | (?<='api-key':\ ') [^']+
    | (?<="api-key":") [^"]+
    | (?<="client_secret":") [^"]+
    """
)


def set_up(settings: Settings, stream: IO[str] | None = None) -> logging.Handler:
    """Sends the server's log lines to stderr, or to a stream. Calling it again replaces what the last call set up."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    handler.addFilter(hide_secrets)
    handler.set_name(NAME)
    logger = logging.getLogger(NAME)
    for old in [one for one in logger.handlers if one.get_name() == NAME]:
        logger.removeHandler(old)
    logger.addHandler(handler)
    logger.setLevel(settings.log_level.upper())
    logger.propagate = False
    return handler


def hidden(text: str) -> str:
    """A text without anything that looks like a secret."""
    return _SECRETS.sub(HIDDEN, text)


def hide_secrets(record: logging.LogRecord) -> bool:
    """A filter that lets every record pass, without its secrets."""
    record.msg = hidden(record.getMessage())
    record.args = ()
    return True


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, and the fields that the caller gave."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = _traceback(record)
        return orjson.dumps(line, default=str).decode()


class TextFormatter(logging.Formatter):
    """``2026-01-31T12:00:00.000Z WARNING slow query: ... index=films key=4f1c...``; what is empty is left out."""

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        told = {name: value for name, value in fields.items() if value not in ("", [], {}) and name not in _IN_MESSAGE}
        shown = " ".join(f"{name}={_quoted(value)}" for name, value in told.items())
        line = f"{time_of(record)} {record.levelname:<7} {_one_line(record.getMessage())} {shown}".rstrip()
        return f"{line}\n{_traceback(record)}" if record.exc_info else line


def time_of(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _traceback(record: logging.LogRecord) -> str:
    """Where it went wrong, and the kind of error. Its message is left out: it may quote a request."""
    assert record.exc_info is not None, "asked for a record with an exception only"
    kind, _, frames = record.exc_info
    where = "".join(traceback.format_tb(frames)).rstrip()
    return f"{where}\n{kind.__qualname__ if kind else 'error'}"


def _quoted(value: object) -> str:
    text = _one_line(value if isinstance(value, str) else orjson.dumps(value, default=str).decode())
    return f'"{text}"' if " " in text and not text.startswith(("{", "[")) else text


def _one_line(text: str) -> str:
    """Whatever could end a line or steer a terminal is written as an escape."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()
