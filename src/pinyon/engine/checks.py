"""Bad input is refused here, before anything changes. Messages name the value, the limit and the way out."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from pinyon.engine import kinds
from pinyon.errors import InvalidRequestError
from pinyon.filters import encode_metadata, encode_metadata_columns
from pinyon.limits import Limits
from pinyon.types import METRICS, EmbedSpec, Floats, IndexSpec, Metric, RecordBatch, SparseValues

_INDEX_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_TAG_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_;@.+ -]*")
_DEFINITION_BYTES = 256 * 1024
_DEFINITION_LEVELS = 32


def refuse(message: str) -> NoReturn:
    raise InvalidRequestError(message)


def shown(value: object, width: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= width else text[:width] + "..."


# -- definitions ------------------------------------------------------------------------------------------------------


def check_spec(spec: IndexSpec, limits: Limits) -> IndexSpec:
    """The definition of a new or changed index, with the settings that its tag says, or InvalidRequestError."""
    check_index_name(spec.name, limits)
    if spec.metric not in METRICS:
        refuse(f"Invalid value for `metric`: {shown(spec.metric)}. Use one of {', '.join(METRICS)}.")
    if spec.vector_type not in ("dense", "sparse"):
        refuse(f"Invalid value for `vector_type`: {shown(spec.vector_type)}. Use dense or sparse.")
    spec = kinds.obeying_tag(kinds.check_kind(spec))
    kinds.check_vectors_of_kind(spec)
    if spec.vector_type == "sparse":
        if spec.dimension is not None:
            refuse(f"dimension should not be specified for sparse indexes: got {spec.dimension}. Leave it out.")
        if spec.metric != "dotproduct":
            refuse(f"Sparse vector indexes must use the metric dotproduct. Got {spec.metric}.")
    else:
        check_dimension(spec.dimension, limits)
    check_tags(spec.tags, limits)
    _check_plain(spec)
    return spec


def check_embed(spec: IndexSpec, embed: EmbedSpec) -> EmbedSpec:
    """The model that an index is to be bound to, if it fits its vectors, or InvalidRequestError."""
    if spec.embed is not None and spec.embed.model != embed.model:
        refuse(
            f"Index {spec.name!r} uses model {spec.embed.model!r}, which cannot change to {embed.model!r} like this: "
            f"its vectors would not fit. Re-embed its records: pinyon reembed {spec.name} --model {embed.model}"
        )
    if embed.dimension != spec.dimension or embed.metric != spec.metric:
        refuse(
            f"Model {embed.model!r} gives {embed.dimension} numbers for metric {embed.metric}; index {spec.name!r} has "
            f"dimension {spec.dimension} and metric {spec.metric}. Create an index that fits the model."
        )
    return embed


def _check_plain(spec: IndexSpec) -> None:
    """What callers say about an index is echoed to them, so it must come back from JSON as it was."""
    parts: dict[str, Any] = {"deployment": spec.deployment, "notes": spec.notes}
    if spec.schema is not None:
        parts["schema"] = spec.schema
    if spec.embed is not None:
        parts |= {"read_parameters": spec.embed.read_parameters, "write_parameters": spec.embed.write_parameters}
    for key, value in parts.items():
        if not _fits_levels(value, _DEFINITION_LEVELS):
            refuse(f"{key} of index {spec.name!r} is nested more than {_DEFINITION_LEVELS} levels deep. Flatten it.")
        try:
            text = json.dumps(value, allow_nan=False, ensure_ascii=False)
            plain = isinstance(value, dict) and json.loads(text.encode()) == value
        except (TypeError, ValueError):
            plain = False
        if not plain:
            refuse(
                f"{key} of index {spec.name!r} must be an object that JSON can hold (strings as keys, finite numbers, "
                f"lists): got {shown(value)}."
            )
    size = len(json.dumps(parts, ensure_ascii=False, indent=2).encode())
    if size > _DEFINITION_BYTES:
        refuse(
            f"{', '.join(parts)} of index {spec.name!r} have {size} bytes of JSON together; at most "
            f"{_DEFINITION_BYTES} are allowed. Say less."
        )


def _fits_levels(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return levels > 0 and all(_fits_levels(each, levels - 1) for each in inner)


def check_index_name(name: object, limits: Limits) -> None:
    if not isinstance(name, str) or not _INDEX_NAME.fullmatch(name):
        refuse(
            f"Index name {shown(name)} is not valid. Use lower-case letters, digits and hyphens, "
            "with an alphanumeric character at both ends."
        )
    if len(name) > limits.index_name_length:
        refuse(f"Index name {name!r} has {len(name)} characters; at most {limits.index_name_length} are allowed.")


def check_dimension(dimension: object, limits: Limits) -> None:
    if isinstance(dimension, bool) or not isinstance(dimension, (int, np.integer)):
        refuse(f"A dense index needs a dimension, a whole number from 1 to {limits.dimension}: got {shown(dimension)}.")
    if not 1 <= dimension <= limits.dimension:
        refuse(f"Dimension {dimension} is out of range. Use 1 to {limits.dimension}.")


def check_tags(tags: Mapping[Any, Any], limits: Limits) -> None:
    if len(tags) > limits.tags:
        refuse(f"{len(tags)} tags are too many; an index takes up to {limits.tags}. Remove some.")
    for key, value in tags.items():
        if not isinstance(key, str) or len(key) > limits.tag_key_length or not _TAG_KEY.fullmatch(key):
            refuse(
                f"Tag key {shown(key)} is not valid. Use up to {limits.tag_key_length} letters, digits, `_` and `-`."
            )
        if not isinstance(value, str) or len(value) > limits.tag_value_length or not _TAG_VALUE.fullmatch(value):
            refuse(
                f"Value {shown(value)} of tag {key!r} is not valid. "
                f"Use up to {limits.tag_value_length} letters, digits, spaces and `_-;@.+`."
            )


def check_namespace(name: object, limits: Limits) -> str:
    """A namespace name; "" is the default namespace."""
    if not isinstance(name, str):
        refuse(f"A namespace is a string: got {shown(name)}.")
    if len(name) > limits.namespace_length:
        refuse(
            f"Namespace name has {len(name)} characters; at most {limits.namespace_length} are allowed: {shown(name)}"
        )
    if not name.isascii() or "\0" in name:
        refuse(f"Namespace {shown(name)} must be ASCII without null characters.")
    return name


def check_top_k(top_k: object, limits: Limits) -> int:
    if isinstance(top_k, bool) or not isinstance(top_k, (int, np.integer)):
        refuse(f"top_k must be a whole number from 1 to {limits.top_k}: got {shown(top_k)}.")
    if not 1 <= top_k <= limits.top_k:
        refuse(f"top_k {top_k} is out of range. Use 1 to {limits.top_k}.")
    return int(top_k)


def check_page(limit: object, most: int) -> int:
    if isinstance(limit, bool) or not isinstance(limit, (int, np.integer)) or not 1 <= limit <= most:
        refuse(f"limit {shown(limit)} is out of range. Use 1 to {most}.")
    return int(limit)


# -- ids --------------------------------------------------------------------------------------------------------------


def check_ids(ids: Sequence[str], limits: Limits) -> list[str]:
    """Ids as a list. The fast path looks at all ids at once and only a bad one is looked for one by one."""
    if isinstance(ids, (str, bytes)):
        refuse(f"ids must be a list of strings: got the single string {shown(ids)}. Write [{shown(ids)}].")
    listed = list(ids)
    try:
        joined = "".join(listed)
        good = joined.isascii() and "\0" not in joined
        lengths = set(map(len, listed))
        good = good and (not lengths or (min(lengths) >= 1 and max(lengths) <= limits.id_length))
    except TypeError:
        good = False
    if not good:
        for position, id_ in enumerate(listed):
            check_id(id_, limits, position)
    return listed


def check_id(id_: object, limits: Limits, position: int | None = None) -> str:
    where = "" if position is None else f" (record {position} of the call)"
    if not isinstance(id_, str):
        refuse(f"Vector ID must be a string{where}: got {shown(id_)}. Convert it with str().")
    if not id_:
        refuse(f"Vector ID must not be empty{where}. Give 1 to {limits.id_length} ASCII characters.")
    if not id_.isascii():
        refuse(f"Vector ID must be ASCII{where}: got {shown(id_)}. Percent-encode it (urllib.parse.quote) or hash it.")
    if "\0" in id_:
        refuse(f"Vector ID must not contain null character{where}: got {shown(id_)}.")
    if len(id_) > limits.id_length:
        refuse(f"Vector ID has {len(id_)} characters{where}; at most {limits.id_length} are allowed: {shown(id_)}")
    return id_


# -- vectors ----------------------------------------------------------------------------------------------------------


def check_vectors(vectors: Any, ids: Sequence[str], dimension: int, *, zeros: bool = False) -> Floats:
    """(n, d) float32 C-contiguous, finite, no zero row unless ``zeros``. May share memory with a caller's array."""
    if len(vectors) != len(ids):
        refuse(f"{len(ids)} ids but {len(vectors)} vectors: give one vector for each id.")
    found = as_array(vectors, ids, dimension)
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        bad = found[row][~np.isfinite(found[row])][0]
        refuse(
            f"Vector of record {ids[row]!r} holds {bad}, which is not a finite 32-bit number. "
            "Remove or repair the record; check the embedding that produced it."
        )
    filled = found.any(axis=1)
    if not zeros and not filled.all():
        row = int(np.flatnonzero(~filled)[0])
        refuse(
            f"Vector of record {ids[row]!r} is all zeros. A dense vector must hold at least one non-zero value: "
            "leave the record out, or check the embedding that produced it."
        )
    return found


