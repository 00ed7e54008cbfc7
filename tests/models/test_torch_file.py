"""Tensors are read out of files of torch as data: what such a file asks to run is never run."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pinyon.errors import ModelUnavailableError
from pinyon.models.torch_file import read_tensors
from pinyon.types import Floats

# Instructions of protocol 2 as Python's pickletools documents them: written by hand, so that no test needs torch.
STOP, MARK, TUPLE, REDUCE, PERSID, SETITEMS, EMPTY = b".", b"(", b"t", b"R", b"Q", b"u", b")"
NONE, FALSE, DICT, LIST, APPENDS = b"N", b"\x89", b"}", b"]", b"e"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def called(function: str, *given: bytes) -> bytes:
    module, _, name = function.rpartition(".")
    return f"c{module}\n{name}\n".encode() + MARK + b"".join(given) + TUPLE + REDUCE


def tuple_of(*numbers: int) -> bytes:
    return MARK + b"".join(map(number, numbers)) + TUPLE


def tensor(
    key: str, count: int, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0, **more: str
) -> bytes:
    kind = more.get("kind", "Float")
    storage = MARK + text("storage") + f"ctorch\n{kind}Storage\n".encode() + text(key)
    storage += text(more.get("device", "cpu")) + number(count) + NONE + TUPLE + PERSID
    parts = (storage, number(offset), tuple_of(*shape), tuple_of(*strides), FALSE, b"ccollections\nOrderedDict\n)R")
    return called("torch._utils._rebuild_tensor_v2", *parts)


def torch_file(tensors: dict[str, bytes], storages: dict[str, bytes], *, little: bool = True) -> bytes:
    """A file as torch before 1.6 wrote it. storages: 8 bytes of length and then the numbers, by key."""
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    about = b"\x80\x02" + DICT + MARK + text("little_endian") + (b"\x88" if little else FALSE) + SETITEMS + STOP
    items = b"".join(text(name) + one for name, one in tensors.items())
    body = b"\x80\x02" + b"ccollections\nOrderedDict\n)R" + MARK + items + SETITEMS + STOP
    keys = b"\x80\x02" + LIST + MARK + b"".join(map(text, storages)) + APPENDS + STOP
    return magic + b"\x80\x02M\xe9\x03." + about + body + keys + b"".join(storages.values())


def row(values: Floats) -> bytes:
    return struct.pack("<q", len(values)) + values.tobytes()


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], dict[str, Floats]]:
    def write_and_read(data: bytes) -> dict[str, Floats]:
        file = tmp_path / "weights.pth"
        file.write_bytes(data)
        return read_tensors(file, hashlib.sha256(data).hexdigest())

    return write_and_read


Reader = Callable[[bytes], dict[str, Floats]]
NUMBERS = np.arange(12, dtype=np.float32)


def test_tensors_come_as_they_were_laid_out(read: Reader) -> None:
    found = read(
        torch_file(
            {
                "plain": tensor("1", 12, (3, 4), (4, 1)),
                "turned": tensor("1", 12, (4, 3), (1, 4)),
                "part": tensor("1", 12, (2, 2), (4, 1), offset=5),
                "one": tensor("2", 1, (), ()),
                "count": tensor("3", 1, (), (), kind="Long"),
            },
            {"1": row(NUMBERS), "2": row(np.array([7.5], np.float32)), "3": struct.pack("<qq", 1, 9)},
        )
    )
    assert list(found) == ["plain", "turned", "part", "one"]
    np.testing.assert_array_equal(found["plain"], NUMBERS.reshape(3, 4))
    np.testing.assert_array_equal(found["turned"], NUMBERS.reshape(3, 4).T)
    np.testing.assert_array_equal(found["part"], [[5, 6], [9, 10]])
    assert found["one"] == 7.5
    assert all(one.dtype == np.float32 and one.flags.c_contiguous and one.flags.owndata for one in found.values())


def test_a_file_with_another_digest_is_not_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"anything")
    with pytest.raises(ModelUnavailableError, match=r"weights.pth' is not the file that was expected: its SHA-256 is"):
        read_tensors(file, "0" * 64)


@pytest.mark.parametrize("function", ["os.system", "builtins.exec", "torch._utils._rebuild_tensor_v2"])
def test_what_a_file_asks_to_run_is_not_run(function: str, tmp_path: Path, read: Reader) -> None:
    trap = tmp_path / "ran"
    code = f"open({str(trap)!r}, 'w')" if function == "builtins.exec" else f"touch {trap}"
    with pytest.raises(ModelUnavailableError, match="is no file of tensors that can be read without running it"):
        read(torch_file({"a": called(function, text(code))}, {}))
    assert not trap.exists()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "pickle exhausted"),
        (b"PK\x03\x04 a zip archive, as newer versions write\n", "instruction PERSID"),
        (torch_file({}, {}, little=False), "little-endian"),
        (torch_file({"a": tensor("1", 12, (3, 4), (4, 1))}, {"1": row(NUMBERS)[:-1]}), "buffer"),
        (
            torch_file({"a": tensor("1", 12, (3, 4), (4, 1))}, {"1": row(NUMBERS[:8])}),
            "8 numbers, and 12 were announced",
        ),
        (torch_file({"a": tensor("1", 12, (3, 5), (4, 1))}, {"1": row(NUMBERS)}), "reaches beyond its 12 numbers"),
        (torch_file({"a": tensor("1", 12, (3, 4), (-4, 1))}, {"1": row(NUMBERS)}), "has strides"),
        (torch_file({"a": tensor("1", 12, (12,), (1,), device="cuda:0")}, {"1": row(NUMBERS)}), "on 'cuda:0'"),
        (torch_file({"a": tensor("1", 12, (12,), (1,), kind="Odd")}, {"1": row(NUMBERS)}), "OddStorage"),
        (torch_file({"a": b"cos\nsystem\n\x81"}, {}), "instruction NEWOBJ"),
        (torch_file({"a": tensor("1", 12, (12,), (1,))}, {"2": row(NUMBERS)}), "'2'"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(data: bytes, why: str, read: Reader) -> None:
    with pytest.raises(ModelUnavailableError, match=why):
        read(data)
