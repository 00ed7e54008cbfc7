"""Numbers for Prometheus: our own in seconds and bytes, and Pinecone's names, so that dashboards made for those work.

Each worker counts for itself and leaves what it counted in a file of a folder that all share, so that whichever of them
is asked answers for all.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import Metric

from pinyon.errors import PinyonError
from pinyon.server.recall import SUMS, RecallNumbers, recall_families
from pinyon.server.release import release

if TYPE_CHECKING:
    from pinyon import engine
    from pinyon.server.seen import Seen, Transport
    from pinyon.server.service import Service
    from pinyon.types import IndexSpec, Plan, Usage

Sample: TypeAlias = "tuple[str, tuple[tuple[str, str], ...]]"

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
STAGES: Final = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0)

MEMORY: Final = {
    "pinyon_memory_budget_bytes": "What namespaces in use may hold in memory, mapped vectors apart.",
    "pinyon_memory_used_bytes": "What they hold.",
    "pinyon_loaded_namespaces": "Namespaces in memory.",
}
PINECONE_OPERATIONS: Final[Mapping[str, str]] = {
    "/vectors/upsert": "upsert",
    "/query": "query",
    "/vectors/fetch": "fetch",
    "/vectors/fetch_by_metadata": "fetch",
    "/vectors/list": "list",
    "/vectors/update": "update",
    "/vectors/delete": "delete",
    "/VectorService/Upsert": "upsert",
    "/VectorService/Query": "query",
    "/VectorService/Fetch": "fetch",
    "/VectorService/FetchByMetadata": "fetch",
    "/VectorService/List": "list",
    "/VectorService/Update": "update",
    "/VectorService/Delete": "delete",
}
"""Which of Pinecone's operations a route counts as; records and documents end in the operation's name."""
_NAMES: Final = ("upsert", "query", "fetch", "update", "delete", "list")
_LAST: Final = {name: name for name in _NAMES} | {"search": "query"}
_WRITE_UNIT: Final = 1024
_FEWEST_WRITE_UNITS: Final = 5
_SECONDS_BETWEEN_FILES: Final = 2.0


class Metrics:
    """The numbers of one worker process. folder: where the workers meet; None when this process is the only one."""

    def __init__(self, service: Service, folder: Path | None = None) -> None:
        self._service = service
        self._own = own = CollectorRegistry()
        request = ("operation", "status", "transport")
        self.requests = Histogram(
            "pinyon_request_duration_seconds",
            "From the head of a request to the end of its answer.",
            request,
            buckets=SECONDS,
            registry=own,
        )
        self.stages = Histogram(
            "pinyon_query_stage_seconds", "Parts of a query.", ("stage",), buckets=STAGES, registry=own
        )
        self.received = Counter("pinyon_received_bytes", "Bodies of requests.", ("transport",), registry=own)
        self.sent = Counter("pinyon_sent_bytes", "Bodies of answers.", ("transport",), registry=own)
        self.in_flight = Gauge(
            "pinyon_requests_in_flight", "Requests that are being answered.", ("transport",), registry=own
        )
        self.refused = Counter("pinyon_refused_requests", "Requests that were not let in.", ("status",), registry=own)
        self.slow_queries = Counter("pinyon_slow_queries", "Queries that were logged as slow.", registry=own)
        index = ("index_name", "operation")
        self.operations = Counter("pinyon_index_operations", "Requests that an index answered.", index, registry=own)
        self.milliseconds = Counter("pinyon_index_operation_milliseconds", "Their durations.", index, registry=own)
        self.units = Counter(
            "pinyon_index_units", "Read and write units as Pinecone counts them.", ("index_name", "kind"), registry=own
        )
        self.tokens = Counter(
            "pinyon_model_tokens", "Tokens that models read (prompt) and wrote.", ("model", "kind"), registry=own
        )
        self.pictures = Counter("pinyon_model_pictures", "Pictures that models made.", ("model",), registry=own)
        self.failed_backups = Counter(
            "pinyon_index_scheduled_backup_failures", "Scheduled backups that failed.", ("index_name",), registry=own
        )
        self.memory = {name: Gauge(name, about, registry=own) for name, about in MEMORY.items()}
        self._recall = RecallNumbers(service, own)
        self._failed: dict[str, int] = {}
        self._known: dict[tuple[Any, ...], Any] = {}
        self._shared = None if folder is None else Shared(folder, own, self._count)
        if folder is None:
            ProcessCollector(registry=own)

    def begin(self, transport: Transport) -> None:
        self._labelled(self.in_flight, transport).inc()

    def finish(self, about: Seen, plan: Plan | None) -> None:
        """Counts one request; only what an index really answered is counted under its name."""
        labelled, transport, status = self._labelled, about.transport, str(about.status)
        labelled(self.in_flight, transport).dec()
        labelled(self.requests, about.operation or "unknown", status, transport).observe(about.seconds)
        labelled(self.received, transport).inc(about.bytes_in)
        labelled(self.sent, transport).inc(about.bytes_out)
        if about.status in (401, 403, 429):
            labelled(self.refused, status).inc()
        if plan is not None:
            for stage, milliseconds in plan.milliseconds.items():
                labelled(self.stages, stage).observe(milliseconds / 1e3)
        operation = pinecone_operation(about.path)
        if operation is None or about.status >= 400 or not about.index:
            return
        labelled(self.operations, about.index, operation).inc()
        labelled(self.milliseconds, about.index, operation).inc(about.seconds * 1e3)
        if about.action == "data:write":
            units = max(_FEWEST_WRITE_UNITS, -(-about.bytes_in // _WRITE_UNIT))
            labelled(self.units, about.index, "write").inc(units)
        else:
            labelled(self.units, about.index, "read").inc(max(1, about.read_units))

    def count_usage(self, model: str, usage: Usage) -> None:
        self._labelled(self.tokens, model, "prompt").inc(usage.prompt_tokens)
        self._labelled(self.tokens, model, "completion").inc(usage.completion_tokens)

    def count_pictures(self, model: str, count: int) -> None:
        self._labelled(self.pictures, model).inc(count)

    def _labelled(self, family: Any, *labels: str) -> Any:
        """The number of a family that has these labels. The library takes a lock and time to find it, so it is kept."""
        key = (id(family), *labels)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = family.labels(*labels)
        return found

    def text(self) -> bytes:
        """Everything, in Prometheus' text format, for all workers together."""
        self._count()
        families = list(self._own.collect()) if self._shared is None else self._shared.collect()
        shown = [family for family in families if not family.name.startswith("pinyon_index_")]
        lines = [generate_latest(_Families(shown)).decode()]
        lines.append(_family("pinyon_info", "gauge", "The release.", [({"version": release()}, 1)]))
        indexes = [spec.name for spec in self._service.database.list_indexes()]
        lines += [_family(*family) for family in recall_families(families, indexes)]
        lines += _pinecone(self._service, families)
        return "".join(lines).encode()

    def _count(self) -> None:
        """What others in this process count for themselves."""
        self._recall.count()
        budget = self._service.database.budget
        for name, value in zip(MEMORY, (budget.limit, budget.used, budget.loaded), strict=True):
            self.memory[name].set(value)
        jobs = self._service.jobs
        for index, count in list(jobs.failures.items()) if jobs is not None else []:
            self.failed_backups.labels(index).inc(count - self._failed.get(index, 0))
            self._failed[index] = count

    def close(self) -> None:
        """Leaves what was counted to the workers that remain."""
        if self._shared is not None:
            self._shared.close()


