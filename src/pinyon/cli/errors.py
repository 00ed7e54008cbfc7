"""Exit codes, and how an error reaches the user: a sentence on stderr, never a traceback of ours."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from pinyon.cli.output import Output

if TYPE_CHECKING:
    from pinyon.errors import PinyonError

__all__ = ["CORRUPTION", "ERROR", "EXIT_CODES", "INTERRUPTED", "NOT_FOUND", "OK", "USAGE", "reported"]

OK = 0
ERROR = 1
USAGE = 2
NOT_FOUND = 3
CORRUPTION = 4
INTERRUPTED = 130

EXIT_CODES = (
    (OK, "done"),
    (ERROR, "an error, told on stderr with its code"),
    (USAGE, "wrong usage, or a destructive command without a terminal and without --yes"),
    (NOT_FOUND, "no such index, record, backup, file or data directory"),
    (CORRUPTION, "corruption found"),
    (INTERRUPTED, "interrupted with Ctrl-C; what was committed is kept"),
)


def exit_code(error: PinyonError) -> int:
    from pinyon.errors import CorruptionError, NotFoundError

    if isinstance(error, NotFoundError):
        return NOT_FOUND
    return CORRUPTION if isinstance(error, CorruptionError) else ERROR


@contextmanager
def reported(output: Output) -> Iterator[None]:
    """Turns errors of the block into a message and an exit code, and warnings into messages."""
    from pinyon.errors import PinyonError

    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: output.warn(str(message))
        try:
            yield
        except PinyonError as error:
            code = exit_code(error)
            output.error(error.code, str(error), code)
            raise typer.Exit(code) from None
        except KeyboardInterrupt:
            output.message("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            where = f"{error.filename}: " if error.filename else ""
            output.error("STORAGE", f"{where}{error.strerror or error}", ERROR)
            raise typer.Exit(ERROR) from None
