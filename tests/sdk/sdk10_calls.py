"""Every public method of the official SDK 10.2.0, called against a running server.

Runs in an environment that has that SDK, not ours: ``python sdk10_calls.py '<settings as JSON>'``. Prints one JSON line
for each check, ``{"check", "problem"}``, and last the methods that there are and those that were called.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from typing import Any

from pinecone.admin.api_keys import ApiKeys
from pinecone.admin.invites import Invites
from pinecone.admin.organizations import Organizations
from pinecone.admin.projects import Projects
from pinecone.admin.role_bindings import RoleBindings
from pinecone.admin.service_accounts import ServiceAccounts
from pinecone.admin.users import Users
from pinecone.async_client.backup_schedules import AsyncBackupSchedules
from pinecone.async_client.backups import AsyncBackups
from pinecone.async_client.collections import AsyncCollections
from pinecone.async_client.documents import AsyncDocuments
from pinecone.async_client.indexes import AsyncIndexes
from pinecone.async_client.inference import AsyncInference, AsyncModelResource
from pinecone.async_client.restore_jobs import AsyncRestoreJobs
from pinecone.client.backup_schedules import BackupSchedules
from pinecone.client.backups import Backups
from pinecone.client.collections import Collections
from pinecone.client.documents import Documents
from pinecone.client.indexes import Indexes
from pinecone.client.inference import Inference, ModelResource
from pinecone.client.restore_jobs import RestoreJobs
from pinecone.grpc import GrpcIndex

import pinecone
from pinecone import Admin, AsyncIndex, AsyncPinecone, Index, Pinecone

CLASSES = (
    *(Pinecone, Index, GrpcIndex, Indexes, Inference, ModelResource, Collections, Backups, RestoreJobs),
    *(BackupSchedules, Documents, AsyncPinecone, AsyncIndex, AsyncIndexes, AsyncInference, AsyncModelResource),
    *(AsyncCollections, AsyncBackups, AsyncRestoreJobs, AsyncBackupSchedules, AsyncDocuments),
    *(Admin, ApiKeys, Projects, Organizations, Invites, RoleBindings, ServiceAccounts, Users),
)
called: set[str] = set()
D = 4
UNIT = [[1.0 if at == place else 0.0 for at in range(D)] for place in range(D)]
SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
POD = {"pod": {"environment": "us-east-1-aws", "pod_type": "p1.x1"}}


def public(cls: type) -> list[str]:
    """The methods and resources of a class; the names of enumerations that hang on it are neither."""
    names = [name for name in dir(cls) if not name.startswith("_")]
    return [name for name in names if not inspect.isclass(getattr(cls, name))]


def record(cls: type, name: str) -> None:
    """Notes every use of a method or resource."""
    label = f"{cls.__name__}.{name}"
    found = inspect.getattr_static(cls, name)
    if isinstance(found, property | functools.cached_property):
        getter = found.fget if isinstance(found, property) else found.func
        assert getter is not None

        def read(self: Any) -> Any:
            called.add(label)
            return getter(self)

        setattr(cls, name, property(read))
        return

    @functools.wraps(found)
    def call(self: Any, *arguments: Any, **settings: Any) -> Any:
        called.add(label)
        return found(self, *arguments, **settings)

    setattr(cls, name, call)


async def do(result: Any) -> Any:
    """The value of a call, whether it was a plain one or one to be awaited."""
    return await result if inspect.isawaitable(result) else result


async def every(pages: Any) -> list[Any]:
    """What an iterator gives, of either kind."""
    pages = await do(pages)
    if hasattr(pages, "__aiter__"):
        return [page async for page in pages]
    return list(pages)


async def refused(call: Callable[..., Any], *arguments: Any) -> pinecone.PineconeError | None:
    """The error of a call, if it gave one."""
    try:
        await do(call(*arguments))
    except pinecone.PineconeError as error:
        return error
    return None


async def ready(pc: Any, name: str) -> None:
    """Waits for an index; the SDK itself looks only every five seconds."""
    for _ in range(500):
        if (await do(pc.indexes.describe(name))).status.ready:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"index {name} does not become ready")


def fresh(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


class World:
    """Clients of one kind ("sync" or "asyncio"), and what the server was told about itself."""

    def __init__(self, kind: str, settings: dict[str, Any]) -> None:
        self.kind = kind
        self.settings = settings
        make: Any = Pinecone if kind == "sync" else AsyncPinecone
        extra = {"grpc_scheme": "http"} if kind == "sync" else {}
        self.pc: Any = make(api_key=settings["key"], host=settings["url"], **extra)

    async def made(self, name: str, **settings: Any) -> Any:
        settings = {"dimension": D, "metric": "cosine", "spec": SPEC, **settings}
        return await do(self.pc.indexes.create(name=name, **settings))

    async def index(self, name: str, transport: str = "http") -> Any:
        index = self.pc.index(name, grpc=True) if transport == "grpc" else self.pc.index(name)
        return await do(index)


async def closed(index: Any) -> None:
    await do(index.close())


# -- control plane ----------------------------------------------------------------------------------------------------


async def check_indexes(world: World) -> None:
    name = fresh("films")
    indexes = world.pc.indexes
    made = await world.made(name, tags={"team": "a"})
    assert (made.name, made.status.ready) == (name, True)
    described = await do(indexes.describe(name))
    assert described.schema.fields["_values"].dimension == D
    assert described.deployment.cloud == "aws"
    assert described.tags == {"team": "a"}
    assert await do(indexes.exists(name))
    assert not await do(indexes.exists(fresh("nobody")))
    assert name in [index.name for index in await every(indexes.list())]
    changed = await do(indexes.configure(name, tags={"team": "b"}, deletion_protection="enabled"))
    assert changed.tags == {"team": "b"}
    refusal = await refused(indexes.delete, name)
    assert isinstance(refusal, pinecone.ForbiddenError)
    assert "Deletion protection is enabled for this index" in str(refusal)
    await do(indexes.configure(name, deletion_protection="disabled"))
    backup = await do(indexes.create_backup(name, name="one"))
    assert (await do(indexes.describe_backup(backup.backup_id))).name == "one"
    assert [found.backup_id for found in await every(indexes.list_backups(name))] == [backup.backup_id]
    await do(indexes.delete(name))
    assert not await do(indexes.exists(name))


async def check_indexes_of_every_shape(world: World) -> None:
    indexes = world.pc.indexes
    for metric in ("cosine", "dotproduct", "euclidean"):
        name = fresh(metric)
        await world.made(name, metric=metric)
        assert (await do(indexes.describe(name))).schema.fields["_values"].metric == metric
        await do(indexes.delete(name))
    sparse = fresh("sparse")
    await do(indexes.create(name=sparse, vector_type="sparse", metric="dotproduct", spec=SPEC))
    assert "_sparse_values" in (await do(indexes.describe(sparse))).schema.fields
    await do(indexes.delete(sparse))
    made = await do(
        indexes.create(
            name=fresh("dedicated"),
            schema={"fields": {"_values": {"type": "dense_vector", "dimension": D, "metric": "cosine"}}},
            read_capacity={
                "mode": "Dedicated",
                "dedicated": {"node_type": "b1", "scaling": "Manual", "manual": {"shards": 1, "replicas": 2}},
            },
        )
    )
    assert made.read_capacity.dedicated.manual.replicas == 2
    await do(indexes.delete(made.name))


async def check_indexes_for_a_model(world: World) -> None:
    model = world.settings["model"]
    names = fresh("model"), fresh("model")
    embed = {"model": model, "field_map": {"text": "text"}}
    made = await do(world.pc.indexes.create_for_model(name=names[0], cloud="aws", region="us-east-1", embed=embed))
    assert made.schema.fields["text"].model == model
    await do(world.pc.create_index_for_model(names[1], "aws", "us-east-1", embed))
    for name in names:
        await do(world.pc.delete_index(name))


async def check_the_client_s_own_control_methods(world: World) -> None:
    pc = world.pc
    name, restored = fresh("films"), fresh("again")
    await do(pc.create_index(name, dimension=D, metric="cosine", spec=SPEC))
    assert await do(pc.has_index(name))
    assert (await do(pc.describe_index(name))).name == name
    assert name in [index.name for index in await every(pc.list_indexes())]
    assert (await do(pc.configure_index(name, tags={"x": "y"}))).tags == {"x": "y"}
    backup = await do(pc.create_backup(index_name=name, backup_name="one", description="first"))
    assert (await do(pc.describe_backup(backup_id=backup.backup_id))).description == "first"
    assert backup.backup_id in [found.backup_id for found in await every(pc.list_backups(index_name=name))]
    await do(pc.create_index_from_backup(name=restored, backup_id=backup.backup_id, timeout=-1))
    await ready(pc, restored)
    assert await do(pc.has_index(restored))
    job = (await every(pc.list_restore_jobs()))[0]
    assert (await do(pc.describe_restore_job(job_id=job.restore_job_id))).backup_id == job.backup_id
    await do(pc.delete_backup(backup_id=backup.backup_id))
    collection, pods = fresh("static"), fresh("pods")
    await do(pc.create_index(pods, dimension=D, metric="cosine", spec=POD))
    await do(pc.create_collection(collection, pods))
    assert (await do(pc.describe_collection(collection))).name == collection
    assert collection in [found.name for found in await every(pc.list_collections())]
    await do(pc.delete_collection(collection))
    for index in (name, restored, pods):
        await do(pc.delete_index(index))
    assert pc.config.api_key == world.settings["key"]


async def check_the_client_makes_handles(world: World) -> None:
    name = fresh("films")
    host = (await world.made(name)).host
    handles = [await do(world.pc.index(name)), await do(world.pc.index(host=host))]
    if world.kind == "sync":
        handles += [world.pc.Index(name), world.pc.index(name, grpc=True)]
        handles_of_loops = [world.pc.IndexAsyncio(host=host)]
    else:
        handles_of_loops = [world.pc.IndexAsyncio(host=host)]
    for handle in handles + handles_of_loops:
        assert handle.host.endswith(host.split("//")[-1])
        assert (await do(handle.describe_index_stats())).total_vector_count == 0
        await closed(handle)
    await do(world.pc.indexes.delete(name))


async def check_backups_and_restore_jobs(world: World) -> None:
    pc, name, restored = world.pc, fresh("films"), fresh("again")
    await world.made(name)
    index = await world.index(name)
    await do(index.upsert(vectors=[("a", UNIT[0])]))
    backup = await do(pc.backups.create(index_name=name, name="weekly", description="before the change"))
    assert (backup.source_index_name, backup.record_count) == (name, 1)
    assert (await do(pc.backups.describe(backup_id=backup.backup_id))).name == "weekly"
    assert (await do(pc.backups.get(backup_id=backup.backup_id))).backup_id == backup.backup_id
    assert [found.name for found in await every(pc.backups.list(index_name=name))] == ["weekly"]
    assert backup.backup_id in [found.backup_id for found in await every(pc.backups.list())]
    await do(pc.create_index_from_backup(name=restored, backup_id=backup.backup_id, timeout=-1))
    await ready(pc, restored)
    jobs = await every(pc.restore_jobs.list())
    job = next(job for job in jobs if job.backup_id == backup.backup_id)
    assert (await do(pc.restore_jobs.describe(job_id=job.restore_job_id))).target_index_name == restored
    again = await world.index(restored)
    assert list((await do(again.fetch(ids=["a"]))).vectors) == ["a"]
    await do(pc.backups.delete(backup_id=backup.backup_id))
    assert await every(pc.backups.list(index_name=name)) == []
    for handle in (index, again):
        await closed(handle)
    for each in (name, restored):
        await do(pc.indexes.delete(each))


async def check_backup_schedules(world: World) -> None:
    schedules, name = world.pc.backup_schedules, fresh("films")
    await world.made(name)
    made = await do(schedules.create(index_name=name, name="nightly", frequency="daily", retention_days=30))
    assert made.enabled
    assert made.next_scheduled_run is not None
    assert (await do(schedules.describe(schedule_id=made.schedule_id))).name == "nightly"
    assert (await do(schedules.get(schedule_id=made.schedule_id))).retention_expire_after_days == 30
    assert [found.name for found in await every(schedules.list(index_name=name))] == ["nightly"]
    assert [found.name for found in await every(schedules.iter_schedules(index_name=name))] == ["nightly"]
    changed = await do(schedules.update(schedule_id=made.schedule_id, frequency="weekly", enabled=False))
    assert (changed.frequency, changed.enabled, changed.next_scheduled_run) == ("weekly", False, None)
    assert await every(schedules.history(schedule_id=made.schedule_id)) == []
    assert await every(schedules.iter_history(schedule_id=made.schedule_id)) == []
    await do(schedules.delete(schedule_id=made.schedule_id))
    assert await every(schedules.list(index_name=name)) == []
    await do(world.pc.indexes.delete(name))


async def check_collections(world: World) -> None:
    """Of a pod index: serverless ones have backups instead."""
    collections, name, static = world.pc.collections, fresh("films"), fresh("static")
    await world.made(name, spec=POD)
    await do(collections.create(name=static, source=name))
    assert (await do(collections.describe(static))).dimension == D
    assert static in [found.name for found in await every(collections.list())]
    await do(collections.delete(static))
    await do(world.pc.indexes.delete(name))


# -- data plane -------------------------------------------------------------------------------------------------------


async def check_vectors(world: World, transport: str = "http") -> None:
    name = fresh("films")
    await world.made(name)
    index = await world.index(name, transport)
    records = [
        {"id": f"film-{number}", "values": UNIT[number], "metadata": {"year": 1990 + number, "genre": "drama"}}
        for number in range(D)
    ]
    written = await do(index.upsert(vectors=records, namespace="n"))
    assert written.upserted_count == D
    found = await do(index.query(top_k=2, vector=UNIT[1], namespace="n", include_metadata=True, include_values=True))
    assert [match.id for match in found.matches] == ["film-1", "film-0"]
    assert abs(found.matches[0].score - 1.0) < 1e-6
    assert found.matches[0].metadata == {"year": 1991, "genre": "drama"}
    assert list(found.matches[0].values) == UNIT[1]
    assert found.usage.read_units >= 1
    found = await do(index.query(top_k=9, id="film-1", namespace="n", filter={"year": {"$gt": 1991}}))
    assert [match.id for match in found.matches] == ["film-2", "film-3"]
    merged = await do(index.query_namespaces(vector=UNIT[0], namespaces=["n", "empty"], metric="cosine", top_k=1))
    assert [match.id for match in merged.matches] == ["film-0"]
    fetched = await do(index.fetch(ids=["film-0", "nobody"], namespace="n"))
    assert list(fetched.vectors) == ["film-0"]
    chosen = await do(index.fetch_by_metadata(filter={"year": {"$lte": 1991}}, namespace="n"))
    assert sorted(chosen.vectors) == ["film-0", "film-1"]
    pages = await every(index.list(prefix="film-", namespace="n"))
    assert [item.id for page in pages for item in page.vectors] == [f"film-{number}" for number in range(D)]
    page = await do(index.list_paginated(limit=3, namespace="n"))
    assert len(page.vectors) == 3
    assert page.pagination.next
    await do(index.update(id="film-0", set_metadata={"seen": True}, namespace="n"))
    assert (await do(index.fetch(ids=["film-0"], namespace="n"))).vectors["film-0"].metadata["seen"] is True
    dry = await do(index.update(filter={"genre": "drama"}, set_metadata={"x": 1}, namespace="n", dry_run=True))
    assert dry.matched_records == D
    stats = await do(index.describe_index_stats())
    assert (stats.total_vector_count, stats.namespaces["n"].vector_count) == (D, D)
    await do(index.delete(ids=["film-0"], namespace="n"))
    await do(index.delete(filter={"year": 1991}, namespace="n"))
    assert (await do(index.describe_index_stats())).total_vector_count == 2
    await do(index.delete(delete_all=True, namespace="n"))
    assert (await do(index.describe_index_stats())).total_vector_count == 0
    await closed(index)
    await do(world.pc.indexes.delete(name))


async def check_lsn(world: World) -> None:
    """REST only: this SDK reads no headers over gRPC."""
    name = fresh("films")
    await world.made(name)
    index = await world.index(name)
    written = await do(index.upsert(vectors=[("a", UNIT[0])]))
    found = await do(index.query(top_k=1, vector=UNIT[0]))
    assert found.response_info.lsn_reconciled >= written.response_info.lsn_committed > 0
    await closed(index)
    await do(world.pc.indexes.delete(name))


async def check_sparse_and_hybrid(world: World, transport: str = "http") -> None:
    name = fresh("hybrid")
    await world.made(name, metric="dotproduct")
    index = await world.index(name, transport)
    await do(
        index.upsert(
            vectors=[
                {"id": "a", "values": UNIT[0], "sparse_values": {"indices": [7, 9], "values": [0.5, 2.0]}},
                {"id": "b", "values": UNIT[1]},
            ]
        )
    )
    found = await do(index.query(top_k=2, vector=UNIT[0], sparse_vector={"indices": [9], "values": [3.0]}))
    assert [(match.id, match.score) for match in found.matches] == [("a", 7.0), ("b", 0.0)]
    await closed(index)
    await do(world.pc.indexes.delete(name))


async def check_namespaces(world: World, transport: str = "http") -> None:
    name = fresh("films")
    await world.made(name)
    index = await world.index(name, transport)
    made = await do(index.create_namespace(name="first", schema={"fields": {"year": {"filterable": True}}}))
    assert made.name == "first"
    await do(index.upsert(vectors=[("a", UNIT[0])], namespace="second"))
    assert (await do(index.describe_namespace(name="second"))).record_count == 1
    pages = await every(index.list_namespaces())
    assert sorted(found.name for page in pages for found in page.namespaces) == ["first", "second"]
    page = await do(index.list_namespaces_paginated(limit=1))
    assert len(page.namespaces) == 1
    assert page.pagination.next
    await do(index.delete_namespace(name="second"))
    assert [found.name for found in (await do(index.list_namespaces_paginated())).namespaces] == ["first"]
    await closed(index)
    await do(world.pc.indexes.delete(name))


async def check_imports(world: World, transport: str = "http") -> None:
    name = fresh("films")
    await world.made(name)
    index = await world.index(name, transport)
    started = await do(index.start_import(uri=world.settings["import"], error_mode="abort"))
    for _ in range(100):
        state = await do(index.describe_import(started.id))
        if state.status in ("Completed", "Failed"):
            break
        time.sleep(0.05)
    assert (state.status, state.records_imported) == ("Completed", 2), state
    assert [found.id for found in await every(index.list_imports())] == [started.id]
    assert [found.id for found in await every(index.list_imports_paginated(limit=5))] == [started.id]
    refusal = await refused(index.cancel_import, started.id)
    assert refusal is None or "ompleted" in str(refusal), refusal
    assert (await do(index.describe_index_stats())).namespaces["n"].vector_count == 2
    await closed(index)
    await do(world.pc.indexes.delete(name))


async def check_a_frame(world: World, transport: str = "http") -> None:
    import pandas as pd

    name = fresh("films")
    await world.made(name)
    index = await world.index(name, transport)
    frame = pd.DataFrame({"id": ["a", "b", "c"], "values": UNIT[:3], "metadata": [{"x": 1}, {"x": 2}, {"x": 3}]})
    written = await do(index.upsert_from_dataframe(frame, namespace="n", batch_size=2, show_progress=False))
    assert written.upserted_count == 3
    await closed(index)
    await do(world.pc.indexes.delete(name))


async def check_records(world: World, transport: str = "http") -> None:
    name, model = fresh("texts"), world.settings["model"]
    embed = {"model": model, "field_map": {"text": "text"}}
    await do(world.pc.indexes.create_for_model(name=name, cloud="aws", region="us-east-1", embed=embed))
    index = await world.index(name, transport)
    records = [
        {"_id": "cat", "text": "the cat sleeps on the sofa", "kind": "animal"},
        {"_id": "dog", "text": "the dog runs in the park", "kind": "animal"},
        {"_id": "bread", "text": "bake the bread for an hour", "kind": "food"},
    ]
    await do(index.upsert_records(namespace="n", records=records))
    found = await do(index.search(namespace="n", top_k=2, inputs={"text": "cat sofa"}, fields=["text"]))
    assert found.result.hits[0].id == "cat"
    assert found.result.hits[0].fields == {"text": "the cat sleeps on the sofa"}
    reranker = world.settings["reranker"]
    found = await do(
        index.search_records(
            namespace="n",
            top_k=3,
            inputs={"text": "dog park"},
            filter={"kind": "animal"},
            rerank={"model": reranker, "rank_fields": ["text"], "top_n": 1},
        )
    )
    assert [hit.id for hit in found.result.hits] == ["dog"]
    assert found.usage.rerank_units >= 1
    await closed(index)
    await do(world.pc.indexes.delete(name))


async def check_documents(world: World) -> None:
    name = fresh("books")
    schema = {
        "fields": {
            "body": {"type": "string", "full_text_search": {"language": "en"}},
            "emb": {"type": "dense_vector", "dimension": D, "metric": "cosine"},
        }
    }
    await do(world.pc.indexes.create(name=name, schema=schema))
    index = await world.index(name)
    documents = index.documents
    texts = ("the whale and the sea", "the sea at night", "a garden in spring")
    books = [
        {"_id": f"book-{number}", "body": text, "emb": UNIT[number], "year": 1850.0 + number}
        for number, text in enumerate(texts)
    ]
    assert (await do(documents.upsert(namespace="n", documents=books[:2]))).upserted_count == 2
    batch = await do(documents.batch_upsert(namespace="n", documents=books[2:], show_progress=False))
    assert batch.failed_item_count == 0
    text = [{"type": "text", "query": "whale sea", "fields": ["body"]}]
    found = await do(documents.search(namespace="n", score_by=text, top_k=5, include_fields=["body"]))
    assert [match.id for match in found.matches] == ["book-0", "book-1"]
    dense = [{"type": "dense_vector", "field": "emb", "values": UNIT[2]}]
    found = await do(documents.search(namespace="n", score_by=dense, top_k=1, filter={"year": {"$gt": 1850}}))
    assert [match.id for match in found.matches] == ["book-2"]
    fetched = await do(documents.fetch(namespace="n", ids=["book-1", "nobody"]))
    assert list(fetched.documents) == ["book-1"]
    assert [book.id for book in await every(documents.list(namespace="n", prefix="book-"))] == [
        "book-0",
        "book-1",
        "book-2",
    ]
    await do(documents.update(namespace="n", documents=[{"_id": "book-0", "year": 1900.0}]))
    changed = await do(documents.update(namespace="n", filter={"year": 1900.0}, set_fields={"old": True}))
    assert changed.matched_records == 1
    await do(documents.delete(namespace="n", ids=["book-0"]))
    assert len(await every(documents.list(namespace="n"))) == 2
    await do(documents.delete(namespace="n", delete_all=True))
    await closed(index)
    await do(world.pc.indexes.delete(name))


async def check_futures(world: World) -> None:
    """gRPC calls that give a future."""
    name = fresh("films")
    await world.made(name)
    index = await world.index(name, "grpc")
    assert index.upsert_async(vectors=[("a", UNIT[0]), ("b", UNIT[1])]).result().upserted_count == 2
    assert [match.id for match in index.query_async(top_k=1, vector=UNIT[1]).result().matches] == ["b"]
    merged = index.query_namespaces_async(vector=UNIT[0], namespaces=[""], metric="cosine", top_k=1).result()
    assert [match.id for match in merged.matches] == ["a"]
    index.update_async(id="a", set_metadata={"x": 1}).result()
    assert index.fetch_async(ids=["a"]).result().vectors["a"].metadata == {"x": 1}
    index.delete_async(ids=["a"]).result()
    assert index.describe_index_stats().total_vector_count == 1
    index.close()
    world.pc.indexes.delete(name)


# -- inference and administration -------------------------------------------------------------------------------------


async def check_inference(world: World) -> None:
    inference, model = world.pc.inference, world.settings["model"]
    embedded = await do(inference.embed(model, ["one text", "another"], {"input_type": "passage"}))
    assert len(embedded.data) == 2
    assert embedded.usage.total_tokens >= 1
    ranked = await do(inference.rerank(world.settings["reranker"], "sea", ["a garden", "the sea at night"], top_n=1))
    assert [item.index for item in ranked.data] == [1]
    assert model in [found.model for found in await every(inference.list_models(type="embed"))]
    assert (await do(inference.get_model(model=model))).type == "embed"
    assert model in [found.model for found in await every(inference.model.list())]
    assert (await do(inference.model.get(model))).vector_type == "dense"


async def check_closing(world: World) -> None:
    await do(world.pc.inference.close())
    await do(world.pc.close())


def admin_of(world: World) -> Admin:
    return Admin(
        client_id=world.settings["client_id"],
        client_secret=world.settings["client_secret"],
        oauth_url=world.settings["url"] + "/oauth/token",
        host=world.settings["url"],
    )


async def check_projects_and_keys(world: World) -> None:
    admin = admin_of(world)
    name = fresh("project")
    project = admin.projects.create(name=name)
    assert admin.projects.describe(project_id=project.id).name == name
    assert admin.projects.describe_by_name(name=name).id == project.id
    assert admin.projects.exists(name=name)
    assert project.id in [found.id for found in admin.projects.list()]
    assert admin.projects.update(project_id=project.id, name=name + "-b").name == name + "-b"
    key = admin.api_keys.create(project_id=project.id, name="reader", roles=["DataPlaneViewer"])
    assert key.value
    assert admin.api_keys.describe(api_key_id=key.key.id).roles == ["DataPlaneViewer"]
    assert [found.name for found in admin.api_keys.list(project_id=project.id)] == ["reader"]
    assert admin.api_keys.update(api_key_id=key.key.id, name="renamed").name == "renamed"
    admin.api_keys.delete(api_key_id=key.key.id)
    admin.projects.delete(project_id=project.id)
    second = admin.projects.create(name=fresh("project"))
    admin.projects.delete_with_cleanup(project_id=second.id, retry_delay=0.1)
    assert not admin.projects.exists(project_id=second.id)
    admin.close()


async def check_the_organization(world: World) -> None:
    admin = admin_of(world)
    organization = admin.organizations.list()[0]
    assert admin.organizations.describe(organization_id=organization.id).name == organization.name
    assert admin.organizations.update(organization_id=organization.id, name="Renamed").name == "Renamed"
    assert await refused(lambda: admin.organizations.delete(organization_id=organization.id))
    admin.close()


async def check_service_accounts_and_roles(world: World) -> None:
    admin = admin_of(world)
    name = fresh("robot")
    made = admin.service_accounts.create(name=name)
    account = made.service_account
    assert made.client_secret
    assert admin.service_accounts.describe(service_account_id=account.id).name == name
    assert account.id in [found.id for found in admin.service_accounts.list()]
    assert admin.service_accounts.update(service_account_id=account.id, name=name + "-b").name == name + "-b"
    assert admin.service_accounts.rotate_secret(service_account_id=account.id).client_secret != made.client_secret
    project = admin.projects.create(name=fresh("project"))
    principal = {"principal_type": "service_account", "principal_id": account.id}
    where = {"resource_type": "project", "resource_id": project.id}
    binding = admin.role_bindings.create(**principal, **where, role="ProjectEditor")
    assert admin.role_bindings.describe(role_binding_id=binding.id).principal_id == account.id
    assert [found.id for found in admin.role_bindings.list(**principal)] == [binding.id]
    admin.role_bindings.delete(role_binding_id=binding.id)
    admin.service_accounts.delete(service_account_id=account.id)
    admin.projects.delete(project_id=project.id)
    admin.close()


async def check_that_there_are_no_people(world: World) -> None:
    """Users and invites are those of a company in the cloud: here the lists are empty, and the rest is refused."""
    admin = admin_of(world)
    assert list(admin.users.list()) == []
    assert list(admin.invites.list()) == []
    bindings = [{"resource_type": "organization", "role": "OrgMember"}]
    for call in (
        lambda: admin.users.describe(user_id="nobody"),
        lambda: admin.users.delete(user_id="nobody"),
        lambda: admin.invites.create(email="a@example.org", role_bindings=bindings),
        lambda: admin.invites.describe(invite_id="nothing"),
        lambda: admin.invites.delete(invite_id="nothing"),
        lambda: admin.invites.resend(invite_id="nothing"),
    ):
        assert await refused(call)
    admin.close()


# -- running ----------------------------------------------------------------------------------------------------------

PLAIN = (
    *(check_indexes, check_indexes_of_every_shape, check_indexes_for_a_model, check_the_client_s_own_control_methods),
    *(check_the_client_makes_handles, check_backups_and_restore_jobs, check_backup_schedules, check_collections),
    *(check_vectors, check_lsn, check_sparse_and_hybrid, check_namespaces, check_imports, check_a_frame),
    *(check_records, check_documents, check_inference),
)
OVER_GRPC = (check_vectors, check_sparse_and_hybrid, check_namespaces, check_imports, check_a_frame, check_records)

ONCE = (
    *(check_futures, check_projects_and_keys, check_the_organization, check_service_accounts_and_roles),
    check_that_there_are_no_people,
)


def checks() -> list[tuple[str, str, Callable[[World], Any]]]:
    """(name, kind of client, function), closing last."""
    found: list[tuple[str, str, Callable[[World], Any]]] = []
    for kind in ("sync", "asyncio"):
        found += [(f"{function.__name__[6:]} ({kind})", kind, function) for function in PLAIN]
    for function in OVER_GRPC:
        found.append((f"{function.__name__[6:]} (grpc)", "sync", functools.partial(function, transport="grpc")))
    for function in ONCE:
        found.append((f"{function.__name__[6:]} (once)", "sync", function))
    return found + [(f"closing ({kind})", kind, check_closing) for kind in ("sync", "asyncio")]


def say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def run(settings: dict[str, Any]) -> None:
    worlds = {kind: World(kind, settings) for kind in ("sync", "asyncio")}
    for name, kind, function in checks():
        begin, problem = time.perf_counter(), ""
        try:
            await function(worlds[kind])
        except Exception:
            problem = traceback.format_exc()
        say({"check": name, "problem": problem, "seconds": time.perf_counter() - begin})


def main() -> None:
    if sys.argv[1:] == ["--list"]:
        say([name for name, _, _ in checks()])
        return
    methods = sorted(f"{cls.__name__}.{name}" for cls in CLASSES for name in public(cls))
    for cls in CLASSES:
        for name in public(cls):
            record(cls, name)
    asyncio.run(run(json.loads(sys.argv[1])))
    say({"methods": methods, "called": sorted(called)})


if __name__ == "__main__":
    main()