def as_array(vectors: Any, ids: Sequence[str], dimension: int) -> Floats:
    if isinstance(vectors, np.ndarray):
        if vectors.ndim != 2 or vectors.shape[1] != dimension:
            width = vectors.shape[1] if vectors.ndim == 2 else vectors.shape
            refuse(f"Vector dimension {width} does not match the dimension of the index {dimension}.")
        return _numeric(vectors, ids)
    for row, vector in enumerate(vectors):
        if vector is None:
            refuse(f"Record {ids[row]!r} has no dense values. This index needs {dimension} numbers in each record.")
        if not hasattr(vector, "__len__") or len(vector) != dimension:
            size = len(vector) if hasattr(vector, "__len__") else shown(vector)
            refuse(
                f"Vector dimension {size} does not match the dimension of the index {dimension} (record {ids[row]!r})."
            )
    if {type(vector) for vector in vectors} <= {list, tuple}:
        try:
            # array("f") is as fast as numpy here, and unlike numpy refuses strings that look like numbers.
            data = b"".join([array("f", vector) for vector in vectors])
        except (TypeError, OverflowError):
            _find_bad_number(vectors, ids)
        return np.frombuffer(data, np.float32).reshape(len(vectors), dimension)
    return _numeric(np.array([np.asarray(vector) for vector in vectors]), ids)


