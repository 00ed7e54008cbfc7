"""What every command is given: where the data lies, how to print, and how to ask before destroying anything."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pinyon.cli.errors import ERROR, INTERRUPTED, USAGE
from pinyon.cli.output import Output

if TYPE_CHECKING:
    from pinyon.engine import Database, Index

__all__ = ["DEFAULT_DATA", "Session", "complete_backup", "complete_index", "parse_object", "program", "suggestion"]

DEFAULT_DATA = Path("./pinyon-data")
CATALOG = "catalog.sqlite"


@dataclass(slots=True)
class Session:
    """data: the data directory, from --data, else PINYON_DATA (either names it), else ./pinyon-data."""

    data: Path = DEFAULT_DATA
    data_was_named: bool = False
    output: Output = field(default_factory=Output)

    @property
    def as_json(self) -> bool:
        return self.output.as_json

    @contextmanager
    def database(self, *, create: bool = False, write: bool = True) -> Iterator[Database]:
        """The database of the data directory, closed at the end of the block.

        create: makes the directory when missing; otherwise NotFoundError says how to. write: False opens a directory
        without write permission too.
        """
        from pinyon.engine import Database
        from pinyon.errors import NotFoundError

        if not create and not (self.data / CATALOG).exists() and (not self.data.exists() or _is_empty(self.data)):
            raise NotFoundError(
                f"no Pinyon data in {str(self.data)!r}: make some with `pinyon init` or `pinyon create`, "
                "or name another directory with --data DIR or the environment variable PINYON_DATA"
            )
        read_only = not write and self.data.exists() and not os.access(self.data, os.W_OK)
        memory = os.environ.get("PINYON_MEMORY") or None
        with Database(self.data, memory=memory, read_only=read_only) as database:
            yield database

    def index(self, database: Database, name: str) -> Index:
        """A handle on an index. Raises NotFoundError that suggests a name."""
        from pinyon.errors import NotFoundError

        if not database.has_index(name):
            names = [spec.name for spec in database.list_indexes()]
            raise NotFoundError(f"index {name!r} does not exist in {str(self.data)!r}. {suggestion(name, names)}")
        return database.index(name)

    def check_namespace(self, index: Index, namespace: str) -> None:
        """Says so on stderr when the index has no such namespace: a search in it finds nothing, and is no error."""
        from pinyon.errors import NotFoundError

        try:
            index.describe_namespace(namespace)
        except NotFoundError:
            names = [info.name for info in index.namespaces()[0]]
            if namespace or names:
                what = f"namespace {namespace!r}" if namespace else "the default namespace"
                shown = suggestion(namespace, [name or "(default)" for name in names])
                self.output.message(f"index {index.name!r} has nothing in {what}. {shown}")

    def confirm(self, preview: Sequence[str], question: str, *, yes: bool) -> None:
        """Shows what would happen and asks; ends the command unless the answer is yes. ``yes`` asks nothing."""
        if yes:
            return
        for line in preview:
            self.output.message(line)
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            self.output.error("CONFIRMATION", "there is no terminal to ask on: add --yes to go ahead", USAGE)
            raise typer.Exit(USAGE)
        try:
            agreed = typer.confirm(question, default=False, err=True)
        except typer.Abort:
            self.output.message("\nnothing was changed")
            raise typer.Exit(INTERRUPTED) from None
        if not agreed:
            self.output.message("nothing was changed")
            raise typer.Exit(ERROR)


def suggestion(name: str, known: Sequence[str]) -> str:
    """``Did you mean 'docs'?``, or what there is."""
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    if not known:
        return "There are none yet."
    shown = ", ".join(repr(one) for one in sorted(known)[:10])
    return f"There {'is' if len(known) == 1 else 'are'} {shown}{', ...' if len(known) > 10 else '.'}"


def parse_object(text: str | None, option: str) -> dict[str, Any] | None:
    """The JSON object of an option. Raises typer.BadParameter (exit 2)."""
    import orjson

    if text is None:
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"{text!r} is not JSON ({error})", param_hint=option) from None
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{text!r} is not a JSON object", param_hint=option)
    return found


def complete_index(context: typer.Context, incomplete: str) -> list[str]:
    """Names of indexes, for the shell."""
    with _quiet_database(context) as database:
        names = [] if database is None else [spec.name for spec in database.list_indexes()]
    return [name for name in names if name.startswith(incomplete)]


def complete_backup(context: typer.Context, incomplete: str) -> list[str]:
    """Ids of backups, for the shell."""
    with _quiet_database(context) as database:
        ids = [] if database is None else [backup.id for backup in database.list_backups()]
    return [id_ for id_ in ids if id_.startswith(incomplete)]


@contextmanager
def _quiet_database(context: typer.Context) -> Iterator[Database | None]:
    from pinyon.engine import Database
    from pinyon.errors import PinyonError

    chosen = context.params.get("data") or context.find_root().params.get("data")
    data = Path(chosen or os.environ.get("PINYON_DATA") or DEFAULT_DATA)
    if not (data / CATALOG).exists():
        yield None
        return
    try:
        database = Database(data, read_only=not os.access(data, os.W_OK))
    except PinyonError:
        yield None
        return
    with database:
        yield database


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def program() -> str:
    """How this command is called from here: by its name where the shell finds it, else by its path."""
    beside = Path(sys.executable).with_name("pinyon")
    found = shutil.which("pinyon")
    if not beside.exists() or (found is not None and Path(found).samefile(beside)):
        return "pinyon"
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))
