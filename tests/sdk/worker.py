"""An official SDK at the end of a pipe: one JSON request a line in, one JSON answer a line out.

Runs in an environment that has SDK 7 or SDK 10, not ours: ``python worker.py URL KEY http|grpc``. An answer is
``{"result": ...}``, ``{"status": 404, "message": "..."}`` for an error of the server, or ``{"lacks": "..."}`` for what
the SDK cannot ask for.
"""

from __future__ import annotations

import json
import re
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

import pinecone
from pinecone import Pinecone

SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
NEW = not pinecone.__version__.startswith("7")
GRPC_STATUS = {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "PERMISSION_DENIED": 403}


class LacksError(Exception):
    """The SDK has no such call."""


class Remote:
    """What the contract needs, in terms of the SDK."""

    def __init__(self, url: str, key: str, transport: str) -> None:
        self.grpc = transport == "grpc"
        extra: dict[str, Any] = {"grpc_scheme": "http"} if NEW else {}
        self.pc = Pinecone(api_key=key, host=url, **extra)
        self.key, self.url = key, url
        self.handles: dict[str, Any] = {}

    def index(self, name: str) -> Any:
        """A handle on the index that has this name now."""
        host = self.pc.describe_index(name).host
        if host not in self.handles:
            self.handles[host] = self._handle(host)
        return self.handles[host]

    def _handle(self, host: str) -> Any:
        if not self.grpc:
            return self.pc.Index(host=host)
        if NEW:
            return self.pc.index(host=host, grpc=True)
        from pinecone.grpc import GRPCClientConfig, PineconeGRPC

        client = PineconeGRPC(api_key=self.key, host=self.url)
        return client.Index(host=host.removeprefix("http://"), grpc_config=GRPCClientConfig(secure=False))

    # -- indexes and backups ------------------------------------------------------------------------------------------

    def create_index(self, name: str, settings: dict[str, Any]) -> Any:
        self.pc.create_index(name=name, spec=SPEC, timeout=-1, **settings)
        return self.describe_index(name)

    def describe_index(self, name: str) -> Any:
        found = self.pc.describe_index(name)
        if not NEW:
            dimension, metric, vector_type = found.dimension, found.metric, found.vector_type
        elif "_values" in found.schema.fields:
            field = found.schema.fields["_values"]
            dimension, metric, vector_type = field.dimension, field.metric, "dense"
        else:
            dimension, metric, vector_type = None, "dotproduct", "sparse"
        protected = str(found.deletion_protection) == "enabled"
        tags = _plain(found.tags) or {}
        return {
            "name": found.name,
            "dimension": dimension,
            "metric": str(metric),
            "vector_type": vector_type,
            "deletion_protection": protected,
            "tags": tags,
        }

    def list_indexes(self) -> Any:
        return [self.describe_index(index.name) for index in self.pc.list_indexes()]

    def has_index(self, name: str) -> Any:
        return self.pc.has_index(name)

    def configure_index(self, name: str, settings: dict[str, Any]) -> Any:
        self.pc.configure_index(name, **settings)
        return self.describe_index(name)

    def delete_index(self, name: str) -> Any:
        self.pc.delete_index(name, timeout=-1)

    def create_backup(self, name: str, backup_name: str, description: str) -> Any:
        made = self.pc.create_backup(index_name=name, backup_name=backup_name, description=description)
        return self._backup(made)

    def list_backups(self, name: str | None) -> Any:
        return [self._backup(backup) for backup in self.pc.list_backups(index_name=name)]

    def describe_backup(self, id: str) -> Any:
        return self._backup(self.pc.describe_backup(backup_id=id))

    def delete_backup(self, id: str) -> Any:
        self.pc.delete_backup(backup_id=id)

    def restore_backup(self, id: str, name: str, settings: dict[str, Any]) -> Any:
        self.pc.create_index_from_backup(name=name, backup_id=id, timeout=-1, **settings)
        while not self.pc.describe_index(name).status.ready:  # the SDK itself looks only every five seconds
            time.sleep(0.01)
        return self.describe_index(name)

    def _backup(self, found: Any) -> Any:
        if NEW:
            field = found.schema.fields.get("_values")
            dimension, metric = (field.dimension, str(field.metric)) if field else (None, "dotproduct")
        else:
            dimension, metric = found.dimension, str(found.metric)
        return {
            "id": found.backup_id,
            "index_name": found.source_index_name,
            "name": found.name or "",
            "description": found.description or "",
            "record_count": found.record_count,
            "namespace_count": found.namespace_count,
            "dimension": dimension,
            "metric": metric,
            "size": found.size_bytes,
        }

    # -- records ------------------------------------------------------------------------------------------------------

    def upsert(self, index: str, namespace: str, records: Sequence[Mapping[str, Any]]) -> Any:
        return self.index(index).upsert(vectors=list(records), namespace=namespace).upserted_count

    def query(self, index: str, namespace: str, options: dict[str, Any]) -> Any:
        found = self.index(index).query(namespace=namespace, **options)
        return [{**_record(match), "score": match.score} for match in found.matches]

    def fetch(self, index: str, namespace: str, ids: Sequence[str]) -> Any:
        return [
            _record(found) for found in self.index(index).fetch(ids=list(ids), namespace=namespace).vectors.values()
        ]

    def fetch_where(self, index: str, namespace: str, filter: Any, limit: int, after: str | None) -> Any:
        self._needs_new("fetch_by_metadata")
        page = self.index(index).fetch_by_metadata(
            filter=filter, namespace=namespace, limit=limit, pagination_token=after
        )
        return [_record(found) for found in page.vectors.values()], _next(page)

    def list_ids(self, index: str, namespace: str, prefix: str, limit: int, after: str | None) -> Any:
        page = self.index(index).list_paginated(
            prefix=prefix or None, limit=limit, pagination_token=after, namespace=namespace
        )
        return [item.id for item in page.vectors or ()], _next(page)

    def every_id(self, index: str, namespace: str) -> Any:
        pages = self.index(index).list(namespace=namespace)
        return [item if isinstance(item, str) else item.id for page in pages for item in getattr(page, "vectors", page)]

    def update(self, index: str, namespace: str, id: str, settings: dict[str, Any]) -> Any:
        self.index(index).update(id=id, namespace=namespace, **settings)

    def update_where(self, index: str, namespace: str, filter: Any, set_metadata: Any, dry_run: bool) -> Any:
        self._needs_new("update by filter")
        done = self.index(index).update(filter=filter, set_metadata=set_metadata, namespace=namespace, dry_run=dry_run)
        return done.matched_records

    def delete(self, index: str, namespace: str, settings: dict[str, Any]) -> Any:
        self.index(index).delete(namespace=namespace, **settings)

    def stats(self, index: str) -> Any:
        found = self.index(index).describe_index_stats()
        counts = {name: held.vector_count for name, held in found.namespaces.items()}
        return {"dimension": found.dimension or None, "total": found.total_vector_count, "namespaces": counts}

    # -- namespaces ---------------------------------------------------------------------------------------------------

    def namespaces(self, index: str, prefix: str, limit: int, after: str | None) -> Any:
        self._needs_new("list_namespaces with a prefix and a total")
        page = self.index(index).list_namespaces_paginated(prefix=prefix or None, limit=limit, pagination_token=after)
        return [[found.name, found.record_count] for found in page.namespaces], _next(page), page.total_count

    def create_namespace(self, index: str, name: str, schema: Any) -> Any:
        self._needs_new("create_namespace")
        return _namespace(self.index(index).create_namespace(name=name, schema=schema))

    def describe_namespace(self, index: str, name: str) -> Any:
        handle = self.index(index)
        return _namespace(handle.describe_namespace(name=name) if NEW else handle.describe_namespace(namespace=name))

    def delete_namespace(self, index: str, name: str) -> Any:
        handle = self.index(index)
        if NEW:
            handle.delete_namespace(name=name)
        else:
            handle.delete_namespace(namespace=name)

    # -- whole programs -----------------------------------------------------------------------------------------------

    def program(self, name: str) -> Any:
        import programs

        return programs.run(name, self.pc)

    def _needs_new(self, what: str) -> None:
        if not NEW:
            raise LacksError(f"SDK 7 has no {what}")


