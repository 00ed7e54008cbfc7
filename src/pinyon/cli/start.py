"""init, create, configure, ls, info: make a data directory and indexes, change them, and look at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import IndexName, command
from pinyon.cli.output import recall, size
from pinyon.cli.session import Session, complete_index

if TYPE_CHECKING:
    from pinyon.engine import Database, Index, NamespaceReport
    from pinyon.types import IndexSpec, Quality
    from pinyon.types import Metric as MetricName

SHOWN_NAMESPACES = 20


class Metric(StrEnum):
    cosine = "cosine"
    dotproduct = "dotproduct"
    euclidean = "euclidean"


SETTINGS = (
    "How it is searched: a kind (auto, flat, scan, hnsw, ivf, symqg), then names and values, as in "
    "'hnsw m 32 recall 0.95'"
)


def metric_name(metric: Metric | None) -> MetricName | None:
    return None if metric is None else metric.value


def index_settings(line: str | None) -> dict[str, Any]:
    """What --index says; {} without it. Raises InvalidRequestError."""
    from pinyon.engine.kinds import read_line

    return {} if line is None else read_line(line)


@command(
    "init",
    section="Start",
    examples=(
        ("make ./pinyon-data", "pinyon init"),
        ("make another directory", "pinyon init --data ~/search"),
    ),
)
def init(session: Session) -> None:
    """Make a data directory and say what to do next."""
    existed = (session.data / "catalog.sqlite").exists()
    with session.database(create=True) as database:
        indexes = [spec.name for spec in database.list_indexes()]
    path = str(session.data.resolve())
    if session.as_json:
        session.output.json({"data": path, "created": not existed, "indexes": indexes})
        return
    session.output.line(f"{'Already a data directory' if existed else 'Data directory made'}: {path}")
    option = "" if session.data == Path("pinyon-data") else f" --data {session.data}"
    session.output.line("Next:")
    session.output.line(f"  pinyon ingest docs ./my-folder{option}        # index a folder of documents")
    session.output.line(f'  pinyon search docs "your question"{option}    # and search it')
    session.output.line(f"  pinyon create vectors --dimension 384{option} # or an index for vectors of your own")


@command(
    "create",
    section="Start",
    examples=(
        ("an index for text, embedded by the default model", "pinyon create docs --model use-multilingual"),
        ("an index for vectors of your own", "pinyon create vectors --dimension 384 --metric cosine"),
        ("the same with a graph", "pinyon create vectors --dimension 384 --index 'hnsw m 32 recall 0.95'"),
        ("an index for sparse vectors", "pinyon create words --sparse"),
    ),
)
def create(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and hyphens.")],
    dimension: Annotated[int | None, typer.Option("--dimension", "-d", help="Length of the vectors.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="The embedding model, for an index of texts.")] = None,
    text_field: Annotated[
        str | None, typer.Option("--text-field", help="Metadata field that holds the text [default: text].")
    ] = None,
    metric: Annotated[Metric | None, typer.Option("--metric", help="How vectors are compared.")] = None,
    index: Annotated[
        str | None, typer.Option("--index", metavar="SETTINGS", help=f"{SETTINGS} [default: auto].")
    ] = None,
    sparse: Annotated[bool, typer.Option("--sparse", help="An index for sparse vectors.")] = False,
) -> None:
    """Create an index, for texts (--model), for dense vectors (--dimension) or for sparse ones (--sparse)."""
    if (dimension is not None) + (model is not None) + sparse != 1:
        raise typer.BadParameter("give exactly one of --dimension N, --model NAME and --sparse")
    if text_field is not None and model is None:
        raise typer.BadParameter("--text-field goes with --model")
    from pinyon.engine.kinds import configured

    spec = configured(
        _spec(session.data, name, dimension, model, text_field or "text", metric, sparse), index_settings(index)
    )
    with session.database(create=True) as database:
        made = database.create_index(spec)
    if session.as_json:
        session.output.json(spec_json(made))
    else:
        session.output.line(f"Created index {made.name!r} ({describe(made)}) in {session.data}")


def _spec(
    data: Path,
    name: str,
    dimension: int | None,
    model: str | None,
    text_field: str,
    metric: Metric | None,
    sparse: bool,
) -> IndexSpec:
    from pinyon.app.ingest import model_spec
    from pinyon.types import IndexSpec

    if model is not None:
        return model_spec(name, model, text_field=text_field, metric=metric_name(metric), data=data)
    if sparse:
        return IndexSpec(name, None, metric_name(metric) or "dotproduct", "sparse")
    return IndexSpec(name, dimension, metric_name(metric) or "cosine")


@command(
    "configure",
    section="Start",
    examples=(
        ("search through a graph from now on", "pinyon configure vectors --index 'hnsw m 32'"),
        ("change one parameter, and leave the rest", "pinyon configure vectors --index 'ef_search 100'"),
        ("go back to what Pinyon chooses", "pinyon configure vectors --index 'auto recall 0.99'"),
    ),
)
def configure(
    session: Session,
    name: IndexName,
    index: Annotated[
        str,
        typer.Option("--index", metavar="SETTINGS", help=f"{SETTINGS}; without a kind, only what is named changes."),
    ],
) -> None:
    """Change how an index is searched. Searches go on meanwhile."""
    settings = index_settings(index)
    with session.database() as database:
        session.index(database, name)
        changed = database.configure_index(name, index=settings)
    if session.as_json:
        session.output.json(spec_json(changed))
    else:
        session.output.line(f"Index {changed.name!r} is now {describe(changed)}")


@command(
    "ls",
    section="Start",
    examples=(
        ("every index", "pinyon ls"),
        ("the names alone, for a script", "pinyon ls --json | jq -r '.indexes[].name'"),
    ),
)
def ls(session: Session) -> None:
    """List the indexes with their records, dimension, metric, model and size on disk."""
    with session.database(write=False) as database:
        rows = []
        for spec in database.list_indexes():
            index = database.index(spec.name)
            rows.append(
                spec_json(spec) | {"records": index.stats().total, "bytes": sum(_sizes(database, index).values())}
            )
    if session.as_json:
        session.output.json({"data": str(session.data.resolve()), "indexes": rows})
        return
    if not rows:
        session.output.message(f"no indexes in {session.data} yet: pinyon create NAME, or pinyon ingest NAME PATH")
        return
    columns = ("name", "records", "dimension", "metric", "model", "size")
    cells = [
        (r["name"], f"{r['records']:,}", r["dimension"] or "sparse", r["metric"], r["model"] or "-", size(r["bytes"]))
        for r in rows
    ]
    session.output.table(columns, cells, right=("records", "dimension", "size"))


@command(
    "info",
    section="Start",
    examples=(
        ("the data directory", "pinyon info"),
        ("one index", "pinyon info docs"),
    ),
)
def info(
    session: Session,
    name: Annotated[
        str | None, typer.Argument(metavar="INDEX", help="Name of the index.", autocompletion=complete_index)
    ] = None,
) -> None:
    """Show where the data lies and how large it is; for an index also its namespaces and how it is searched."""
    with session.database(write=False) as database:
        if name is None:
            _print_directory(session, database)
        else:
            _print_index(session, database, session.index(database, name))


def _print_directory(session: Session, database: Database) -> None:
    indexes = [database.index(spec.name) for spec in database.list_indexes()]
    internal = [database.index(entry.spec.name) for entry in database.entries() if entry.spec.is_internal]
    sizes = {"truth": 0, "cache": 0, "backups": 0}
    for index in [*indexes, *internal]:
        for part, count in _sizes(database, index).items():
            sizes[part] += count
    files = database.blobs.size()
    sizes["backups"] = sum(backup.size for backup in database.list_backups())
    records = sum(index.stats().total for index in indexes)
    memory = {"budget": database.budget.limit}
    found = {
        "data": str(session.data.resolve()),
        "indexes": len(indexes),
        "records": records,
        "assistants": len(internal),
        "bytes": sizes | {"files": files},
        "memory": memory,
    }
    if session.as_json:
        session.output.json(found)
        return
    session.output.pairs(
        {
            "data": found["data"],
            "indexes": len(indexes),
            "records": f"{records:,}",
            **({"assistants": f"{len(internal)} ({size(files)} of files)"} if internal else {}),
            **_shown(sizes),
            "memory budget": f"{size(database.budget.limit)} (PINYON_MEMORY)",
        }
    )


def _print_index(session: Session, database: Database, index: Index) -> None:
    stats, spec = index.stats(), index.spec
    names = sorted(stats.namespaces, key=lambda one: (-stats.namespaces[one], one))
    # To describe a namespace is to load it, so the many small ones of a large index are only counted.
    reports = [index.describe(name) for name in names[: None if session.as_json else SHOWN_NAMESPACES]]
    sizes = _sizes(database, index)
    path = str(index.path.resolve()) if index.path is not None else ""
    memory = {"budget": database.budget.limit, "used": database.budget.used}
    if session.as_json:
        extra = {
            "records": stats.total,
            "path": path,
            "bytes": sizes,
            "memory": memory,
            "namespaces": list(map(_report_json, reports)),
        }
        session.output.json(spec_json(spec) | extra)
        return
    session.output.pairs(
        {
            "index": spec.name,
            "path": path,
            "type": describe(spec),
            "records": f"{stats.total:,}",
            "recall target": spec.recall_target,
            "protected": "yes" if spec.deletion_protection else "no",
            **({"tags": ", ".join(f"{key}={value}" for key, value in spec.tags.items())} if spec.tags else {}),
            **_shown(sizes),
            "memory": f"{size(memory['used'])} of {size(memory['budget'])} (the namespaces below; PINYON_MEMORY)",
        }
    )
    session.output.line()
    columns = (
        "namespace",
        "records",
        "kind",
        "base",
        "delta",
        "deleted",
        "recall",
        "with a filter",
        "memory",
        "mapped",
    )
    session.output.table(columns, list(map(_report_cells, reports)), right=columns[1:2] + columns[3:])
    for report in reports:
        for said in filter(None, (report.shortage, report.exhausted)):
            session.output.message(f"{report.name or '(default)'}: {said}")
    if len(names) > SHOWN_NAMESPACES:
        session.output.message(f"and {len(names) - SHOWN_NAMESPACES:,} smaller namespaces (--json lists all)")


def _report_cells(report: NamespaceReport) -> tuple[Any, ...]:
    quality = report.quality
    found = recall(quality.recall, quality.interval, quality.label)
    if quality.effort > 1.0 and quality.label != "exact":
        found += f" at {quality.effort:.3g}x effort"
    rows = (f"{report.base_rows:,}", f"{report.delta_rows:,}", f"{report.dead_rows:,}")
    cells = (report.name or "(default)", f"{report.records:,}", report.kind, *rows)
    return (*cells, found, _filtered_recall(quality), size(report.nbytes), size(report.mapped_bytes))


def _filtered_recall(quality: Quality) -> str:
    """The worst of what is known of searches with a filter: of live ones, else of those that the build tried."""
    if quality.label == "exact":
        return "exact"
    live = [(band.recall, band.interval) for name, band in quality.bands.items() if name not in ("all", "hybrid")]
    if live:
        return recall(*min(live), "measured" if quality.label == "measured" else "estimate")
    built = [value for name, value in quality.built.items() if name != "plain"]
    return recall(min(built), None, "estimate") if built else ""


def _report_json(report: NamespaceReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "records": report.records,
        "kind": report.kind,
        "base_rows": report.base_rows,
        "delta_rows": report.delta_rows,
        "deleted_rows": report.dead_rows,
        "recall_estimate": report.recall_estimate,
        "quality": asdict(report.quality),
        "memory_bytes": report.nbytes,
        "mapped_bytes": report.mapped_bytes,
        "shortage": report.shortage,
        "exhausted": report.exhausted,
        "lsn": report.lsn,
        "damaged": list(report.damaged),
    }


def _shown(sizes: dict[str, int]) -> dict[str, str]:
    told = {"truth": "the records", "cache": "can be rebuilt", "backups": "pinyon backup --list"}
    return {f"size of {part}": f"{size(count)} ({told[part]})" for part, count in sizes.items()}


def _sizes(database: Database, index: Index) -> dict[str, int]:
    """Bytes on disk of the truth file with its log, of the caches, and of the backups of an index."""
    truth = index.path
    files = [] if truth is None else [truth.with_name(truth.name + suffix) for suffix in ("", "-wal", "-shm")]
    cache = database.cache_path(index.name)
    return {
        "truth": sum(map(_file_size, files)),
        "cache": 0 if cache is None else sum(map(_file_size, _files_below(cache))),
        "backups": sum(backup.size for backup in database.list_backups(index.name)),
    }


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else iter(())


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # caches come and go while other processes work
        return 0


def describe(spec: IndexSpec) -> str:
    """``dense, 512 dimensions, cosine, hnsw m 32, model use-multilingual``."""
    from pinyon.engine.kinds import line_of

    parts = [spec.vector_type, *([f"{spec.dimension} dimensions"] if spec.dimension else []), spec.metric]
    if (settings := line_of(spec)) != "auto":
        parts.append(settings)
    if spec.embed is not None:
        parts.append(f"model {spec.embed.model}")
    return ", ".join(parts)


def spec_json(spec: IndexSpec) -> dict[str, Any]:
    from pinyon.engine.kinds import settings_of

    embed = spec.embed
    return {
        "name": spec.name,
        "dimension": spec.dimension,
        "metric": spec.metric,
        "vector_type": spec.vector_type,
        "index": settings_of(spec),
        "model": None if embed is None else embed.model,
        "text_field": None if embed is None else embed.field_map.get("text"),
        "deletion_protection": spec.deletion_protection,
        "tags": dict(spec.tags),
    }
