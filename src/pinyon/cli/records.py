"""get, rm: single records, and removing records or a whole index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import IndexName, Namespace, Yes, command
from pinyon.cli.errors import NOT_FOUND
from pinyon.cli.output import snippet
from pinyon.cli.session import Session, parse_object

if TYPE_CHECKING:
    from pinyon.engine import Database, Index

PREVIEW = 5


@command(
    "get",
    section="Records",
    examples=(
        ("two records", "pinyon get docs 'leave.md#0' 'leave.md#1'"),
        ("with the vector, as JSON", "pinyon get vectors doc-1 --values --json"),
    ),
)
def get(
    session: Session,
    name: IndexName,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids of records.", show_default=False)],
    namespace: Namespace = "",
    values: Annotated[bool, typer.Option("--values", help="Show the vector too.")] = False,
) -> None:
    """Show records by id. Exits with 3 when one of them does not exist."""
    from pinyon.app.transfer import record_json

    with session.database(write=False) as database:
        index = session.index(database, name)
        found = index.fetch(namespace, ids, include_values=values)
        if not found:
            session.check_namespace(index, namespace)
    if session.as_json:
        for record in found.values():
            session.output.json(record_json(record, namespace))
    else:
        for record in found.values():
            session.output.line(record.id, "bold")
            for key, value in (record.metadata or {}).items():
                session.output.line(f"  {key}: {snippet(str(value), 2000)}")
            if record.values is not None:
                session.output.line(f"  values: {snippet(str(record.values.tolist()), 2000)}")
    missing = [id_ for id_ in ids if id_ not in found]
    if missing:
        session.output.error("NOT_FOUND", f"no record {', '.join(map(repr, missing))}", NOT_FOUND)
        raise typer.Exit(NOT_FOUND)


@command(
    "rm",
    section="Records",
    examples=(
        ("two records", "pinyon rm docs --id 'leave.md#0' --id 'leave.md#1'"),
        ("the records that match a filter", """pinyon rm docs --filter '{"source": "old.md"}'"""),
        ("every record of a namespace, unasked", "pinyon rm docs --all --namespace drafts --yes"),
        ("the index itself", "pinyon rm docs --index"),
    ),
)
def rm(
    session: Session,
    name: IndexName,
    ids: Annotated[
        list[str] | None, typer.Option("--id", metavar="ID", help="Remove this record (repeatable).")
    ] = None,
    filter: Annotated[str | None, typer.Option("--filter", metavar="JSON", help="Remove what matches.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove every record of the namespace.")] = False,
    whole: Annotated[bool, typer.Option("--index", help="Remove the index; its backups stay.")] = False,
    namespace: Namespace = "",
    yes: Yes = False,
) -> None:
    """Remove records, or an index. Shows what would go and asks first."""
    if bool(ids) + (filter is not None) + everything + whole != 1:
        raise typer.BadParameter("give exactly one of --id ID, --filter JSON, --all and --index")
    condition = parse_object(filter, "--filter")
    with session.database() as database:
        index = session.index(database, name)
        if whole:
            _remove_index(session, database, index, yes)
            return
        if everything:
            removed = _remove_all(session, index, namespace, yes)
        elif condition is not None:
            removed = _remove_matching(session, index, namespace, condition, yes)
        else:
            removed = _remove_ids(session, index, namespace, list(ids or []), yes)
    if session.as_json:
        session.output.json({"index": name, "namespace": namespace, "removed": removed})
    else:
        session.output.line(f"removed {removed:,} record{'' if removed == 1 else 's'} from {name!r}")


def _remove_index(session: Session, database: Database, index: Index, yes: bool) -> None:
    stats = index.stats()
    backups = len(database.list_backups(index.name))
    kept = f"its {backups} backup(s) stay" if backups else "it has no backup"
    preview = [f"index {index.name!r}: {stats.total:,} records in {len(stats.namespaces):,} namespace(s); {kept}"]
    session.confirm(preview, f"Remove the index {index.name!r}?", yes=yes)
    database.delete_index(index.name)
    if session.as_json:
        session.output.json({"index": index.name, "removed_index": True, "removed": stats.total})
    else:
        session.output.line(f"removed the index {index.name!r} with {stats.total:,} records")


def _remove_all(session: Session, index: Index, namespace: str, yes: bool) -> int:
    count = index.describe_namespace(namespace).record_count
    where = f"namespace {namespace!r}" if namespace else "the default namespace"
    session.confirm([f"all {count:,} records of {where}"], "Remove them?", yes=yes)
    return index.delete_all(namespace).count


def _remove_matching(session: Session, index: Index, namespace: str, condition: dict[str, Any], yes: bool) -> int:
    if not yes:
        page, more = index.fetch_where(namespace, condition, limit=PREVIEW)
        if not page:
            session.check_namespace(index, namespace)
            return 0
        count = sum(1 for _ in index.iterate(namespace, filter=condition, include_values=False)) if more else len(page)
        session.confirm(_named(list(page), count), f"Remove {count:,} record(s)?", yes=False)
    return index.delete_where(namespace, condition).count


def _remove_ids(session: Session, index: Index, namespace: str, ids: list[str], yes: bool) -> int:
    found = index.fetch(namespace, ids, include_values=False)
    for id_ in ids:
        if id_ not in found:
            session.output.message(f"no record {id_!r}")
    if not found:
        session.check_namespace(index, namespace)
        return 0
    session.confirm(_named(list(found), len(found)), f"Remove {len(found):,} record(s)?", yes=yes)
    return index.delete(namespace, list(found)).count


def _named(ids: list[str], count: int) -> list[str]:
    return [*(f"  {id_}" for id_ in ids[:PREVIEW]), *([f"  and {count - PREVIEW:,} more"] if count > PREVIEW else [])]