def _numeric(vectors: np.ndarray[Any, Any], ids: Sequence[str]) -> Floats:
    if vectors.dtype.kind not in "fiu":
        refuse(f"Vectors must hold numbers: got an array of {vectors.dtype} (first record {ids[0]!r}).")
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and infinite values are refused
        converted: Floats = np.ascontiguousarray(vectors, np.float32)
    return converted


def _find_bad_number(vectors: Sequence[Sequence[Any]], ids: Sequence[str]) -> NoReturn:
    for row, vector in enumerate(vectors):
        for value in vector:
            try:
                array("f", [value])
            except (TypeError, OverflowError):
                refuse(f"Vector of record {ids[row]!r} holds {shown(value)}, which is not a number that fits 32 bits.")
    raise AssertionError("one of the numbers was refused")


def check_query_vector(vector: Any, dimension: int, metric: Metric, *, zeros: bool = False) -> Floats:
    """(d,) float32, finite; all zero only where distances are measured, and the origin is a point like any other, or
    with ``zeros``."""
    found: Floats
    if isinstance(vector, np.ndarray) and vector.shape == (dimension,) and vector.dtype == np.float32:
        found = vector
        # One product tells at once that no value is infinite, none is NaN, and not all are zero.
        if 0.0 < float(found @ found) < np.inf:
            return found
    if isinstance(vector, np.ndarray) and vector.ndim == 2 and len(vector) == 1:
        vector = vector[0]
    found = check_vectors([vector], ["query"], dimension, zeros=zeros or metric == "euclidean")[0]
    return found


