"""Vector files, against files that are written byte by byte."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from pinyon.errors import InvalidRequestError, MissingExtraError, NotFoundError
from pinyon.studies.files import read_matrix, read_set


def vecs(path: Path, rows: list[list[float]], form: str, dimensions: list[int] | None = None) -> Path:
    parts = []
    for at, row in enumerate(rows):
        parts.append(struct.pack("<i", len(row) if dimensions is None else dimensions[at]))
        parts.append(struct.pack(f"<{len(row)}{form}", *row))
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize(
    ("suffix", "form", "dtype"), [("fvecs", "f", "f4"), ("bvecs", "B", "u1"), ("ivecs", "i", "i4")]
)
def test_rows_that_begin_with_their_dimension_are_read(tmp_path: Path, suffix: str, form: str, dtype: str) -> None:
    rows = [[1, 2, 3], [250, 0, 7]]
    found = read_matrix(vecs(tmp_path / f"a.{suffix}", rows, form))
    assert found.dtype == np.dtype(dtype)
    assert found.tolist() == rows


def test_the_first_rows_alone_are_read(tmp_path: Path) -> None:
    file = vecs(tmp_path / "a.fvecs", [[1, 2], [3, 4], [5, 6]], "f")
    assert read_matrix(file, 2).tolist() == [[1, 2], [3, 4]]


def test_a_row_of_another_dimension_is_named_with_its_place(tmp_path: Path) -> None:
    file = vecs(tmp_path / "a.fvecs", [[1, 2], [3, 4], [5, 6]], "f", dimensions=[2, 2, 9])
    with pytest.raises(InvalidRequestError, match=r"row 2 \(byte 24\) says dimension 9, and the first one 2"):
        read_matrix(file)


@pytest.mark.parametrize("content", [b"", b"\1", struct.pack("<i2f", 3, 1, 2), struct.pack("<i", -1), b"\0" * 40])
def test_bytes_that_are_no_rows_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.fvecs"
    file.write_bytes(content)
    with pytest.raises(InvalidRequestError, match=r"a\.fvecs: \d+ bytes"):
        read_matrix(file)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u1", "i8"])
def test_arrays_of_any_number_are_read(tmp_path: Path, dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    found = read_matrix(tmp_path / "a.npy")
    assert found.dtype == array.dtype
    assert found.tolist() == array.tolist()


@pytest.mark.parametrize(
    "array", [np.zeros(3), np.zeros((2, 2, 2)), np.zeros((2, 0)), np.array([["a"]]), np.array([[True]])]
)
def test_arrays_that_are_no_rows_of_numbers_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(InvalidRequestError, match="rows of numbers"):
        read_matrix(tmp_path / "a.npy")


def test_a_file_of_objects_is_refused_and_not_run(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(InvalidRequestError, match=r"not a \.npy file of numbers"):
        read_matrix(tmp_path / "a.npy")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"hello")
    with pytest.raises(InvalidRequestError, match=r"not a \.npy file"):
        read_matrix(tmp_path / "a.npy")
    with pytest.raises(NotFoundError, match="check the spelling"):
        read_matrix(tmp_path / "b.npy")
    (tmp_path / "a.txt").write_text("1 2")
    with pytest.raises(InvalidRequestError, match=r"'\.txt'.*\.fvecs"):
        read_matrix(tmp_path / "a.txt")


def made_set(path: Path, distance: object = "angular", without: str = "") -> Path:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for name, rows in (("train", [[1, 0], [0, 1], [1, 1]]), ("test", [[1, 0.1]]), ("neighbors", [[0, 2, 1]])):
            if name != without:
                file[name] = np.array(rows, np.int32 if name == "neighbors" else np.float32)
        file.attrs["distance"] = distance
    return path


@pytest.mark.parametrize(
    ("distance", "metric"), [("angular", "cosine"), (b"euclidean", "euclidean"), ("dot", "dotproduct")]
)
def test_a_set_of_ann_benchmarks_brings_queries_truth_and_metric(tmp_path: Path, distance: object, metric: str) -> None:
    found = read_set(made_set(tmp_path / "a.hdf5", distance))
    assert found.metric == metric
    assert found.base.tolist() == [[1, 0], [0, 1], [1, 1]]
    assert found.queries.shape == (1, 2)
    assert found.neighbours is not None
    assert found.neighbours.tolist() == [[0, 2, 1]]


def test_a_set_without_truth_has_none(tmp_path: Path) -> None:
    assert read_set(made_set(tmp_path / "a.hdf5", without="neighbors")).neighbours is None


def test_a_set_that_cannot_be_studied_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="'jaccard'"):
        read_set(made_set(tmp_path / "a.hdf5", "jaccard"))
    with pytest.raises(InvalidRequestError, match="no data set test"):
        read_set(made_set(tmp_path / "b.hdf5", without="test"))
    (tmp_path / "c.hdf5").write_bytes(b"no")
    with pytest.raises(InvalidRequestError, match="not an HDF5 file"):
        read_set(tmp_path / "c.hdf5")
    with pytest.raises(NotFoundError):
        read_set(tmp_path / "d.hdf5")


def test_without_h5py_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = made_set(tmp_path / "a.hdf5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pinyon\[study\]'"):
        read_set(file)
