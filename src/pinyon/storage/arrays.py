"""One immutable cache file of named arrays: every byte is covered by a checksum, and the header by a digest.

    magic      8 bytes   b"PINYARR\\0"
    version    uint32 LE
    length     uint32 LE  bytes of the header
    header     JSON, padded with spaces so that the payload begins at a multiple of 64
    payload    arrays in C order, little-endian, each at a multiple of 64 from the start of the payload; zeros between

The digest is BLAKE2b-128 over everything before the payload, and the header holds the CRC-32 of each 1 MiB block of
the payload and the payload's length. Whoever keeps the digest therefore recognises the whole file. Nothing is synced to
disk: after a power loss the file is what it was, or it fails its checksums.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import CorruptionError
from pinyon.storage.blocks import BLOCK, Blocks
from pinyon.storage.files import open_existing, open_new, read_fully, temporary_name, translated, write_fully
from pinyon.types import Ints

Array: TypeAlias = NDArray[Any]
Meta: TypeAlias = "Mapping[str, str | int | float]"

MAGIC: Final = b"PINYARR\0"
VERSION: Final = 1
ALIGNMENT: Final = 64
_PREFIX: Final = struct.Struct("<8sII")
_HEADER_LIMIT: Final = 64 << 20
# No objects, strings or dates: nothing that needs more than its bytes to be an array.
_DTYPES: Final = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<f2", "<i4", "<u4", "<f4", "<i8", "<u8", "<f8"])


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where an array lies in the payload."""

    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        return np.dtype(self.dtype).itemsize * prod(self.shape)

    @property
    def row_bytes(self) -> int:
        return np.dtype(self.dtype).itemsize * prod(self.shape[1:])


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _little(name: str, array: Array) -> Array:
    array = np.ascontiguousarray(array).reshape(array.shape)
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if little.dtype.str not in _DTYPES:
        raise TypeError(f"array {name!r} has dtype {array.dtype}; a cache file holds only {', '.join(sorted(_DTYPES))}")
    return little


def _chunks(arrays: Mapping[str, Array]) -> Iterator[memoryview]:
    """The payload in order, as pieces."""
    for array in arrays.values():
        if array.nbytes:
            yield array.reshape(-1).view(np.uint8).data
            yield memoryview(bytes(_aligned(array.nbytes) - array.nbytes))


def _block_crcs(chunks: Iterator[memoryview]) -> list[int]:
    crcs: list[int] = []
    filled = 0
    for chunk in chunks:
        taken = 0
        while taken < chunk.nbytes:
            part = chunk[taken : taken + BLOCK - filled]
            if filled:
                crcs[-1] = crc32(part, crcs[-1])
            else:
                crcs.append(crc32(part))
            taken += part.nbytes
            filled = (filled + part.nbytes) % BLOCK
    return crcs


def _header(arrays: Mapping[str, Array], meta: Meta) -> bytes:
    offset = 0
    layouts: dict[str, list[Any]] = {}
    for name, array in arrays.items():
        layouts[name] = [array.dtype.str, list(array.shape), offset]
        offset += _aligned(array.nbytes)
    body = {"arrays": layouts, "meta": dict(meta), "payload": offset, "crc32": _block_crcs(_chunks(arrays))}
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (_aligned(_PREFIX.size + len(text)) - _PREFIX.size - len(text))
    return _PREFIX.pack(MAGIC, VERSION, len(text)) + text


def digest_of(header: bytes) -> str:
    """32 hex digits over everything that precedes the payload."""
    return hashlib.blake2b(header, digest_size=16).hexdigest()


def write_arrays(path: Path, arrays: Mapping[str, Array], meta: Meta) -> str:
    """Writes the file under a temporary name, renames it to ``path`` and gives its digest.

    arrays: any shapes of bool, integer or float dtypes. meta: finite numbers and strings.
    Raises StorageError, StorageFullError or ReadOnlyError; then ``path`` is as before.
    """
    digest, temporary = stage_arrays(path, arrays, meta)
    publish_staged(temporary, path)
    return digest


def stage_arrays(path: Path, arrays: Mapping[str, Array], meta: Meta) -> tuple[str, Path]:
    """The digest, and a complete file under a temporary name beside ``path`` that the caller renames."""
    little = {name: _little(name, array) for name, array in arrays.items()}
    header = _header(little, meta)
    temporary = temporary_name(path)
    with translated(path, "write the cache file"):
        try:
            descriptor = open_new(temporary)
            try:
                write_fully(descriptor, header, 0)
                position = len(header)
                for chunk in _chunks(little):
                    write_fully(descriptor, chunk, position)
                    position += chunk.nbytes
            finally:
                os.close(descriptor)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    return digest_of(header), temporary


def publish_staged(temporary: Path, path: Path) -> None:
    """Gives a staged file its final name, replacing what had it."""
    with translated(path, "write the cache file"):
        try:
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


