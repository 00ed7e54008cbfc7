"""Our message classes against the published .proto, and the quick classes against the plain ones."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import descriptor_pb2
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError
from pinyon.wire import grpc
from pinyon.wire.protobuf import PLAIN, QUICK, parse

SPECS = Path(os.environ.get("PINYON_TEST_SPECS", Path(__file__).parents[3] / "shared" / "specs" / "pinecone"))
NEWER = {("NamespaceDescription", "size_bytes", 5)}
"""In the API of 2026-07, whose .proto is not published with the others."""
WITHOUT_USE = {"RequestUnion"}

floats = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=5)
sparse = st.none() | st.fixed_dictionaries(
    {"indices": st.lists(st.integers(0, 2**32 - 1), max_size=4), "values": floats}
)
metadata = st.none() | st.dictionaries(
    st.text(max_size=5),
    st.text(max_size=8) | st.floats(allow_nan=False) | st.booleans() | st.lists(st.text(max_size=3), max_size=3),
    max_size=4,
)
vectors = st.lists(st.tuples(st.text(max_size=8), floats, sparse, metadata), max_size=4)


@pytest.fixture(params=["2025-01", "2025-04", "2025-10", "2026-01.alpha", "2026-04"])
def proto(request: pytest.FixtureRequest) -> Path:
    found = SPECS / request.param / f"db_data_{request.param}.proto"
    if not found.exists():
        pytest.skip(f"the published .proto is absent: no file {found}; set PINYON_TEST_SPECS to where they are")
    return found


def described(message: Any) -> dict[tuple[str, str, int], tuple[int, bool, bool, str]]:
    """(message, field, number) -> (type, repeated, optional, name of the message that it holds)."""
    found = {}
    for field in message.field:
        key = (message.name, field.name, field.number)
        name = field.type_name.rpartition(".")[2]
        found[key] = (field.type, field.label == field.LABEL_REPEATED, field.proto3_optional, name)
    for nested in message.nested_type:
        found |= described(nested)
    return found


def ours() -> dict[tuple[str, str, int], tuple[int, bool, bool, str]]:
    found: dict[tuple[str, str, int], tuple[int, bool, bool, str]] = {}
    for message in PLAIN.file().message_type:
        found |= described(message)
    return found


def test_every_published_field_has_our_number_and_kind(proto: Path) -> None:
    """Read with a few regular expressions, so that it runs where there is no protoc."""
    text = re.sub(r"//[^\n]*|\[[^\]]*\]", "", proto.read_text("utf-8"))
    known = {(message, field): (number, kind) for (message, field, number), kind in ours().items()}
    checked = 0
    for message, body in re.findall(r"message (\w+)\s*\{([^{}]*)\}", text):
        for label, kind, field, number in re.findall(
            r"(optional |repeated |)(map<\s*string\s*,\s*\w+\s*>|[\w.]+)\s+(\w+)\s*=\s*(\d+)\s*;", body
        ):
            assert (message, field) in known, f"{message}.{field} is missing"
            our_number, (type_, repeated, optional, name) = known[message, field]
            assert our_number == int(number)
            assert repeated == (label == "repeated " or kind.startswith("map"))
            assert optional or label != "optional "
            scalar = getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{kind.upper()}", None)
            assert type_ == (scalar or descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE)
            assert scalar or kind.startswith("map") or kind.rpartition(".")[2] == name
            checked += 1
    assert checked >= 60


def test_protoc_gives_the_same_descriptors(proto: Path, tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools.protoc", reason="grpcio-tools brings protoc, and is not installed")
    api = tmp_path / "google" / "api"
    api.mkdir(parents=True)
    head = 'syntax = "proto3"; package google.api; import "google/protobuf/descriptor.proto";'
    (api / "annotations.proto").write_text(
        f"{head} message HttpRule {{ string selector = 1; oneof pattern {{ string get = 2; string put = 3; "
        "string post = 4; string delete = 5; string patch = 6; } string body = 7; "
        "repeated HttpRule additional_bindings = 11; } "
        "extend google.protobuf.MethodOptions { HttpRule http = 72295728; }"
    )
    (api / "field_behavior.proto").write_text(
        f"{head} extend google.protobuf.FieldOptions {{ repeated FieldBehavior field_behavior = 1052; }} "
        "enum FieldBehavior { FIELD_BEHAVIOR_UNSPECIFIED = 0; OPTIONAL = 1; REQUIRED = 2; }"
    )
    out = tmp_path / "set.bin"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            f"-I{proto.parent}",
            f"-I{tmp_path}",
            f"--descriptor_set_out={out}",
            str(proto),
        ],
        check=True,
    )
    files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    truth: dict[tuple[str, str, int], tuple[int, bool, bool, str]] = {}
    for message in files.file[0].message_type:
        if message.name not in WITHOUT_USE:
            truth |= described(message)
    mine = ours()
    assert {key: mine.get(key, ("missing",)) for key in truth if not truth[key][2]} == {
        key: value for key, value in truth.items() if not value[2]
    }
    assert {key: mine.get(key) for key in truth} == truth or proto.name < "db_data_2025-10"
    if proto.name == "db_data_2026-04.proto":
        assert mine.keys() - truth.keys() == NEWER


def plain_upsert(rows: list[Any]) -> Any:
    message = PLAIN["UpsertRequest"](namespace="n")
    for id_, values, sparse_values, fields in rows:
        vector = message.vectors.add(id=id_, values=values)
        if sparse_values is not None:
            vector.sparse_values.SetInParent()
            vector.sparse_values.indices.extend(sparse_values["indices"])
            vector.sparse_values.values.extend(sparse_values["values"])
        if fields is not None:
            vector.metadata.SetInParent()
            vector.metadata.update(fields)
    return message


def column(values: Any) -> list[list[float]]:
    return [] if values is None else [[] if row is None else np.asarray(row).tolist() for row in values]


@given(vectors)
def test_an_upsert_is_read_as_it_was_written(rows: list[Any]) -> None:
    found = grpc.read_upsert(plain_upsert(rows).SerializeToString())
    assert found.ids == [row[0] for row in rows]
    dense = [[np.float32(value) for value in row[1]] for row in rows]
    assert column(found.vectors) == (dense if any(dense) else [])
    for at, row in enumerate(rows):
        read = None if found.sparse is None else found.sparse[at]
        if row[2] is None:
            assert read is None
        else:
            assert read is not None
            assert read["indices"] == row[2]["indices"]
            assert list(read["values"]) == row[2]["values"]
        assert (None if found.metadata is None else found.metadata[at]) == row[3]


@given(vectors, st.randoms(use_true_random=False))
def test_floats_one_by_one_or_in_pieces_are_read_as_well(rows: list[Any], random: Any) -> None:
    """The format allows an array in several packed pieces, number by number, and any mixture."""
    body = b""
    for id_, values, _, _ in rows:
        parts, rest = [], list(values)
        while rest:
            size = random.randint(1, len(rest))
            chunk, rest = rest[:size], rest[size:]
            if random.random() < 0.5:
                parts.append(b"\x12" + bytes([4 * size]) + struct.pack(f"<{size}f", *chunk))
            else:
                parts += [b"\x15" + struct.pack("<f", value) for value in chunk]
        vector = b"\x0a" + bytes([len(id_.encode())]) + id_.encode() + b"".join(parts)
        body += b"\x0a" + bytes([len(vector)]) + vector
    truth = PLAIN["UpsertRequest"].FromString(body)
    found = grpc.read_upsert(body)
    assert found.ids == [vector.id for vector in truth.vectors]
    assert column(found.vectors) == (
        [list(vector.values) for vector in truth.vectors] if any(r[1] for r in rows) else []
    )


def test_fields_that_are_not_known_yet_are_passed_over() -> None:
    body = QUICK["QueryRequest"](top_k=3, vector=[np.array([1, 2], "<f4").tobytes()]).SerializeToString()
    found = grpc.read_query(body + b"\xc2\x3e\x03new")
    assert (found.top_k, found.vector.tolist() if found.vector is not None else None) == (3, [1.0, 2.0])
    assert parse("QueryRequest", body)[1] is True
    assert parse("QueryRequest", body + b"\xc2\x3e\x03new")[1] is False


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"\x0a\x05abc",
        b"\x0a\x01\xff",
        b"\x12\x02\xff\xfe",
        b"\x0a\x07\x12\x05abcde",
        b"\x0b" * 5_000,
        b"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    ],
    ids=["noise", "cut", "no message", "no text", "five bytes of floats", "nested groups", "a varint too long"],
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="Invalid request"):
        grpc.read_upsert(body)


@given(st.binary(max_size=60))
def test_noise_is_read_or_refused(body: bytes) -> None:
    for read in (grpc.read_upsert, grpc.read_query, grpc.read_update, grpc.read_delete, grpc.read_create_namespace):
        try:
            read(body)
        except InvalidRequestError:
            continue


def test_a_filter_that_nests_too_deep_is_refused() -> None:
    body = b""
    for _ in range(500):  # struct.fields["a"].struct_value
        value = b"\x2a" + _length(body) + body
        entry = b"\x0a\x01a\x12" + _length(value) + value
        body = b"\x0a" + _length(entry) + entry
    with pytest.raises(InvalidRequestError):
        grpc.read_query(b"\x1a" + _length(body) + body)


def test_both_sets_of_classes_write_the_same_bytes() -> None:
    rows = [("a", [1.0, -2.5], {"indices": [1, 7], "values": [0.5, 0.25]}, {"k": "v"}), ("b", [], None, None)]
    message = QUICK["UpsertRequest"](namespace="n")
    for id_, values, sparse_values, fields in rows:
        vector = message.vectors.add(id=id_)
        if values:
            vector.values.append(np.array(values, "<f4").tobytes())
        if sparse_values is not None:
            vector.sparse_values.indices.extend(sparse_values["indices"])
            vector.sparse_values.values.append(np.array(sparse_values["values"], "<f4").tobytes())
        if fields is not None:
            vector.metadata.update(fields)
    assert message.SerializeToString() == plain_upsert(rows).SerializeToString()


def _length(body: bytes) -> bytes:
    """A varint."""
    number, found = len(body), b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])
