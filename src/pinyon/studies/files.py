"""Readers of vector files: .npy, .fvecs, .bvecs, .ivecs, and .hdf5 as ann-benchmarks writes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import InvalidRequestError, MissingExtraError, NotFoundError
from pinyon.types import Metric

VECTOR_SUFFIXES = (".npy", ".fvecs", ".bvecs", ".ivecs", ".hdf5", ".h5")
_COMPONENTS: dict[str, type] = {".fvecs": np.float32, ".bvecs": np.uint8, ".ivecs": np.int32}
_LENGTH_BYTES = 4
_DISTANCES: dict[str, Metric] = {
    "angular": "cosine",
    "cosine": "cosine",
    "dot": "dotproduct",
    "ip": "dotproduct",
    "euclidean": "euclidean",
    "l2": "euclidean",
}


@dataclass(frozen=True, slots=True)
class FileSet:
    """An ann-benchmarks file: ``base`` (n, d), ``queries`` (q, d), ``neighbours`` (q, r) row numbers or None."""

    base: NDArray[Any]
    queries: NDArray[Any]
    neighbours: NDArray[Any] | None
    metric: Metric


def is_set(path: Path) -> bool:
    """Whether a file holds vectors, queries and perhaps their truth together."""
    return path.suffix.lower() in (".hdf5", ".h5")


def read_matrix(path: Path, rows: int | None = None) -> NDArray[Any]:
    """(n, d) numbers of the type that the file holds: its first ``rows``, all by default.

    .npy is a two-dimensional array of numbers; in .fvecs, .bvecs and .ivecs each row is a little-endian int32, the
    dimension, and so many float32, uint8 or int32. Files are mapped: what is not used is not read.
    Raises NotFoundError, and InvalidRequestError that says what is wrong where.
    """
    if not path.is_file():
        raise NotFoundError(f"no file {str(path)!r}: check the spelling and the working directory")
    suffix = path.suffix.lower()
    if suffix == ".npy":
        found = _npy(path)
    elif suffix in _COMPONENTS:
        found = _vecs(path, np.dtype(_COMPONENTS[suffix]), rows)
    else:
        raise InvalidRequestError(
            f"{str(path)!r} has the suffix {path.suffix!r}: vectors are read from {', '.join(VECTOR_SUFFIXES)}"
        )
    return found if rows is None else found[:rows]


def read_set(path: Path, rows: int | None = None) -> FileSet:
    """An .hdf5 file with the data sets ``train``, ``test`` and perhaps ``neighbors``, and the attribute ``distance``.

    Raises NotFoundError, InvalidRequestError, MissingExtraError without h5py.
    """
    if not path.is_file():
        raise NotFoundError(f"no file {str(path)!r}: check the spelling and the working directory")
    with _hdf5(path) as file:
        missing = [name for name in ("train", "test") if name not in file]
        if missing:
            raise InvalidRequestError(
                f"{path}: no data set {' and '.join(missing)}; a file of ann-benchmarks has 'train' and 'test', "
                f"and this one {', '.join(sorted(file)) or 'nothing'}"
            )
        base = _numbers(path, file["train"][: file["train"].shape[0] if rows is None else rows])
        queries = _numbers(path, file["test"][:])
        neighbours = np.asarray(file["neighbors"][:]) if "neighbors" in file else None
        distance = file.attrs.get("distance", "euclidean")
    distance = distance.decode() if isinstance(distance, bytes) else str(distance)
    if distance.lower() not in _DISTANCES:
        known = ", ".join(sorted(_DISTANCES))
        raise InvalidRequestError(f"{path}: its distance is {distance!r}; what can be studied is {known}")
    return FileSet(base, queries, neighbours, _DISTANCES[distance.lower()])


@contextmanager
def _hdf5(path: Path) -> Iterator[Any]:
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError(f"reading {path.name} needs h5py ({error}). Run: pip install 'pinyon[study]'") from None
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise InvalidRequestError(f"{path}: not an HDF5 file ({error})") from None
    with file:
        yield file


def _npy(path: Path) -> NDArray[Any]:
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InvalidRequestError(f"{path}: not a .npy file of numbers ({error})") from None
    return _numbers(path, found)


def _numbers(path: Path, found: Any) -> NDArray[Any]:
    array: NDArray[Any] = np.asanyarray(found)
    if array.ndim != 2 or array.dtype.kind not in "fiu" or array.shape[1] < 1:
        raise InvalidRequestError(
            f"{path}: an array of {array.dtype} with shape {array.shape}; vectors are rows of numbers, shape (n, d)"
        )
    return array


def _vecs(path: Path, component: np.dtype[Any], limit: int | None) -> NDArray[Any]:
    size = path.stat().st_size
    if size < _LENGTH_BYTES:
        raise InvalidRequestError(f"{path}: {size} bytes, too few for one vector")
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    d = int(raw[:_LENGTH_BYTES].view("<i4")[0])
    stride = _LENGTH_BYTES + d * component.itemsize
    if d < 1 or size % stride:
        raise InvalidRequestError(
            f"{path}: {size} bytes are not rows of {component} that begin with their dimension: the first one says {d}"
        )
    record = np.dtype([("d", "<i4"), ("values", component.newbyteorder("<"), (d,))])
    rows = raw.view(record)[:limit]
    wrong = np.flatnonzero(rows["d"] != d)
    if wrong.size:
        at = int(wrong[0])
        raise InvalidRequestError(
            f"{path}: row {at} (byte {at * stride}) says dimension {rows['d'][at]}, and the first one {d}"
        )
    values: NDArray[Any] = rows["values"]
    return values
