"""The messages of Pinecone's ``VectorService``, built from the text below when this module is imported.

Generated code would be bound to one version of protobuf, and users may have any from 5 to 7 beside us. The descriptors
live in pools of their own, so that they never meet those of a Pinecone SDK in the same process.

There are two sets of classes for the same wire format. In ``PLAIN``, ``floats`` is what it says, ``repeated float``. In
``QUICK`` it is ``repeated bytes``: a packed array of floats and a string of bytes look alike on the wire, so that an
array is read and written as one piece of memory instead of number by number. That holds for packed arrays, which every
known client sends; ``parse`` falls back to ``PLAIN`` for whatever else is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2
from google.protobuf.message import DecodeError

from pinyon.errors import InvalidRequestError

SCHEMA: Final = """
message SparseValues { repeated uint32 indices = 1; floats values = 2; }
message Vector { string id = 1; floats values = 2; SparseValues sparse_values = 4; Struct metadata = 3; }
message ScoredVector {
    string id = 1; float score = 2; floats values = 3; SparseValues sparse_values = 5; Struct metadata = 4;
}
message Usage { optional uint32 read_units = 1; }
message Pagination { string next = 1; }

message UpsertRequest { repeated Vector vectors = 1; string namespace = 2; }
message UpsertResponse { uint32 upserted_count = 1; }

message DeleteRequest { repeated string ids = 1; bool delete_all = 2; string namespace = 3; Struct filter = 4; }
message DeleteResponse { }

message FetchRequest { repeated string ids = 1; string namespace = 2; }
message FetchResponse { map<string, Vector> vectors = 1; string namespace = 2; optional Usage usage = 3; }

message FetchByMetadataRequest {
    string namespace = 1; optional Struct filter = 2; optional uint32 limit = 3; optional string pagination_token = 4;
}
message FetchByMetadataResponse {
    map<string, Vector> vectors = 1; string namespace = 2; optional Usage usage = 3; optional Pagination pagination = 4;
}

message ListRequest {
    optional string prefix = 1; optional uint32 limit = 2; optional string pagination_token = 3; string namespace = 4;
}
message ListItem { string id = 1; }
message ListResponse {
    repeated ListItem vectors = 1; optional Pagination pagination = 2; string namespace = 3; optional Usage usage = 4;
}

message QueryVector {
    floats values = 1; SparseValues sparse_values = 5; uint32 top_k = 2; string namespace = 3; Struct filter = 4;
}
message QueryRequest {
    string namespace = 1; uint32 top_k = 2; Struct filter = 3; bool include_values = 4; bool include_metadata = 5;
    repeated QueryVector queries = 6; floats vector = 7; SparseValues sparse_vector = 9; string id = 8;
    optional float scan_factor = 10; optional uint32 max_candidates = 11;
}
message SingleQueryResults { repeated ScoredVector matches = 1; string namespace = 2; }
message QueryResponse {
    repeated SingleQueryResults results = 1; repeated ScoredVector matches = 2; string namespace = 3;
    optional Usage usage = 4;
}

message UpdateRequest {
    string id = 1; floats values = 2; SparseValues sparse_values = 5; Struct set_metadata = 3; string namespace = 4;
    optional Struct filter = 6; optional bool dry_run = 7;
}
message UpdateResponse { optional int32 matched_records = 1; }

message DescribeIndexStatsRequest { Struct filter = 1; }
message NamespaceSummary { uint32 vector_count = 1; }
message DescribeIndexStatsResponse {
    map<string, NamespaceSummary> namespaces = 1; optional uint32 dimension = 2; float index_fullness = 3;
    uint32 total_vector_count = 4; optional string metric = 5; optional string vector_type = 6;
    optional float memory_fullness = 7; optional float storage_fullness = 8;
}

