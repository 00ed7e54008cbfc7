"""backup, restore: consistent copies of an index, while writers go on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import Yes, command
from pinyon.cli.output import size
from pinyon.cli.session import Session, complete_backup, complete_index, suggestion

if TYPE_CHECKING:
    from pinyon.engine import BackupInfo, Database
    from pinyon.types import IndexSpec


@command(
    "backup",
    section="Safety",
    examples=(
        ("make a backup inside the data directory", "pinyon backup docs"),
        ("make a copy to carry elsewhere", "pinyon backup docs --to /media/disk/docs-copy"),
        ("list the backups, of all indexes or of one", "pinyon backup --list"),
        ("delete one", "pinyon backup --delete 4b1d6a0c9e2f4f1f8f0d1c2b3a495867"),
    ),
)
def backup(
    session: Session,
    name: Annotated[
        str | None, typer.Argument(metavar="INDEX", help="Name of the index.", autocompletion=complete_index)
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="A new or empty directory for a copy.")] = None,
    note: Annotated[str, typer.Option("--note", help="Why this backup was made.")] = "",
    listing: Annotated[bool, typer.Option("--list", help="List the backups.")] = False,
    delete: Annotated[
        str | None,
        typer.Option("--delete", metavar="BACKUP_ID", help="Delete a backup.", autocompletion=complete_backup),
    ] = None,
    yes: Yes = False,
) -> None:
    """Back up an index, or list or delete backups. Copying the files of a live index is not a backup; this is."""
    if listing + (delete is not None) + (to is not None) > 1:
        raise typer.BadParameter("--list, --delete and --to exclude one another")
    with session.database(write=not listing) as database:
        if listing:
            _list(session, database.list_backups(name))
        elif delete is not None:
            _delete(session, database, delete, yes)
        elif name is None:
            raise typer.BadParameter("name the index to back up, or use --list")
        else:
            index = session.index(database, name)
            made = (
                database.create_backup(index.name, description=note)
                if to is None
                else database.export_file(index.name, to)
            )
            _print_made(session, made, to)


def _print_made(session: Session, made: BackupInfo, to: Path | None) -> None:
    if session.as_json:
        session.output.json(backup_json(made) | ({"directory": str(to)} if to is not None else {}))
        return
    where = f"backup {made.id}" if to is None else str(to)
    session.output.line(f"backed up {made.index_name!r}: {made.record_count:,} records, {size(made.size)} -> {where}")
    session.output.message(f"restore it with: pinyon restore {made.id if to is None else to} --as NAME")


def _list(session: Session, backups: list[BackupInfo]) -> None:
    if session.as_json:
        session.output.json({"backups": list(map(backup_json, backups))})
        return
    if not backups:
        session.output.message("no backups yet: pinyon backup INDEX")
        return
    rows = [
        (b.id, b.index_name, b.created_at[:19], f"{b.record_count:,}", size(b.size), b.description) for b in backups
    ]
    session.output.table(("id", "index", "made (UTC)", "records", "size", "note"), rows, right=("records", "size"))


def _delete(session: Session, database: Database, backup_id: str, yes: bool) -> None:
    found = database.describe_backup(backup_id)
    preview = f"backup {found.id} of {found.index_name!r}: {found.record_count:,} records, made {found.created_at[:19]}"
    session.confirm([preview], "Delete this backup?", yes=yes)
    database.delete_backup(found.id)
    if session.as_json:
        session.output.json({"deleted": found.id})
    else:
        session.output.line(f"deleted backup {found.id}")


@command(
    "restore",
    section="Safety",
    examples=(
        ("as a new index", "pinyon restore 4b1d6a0c9e2f4f1f8f0d1c2b3a495867 --as docs-before"),
        ("a copy from another machine", "pinyon restore /media/disk/docs-copy --as docs"),
    ),
)
def restore(
    session: Session,
    source: Annotated[
        str,
        typer.Argument(
            metavar="BACKUP_ID|DIR",
            help="A backup of this data directory, or a copy made with backup --to.",
            autocompletion=complete_backup,
            show_default=False,
        ),
    ],
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Name of the restored index.", show_default=False)],
    yes: Yes = False,
) -> None:
    """Make an index from a backup. An index of that name is replaced, after asking, and backed up first."""
    with session.database(create=Path(source).is_dir()) as database:
        directory = _source(database, source)
        replaced = _replace_existing(session, database, source, name, yes) if database.has_index(name) else None
        try:
            spec = _restore(database, source, directory, name)
        except BaseException:
            if replaced is not None:
                database.restore_backup(replaced, name)
                session.output.message(f"{name!r} is as it was before")
            raise
        records = database.index(name).stats().total
    if session.as_json:
        session.output.json({"index": spec.name, "records": records, "replaced_backup": replaced})
        return
    session.output.line(f"restored {records:,} records as {spec.name!r}")
    if replaced is not None:
        session.output.message(f"what {name!r} held before is in backup {replaced}")


def _source(database: Database, source: str) -> Path | None:
    """The directory, or None for a backup of the catalog. Raises NotFoundError."""
    from pinyon.errors import NotFoundError

    ids = [backup.id for backup in database.list_backups()]
    if source in ids:
        return None
    if Path(source).is_dir():
        return Path(source)
    raise NotFoundError(f"no backup and no directory {source!r}. {suggestion(source, ids)}")


def _replace_existing(session: Session, database: Database, source: str, name: str, yes: bool) -> str:
    """Makes room for the restored index. Gives the id of a backup of what was there."""
    from pinyon.errors import ForbiddenError

    if database.describe_index(name).deletion_protection:
        raise ForbiddenError(f"index {name!r} is protected from deletion: restore {source} under another name")
    stats = database.index(name).stats()
    preview = [f"index {name!r} exists, with {stats.total:,} records; it is backed up first, then replaced"]
    session.confirm(preview, f"Replace {name!r}?", yes=yes)
    # Restored once beside it, so that a damaged backup is found out before anything is removed.
    trial = _free_name(database, name)
    _restore(database, source, _source(database, source), trial)
    database.delete_index(trial)
    made = database.create_backup(name, description=f"before it was replaced by a restore of {source}"[:200])
    database.delete_index(name)
    return made.id


def _free_name(database: Database, name: str) -> str:
    number = 1
    while database.has_index(trial := f"{name[:30].strip('-')}-restoring-{number}"):
        number += 1
    return trial


def _restore(database: Database, source: str, directory: Path | None, name: str) -> IndexSpec:
    return database.restore_backup(source, name) if directory is None else database.import_file(directory, name)


def backup_json(info: BackupInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "index": info.index_name,
        "created_at": info.created_at,
        "records": info.record_count,
        "namespaces": info.namespace_count,
        "bytes": info.size,
        "dimension": info.dimension,
        "metric": info.metric,
        "note": info.description,
    }
