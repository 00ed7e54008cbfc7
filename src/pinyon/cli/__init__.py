"""The command line: ``pinyon``. One file per group of commands; what a command needs is imported when it runs."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """The entry point of the ``pinyon`` script. Ends the process with one of the exit codes of ``cli.errors``."""
    from pinyon.cli.main import app

    app(prog_name="pinyon")