class Shared:
    """One worker's part in a folder: it writes ``<pid>.json`` now and then, and adds up what the others wrote."""

    def __init__(self, folder: Path, registry: CollectorRegistry, prepare: Callable[[], object]) -> None:
        self._folder = folder
        self._prepare = prepare
        self._registry = registry
        self._path = folder / f"{os.getpid()}.json"
        self._stopped = threading.Event()
        folder.mkdir(0o700, parents=True, exist_ok=True)
        threading.Thread(target=self._run, name="pinyon-metrics", daemon=True).start()

    def collect(self) -> list[Metric]:
        """The families of this worker with the sums over all. This worker's own numbers are written down first, so that
        no counter goes back when the next question is put to another worker."""
        families = list(self._registry.collect())
        self._write(families)
        sums: dict[Sample, float] = defaultdict(float)
        known = {family.name: family for family in families}
        for file in sorted(self._folder.glob("*.json")):
            if file == self._path:
                continue
            for name, samples in _read(file).items():
                for sample, labels, value in samples:
                    sums[sample, tuple(sorted(labels.items()))] += value
                    if name in known:
                        known[name].add_sample(sample, labels, 0.0)
        return [_summed(family, sums) for family in families]

    def close(self) -> None:
        self._stopped.set()
        self._write(list(self._registry.collect()))

    def _run(self) -> None:
        while not self._stopped.wait(_SECONDS_BETWEEN_FILES):
            self._prepare()
            self._write(list(self._registry.collect()))

    def _write(self, families: Iterable[Metric]) -> None:
        told = {
            family.name: [(one.name, one.labels, one.value) for one in family.samples if not _is_time(one.name)]
            for family in families
        }
        temporary = self._path.with_suffix(f".{threading.get_ident()}.tmp")
        try:
            temporary.write_bytes(orjson.dumps(told))
            temporary.replace(self._path)
        except OSError:
            return  # a full disk: the numbers of this worker are told by itself only


