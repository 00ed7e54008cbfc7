"""A database that is reached through an official SDK and our server, with the engine's own calls."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinyon.errors import AlreadyExistsError, ForbiddenError, InvalidRequestError, NotFoundError, PinyonError
from pinyon.types import (
    IndexSpec,
    IndexStats,
    Match,
    NamespaceInfo,
    Query,
    QueryResult,
    Record,
    SparseValues,
    WriteResult,
)

HERE = Path(__file__).parent
ERRORS: dict[int, type[PinyonError]] = {
    400: InvalidRequestError,
    403: ForbiddenError,
    404: NotFoundError,
    409: AlreadyExistsError,
}


class Untold(int):
    """A number that the API does not tell: whatever is expected of it, it agrees."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int)

    __hash__ = int.__hash__


@dataclass(frozen=True)
class RemoteBackup:
    """What the API says of a backup, under the engine's names."""

    id: str
    index_name: str
    name: str
    description: str
    record_count: int
    namespace_count: int
    dimension: int | None
    metric: str
    size: int


class Worker:
    """The process with the SDK."""

    def __init__(self, python: Path, url: str, key: str, transport: str) -> None:
        self.process = subprocess.Popen(
            [str(python), str(HERE / "worker.py"), url, key, transport],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = str(self._read()["result"])

    def __call__(self, call: str, **arguments: Any) -> Any:
        """Raises the error that the server gave; skips the test when the SDK has no such call."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"call": call, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = self._read()
        if "lacks" in answer:
            pytest.skip(answer["lacks"])
        if "status" in answer:
            raise ERRORS.get(answer["status"], PinyonError)(answer["message"])
        assert "broken" not in answer, answer["broken"]
        return answer["result"]

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the process with the SDK ended: {self.process.wait(10)}"
        answer: dict[str, Any] = json.loads(line)
        return answer


class RemoteIndex:
    """An index, with the calls of ``engine.Index`` that the API has words for."""

    def __init__(self, worker: Worker, name: str) -> None:
        self._worker = worker
        self.name = name
        self.spec  # noqa: B018 - an unknown name is refused here, as the engine does

    @property
    def spec(self) -> IndexSpec:
        return _spec(self._worker("describe_index", name=self.name))

    def _call(self, call: str, **arguments: Any) -> Any:
        return self._worker(call, index=self.name, **arguments)

    def upsert(
        self,
        namespace: str,
        ids: Sequence[str],
        vectors: Any = None,
        *,
        sparse: Sequence[Any] | None = None,
        metadata: Sequence[Mapping[str, Any] | None] | None = None,
    ) -> WriteResult:
        records = []
        for row, id_ in enumerate(ids):
            record: dict[str, Any] = {"id": id_}
            if vectors is not None:
                record["values"] = _numbers(vectors[row])
            if sparse is not None and sparse[row] is not None:
                record["sparse_values"] = _sparse_out(sparse[row])
            if metadata is not None and metadata[row] is not None:
                record["metadata"] = dict(metadata[row] or {})
            records.append(record)
        return WriteResult(self._call("upsert", namespace=namespace, records=records), Untold(0))

    def query(self, namespace: str, query: Query) -> QueryResult:
        options: dict[str, Any] = {"top_k": query.top_k, "include_values": query.include_values}
        options["include_metadata"] = query.include_metadata
        if query.vector is not None:
            options["vector"] = _numbers(query.vector)
        if query.sparse is not None:
            options["sparse_vector"] = _sparse_out(query.sparse)
        if query.id is not None:
            options["id"] = query.id
        if query.filter is not None:
            options["filter"] = dict(query.filter)
        found = self._call("query", namespace=namespace, options=options)
        matches = tuple(
            Match(
                each["id"],
                each["score"],
                _values(each) if query.include_values else None,
                _sparse_in(each) if query.include_values else None,
                each["metadata"] if query.include_metadata else None,
            )
            for each in found
        )
        return QueryResult(matches, namespace, Untold(0))

    def fetch(self, namespace: str, ids: Sequence[str]) -> dict[str, Record]:
        return {each["id"]: _record(each) for each in self._call("fetch", namespace=namespace, ids=list(ids))}

    def fetch_where(
        self, namespace: str, filter: Mapping[str, Any], *, limit: int = 100, after: str | None = None
    ) -> tuple[dict[str, Record], str | None]:
        found, after = self._call("fetch_where", namespace=namespace, filter=dict(filter), limit=limit, after=after)
        return {each["id"]: _record(each) for each in found}, after

    def list_ids(
        self, namespace: str, *, prefix: str = "", limit: int = 100, after: str | None = None
    ) -> tuple[list[str], str | None]:
        found, after = self._call("list_ids", namespace=namespace, prefix=prefix, limit=limit, after=after)
        return found, after

    def iterate(self, namespace: str) -> Iterator[Record]:
        ids = self._call("every_id", namespace=namespace)
        return iter(list(self.fetch(namespace, ids).values()) if ids else [])

    def update(
        self,
        namespace: str,
        id: str,
        *,
        values: Any = None,
        sparse: Any = None,
        set_metadata: Mapping[str, Any] | None = None,
    ) -> WriteResult:
        settings: dict[str, Any] = {}
        if values is not None:
            settings["values"] = _numbers(values)
        if sparse is not None:
            settings["sparse_values"] = _sparse_out(sparse)
        if set_metadata is not None:
            settings["set_metadata"] = dict(set_metadata)
        self._call("update", namespace=namespace, id=id, settings=settings)
        return WriteResult(Untold(0), Untold(0))

    def update_where(
        self, namespace: str, filter: Mapping[str, Any], set_metadata: Mapping[str, Any], *, dry_run: bool = False
    ) -> WriteResult:
        matched = self._call(
            "update_where",
            namespace=namespace,
            filter=dict(filter),
            set_metadata=dict(set_metadata),
            dry_run=dry_run,
        )
        return WriteResult(matched, Untold(0))

    def delete(self, namespace: str, ids: Sequence[str]) -> WriteResult:
        return self._delete(namespace, ids=list(ids))

    def delete_where(self, namespace: str, filter: Mapping[str, Any]) -> WriteResult:
        return self._delete(namespace, filter=dict(filter))

    def delete_all(self, namespace: str) -> WriteResult:
        return self._delete(namespace, delete_all=True)

    def _delete(self, namespace: str, **settings: Any) -> WriteResult:
        self._call("delete", namespace=namespace, settings=settings)
        return WriteResult(Untold(0), Untold(0))

    def stats(self) -> IndexStats:
        found, spec = self._call("stats"), self.spec
        counts = {_default(name): count for name, count in found["namespaces"].items()}
        return IndexStats(counts, found["dimension"], spec.metric, spec.vector_type, found["total"])

    def count(self, namespace: str) -> int:
        return self.stats().namespaces.get(namespace, 0)

    def namespaces(
        self, *, prefix: str = "", limit: int = 100, after: str | None = None
    ) -> tuple[list[NamespaceInfo], str | None, int]:
        found, after, total = self._call("namespaces", prefix=prefix, limit=limit, after=after)
        return [NamespaceInfo(_default(name), count, None) for name, count in found], after, total

    def create_namespace(self, name: str, schema: Mapping[str, Any] | None = None) -> NamespaceInfo:
        return NamespaceInfo(*self._call("create_namespace", name=name, schema=schema))

    def describe_namespace(self, name: str) -> NamespaceInfo:
        return NamespaceInfo(*self._call("describe_namespace", name=name))

    def delete_namespace(self, name: str) -> WriteResult:
        self._call("delete_namespace", name=name)
        return WriteResult(Untold(0), Untold(0))


class RemoteDatabase:
    """A database, with the calls of ``engine.Database`` that the API has words for."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def create_index(self, spec: IndexSpec) -> IndexSpec:
        settings: dict[str, Any] = {"metric": spec.metric, "vector_type": spec.vector_type}
        if spec.tags:
            settings["tags"] = dict(spec.tags)
        if spec.dimension is not None:
            settings["dimension"] = spec.dimension
        settings["deletion_protection"] = "enabled" if spec.deletion_protection else "disabled"
        return _spec(self._worker("create_index", name=spec.name, settings=settings))

    def describe_index(self, name: str) -> IndexSpec:
        return _spec(self._worker("describe_index", name=name))

    def list_indexes(self) -> list[IndexSpec]:
        return [_spec(found) for found in self._worker("list_indexes")]

    def has_index(self, name: str) -> bool:
        return bool(self._worker("has_index", name=name))

    def configure_index(
        self, name: str, *, tags: Mapping[str, str] | None = None, deletion_protection: bool | None = None
    ) -> IndexSpec:
        settings: dict[str, Any] = {} if tags is None else {"tags": dict(tags)}
        if deletion_protection is not None:
            settings["deletion_protection"] = "enabled" if deletion_protection else "disabled"
        return _spec(self._worker("configure_index", name=name, settings=settings))

    def delete_index(self, name: str) -> None:
        self._worker("delete_index", name=name)

    def index(self, name: str) -> RemoteIndex:
        return RemoteIndex(self._worker, name)

    def create_backup(self, index: str, *, name: str = "", description: str = "") -> RemoteBackup:
        return _backup(self._worker("create_backup", name=index, backup_name=name, description=description))

    def list_backups(self, index: str | None = None) -> list[RemoteBackup]:
        return [_backup(found) for found in self._worker("list_backups", name=index)]

    def describe_backup(self, id: str) -> RemoteBackup:
        return _backup(self._worker("describe_backup", id=id))

    def delete_backup(self, id: str) -> None:
        self._worker("delete_backup", id=id)

    def restore_backup(
        self, id: str, name: str, *, tags: Mapping[str, str] | None = None, deletion_protection: bool = False
    ) -> IndexSpec:
        settings: dict[str, Any] = {} if tags is None else {"tags": dict(tags)}
        settings["deletion_protection"] = "enabled" if deletion_protection else "disabled"
        return _spec(self._worker("restore_backup", id=id, name=name, settings=settings))

    def empty(self) -> None:
        """Deletes every index and backup."""
        for spec in self.list_indexes():
            if spec.deletion_protection:
                self.configure_index(spec.name, deletion_protection=False)
            self.delete_index(spec.name)
        for backup in self.list_backups():
            self.delete_backup(backup.id)


def _default(name: str) -> str:
    return "" if name == "__default__" else name


def _numbers(vector: Any) -> list[float]:
    return [float(value) for value in np.asarray(vector, np.float32).reshape(-1)]


def _sparse_out(given: Any) -> dict[str, Any]:
    indices, values = (
        (given["indices"], given["values"]) if isinstance(given, Mapping) else (given.indices, given.values)
    )
    return {"indices": [int(index) for index in indices], "values": [float(value) for value in values]}


def _sparse_in(found: Mapping[str, Any]) -> SparseValues | None:
    if found["sparse"] is None:
        return None
    indices, values = found["sparse"]
    return SparseValues(np.array(indices, np.uint32), np.array(values, np.float32))


def _values(found: Mapping[str, Any]) -> Any:
    return np.array(found["values"], np.float32) if found["values"] else None


def _record(found: Mapping[str, Any]) -> Record:
    return Record(found["id"], _values(found), _sparse_in(found), found["metadata"])


def _spec(found: Mapping[str, Any]) -> IndexSpec:
    return IndexSpec(**found)


def _backup(found: Mapping[str, Any]) -> RemoteBackup:
    return RemoteBackup(**found)
