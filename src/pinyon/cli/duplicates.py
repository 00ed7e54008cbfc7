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
    from collections.abc import Mapping, Sequence

    from pinyon.app.duplicates import Duplicates, Group, Way
    from pinyon.types import IndexSpec, Picture, Record


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
    """List groups of records that are nearly the same. Every pair is compared; nothing is changed.

    Two records are joined when they are near enough, and groups grow from there. Each line says how near the record is
    to the first of its group.
    """
    from pinyon.app.duplicates import copies_of, duplicates_of, members, usual_way

    condition = parse_object(filter, "--filter")
    with session.database(write=False) as database, session.output.progress() as bar:
        index = session.index(database, name)
        way: Way = by or usual_way(index.spec)

        bar.begin(f"compare by {way}", index.count(namespace), "records")

        if way == "likeness":
            found = copies_of(index, namespace, bits, filter=condition, progress=bar.advance)
        else:
            found = duplicates_of(index, namespace, cosine, filter=condition, progress=bar.advance)
        records = list(members(index, namespace, found.groups))
        if not found.records:
            session.check_namespace(index, namespace)
    if session.as_json:
        session.output.json(_told(found, way))
        return
    _print(session, found, records, index.spec, way)
    if sheet is not None:
        write_sheet(session.output, _pictures(found.groups, records, way), sheet)


def _told(found: Duplicates, way: Way) -> dict[str, Any]:
    """As JSON; ``bits`` or ``cosine`` of a record say how near it is to the first of its group."""
    key = "bits" if way == "likeness" else "cosine"
    groups = [
        [{"id": id, key: int(near) if way == "likeness" else near} for id, near in group] for group in found.groups
    ]
    return {"by": way, "records": found.records, "groups": groups}


def _print(
    session: Session, found: Duplicates, records: Sequence[Mapping[str, Record]], spec: IndexSpec, way: Way
) -> None:
    field = text_field(spec)
    rows = [
        (number, _near(near, way), id, gist(held[id], field) if id in held else "")
        for number, (group, held) in enumerate(zip(found.groups, records, strict=True), 1)
        for id, near in group
    ]
    if rows:
        key = "bits" if way == "likeness" else "cosine"
        last = "text" if spec.embed is not None else "metadata"
        session.output.table(("group", key, "id", last), rows, ("group", key))
    compared = f"{found.records:,} records compared by {way}"
    if rows:
        copies = len(rows) - len(found.groups)
        session.output.message(f"{compared}: {copies:,} could go, and one of each group stay", "dim")
    else:
        session.output.message(f"{compared}: no two are so near")


def _near(near: float, way: Way) -> str:
    return f"{near:.0f}" if way == "likeness" else f"{near:.4f}"


def _pictures(
    groups: Sequence[Group], records: Sequence[Mapping[str, Record]], way: Way
) -> list[tuple[Picture, str, str]]:
    from pinyon.app.picture_files import thumbnail_in

    unit = "bits" if way == "likeness" else "cosine"
    return [
        (picture, f"{number}. {id}", f"{_near(near, way)} {unit}")
        for number, (group, held) in enumerate(zip(groups, records, strict=True), 1)
        for id, near in group
        if id in held and (picture := thumbnail_in(held[id])) is not None
    ]
