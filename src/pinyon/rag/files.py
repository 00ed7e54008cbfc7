"""Finds the documents under a path. What is passed over is reported, with the reason."""

from __future__ import annotations

import fnmatch
import os
import stat
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.rag.formats import NAMES, RECORD_SUFFIXES, format_of, unsupported

__all__ = ["MAXIMUM_BYTES", "MAXIMUM_OFFICE_BYTES", "FoundFile", "Skipped", "find"]

IGNORED_DIRECTORIES = frozenset({"__pycache__", "bower_components", "node_modules", "site-packages", "venv"})
DIRECTORY_MARKS = ("pyvenv.cfg", "catalog.sqlite")
"""A directory with such a file is a virtual environment or a Pinyon data directory."""

MAXIMUM_BYTES = 20 * 1024**2
"""Larger files of text inside a directory are passed over: dumps and logs rather than documents."""

MAXIMUM_OFFICE_BYTES = 100 * 1024**2
"""The same for PDF, office files and notebooks, which hold pictures."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read. ``source`` is its path below ``root``, with ``/`` between the parts, in Unicode form NFC."""

    path: Path
    root: Path
    source: str
    named: bool
    """Whether the caller named this very file, so that neither suffix nor size is a reason to pass it over."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read. lasting: because of what it holds, so that another try gives the same."""

    path: Path
    reason: str
    lasting: bool = False


def find(
    paths: Sequence[Path],
    *,
    root: Path | None = None,
    glob: str | None = None,
    records: bool = False,
    also: Collection[str] = (),
) -> Iterator[FoundFile | Skipped]:
    """Every document at or under the paths, each once, in a stable order.

    Hidden files and directories, virtual environments and the like are left out silently; other files of a directory
    that are not taken come as Skipped. root: what ``source`` is relative to; by default the directory that was named,
    or the directory of the file that was named. glob: takes the files that match it and no others, whatever their
    suffix; a pattern without ``/`` is matched against the name. records: csv and jsonl files of directories are
    documents too. also: further suffixes, in lower case, of files that the caller can read.
    Raises NotFoundError, InvalidRequestError.
    """
    for path in paths:
        if not os.path.exists(path):
            raise NotFoundError(f"no file or directory {str(path)!r}: check the spelling and the working directory")
        if root is not None and not path.resolve().is_relative_to(root.resolve()):
            raise InvalidRequestError(
                f"{str(path)!r} is not below the root {str(root)!r}: leave --root out, or widen it"
            )
    seen: set[Path] = set()
    sources: dict[tuple[Path, str], Path] = {}
    for path in paths:
        named = not path.is_dir()
        whole = _absolute(path)
        base = root.resolve() if root is not None else whole.parent if named else whole
        for file in iter([whole]) if named else _walk(whole):
            if isinstance(file, Skipped):
                if glob is None:
                    yield file
                continue
            if file in seen:
                continue
            seen.add(file)
            found = FoundFile(file, base, _source(file, base), named)
            twin = sources.setdefault((base, found.source), file)
            reason = _irregular(file) if named else _unwanted(found, glob, records, also)
            if twin != file:
                reason = f"the same name as {twin.name!a} once Unicode is normalised: rename one of them"
            if not reason:
                yield found
            elif glob is None or named:
                yield Skipped(file, reason)


def _absolute(path: Path) -> Path:
    """A directory's real path; of a file the directory is resolved, and a link keeps its own name."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _walk(folder: Path) -> Iterator[Path | Skipped]:
    """Files below, sorted; links to directories are not followed, for they may lead in a circle."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        yield Skipped(folder, f"cannot be listed: {error.strerror or error}")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in IGNORED_DIRECTORIES and not _is_marked(entry.path):
                yield from _walk(path)
        elif entry.is_symlink() and (reason := _bad_link(path)):
            yield Skipped(path, reason)
        else:
            yield path


def _bad_link(path: Path) -> str:
    try:
        status = path.stat()
    except OSError as error:
        return f"a link that leads nowhere: {error.strerror or error}"
    if stat.S_ISDIR(status.st_mode):
        return "a link to a directory, which is not followed: name it to read it"
    return ""


def _irregular(path: Path) -> str:
    """Reading a pipe or a device would wait for ever."""
    try:
        return "" if stat.S_ISREG(path.stat().st_mode) else "neither a file nor a directory"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _is_marked(folder: str) -> bool:
    return any(os.path.exists(os.path.join(folder, mark)) for mark in DIRECTORY_MARKS)


def _source(file: Path, base: Path) -> str:
    # Apple's file systems hand out Korean names in decomposed form; the id of a file must not depend on the machine.
    return unicodedata.normalize("NFC", file.relative_to(base).as_posix())


def _unwanted(file: FoundFile, glob: str | None, records: bool, also: Collection[str]) -> str:
    """Why a file of a directory is passed over; empty when it is not."""
    name, suffix = file.path.name, file.path.suffix.lower()
    if glob is not None:
        matches = fnmatch.fnmatchcase(file.source if "/" in glob else name, glob)
        return _irregular(file.path) if matches else "does not match the pattern"
    if suffix in RECORD_SUFFIXES and not (records and format_of(suffix)):
        return f"a {suffix} file of records: name it itself to read it"
    known = format_of(suffix)
    if known is None and suffix not in also and (suffix or name.lower() not in NAMES):
        return unsupported(suffix)
    try:
        status = file.path.stat()
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not stat.S_ISREG(status.st_mode):
        return "neither a file nor a directory"
    binary = suffix in also if known is None else known.binary
    limit = MAXIMUM_OFFICE_BYTES if binary else MAXIMUM_BYTES
    if status.st_size > limit:
        return f"{status.st_size:,} bytes, over {limit:,}: name the file itself to read it"
    return ""
