"""Documents as callers write them -> the parts of records, checked against the fields of the index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from pinyon.engine import checks
from pinyon.engine.checks import refuse, shown
from pinyon.engine.lexical import analyser_of
from pinyon.engine.slots import DENSE_FIELD, SPARSE_FIELD, slots
from pinyon.filters import encode_metadata
from pinyon.limits import Limits
from pinyon.types import Floats, IndexSpec, SparseValues

ID: Final = "_id"
REMOVE: Final = "_remove_fields"
_RESERVED: Final = frozenset({ID, "_score", REMOVE})
_KINDS: Final = {
    "string": ((str,), "a string"),
    "boolean": ((bool,), "true or false"),
    "float": ((int, float), "a number"),
    "string_list": ((list, tuple), "a list of strings"),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """One document taken apart. values: (1, d) float32. text, sparse_text: what is to be embedded."""

    metadata: dict[str, Any]
    values: Floats | None = None
    sparse: SparseValues | None = None
    text: str | None = None
    sparse_text: str | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """A change of documents: the parts to set, and the names of fields to remove."""

    parts: Parts
    remove: frozenset[str] = frozenset()
    clears_sparse: bool = False


class DocumentReader:
    """Raises InvalidRequestError for whatever does not fit; messages name the document and the field."""

    def __init__(self, spec: IndexSpec, limits: Limits) -> None:
        self.slots = slots(spec)
        self._spec = spec
        self._limits = limits
        self._generous = replace(limits, metadata_bytes=limits.document_bytes)
        self._not_fields = _RESERVED if spec.schema is None else _RESERVED | {DENSE_FIELD, SPARSE_FIELD}

    # -- whole documents ----------------------------------------------------------------------------------------------

    def documents(self, documents: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[Parts]]:
        """(ids, parts) of the documents of an upsert. A field that is null is left out."""
        ids = self._ids(documents)
        parts = []
        for id_, document in zip(ids, documents, strict=True):
            where = f"document {shown(id_)}"
            given = {name: value for name, value in document.items() if value is not None and name != ID}
            self._check_complete(where, given)
            parts.append(self._parts(where, given))
        return ids, parts

    def _ids(self, documents: Sequence[Mapping[str, Any]]) -> list[str]:
        if not documents:
            refuse("Invalid request: documents must hold at least one document.")
        for position, document in enumerate(documents):
            if not isinstance(document, Mapping):
                refuse(f"Document at position {position} must be an object with an _id, got {shown(document)}.")
            if not isinstance(document.get(ID), str):
                refuse(f"Document at position {position} needs an '_id' of 1 to {self._limits.id_length} characters.")
        ids = checks.check_ids([document[ID] for document in documents], self._limits)
        if len(set(ids)) != len(ids):
            twice = next(id_ for at, id_ in enumerate(ids) if id_ in ids[:at])
            refuse(f"The _id {shown(twice)} is given twice. Document ids must be unique within a request.")
        return ids

    def _check_complete(self, where: str, given: Mapping[str, Any]) -> None:
        for name in self.slots.required:
            if name not in given:
                kind = "text to embed" if name == self.slots.embed_field else "dense vector"
                refuse(f"The {where} lacks the field {name!r}, the {kind} that every document of this index needs.")
        if self._spec.schema is not None and self.slots.searched.isdisjoint(given):
            names = ", ".join(sorted(self.slots.searched)[:20])
            refuse(f"The {where} has no field that can be searched. Give at least one of: {names}.")
        if self._spec.schema is None and self._spec.vector_type == "sparse" and SPARSE_FIELD not in given:
            refuse(f"The {where} lacks the field {SPARSE_FIELD!r}, which sparse index {self._spec.name!r} needs.")

    # -- changes ------------------------------------------------------------------------------------------------------

    def patches(self, documents: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[Patch]]:
        """(ids, patches) of an update by id: every key but ``_id`` and ``_remove_fields`` sets a field."""
        ids = self._ids(documents)
        found = []
        for id_, document in zip(ids, documents, strict=True):
            given = {name: value for name, value in document.items() if name not in (ID, REMOVE)}
            found.append(self.patch(f"document {shown(id_)}", given, document.get(REMOVE)))
        return ids, found

    def patch(self, where: str, given: Mapping[str, Any], remove: Sequence[str] | None) -> Patch:
        """where: what is changed, for messages."""
        if not isinstance(remove, list | tuple | None) or not all(isinstance(name, str) for name in remove or ()):
            refuse(f"The fields to remove from {where} must be a list of names, got {shown(remove)}.")
        removed = frozenset(remove or ())
        for name, value in given.items():
            if value is None:
                refuse(f"The {where}: field {shown(name)} is null. To remove a field, name it in the fields to remove.")
            if name in removed:
                refuse(f"The {where}: field {shown(name)} is both set and removed. Do one of the two.")
        for name in removed:
            if name in self.slots.required:
                refuse(f"The {where}: field {name!r} cannot be removed, since every document needs it.")
            if name in self._not_fields:
                refuse(f"The {where}: {name!r} is no field, so it cannot be removed.")
        parts = self._parts(where, given)
        self.encoded(where, parts.metadata)
        sparse = {self.slots.sparse_field, self.slots.sparse_embed_field} - {None}
        clears = not removed.isdisjoint(name for name in sparse if name is not None)
        return Patch(parts, removed, clears)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _parts(self, where: str, given: Mapping[str, Any]) -> Parts:
        its = self.slots
        metadata = dict(given)
        for name in metadata:
            if name in self._not_fields:
                refuse(f"The {where}: {name!r} is a reserved name and no field. Rename it, or leave it out.")
        for name in (*its.text_fields, *its.unstored):
            if name in metadata:
                self._check_text(where, name, metadata[name])
        for name, kind in its.declared.items():
            kinds, wanted = _KINDS[kind]
            value = metadata.get(name)
            if value is not None and (not isinstance(value, kinds) or (kind == "float" and isinstance(value, bool))):
                refuse(f"The {where}: field {name!r} must be {wanted}, got {shown(value)}.")
        text = self._to_embed(where, its.embed_field, metadata)
        sparse_text = self._to_embed(where, its.sparse_embed_field, metadata)
        values = sparse = None
        if its.dense_field is not None and its.dense_field in metadata:
            values = self._dense(where, its.dense_field, metadata.pop(its.dense_field))
        if its.sparse_field is not None and its.sparse_field in metadata:
            sparse = self._sparse(where, its.sparse_field, metadata.pop(its.sparse_field))
        for name in its.unstored:
            metadata.pop(name, None)
        return Parts(metadata, values, sparse, text, sparse_text)

    def _dense(self, where: str, name: str, value: Any) -> Floats:
        if not isinstance(value, list | tuple | np.ndarray) or bool in set(map(type, value)):
            refuse(f"The {where}: field {name!r} must be a list of numbers, got {shown(value)}.")
        assert self.slots.dimension is not None, "a dense vector field has a dimension"
        return checks.check_vectors([value], [where], self.slots.dimension)

    def _sparse(self, where: str, name: str, value: Any) -> SparseValues:
        if isinstance(value, Mapping):
            for key, kinds, wanted in (("indices", {int}, "whole numbers"), ("values", {int, float}, "numbers")):
                numbers = value.get(key)
                if not isinstance(numbers, list | tuple) or not set(map(type, numbers)) <= kinds:
                    refuse(f"The {where}: {key} of field {name!r} must be a list of {wanted}, got {shown(numbers)}.")
        elif not isinstance(value, SparseValues):
            refuse(f"The {where}: field {name!r} must be {{'indices': [...], 'values': [...]}}, got {shown(value)}.")
        return checks.check_sparse(value, self._limits, f"field {name!r} of {where}")

    def _to_embed(self, where: str, field: str | None, metadata: Mapping[str, Any]) -> str | None:
        if field is None or field not in metadata:
            return None
        text: str = metadata[field]
        if not text.strip():
            refuse(f"The {where}: the text of field {field!r} is empty, so it cannot be embedded.")
        return text

    def _check_text(self, where: str, name: str, text: Any) -> None:
        if not isinstance(text, str):
            refuse(f"The {where}: field {name!r} must be a string of text, got {shown(text)}.")
        limits = self._limits
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > limits.text_field_bytes:
            refuse(
                f"The {where}: the text of field {name!r} has {size} bytes; at most {limits.text_field_bytes} are "
                "allowed in a full-text field. Split the document."
            )
        if len(text) > limits.text_field_words and name in self.slots.text_fields:
            words = len(analyser_of(self.slots.text_fields[name]).words(text))
            if words > limits.text_field_words:
                refuse(
                    f"The {where}: the text of field {name!r} has {words} words; at most {limits.text_field_words} are "
                    "allowed in a full-text field. Split the document."
                )

    def encoded(self, where: str, metadata: Mapping[str, Any]) -> bytes | None:
        """The metadata as it is stored. Full-text fields do not count against the limit of the other fields."""
        if self.slots.text_fields.keys().isdisjoint(metadata):
            return encode_metadata(metadata, self._limits, record_id=where)
        others = {name: value for name, value in metadata.items() if name not in self.slots.text_fields}
        encode_metadata(others, self._limits, record_id=where)
        return encode_metadata(metadata, self._generous, record_id=where)