class CacheFile:
    """An open cache file whose header is verified; the payload is verified as it is used. Thread-safe."""

    def __init__(self, path: Path, blocks: Blocks, layouts: Mapping[str, _Layout], meta: Meta) -> None:
        self.path = path
        self.meta: Meta = meta
        self._blocks = blocks
        self._layouts = layouts
        self._map: mmap.mmap | None = None
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        return name in self._layouts

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._layouts)

    @property
    def complete(self) -> bool:
        """True once every block was verified."""
        return self._blocks.complete

    def size(self, name: str) -> int:
        """Bytes of one array. Raises KeyError."""
        return self._layouts[name].size

    def array(self, name: str) -> Array:
        """A verified copy of one array, writable and independent of the file. Raises KeyError, CorruptionError."""
        layout = self._layouts[name]
        with self._lock:
            if self._map is not None and self._blocks.complete:
                return self._view(layout).copy()
            data = self._blocks.read(layout.offset, layout.offset + layout.size)
        return np.frombuffer(data, layout.dtype).reshape(layout.shape)

    def map(self, name: str) -> Array:
        """The array as a read-only map. Its values may be used after ``verify_rows``, ``verify`` or ``verify_all``.

        The array stays valid after ``close``. Raises KeyError, CorruptionError.
        """
        with self._lock:
            return self._view(self._layouts[name])

    def _view(self, layout: _Layout) -> Array:
        if not layout.size:
            return np.empty(layout.shape, layout.dtype)
        if self._map is None:
            self._map = self._blocks.map(self._blocks.base + self._blocks.length)
        start = self._blocks.base + layout.offset
        flat: Array = np.frombuffer(self._map, layout.dtype, prod(layout.shape), start)
        return flat.reshape(layout.shape)

    def verify_rows(self, name: str, rows: Ints) -> None:
        """Verifies what holds these rows (first axis; (m,) int64, any order). Raises CorruptionError.

        Costs an attribute look-up and a call once the whole file is verified.
        """
        if not self._blocks.complete:
            layout = self._layouts[name]
            self._blocks.ensure_rows(layout.offset, layout.row_bytes, rows)

    def verify(self, name: str) -> None:
        """Verifies the blocks of one array. Raises CorruptionError."""
        if not self._blocks.complete:
            layout = self._layouts[name]
            self._blocks.ensure(layout.offset, layout.offset + layout.size)

    def verify_all(self) -> None:
        """Verifies the whole file, 1 MiB at a time; meant for a background thread. Raises CorruptionError.

        Afterwards nothing needs the descriptor any more (the map remains), so it is closed.
        """
        self._blocks.ensure_all()
        with self._lock:
            if self._map is None:
                self._map = self._blocks.map(self._blocks.base + self._blocks.length)
            self._blocks.close()

    def close(self) -> None:
        """Closes the file. Maps stay valid; what is not verified by now can't be any more."""
        with self._lock:
            self._blocks.close()
            self._map = None

    def __enter__(self) -> CacheFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_arrays(path: Path, digest: str) -> CacheFile:
    """Opens a cache file that has exactly this digest; reads the header only.

    Raises CorruptionError when it is missing, cut, longer, another file, damaged in its header or of another version:
    the caller builds the cache anew.
    """
    try:
        descriptor = open_existing(path)
    except OSError as error:
        raise CorruptionError(f"cache file {path} cannot be opened: {error.strerror or error}.") from error
    try:
        return _read(path, descriptor, digest)
    except BaseException:
        with suppress(OSError):
            os.close(descriptor)
        raise


def _read(path: Path, descriptor: int, digest: str) -> CacheFile:
    try:
        size = os.fstat(descriptor).st_size
        prefix = read_fully(descriptor, _PREFIX.size, 0)
        if len(prefix) < _PREFIX.size:
            raise _refused(path, "it is cut within its header")
        magic, version, length = _PREFIX.unpack(prefix)
        if magic != MAGIC or version != VERSION:
            raise _refused(path, f"it does not begin like a cache file of version {VERSION}")
        if length > min(size, _HEADER_LIMIT):
            raise _refused(path, f"its header claims {length} bytes and the file has {size}")
        header = prefix + read_fully(descriptor, length, _PREFIX.size)
    except CorruptionError:
        raise
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error
    if digest_of(header) != digest:
        raise _refused(path, f"its digest is {digest_of(header)}, expected {digest}")
    body = json.loads(header[_PREFIX.size :])
    if size != len(header) + body["payload"]:
        raise _refused(path, f"it has {size} bytes, expected {len(header) + body['payload']}")
    layouts = {name: _Layout(dtype, tuple(shape), offset) for name, (dtype, shape, offset) in body["arrays"].items()}
    for name, layout in layouts.items():
        if layout.dtype not in _DTYPES or not 0 <= layout.offset <= layout.offset + layout.size <= body["payload"]:
            raise _refused(path, f"array {name!r} does not lie inside it")
    return CacheFile(path, Blocks(path, descriptor, len(header), body["payload"], body["crc32"]), layouts, body["meta"])


def _refused(path: Path, reason: str) -> CorruptionError:
    return CorruptionError(f"cache file {path} is not usable: {reason}. It is rebuilt from the truth file.")
