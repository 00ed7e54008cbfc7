"""duplicates: records that are nearly the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pinyon.cli.commands import IndexName, Namespace, command
from pinyon.cli.searching import Filter, gist, text_field
from pinyon.cli.session import Session, parse_object
from pinyon.cli.showing import write_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinyon.app.duplicates import Duplicates, Way
    from pinyon.types import IndexSpec, Picture, Record

UNITS = {"likeness": "bits", "vector": "cosine"}
"""In what it is told how near records are."""


@command(
    "duplicates",
    section="Search",
    examples=(
        (
            "copies of pictures, also scaled or compressed anew, and a sheet of them",
            "pinyon duplicates photos --sheet copies.png",
        ),
        ("passages that say nearly the same", "pinyon duplicates docs --cosine 0.95"),
        ("pictures that the model takes for the same thing", "pinyon duplicates photos --by vector"),
    ),
)
def duplicates(
    session: Session,
    name: IndexName,
    by: Annotated[
        Literal["likeness", "vector"] | None,
        typer.Option(
            "--by", help="What is compared [default: likeness in an index whose model sees pictures, else vector]."
        ),
    ] = None,
    bits: Annotated[
        int, typer.Option("--bits", min=0, max=64, help="By likeness: bits of 64 that may differ; 0 is the strictest.")
    ] = 6,
    cosine: Annotated[
        float, typer.Option("--cosine", min=0.0, max=1.0, help="By vector: the least cosine; 1 is the strictest.")
    ] = 0.98,
    filter: Filter = None,
    namespace: Namespace = "",
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="FILE", help="Write the pictures among them as one PNG.")
    ] = None,
) -> None:
    """List groups of records that are nearly the same; nothing is changed.

    A record belongs to the earliest group whose first record is near enough. Each line says how near it is to that one.
    """
    from pinyon.app.duplicates import copies_of, duplicates_of, fetched, usual_way

    condition = parse_object(filter, "--filter")
    with session.database(write=False) as database, session.output.progress() as bar:
        index = session.index(database, name)
        way: Way = by or usual_way(index.spec)
        bar.begin(f"compare by {way}", index.count(namespace), "records")
        if way == "likeness":
            found = copies_of(index, namespace, bits, filter=condition, progress=bar.advance)
        else:
            found = duplicates_of(index, namespace, cosine, filter=condition, progress=bar.advance)
        named = [] if session.as_json else [id for group in found.groups for id, _ in group]
        records = fetched(index, namespace, named)
        if not found.records:
            session.check_namespace(index, namespace)
    if session.as_json:
        session.output.json(_told(found, way))
        return
    _print(session, found, records, index.spec, way)
    if sheet is not None:
        write_sheet(session.output, _pictures(found, records, way), sheet)


def _told(found: Duplicates, way: Way) -> dict[str, Any]:
    """As JSON; ``bits`` or ``cosine`` of a record say how near it is to the first of its group."""
    groups = [
        [{"id": id, UNITS[way]: int(near) if way == "likeness" else near} for id, near in group]
        for group in found.groups
    ]
    return {"by": way, "records": found.records, "groups": groups}


def _members(found: Duplicates, way: Way) -> list[tuple[int, str, str]]:
    """The number of its group, its id, and how near it is to the first, of every record, in order."""
    digits = 0 if way == "likeness" else 4
    return [(number, id, f"{near:.{digits}f}") for number, group in enumerate(found.groups, 1) for id, near in group]


def _print(session: Session, found: Duplicates, records: Mapping[str, Record], spec: IndexSpec, way: Way) -> None:
    field = text_field(spec)
    rows = [
        (number, near, id, gist(records[id], field) if id in records else "")
        for number, id, near in _members(found, way)
    ]
    compared = f"{found.records:,} records compared by {way}"
    if not rows:
        session.output.message(f"{compared}: no two are so near")
        return
    last = "text" if spec.embed is not None else "metadata"
    session.output.table(("group", UNITS[way], "id", last), rows, ("group", UNITS[way]))
    copies = len(rows) - len(found.groups)
    session.output.message(f"{compared}: {copies:,} could go, and one of each group stay", "dim")


def _pictures(found: Duplicates, records: Mapping[str, Record], way: Way) -> list[tuple[Picture, str, str]]:
    from pinyon.app.picture_files import thumbnail_in

    return [
        (picture, f"{number}. {id}", f"{near} {UNITS[way]}")
        for number, id, near in _members(found, way)
        if id in records and (picture := thumbnail_in(records[id])) is not None
    ]
