"""Transactions of known content: what step n leaves is a function of n alone, so a checker needs no log."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Protocol
from zlib import crc32

import apsw

from pinyon.storage.connection import Connections

APPLICATION_ID = 0x74657374


class Workload(Protocol):
    """A store that is driven step by step, from 1, on a disk that may fail.

    One object is one opening of the store. ``apply`` returns when the step is acknowledged and may raise only
    PinyonError. A step may be applied again after it failed.
    """

    def apply(self, step: int) -> None: ...

    def check(self, least: int, most: int) -> int:
        """How many steps the store holds: between ``least`` and ``most``, each whole, nothing else. Else asserts."""
        ...

    def close(self) -> None: ...


class Opener(Protocol):
    """Makes a workload on a folder; ``vfs`` is the name of the VFS to use, None for the real one."""

    def __call__(self, folder: Path, vfs: str | None) -> Workload: ...


class SqlWorkload:
    """Plain SQL: inserts, replacements and deletions, some larger than a page, with checkpoints between."""

    file = "work.sqlite"

    def __init__(self, folder: Path, vfs: str | None) -> None:
        self.connections = Connections(
            folder / self.file, application_id=APPLICATION_ID, create=self._create, vfs=vfs, write_wait=5.0
        )

    @staticmethod
    def _create(connection: apsw.Connection) -> None:
        connection.execute("CREATE TABLE step(n INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, step INTEGER NOT NULL, crc INTEGER, data BLOB)")
        connection.execute("CREATE INDEX item_by_step ON item(step)")

    def apply(self, step: int) -> None:
        with self.connections.write() as connection:
            connection.execute("INSERT OR REPLACE INTO step VALUES(?)", (step,))
            for id_, data in self._changes(step):
                if data is None:
                    connection.execute("DELETE FROM item WHERE id = ?", (id_,))
                else:
                    row = (id_, step, crc32(data), data)
                    connection.execute("INSERT OR REPLACE INTO item VALUES(?, ?, ?, ?)", row)
        if step % 4 == 0:
            self.connections.checkpoint()

    @staticmethod
    def _changes(step: int) -> list[tuple[int, bytes | None]]:
        chance = random.Random(step)
        changes: list[tuple[int, bytes | None]] = []
        for _ in range(chance.randint(1, 6)):
            data = chance.randbytes(chance.choice((0, 20, 500, 3_000, 20_000)))
            changes.append((chance.randint(1, 30), None if chance.random() < 0.2 else data))
        return changes

    @classmethod
    def expected(cls, steps: int) -> dict[int, bytes]:
        """The items after so many steps."""
        items: dict[int, bytes] = {}
        for step in range(1, steps + 1):
            for id_, data in cls._changes(step):
                if data is None:
                    items.pop(id_, None)
                else:
                    items[id_] = data
        return items

    def check(self, least: int, most: int) -> int:
        with self.connections.read() as connection:
            steps = [row[0] for row in connection.execute("SELECT n FROM step ORDER BY n")]
            found = {row[0]: row[1] for row in connection.execute("SELECT id, data FROM item")}
            sound = connection.execute("PRAGMA integrity_check").get
        assert sound == "ok"
        assert steps == list(range(1, len(steps) + 1)), "a step is missing before a later one"
        assert least <= len(steps) <= most, f"{len(steps)} steps, expected {least} to {most}"
        assert found == self.expected(len(steps))
        return len(steps)

    def close(self) -> None:
        self.connections.close()