message MetadataFieldProperties { bool filterable = 1; }
message MetadataSchema { map<string, MetadataFieldProperties> fields = 1; }
message IndexedFields { repeated string fields = 1; }
message NamespaceDescription {
    string name = 1; uint64 record_count = 2; optional MetadataSchema schema = 3;
    optional IndexedFields indexed_fields = 4; optional uint64 size_bytes = 5;
}
message ListNamespacesRequest {
    optional string pagination_token = 1; optional uint32 limit = 2; optional string prefix = 3;
}
message ListNamespacesResponse {
    repeated NamespaceDescription namespaces = 1; optional Pagination pagination = 2; int32 total_count = 3;
}
message DescribeNamespaceRequest { string namespace = 1; }
message CreateNamespaceRequest { string name = 1; optional MetadataSchema schema = 2; }
message DeleteNamespaceRequest { string namespace = 1; }
"""

_MESSAGE: Final = re.compile(r"message (\w+) \{(.*?)\}", re.DOTALL)
_FIELD: Final = re.compile(r"\s*(?:(optional|repeated) )?(?:map<string, (\w+)>|(\w+)) (\w+) = (\d+);")
_Proto: Final = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final = {
    "string": _Proto.TYPE_STRING,
    "bool": _Proto.TYPE_BOOL,
    "float": _Proto.TYPE_FLOAT,
    "int32": _Proto.TYPE_INT32,
    "uint32": _Proto.TYPE_UINT32,
    "uint64": _Proto.TYPE_UINT64,
}


class Messages:
    """Message classes by name, ``messages["UpsertRequest"]``. quick: see above."""

    def __init__(self, *, quick: bool) -> None:
        self._floats = _Proto.TYPE_BYTES if quick else _Proto.TYPE_FLOAT
        pool = descriptor_pool.DescriptorPool()
        pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
        file = self.file()
        pool.AddSerializedFile(file.SerializeToString())
        self._classes: dict[str, Any] = {
            message.name: message_factory.GetMessageClass(pool.FindMessageTypeByName(message.name))
            for message in file.message_type
        }
        self._classes["Struct"] = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.Struct"))

    def __getitem__(self, name: str) -> Any:
        return self._classes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def file(self) -> Any:
        """The FileDescriptorProto."""
        file = descriptor_pb2.FileDescriptorProto(
            name="vector_service.proto", syntax="proto3", dependency=["google/protobuf/struct.proto"]
        )
        for name, body in _MESSAGE.findall(SCHEMA):
            message = file.message_type.add(name=name)
            for label, entry, kind, field, number in _FIELD.findall(body):
                if entry:
                    self._add_map(message, field, int(number), entry)
                else:
                    self._add(message, label, kind, field, int(number))
        return file

    def _add(self, message: Any, label: str, kind: str, name: str, number: int) -> None:
        repeated = label == "repeated" or kind == "floats"
        field = message.field.add(
            name=name, number=number, label=_Proto.LABEL_REPEATED if repeated else _Proto.LABEL_OPTIONAL
        )
        if kind == "floats":
            field.type = self._floats
        elif kind in _SCALARS:
            field.type = _SCALARS[kind]
        else:
            field.type = _Proto.TYPE_MESSAGE
            field.type_name = ".google.protobuf.Struct" if kind == "Struct" else f".{kind}"
        if label == "optional":
            field.proto3_optional = True
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{name}")

    def _add_map(self, message: Any, name: str, number: int, value: str) -> None:
        """``map<string, value>`` is a repeated message of keys and values."""
        entry = message.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
        entry.options.map_entry = True
        self._add(entry, "", "string", "key", 1)
        self._add(entry, "", value, "value", 2)
        field = message.field.add(name=name, number=number, label=_Proto.LABEL_REPEATED, type=_Proto.TYPE_MESSAGE)
        field.type_name = f".{message.name}.{entry.name}"


QUICK: Final = Messages(quick=True)
PLAIN: Final = Messages(quick=False)


def parse(name: str, body: bytes) -> tuple[Any, bool]:
    """(the message, whether it is one of ``QUICK``). Raises InvalidRequestError for what is no such message.

    What does not come back byte for byte as it was read holds something that ``QUICK`` did not understand, such as
    floats one by one, which the format allows, or fields of a newer version: ``PLAIN`` reads it.
    """
    try:
        message = QUICK[name].FromString(body)
        message.DiscardUnknownFields()
        if message.ByteSize() == len(body):
            return message, True
        return PLAIN[name].FromString(body), False
    except (DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"Invalid request: the message is not a {name} ({str(error)[:100]}).") from None
