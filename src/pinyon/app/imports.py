"""Bulk imports of a server: which files may be read, and where they are.

Layout: ``<directory>/<namespace>/*.parquet`` or ``*.jsonl``; files right in the directory, and those of
``__default__``, belong to the default namespace.
"""

from __future__ import annotations

import importlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final
from urllib.parse import unquote, urlsplit

from pinyon.app.import_rows import read_jsonl, read_parquet
from pinyon.errors import ForbiddenError, InvalidRequestError, MissingExtraError, StorageError
from pinyon.server.imports import ImportBatch, ImportFile

__all__ = ["BulkImporter"]

REMOTE: Final = ("s3", "gs")
SUFFIXES: Final = (".parquet", ".jsonl", ".ndjson")
MOST_FILES: Final = 100_000
MOST_NAMESPACES: Final = 10_000
MOST_FILE_BYTES: Final = 10 * 10**9
MOST_BYTES: Final = 10**12
_DEFAULT: Final = "__default__"
_O_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)


class BulkImporter:
    """Satisfies ``pinyon.server.imports.Importer``.

    roots: directories; local files are read from inside them only, wherever symbolic links lead. remote: schemes that
    may be read through fsspec, such as "s3"; its own package brings each (s3fs, gcsfs).
    """

    def __init__(self, roots: Sequence[Path], *, remote: Sequence[str] = ()) -> None:
        self._roots = tuple(Path(os.path.realpath(root)) for root in roots)
        self._remote = tuple(remote)

    def check(self, uri: str) -> None:
        """Whether anything may be read from there. Raises ForbiddenError, InvalidRequestError, MissingExtraError."""
        scheme = _scheme(uri)
        if scheme in self._remote:
            _fsspec()
        elif scheme in ("", "file"):
            self._local(uri)
        else:
            kinds = ["local paths", "file://", *(f"{name}://" for name in self._remote)]
            raise InvalidRequestError(
                f"Imports from {scheme}:// are not enabled: this server reads {', '.join(kinds[:-1])} and {kinds[-1]}. "
                + (f"Start it with --import-remote to read {scheme}://." if scheme in REMOTE else "")
            )

    def files(self, uri: str) -> list[ImportFile]:
        """Every file of an import, in order of location; none when there is none.

        Raises ForbiddenError when one of them is not inside a root, InvalidRequestError beyond the limits.
        """
        found = self._remote_files(uri) if _scheme(uri) in self._remote else self._local_files(self._local(uri))
        files = sorted(islice(found, MOST_FILES + 1), key=lambda file: file.location)
        _check_limits(files)
        return files

    def batches(self, file: ImportFile, *, skip: int = 0, documents: bool = False) -> Iterator[ImportBatch]:
        """The records of a file, a thousand rows at a time. Raises InvalidRequestError for a file that is damaged.

        documents: each line is a document, as the documents API takes it; Parquet holds none.
        """
        parquet = file.location.lower().endswith(".parquet")
        if parquet and documents:
            raise InvalidRequestError(f"{file.location}: documents are imported from JSONL files, one object a line.")
        with self._opened(file) as stream:
            yield from read_parquet(stream, file, skip) if parquet else read_jsonl(stream, file, skip, documents)

    # -- local files --------------------------------------------------------------------------------------------------

    def _local(self, uri: str) -> Path:
        """The real path of a local directory or file. What lies outside the roots is not said to exist or not."""
        if not self._roots:
            raise ForbiddenError(
                "Imports of local files are off: start the server with --import-root DIR to allow a directory."
            )
        given = Path(_path_of(uri))
        candidates = [given] if given.is_absolute() else [root / given for root in self._roots]
        allowed = [real for path in candidates if self._inside(real := Path(os.path.realpath(path)))]
        if not allowed:
            raise ForbiddenError(
                f"{uri[:200]!r} is not inside a directory that imports may read. These are given with --import-root."
            )
        for path in allowed:
            try:
                if path.is_dir() or path.is_file():
                    return path
            except OSError:  # a name that is too long, or a folder that may not be entered
                continue
        raise InvalidRequestError(f"There is no directory or file at {uri[:200]!r}.")

    def _inside(self, real: Path) -> bool:
        return any(real == root or root in real.parents for root in self._roots)

    def _local_files(self, top: Path) -> Iterator[ImportFile]:
        if top.is_file():
            yield ImportFile("", str(top), top.stat().st_size)
            return
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if _is_data(name):
                    relative = PurePosixPath(path.relative_to(top).as_posix())
                    yield ImportFile(_namespace(relative), str(path), self._regular(path).stat().st_size)

    def _regular(self, path: Path) -> Path:
        """Where a path really leads: a regular file inside a root. Raises ForbiddenError."""
        real = Path(os.path.realpath(path))
        if not self._inside(real) or not real.is_file():
            raise ForbiddenError(f"{path.name!r} does not lead to a file inside a directory that imports may read.")
        return real

    @contextmanager
    def _opened(self, file: ImportFile) -> Iterator[BinaryIO]:
        scheme = _scheme(file.location)
        if scheme in self._remote:
            with self._downloaded(file) as stream:
                yield stream
            return
        try:
            descriptor = os.open(
                self._regular(Path(file.location)), os.O_RDONLY | _O_NOFOLLOW | getattr(os, "O_BINARY", 0)
            )
        except OSError as error:
            raise StorageError(f"{Path(file.location).name!r} cannot be read: {error.strerror}.") from None
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ForbiddenError(f"{Path(file.location).name!r} is no regular file.")
            yield stream

    # -- object stores ------------------------------------------------------------------------------------------------

    def _remote_files(self, uri: str) -> Iterator[ImportFile]:
        scheme = _scheme(uri)
        with _remote_errors(uri):
            files, top = _fsspec().core.url_to_fs(uri)
            listed: Mapping[str, Mapping[str, Any]] = files.find(top, detail=True)
        above = PurePosixPath(top)
        for path, about in listed.items():
            if _is_data(PurePosixPath(path).name):
                relative = PurePosixPath(path).relative_to(above) if path != str(above) else PurePosixPath(above.name)
                yield ImportFile(_namespace(relative), f"{scheme}://{path.lstrip('/')}", int(about.get("size") or 0))

    @contextmanager
    def _downloaded(self, file: ImportFile) -> Iterator[BinaryIO]:
        with tempfile.TemporaryFile(prefix="pinyon-import-") as local:
            with _remote_errors(file.location):
                files, path = _fsspec().core.url_to_fs(file.location)
                with files.open(path, "rb") as remote:
                    while block := remote.read(1 << 20):
                        local.write(block)
            local.seek(0)
            yield local


