"""The tables of ARCHITECTURE.md and the walls that the source keeps are the same."""

from __future__ import annotations

import architecture
from docs.documents import ROOT, table

PAGE = ROOT / "ARCHITECTURE.md"
SOURCE = ROOT / "src" / "pinyon"


def built() -> set[str]:
    """The rooms that exist, of those that the walls know."""
    return {room for room in architecture.ROOMS if (SOURCE / room).is_dir() or (SOURCE / f"{room}.py").exists()}


def test_the_page_says_who_may_import_whom() -> None:
    rooms = built()
    described = {
        row["room"]: set(filter(None, row["may import"].split(", "))) for row in table(PAGE, "room", "may import")
    }
    assert described == {room: architecture.ROOMS[room] & rooms for room in rooms}


def test_every_room_has_its_question() -> None:
    rows = list(table(PAGE, "room", "answers", "useful for", "not for"))
    assert {row["room"] for row in rows} == built() - {"__init__"}
    assert all(all(row.values()) for row in rows)
