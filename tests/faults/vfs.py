"""A disk that fails on purpose, under the real SQLite.

``FaultyVFS`` passes everything on to the real file system. It can fail at the n-th call (``Fault``), and it records
every write, truncation, sync and deletion (``Trace``), from which ``Disk`` makes what a power loss could have left.

The index of the write-ahead log (shared memory) passes through untouched: it holds nothing that must survive.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal

import apsw

Call = Literal["open", "read", "write", "sync", "truncate", "delete", "size"]
CALLS: tuple[Call, ...] = ("open", "read", "write", "sync", "truncate", "delete", "size")

_CODES: dict[Call, int] = {
    "open": apsw.SQLITE_CANTOPEN,
    "read": apsw.SQLITE_IOERR_READ,
    "write": apsw.SQLITE_IOERR_WRITE,
    "sync": apsw.SQLITE_IOERR_FSYNC,
    "truncate": apsw.SQLITE_IOERR_TRUNCATE,
    "delete": apsw.SQLITE_IOERR_DELETE,
    "size": apsw.SQLITE_IOERR_FSTAT,
}


@dataclass
class Fault:
    """Fails the ``at``-th matching call (from 1), and every later one when ``forever``.

    error: "io" (EIO), "full" (ENOSPC; writes only) or "short" (half of a write arrives, then ENOSPC).
    """

    at: int
    error: Literal["io", "full", "short"] = "io"
    forever: bool = False
    calls: tuple[Call, ...] = CALLS
    count: int = 0
    hits: list[Call] = field(default_factory=list)

    def strikes(self, call: Call) -> bool:
        if call not in (("write",) if self.error != "io" else self.calls):
            return False
        self.count += 1
        hit = self.count == self.at or (self.forever and self.count > self.at)
        if hit:
            self.hits.append(call)
        return hit

    def raise_for(self, call: Call) -> None:
        code = _CODES[call] if self.error == "io" else apsw.SQLITE_FULL
        error = type(apsw.exception_for(code))(f"the disk failed a {call}, as the test wants it")
        error.extendedresult, error.result = code, code & 0xFF
        raise error


@dataclass(frozen=True)
class Operation:
    """What reached the operating system. ``mark`` is a note of the test between the calls."""

    kind: Literal["create", "write", "truncate", "sync", "delete", "mark"]
    file: str
    offset: int = 0
    data: bytes = b""
    synced: bool = False


class Trace:
    """The operations of a run, in order."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def mark(self, text: str) -> None:
        self.operations.append(Operation("mark", text))

    def marks(self, until: int) -> Iterator[str]:
        """Notes among the first ``until`` operations."""
        return (operation.file for operation in self.operations[:until] if operation.kind == "mark")


class FaultyVFS(apsw.VFS):
    """``with FaultyVFS() as vfs: Connections(path, vfs=vfs.name, ...)``"""

    def __init__(self, base: str = "") -> None:
        self.name = f"faulty-{uuid.uuid4().hex}"
        self.fault: Fault | None = None
        self.trace: Trace | None = None
        super().__init__(self.name, base)

    def __enter__(self) -> FaultyVFS:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unregister()

    def call(self, call: Call) -> None:
        if self.fault is not None and self.fault.strikes(call):
            self.fault.raise_for(call)

    def note(self, operation: Operation) -> None:
        if self.trace is not None:
            self.trace.operations.append(operation)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> FaultyFile:
        self.call("open")
        return FaultyFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.call("delete")
        super().xDelete(filename, syncdir)
        self.note(Operation("delete", Path(filename).name, synced=syncdir))


class FaultyFile(apsw.VFSFile):
    def __init__(self, vfs: FaultyVFS, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self.vfs = vfs
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        # Temporary files have no name and need not survive anything.
        self.file = Path(path).name if path else None
        existed = path is not None and Path(path).exists()
        super().__init__("", name, flags)
        if self.file is not None and not existed:
            vfs.note(Operation("create", self.file))

    def xRead(self, amount: int, offset: int) -> bytes:
        self.vfs.call("read")
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        fault = self.vfs.fault
        if fault is not None and fault.strikes("write"):
            if fault.error == "short":
                self._write(bytes(data)[: len(data) // 2], offset)
            fault.raise_for("write")
        self._write(bytes(data), offset)

    def _write(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        if self.file is not None:
            self.vfs.note(Operation("write", self.file, offset, data))

    def xSync(self, flags: int) -> None:
        self.vfs.call("sync")
        super().xSync(flags)
        if self.file is not None:
            self.vfs.note(Operation("sync", self.file))

    def xTruncate(self, newsize: int) -> None:
        self.vfs.call("truncate")
        super().xTruncate(newsize)
        if self.file is not None:
            self.vfs.note(Operation("truncate", self.file, newsize))

    def xFileSize(self) -> int:
        self.vfs.call("size")
        return super().xFileSize()


class Disk:
    """What survives: per file the synced content, and the operations since, of which any subset may have arrived.

    ``advance`` plays a trace; ``after_power_loss`` decides about the rest by a seed.
    """

    def __init__(self) -> None:
        self._synced: dict[str, bytearray | None] = {}
        self._pending: dict[str, list[Operation]] = {}

    def advance(self, operation: Operation) -> None:
        if operation.kind == "mark":
            return
        pending = self._pending.setdefault(operation.file, [])
        pending.append(operation)
        if operation.kind == "sync" or (operation.kind == "delete" and operation.synced):
            content = self._synced.get(operation.file)
            for each in pending:
                content = _apply(content, each)
            self._synced[operation.file] = content
            self._pending[operation.file] = []

    def after_power_loss(self, seed: int) -> dict[str, bytes]:
        """File name -> content of one possible state; files that are gone are absent."""
        chance = random.Random(seed)
        survival = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        sector = chance.choice((512, 4096))
        style = chance.choice(("prefix", "writes", "sectors"))
        state: dict[str, bytes] = {}
        for file in sorted(self._synced.keys() | self._pending.keys()):
            old = self._synced.get(file)
            content = None if old is None else bytearray(old)
            for operation in _survivors(self._pending.get(file, []), chance, survival, style, sector):
                content = _apply(content, operation)
            if content is not None:
                state[file] = bytes(content)
        return state


def _survivors(
    pending: list[Operation], chance: random.Random, survival: float, style: str, sector: int
) -> Iterator[Operation]:
    if style == "prefix":
        yield from pending[: round(len(pending) * survival)]
        return
    for operation in pending:
        if operation.kind != "write" or style == "writes":
            if chance.random() < survival:
                yield operation
            continue
        data, offset = operation.data, operation.offset
        start = offset
        while start < offset + len(data):
            end = min((start // sector + 1) * sector, offset + len(data))
            if chance.random() < survival:
                yield Operation("write", operation.file, start, data[start - offset : end - offset])
            start = end


def _apply(content: bytearray | None, operation: Operation) -> bytearray | None:
    if operation.kind == "delete":
        return None
    if operation.kind == "sync":
        return content
    if content is None:
        content = bytearray()
    if operation.kind == "write":
        end = operation.offset + len(operation.data)
        if len(content) < end:
            content.extend(bytes(end - len(content)))
        content[operation.offset : end] = operation.data
    elif operation.kind == "truncate":
        del content[operation.offset :]
    return content


def place(state: dict[str, bytes], folder: Path) -> None:
    """Writes a state into an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in state.items():
        (folder / name).write_bytes(data)