def _fsspec() -> Any:
    try:
        return importlib.import_module("fsspec")
    except ImportError:
        raise MissingExtraError(
            "Imports from object stores need the package 'fsspec': pip install 'pinyon[remote]'"
        ) from None


@contextmanager
def _remote_errors(uri: str) -> Iterator[None]:
    """What a store's own package raises, as one of our errors; each package has a tree of its own."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(f"Imports from {_scheme(uri)}:// need a package more: {error}") from None
    except (OSError, ValueError, RuntimeError, LookupError, TypeError) as error:
        raise StorageError(f"{uri[:200]!r} cannot be read: {type(error).__name__}: {str(error)[:200]}") from None


# -- names ------------------------------------------------------------------------------------------------------------


def _scheme(uri: str) -> str:
    """In lower case, "" for a plain path; a Windows drive letter is no scheme."""
    head, colon, _ = uri.partition("://")
    return head.lower() if colon and head.isascii() and head.replace("+", "").isalnum() else ""


def _path_of(uri: str) -> str:
    """Raises InvalidRequestError for a path that no file system knows."""
    path = uri
    if _scheme(uri) == "file":
        try:
            parts = urlsplit(uri)
            path = unquote(parts.path, errors="strict")
        except ValueError:
            raise InvalidRequestError(f"{uri[:200]!r} is not a valid file:// address.") from None
        if parts.netloc not in ("", "localhost"):
            raise InvalidRequestError(
                f"file:// names a path of the server's own machine, not of {parts.netloc[:80]!r}."
            )
        if os.name == "nt":
            path = path.lstrip("/")
    if "\0" in path or not path:
        raise InvalidRequestError(f"{uri[:200]!r} is no path.")
    return path


def _is_data(name: str) -> bool:
    return not name.startswith((".", "_")) and name.lower().endswith(SUFFIXES)


def _namespace(relative: PurePosixPath) -> str:
    top = relative.parts[0] if len(relative.parts) > 1 else ""
    return "" if top == _DEFAULT else top


def _check_limits(files: Sequence[ImportFile]) -> None:
    if len(files) > MOST_FILES:
        raise InvalidRequestError(f"More than {MOST_FILES:,} files are too many for one import. Split it.")
    spaces = len({file.namespace for file in files})
    if spaces > MOST_NAMESPACES:
        raise InvalidRequestError(
            f"{spaces:,} namespaces are more than {MOST_NAMESPACES:,}, the limit. Split the import."
        )
    total = sum(file.size for file in files)
    if total > MOST_BYTES:
        raise InvalidRequestError(f"{total:,} bytes are more than {MOST_BYTES:,}, the limit of one import. Split it.")
    for file in files:
        if file.size > MOST_FILE_BYTES:
            raise InvalidRequestError(
                f"{file.location!r} has {file.size:,} bytes; a file may have {MOST_FILE_BYTES:,}."
            )