def check_sparse(sparse: Any, limits: Limits, where: str) -> SparseValues:
    """Indices ascending and distinct, values finite. Accepts SparseValues or {"indices": ..., "values": ...}."""
    indices: Any
    values: Any
    if isinstance(sparse, Mapping):
        indices, values = sparse.get("indices"), sparse.get("values")
    else:
        indices, values = getattr(sparse, "indices", None), getattr(sparse, "values", None)
    if indices is None or values is None:
        refuse(f"Sparse values of {where} need `indices` and `values`: got {shown(sparse)}.")
    if len(indices) != len(values):
        refuse(f"Sparse values of {where} have {len(indices)} indices and {len(values)} values: give one for each.")
    if not 1 <= len(indices) <= limits.sparse_nonzeros:
        refuse(f"Sparse values of {where} have {len(indices)} entries. Give 1 to {limits.sparse_nonzeros}.")
    keys = np.asarray(indices)
    if keys.dtype.kind not in "iu" or keys.min() < 0 or keys.max() > 0xFFFFFFFF:
        refuse(f"Sparse indices of {where} must be whole numbers from 0 to 4294967295: got {shown(list(indices))}.")
    with np.errstate(over="ignore"):
        weights = _numeric(np.asarray(values), [where])
    if not np.isfinite(weights).all():
        refuse(f"Sparse values of {where} must be finite: got {shown(list(values))}.")
    order = np.argsort(keys, kind="stable")
    keys = keys[order].astype(np.uint32)
    if len(keys) > 1 and (keys[1:] == keys[:-1]).any():
        twice = int(keys[1:][keys[1:] == keys[:-1]][0])
        refuse(f"Sparse index {twice} appears twice in {where}. Add its values up and give it once.")
    return SparseValues(keys, weights[order])


# -- batches ----------------------------------------------------------------------------------------------------------


def make_batch(
    spec: IndexSpec,
    limits: Limits,
    ids: Sequence[str],
    vectors: Any,
    sparse: Sequence[Any] | None,
    metadata: Sequence[Mapping[str, Any] | None] | Mapping[str, Sequence[Any]] | None,
) -> RecordBatch:
    """Checked input of one write; of records with the same id only the last one is kept."""
    listed = check_ids(ids, limits)
    if not listed:
        refuse("Invalid request: there are no records to write. Give at least one.")
    if vectors is not None and not isinstance(vectors, np.ndarray) and all(vector is None for vector in vectors):
        vectors = None
    found: Floats | None = None
    if spec.vector_type == "sparse":
        if vectors is not None:
            refuse(f"Index configuration does not support dense values: {spec.name!r} is a sparse index.")
    elif vectors is None:
        refuse(f"Dense index {spec.name!r} needs `values` of {spec.dimension} numbers in each record.")
    else:
        assert spec.dimension is not None
        found = check_vectors(vectors, listed, spec.dimension)
    batch = RecordBatch(
        listed, found, _check_sparse_column(spec, limits, listed, sparse), _encode(metadata, limits, listed)
    )
    return batch if len(set(listed)) == len(listed) else _last_of_each(batch)


def _check_sparse_column(
    spec: IndexSpec, limits: Limits, ids: Sequence[str], sparse: Sequence[Any] | None
) -> list[SparseValues | None] | None:
    if sparse is not None and len(sparse) != len(ids):
        refuse(f"{len(ids)} ids but {len(sparse)} sparse values: give one, or None, for each id.")
    if spec.vector_type == "sparse":
        for position, id_ in enumerate(ids):
            if sparse is None or sparse[position] is None:
                refuse(f"Record {id_!r} has no sparse values, which sparse index {spec.name!r} needs.")
    if sparse is None:
        return None
    return [
        None if value is None else check_sparse(value, limits, f"record {id_!r}")
        for id_, value in zip(ids, sparse, strict=True)
    ]


def _encode(metadata: Any, limits: Limits, ids: Sequence[str]) -> list[bytes | None] | None:
    if metadata is None:
        return None
    if isinstance(metadata, Mapping):
        return list(encode_metadata_columns(metadata, len(ids), limits, ids))
    if len(metadata) != len(ids):
        refuse(f"{len(ids)} ids but {len(metadata)} metadata objects: give one, or None, for each id.")
    return [
        None if item is None else encode_metadata(item, limits, record_id=id_)
        for id_, item in zip(ids, metadata, strict=True)
    ]


def _last_of_each(batch: RecordBatch) -> RecordBatch:
    keep = sorted({id_: position for position, id_ in enumerate(batch.ids)}.values())
    return replace(
        batch,
        ids=[batch.ids[position] for position in keep],
        vectors=None if batch.vectors is None else np.ascontiguousarray(batch.vectors[keep]),
        sparse=None if batch.sparse is None else [batch.sparse[position] for position in keep],
        metadata=None if batch.metadata is None else [batch.metadata[position] for position in keep],
    )