def forget_worker(folder: Path, pid: int) -> None:
    """Takes back what a worker that died said about the present; what it counted stays counted."""
    path = folder / f"{pid}.json"
    told = _read(path)
    for name in ("pinyon_requests_in_flight", *MEMORY, *SUMS):
        told.pop(name, None)
    if path.exists():
        path.write_bytes(orjson.dumps(told))


def _read(file: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _summed(family: Metric, sums: Mapping[Sample, float]) -> Metric:
    """The family with what the other workers counted added to each of its samples, and every sample once."""
    own: dict[Sample, float] = {}
    for one in family.samples:
        if not _is_time(one.name):
            key = (one.name, tuple(sorted(one.labels.items())))
            own[key] = own.get(key, 0.0) + one.value
    total = Metric(family.name, family.documentation, family.type)
    for (name, labels), value in own.items():
        total.add_sample(name, dict(labels), value + sums.get((name, labels), 0.0))
    return total


def _is_time(name: str) -> bool:
    """When a number was first counted: it cannot be added up."""
    return name.endswith("_created")


def pinecone_operation(path: str) -> str | None:
    """The operation that a route, by its template, counts as; None for one that Pinecone has no number for."""
    known = PINECONE_OPERATIONS.get(path)
    if known is None and path.startswith(("/records/namespaces/", "/namespaces/{")):
        return _LAST.get(path.rpartition("/")[2])
    return known


class _Families:
    """Families that were collected already, as the library's writer wants them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


def _pinecone(service: Service, families: Iterable[Metric]) -> Iterator[str]:
    """Pinecone's family: what was counted, and how large each index is now."""
    counted = {
        (sample.name.removesuffix("_total"), *_pair(sample.labels)): sample.value
        for family in families
        for sample in family.samples
        if sample.name.endswith("_total") and "index_name" in sample.labels
    }
    indexes = [(spec, _labels(spec, service)) for spec in service.database.list_indexes()]

    def rows(name: str, second: str = "") -> list[tuple[Mapping[str, str], float]]:
        return [(labels, counted.get((name, spec.name, second), 0.0)) for spec, labels in indexes]

    for operation in _NAMES:
        name = f"pinecone_db_op_{operation}"
        about = f"{operation.capitalize()} requests."
        yield _family(f"{name}_count", "counter", about, rows("pinyon_index_operations", operation))
        took = rows("pinyon_index_operation_milliseconds", operation)
        yield _family(f"{name}_duration_sum", "counter", f"{about} Their milliseconds.", took)
    yield _family("pinecone_db_read_unit_count", "counter", "Read units.", rows("pinyon_index_units", "read"))
    yield _family("pinecone_db_write_unit_count", "counter", "Write units.", rows("pinyon_index_units", "write"))
    yield _family(
        "pinecone_db_scheduled_backup_failure_total",
        "counter",
        "Scheduled backups that failed.",
        rows("pinyon_index_scheduled_backup_failures"),
    )
    sizes = [(labels, _size(service.database, spec)) for spec, labels in indexes]
    yield _family("pinecone_db_record_total", "gauge", "Records.", [(labels, one[0]) for labels, one in sizes])
    yield _family(
        "pinecone_db_storage_size_bytes", "gauge", "Bytes on disk.", [(labels, one[1]) for labels, one in sizes]
    )
    empty = [(labels, 0.0) for _, labels in indexes]
    yield _family("pinecone_db_index_fullness", "gauge", "Always 0: an index is as large as the disk.", empty)


def _pair(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels["index_name"], labels.get("operation") or labels.get("kind", "")


def _labels(spec: IndexSpec, service: Service) -> Mapping[str, str]:
    kind, given = next(iter(spec.deployment.items()), ("serverless", {}))
    given = given if isinstance(given, Mapping) else {}
    capacity: Any = given.get("read_capacity")
    mode = capacity.get("mode", "OnDemand") if isinstance(capacity, Mapping) else "OnDemand"
    return {
        "index_name": spec.name,
        "cloud": str(given.get("cloud", service.settings.cloud)),
        "region": str(given.get("region", given.get("environment", service.settings.region))),
        "capacity_mode": "pod" if kind == "pod" else "dedicated" if mode == "Dedicated" else "on-demand",
    }


def _size(database: engine.Database, spec: IndexSpec) -> tuple[int, int]:
    """(records, bytes on disk) of an index; zeros for one that was deleted meanwhile."""
    try:
        path = database.truth_path(spec.name)
        records = database.index(spec.name).stats().total
    except PinyonError:
        return 0, 0
    if path is None:
        return records, 0
    size = 0
    for file in path.parent.glob(f"{path.name}*"):
        try:
            size += file.stat().st_size
        except FileNotFoundError:
            continue
    return records, size


def _family(name: str, kind: str, about: str, rows: Iterable[tuple[Mapping[str, str], float]]) -> str:
    """One family of the text format, under exactly this name."""
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    for labels, value in rows:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inside}}} {float(value)!r}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
