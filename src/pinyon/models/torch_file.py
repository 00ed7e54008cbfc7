"""Tensors out of a file that ``torch.save`` wrote before version 1.6, read as data: nothing in it is ever run.

Such a file is a row of pickles and then the bytes of the tensors. A pickle is a program for a small stack machine and
may call any function; ``pickletools.genops`` of the standard library reads its instructions without following them.
Those few that put up a dictionary of tensors are followed here, on values of our own, and everything else is refused.

Source: ``_legacy_save`` and ``_legacy_load`` in torch/serialization.py.
"""

from __future__ import annotations

import hashlib
import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pinyon.errors import ModelUnavailableError
from pinyon.types import Floats

__all__ = ["read_tensors"]

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
_CALLS = ("collections OrderedDict", "torch._utils _rebuild_tensor_v2")
_TYPES: dict[str, np.dtype[Any]] = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}
_LENGTH = 8


@dataclass(frozen=True, slots=True)
class _Name:
    """A function or class that the file names; it is not looked up."""

    name: str


@dataclass(frozen=True, slots=True)
class _Storage:
    """A row of numbers further back in the file."""

    key: str
    type: np.dtype[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Where a tensor is inside a storage; offset and strides count numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Refused(Exception):
    """What the file does and a file of tensors does not do."""


def read_tensors(file: Path, sha256: str) -> dict[str, Floats]:
    """The floating tensors by name, each (its shape) float32 and its own copy; tensors of integers are left out.

    sha256: 64 hexadecimal digits; nothing of a file with others is looked at. Raises ModelUnavailableError for such a
    file and for one that is no dictionary of tensors on the CPU.
    """
    data = file.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ModelUnavailableError(
            f"{str(file)!r} is not the file that was expected: its SHA-256 is {found}, not {sha256}. "
            "Install its package again"
        )
    try:
        return _tensors(data)
    except (_Refused, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelUnavailableError(
            f"{str(file)!r} is no file of tensors that can be read without running it: {error}"
        ) from None


def _tensors(data: bytes) -> dict[str, Floats]:
    stream = io.BytesIO(data)
    if _Machine(stream).run() != MAGIC or _Machine(stream).run() != PROTOCOL:
        raise _Refused("it does not begin as one of torch before 1.6")
    about = _Machine(stream).run()
    if not isinstance(about, dict) or about.get("little_endian") is not True:
        raise _Refused("it was not written on a little-endian machine")
    tensors, keys = _Machine(stream).run(), _Machine(stream).run()
    if not isinstance(tensors, dict) or not isinstance(keys, list):
        raise _Refused("it holds something else than a dictionary of tensors")
    kinds = {one.storage.key: one.storage for one in tensors.values() if isinstance(one, _Tensor)}
    rows: dict[str, Any] = {}
    at = stream.tell()
    for key in keys:
        storage = kinds[key]
        count = int.from_bytes(data[at : at + _LENGTH], "little")
        if count != storage.count:
            raise _Refused(f"a storage holds {count} numbers, and {storage.count} were announced")
        rows[key] = np.frombuffer(data, storage.type, count, at + _LENGTH)
        at += _LENGTH + rows[key].nbytes
    floats = {name: one for name, one in tensors.items() if isinstance(one, _Tensor) and one.storage.type.kind == "f"}
    return {name: _laid_out(one, rows[one.storage.key]) for name, one in floats.items()}


def _laid_out(tensor: _Tensor, row: Any) -> Floats:
    """A copy of the tensor in the usual order, after a look whether all of it lies inside its storage."""
    if len(tensor.shape) != len(tensor.strides) or min((tensor.offset, *tensor.shape, *tensor.strides)) < 0:
        raise _Refused(f"a tensor of shape {tensor.shape} has strides {tensor.strides}")
    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    if 0 not in tensor.shape and last >= len(row):
        raise _Refused(f"a tensor of shape {tensor.shape} reaches beyond its {len(row)} numbers")
    steps = tuple(step * row.itemsize for step in tensor.strides)
    view = np.lib.stride_tricks.as_strided(row[tensor.offset :], tensor.shape, steps, writeable=False)
    return np.array(view, dtype=np.float32, order="C")


class _Machine:
    """Follows the instructions of one pickle, from where the stream stands to its end."""

    def __init__(self, stream: io.BytesIO) -> None:
        self._stream = stream
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The value that the pickle stands for. Raises _Refused, ValueError for what is no pickle, LookupError."""
        for code, argument, _ in pickletools.genops(self._stream):
            if code.name in _VALUES:
                self._stack.append(_VALUES[code.name](argument))
            elif code.name in _STEPS:
                _STEPS[code.name](self, argument)
            elif code.name == "STOP":
                return self._stack.pop()
            elif code.name != "PROTO":
                raise _Refused(f"it has the instruction {code.name}")
        raise _Refused("it ends in the middle")

    def _marked(self) -> list[Any]:
        """What was put on the stack since the last mark."""
        mark = self._marks.pop()
        taken = self._stack[mark:]
        del self._stack[mark:]
        return taken

    def _tuple(self, count: int) -> None:
        taken = tuple(self._stack[-count:])
        del self._stack[-count:]
        self._stack.append(taken)

    def _set(self, pairs: list[Any]) -> None:
        self._stack[-1].update(zip(pairs[::2], pairs[1::2], strict=True))

    def _append(self, items: list[Any]) -> None:
        self._stack[-1].extend(items)

    def _keep(self, number: int) -> None:
        self._memo[number] = self._stack[-1]

    def _storage(self) -> None:
        kind, name, key, device, count, view = self._stack.pop()
        if kind != "storage" or device != "cpu" or view is not None or name.name not in _TYPES:
            raise _Refused(f"it has a storage {name} on {device!r}")
        self._stack.append(_Storage(key, _TYPES[name.name], count))

    def _call(self) -> None:
        given, what = self._stack.pop(), self._stack.pop()
        if what == _Name(_CALLS[0]) and given == ():
            self._stack.append({})
        elif what == _Name(_CALLS[1]):
            storage, offset, shape, strides, *_ = given
            self._stack.append(_Tensor(storage, offset, shape, strides))
        else:
            raise _Refused(f"it calls {what}")


_VALUES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1"), lambda argument: argument),
    "GLOBAL": _Name,
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_TUPLE": lambda _: (),
    "EMPTY_DICT": lambda _: {},
    "EMPTY_LIST": lambda _: [],
}
"""Instructions that put one value on the stack, and how it is made of their argument."""

_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": lambda machine, _: machine._marks.append(len(machine._stack)),
    "TUPLE": lambda machine, _: machine._stack.append(tuple(machine._marked())),
    "TUPLE1": lambda machine, _: machine._tuple(1),
    "TUPLE2": lambda machine, _: machine._tuple(2),
    "TUPLE3": lambda machine, _: machine._tuple(3),
    "SETITEM": lambda machine, _: machine._set([machine._stack.pop(-2), machine._stack.pop()]),
    "SETITEMS": lambda machine, _: machine._set(machine._marked()),
    "APPENDS": lambda machine, _: machine._append(machine._marked()),
    "BINPUT": lambda machine, number: machine._keep(number),
    "LONG_BINPUT": lambda machine, number: machine._keep(number),
    "BINGET": lambda machine, number: machine._stack.append(machine._memo[number]),
    "LONG_BINGET": lambda machine, number: machine._stack.append(machine._memo[number]),
    "BINPERSID": lambda machine, _: machine._storage(),
    "REDUCE": lambda machine, _: machine._call(),
    # Attributes of the dictionary, such as the versions of layers: they are no tensors.
    "BUILD": lambda machine, _: machine._stack.pop() and None,
}
"""Instructions that work on what is on the stack."""