def _record(found: Any) -> dict[str, Any]:
    values, sparse = found.values or (), found.sparse_values
    held = None
    if sparse and len(sparse.indices):
        held = [[int(index) for index in sparse.indices], [float(value) for value in sparse.values]]
    metadata = _plain(found.metadata)
    return {"id": found.id, "values": [float(value) for value in values], "sparse": held, "metadata": metadata}


def _namespace(found: Any) -> Any:
    schema = getattr(found, "schema", None)
    fields = None if schema is None else {"fields": {name: {"filterable": True} for name in schema.fields}}
    return [found.name, int(found.record_count or 0), fields]


def _next(page: Any) -> str | None:
    return page.pagination.next if page.pagination else None


def _plain(value: Any) -> Any:
    """What JSON can hold: the SDKs have classes that only look like dicts."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    return dict(value) if isinstance(value, Mapping) else value


def status_of(error: Exception) -> int | None:
    """HTTP's number for an error that the server sent, over REST or gRPC; None for any other."""
    status = getattr(error, "status", None) or getattr(error, "status_code", None)
    if isinstance(status, int):
        return status
    code = re.search("|".join(GRPC_STATUS), str(error))
    return GRPC_STATUS[code[0]] if code else None


def answer(remote: Remote, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": getattr(remote, request.pop("call"))(**request)}
    except LacksError as problem:
        return {"lacks": str(problem)}
    except Exception as error:
        status = status_of(error)
        if status is None:
            return {"broken": traceback.format_exc()}
        body = getattr(error, "body", None)
        return {"status": status, "message": body if isinstance(body, str) else str(error)}


def say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main() -> None:
    remote = Remote(*sys.argv[1:])
    say({"result": pinecone.__version__})
    for line in sys.stdin:
        say(answer(remote, json.loads(line)))


if __name__ == "__main__":
    main()
