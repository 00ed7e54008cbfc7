"""The obvious index: dicts of records, searched one by one in float64. What the engine answers is compared with it.

Nothing here is fast, clever or shared with the engine, apart from ``pinyon.filters.matches``, which has its own tests.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pinyon.errors import AlreadyExistsError, NotFoundError
from pinyon.filters import matches, parse
from pinyon.limits import DEFAULT
from pinyon.types import IndexSpec, Match, Record

Numbers = Sequence[float]
SparseMap = Mapping[int, float]
Score = tuple[str, float]

TOLERANCE = 1e-6


@dataclass(frozen=True)
class ModelRecord:
    """What one id holds. ``metadata`` is {} when there is none."""

    values: tuple[float, ...] | None
    sparse: Mapping[int, float] | None
    metadata: Mapping[str, Any]


@dataclass
class ModelNamespace:
    records: dict[str, ModelRecord]
    explicit: bool = False


class ModelIndex:
    """One index. A namespace lives as long as it has records; one from ``create_namespace`` lives on without."""

    def __init__(self, spec: IndexSpec) -> None:
        self.spec = spec
        self.namespaces: dict[str, ModelNamespace] = {}

    def copy(self) -> ModelIndex:
        """The same content, independent of this one (records never change)."""
        other = ModelIndex(self.spec)
        other.namespaces = {
            name: ModelNamespace(dict(held.records), held.explicit) for name, held in self.namespaces.items()
        }
        return other

    def records(self, namespace: str) -> dict[str, ModelRecord]:
        held = self.namespaces.get(namespace)
        return {} if held is None else held.records

    # -- writing ------------------------------------------------------------------------------------------------------

    def upsert(
        self,
        namespace: str,
        ids: Sequence[str],
        vectors: Sequence[Numbers] | None = None,
        *,
        sparse: Sequence[SparseMap | None] | None = None,
        metadata: Sequence[Mapping[str, Any] | None] | None = None,
    ) -> int:
        held = self.namespaces.setdefault(namespace, ModelNamespace({}))
        for at, id_ in enumerate(ids):
            held.records[id_] = ModelRecord(
                None if vectors is None else tuple(float(value) for value in vectors[at]),
                None if sparse is None or sparse[at] is None else dict(sparse[at] or {}),
                {} if metadata is None else _without_nulls(metadata[at] or {}),
            )
        return len(set(ids))

    def update(
        self,
        namespace: str,
        id_: str,
        *,
        values: Numbers | None = None,
        sparse: SparseMap | None = None,
        set_metadata: Mapping[str, Any] | None = None,
    ) -> int:
        old = self.records(namespace).get(id_)
        if old is None:
            return 0
        self.namespaces[namespace].records[id_] = ModelRecord(
            old.values if values is None else tuple(float(value) for value in values),
            old.sparse if sparse is None else dict(sparse),
            {**old.metadata, **_without_nulls(set_metadata or {})},
        )
        return 1

    def update_where(self, namespace: str, filter: Mapping[str, Any], set_metadata: Mapping[str, Any]) -> int:
        chosen = self.matching(namespace, filter)
        for id_ in chosen:
            self.update(namespace, id_, set_metadata=set_metadata)
        return len(chosen)

    def delete(self, namespace: str, ids: Sequence[str]) -> int:
        held = self.namespaces.get(namespace)
        if held is None:
            return 0
        chosen = [id_ for id_ in dict.fromkeys(ids) if id_ in held.records]
        for id_ in chosen:
            del held.records[id_]
        if not held.records and not held.explicit:
            del self.namespaces[namespace]
        return len(chosen)

    def delete_where(self, namespace: str, filter: Mapping[str, Any]) -> int:
        return self.delete(namespace, self.matching(namespace, filter))

    def delete_all(self, namespace: str) -> int:
        self._existing(namespace)
        return self.delete(namespace, list(self.records(namespace)))

    def create_namespace(self, name: str) -> None:
        if name in self.namespaces:
            raise AlreadyExistsError(name)
        self.namespaces[name] = ModelNamespace({}, explicit=True)

    def delete_namespace(self, name: str) -> int:
        self._existing(name)
        return len(self.namespaces.pop(name).records)

    def _existing(self, name: str) -> None:
        if name not in self.namespaces:
            raise NotFoundError(name)

    # -- reading ------------------------------------------------------------------------------------------------------

    def matching(self, namespace: str, filter: Mapping[str, Any] | None) -> list[str]:
        """Ids of the records that the filter keeps, in bytewise order."""
        node = None if filter is None else parse(filter, DEFAULT)
        records = self.records(namespace)
        return sorted(id_ for id_ in records if node is None or matches(node, records[id_].metadata))

    def ranking(
        self,
        namespace: str,
        *,
        vector: Numbers | None = None,
        sparse: SparseMap | None = None,
        id: str | None = None,
        filter: Mapping[str, Any] | None = None,
    ) -> list[Score]:
        """(id, score) of everything that can match, best first, ties in order of id."""
        records = self.records(namespace)
        if id is not None:
            if id not in records:
                return []
            vector = records[id].values
            sparse = records[id].sparse if self.spec.metric == "dotproduct" else None
        scored = [
            (id_, score)
            for id_ in self.matching(namespace, filter)
            if (score := self.score(records[id_], vector, sparse)) is not None
        ]
        sign = 1.0 if self.spec.metric == "euclidean" else -1.0
        return sorted(scored, key=lambda item: (sign * item[1], item[0]))

    def score(self, record: ModelRecord, vector: Numbers | None, sparse: SparseMap | None) -> float | None:
        """None for a record of a sparse index that shares no term with the query: it is no match."""
        shared = set(sparse or {}) & set(record.sparse or {})
        lexical = sum((sparse or {})[term] * (record.sparse or {})[term] for term in shared)
        if vector is None:
            return lexical if shared else None
        assert record.values is not None, "a dense query meets dense records"
        if self.spec.metric == "euclidean":
            return sum((a - b) ** 2 for a, b in zip(vector, record.values, strict=True))
        product = sum(a * b for a, b in zip(vector, record.values, strict=True))
        if self.spec.metric == "cosine":
            return product / (math.hypot(*vector) * math.hypot(*record.values))
        return product + lexical

    def counts(self) -> dict[str, int]:
        return {name: len(self.namespaces[name].records) for name in sorted(self.namespaces)}


def plain(record: Record) -> ModelRecord:
    """An engine's record in the model's terms, for comparison by ``==``."""
    sparse = record.sparse_values
    return ModelRecord(
        None if record.values is None else tuple(float(value) for value in record.values),
        None if sparse is None else dict(zip(sparse.indices.tolist(), map(float, sparse.values), strict=True)),
        {} if record.metadata is None else record.metadata,
    )


def without_values(record: ModelRecord) -> ModelRecord:
    return replace(record, values=None)


def close(left: float, right: float) -> bool:
    return abs(left - right) <= TOLERANCE * max(1.0, abs(left), abs(right))


def assert_true(found: Sequence[Match], ranking: Sequence[Score], top_k: int, *, ascending: bool) -> int:
    """What every search keeps to, with quantised codes too: the number of hits, their scores and their order.

    ranking: all that matches, as ``ModelIndex.ranking`` gives it. Returns how many of the hits are among the best.
    """
    assert len(found) == min(top_k, len(ranking)), (len(found), top_k, len(ranking))
    assert len({match.id for match in found}) == len(found), "an id came twice"
    expected = dict(ranking)
    for match in found:
        assert match.id in expected, f"{match.id!r} does not match at all"
        assert close(match.score, expected[match.id]), (match, expected[match.id])
    sign = 1.0 if ascending else -1.0
    keys = [(sign * match.score, match.id) for match in found]
    assert keys == sorted(keys), keys
    last = sign * ranking[len(found) - 1][1] if found else 0.0
    return sum(sign * match.score <= last or close(sign * match.score, last) for match in found)


def assert_best(
    found: Sequence[Match],
    ranking: Sequence[Score],
    top_k: int,
    records: Mapping[str, ModelRecord],
    *,
    ascending: bool,
) -> None:
    """`found` are the best of `ranking`, which holds all that matches, and ties are in order of id.

    Scores that float32 cannot tell apart may stand in either order, but equal records tie exactly: of these, the ones
    with the smallest ids come first, and are the ones that are left when not all find room.
    """
    assert assert_true(found, ranking, top_k, ascending=ascending) == len(found)
    for match, (_, best) in zip(found, ranking, strict=False):
        assert close(match.score, best), (match, best)
    held = {match.id for match in found}
    for match in found:
        twins = [id_ for id_, _ in ranking if id_ < match.id and _scored_alike(records[id_], records[match.id])]
        assert held.issuperset(twins), (match.id, twins)


def _scored_alike(left: ModelRecord, right: ModelRecord) -> bool:
    return left.values == right.values and left.sparse == right.sparse


def _without_nulls(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if value is not None}
