"""Brings files into an index: documents in chunks, or records as they are; a second run writes only what changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import numpy as np
import orjson

from pinyon.app import default_models
from pinyon.app.chunking import DEFAULT_OVERLAP, DEFAULT_SIZE, check_sizes, split
from pinyon.app.ingestor import BATCH, Entry, Group, Ingestor, Summary, check_model, no_model, root_label, unicode_name
from pinyon.app.loaders import RECORD_SUFFIXES, Document, FoundFile, Skipped, find, load
from pinyon.app.rows import Columns, Row, RowFile, open_rows
from pinyon.engine import Database, Index
from pinyon.engine.kinds import configured
from pinyon.errors import FailedPreconditionError, InvalidRequestError, ModelMismatchError, NotFoundError
from pinyon.types import Embedder, EmbedSpec, IndexSpec, Metric

__all__ = [
    "DEFAULT_MODEL",
    "Monitor",
    "Request",
    "document_groups",
    "embedder_of",
    "ingest",
    "model_spec",
    "row_groups",
    "source_id",
]

DEFAULT_MODEL = "use-multilingual"

ID_BYTES = 480
"""Of an id, what the path may take; the rest is for the number of the chunk."""

RESERVED = ("source", "root", "chunk", "digest", "heading", "title")
"""Metadata fields of a document's chunks, beside the text itself."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to bring in, and how.

    paths: directories and text files (cut into chunks of ``size`` characters, ``overlap`` of them shared), and files of
    records (.jsonl, .csv, .parquet, .npy), which are taken as they are. model, text_field, metric, settings (of
    ``engine.kinds``): for an index that does not exist yet; a model given for one that exists must be its own. prune:
    remove the chunks of files that no longer exist below the directories. ids: the file with the ids of an .npy file.
    """

    index: str
    paths: Sequence[Path]
    namespace: str = ""
    model: str | None = None
    text_field: str = "text"
    metric: Metric | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    size: int = DEFAULT_SIZE
    overlap: int = DEFAULT_OVERLAP
    glob: str | None = None
    root: Path | None = None
    encoding: str | None = None
    prune: bool = False
    columns: Columns = field(default_factory=Columns)
    ids: Path | None = None


class Monitor(Protocol):
    """Watches a run. ``begin`` opens a part of it, ``advance`` tells how far it is, ``stopped`` True ends the run."""

    def begin(self, label: str, total: int, unit: str) -> None: ...
    def advance(self, done: int, written: int) -> None: ...
    def stopped(self) -> bool: ...


def ingest(database: Database, request: Request, monitor: Monitor, summary: Summary) -> Summary:
    """Brings files into an index, which is created when missing. ``summary`` is filled as the run goes on.

    Everything that can be known before writing is checked first. Raises NotFoundError, InvalidRequestError,
    ModelMismatchError, FailedPreconditionError, MissingExtraError; what was committed before an error stays.
    """
    records = [path for path in request.paths if path.is_file() and path.suffix.lower() in RECORD_SUFFIXES]
    sources = [path for path in request.paths if path not in records]
    check_sizes(request.size, request.overlap)
    folders = [path for path in sources if path.is_dir()]
    if request.prune and not folders:
        raise InvalidRequestError("prune needs a directory among the paths: only there can a file be missed")
    files = list(find(sources, root=request.root, glob=request.glob))
    tables, samples = _opened(records, request)
    has_documents = any(isinstance(file, FoundFile) for file in files)
    if not has_documents and not samples and not request.prune:
        raise _nothing(request, files)
    index = _target(database, request, has_documents, samples)
    embedder = None if index.spec.embed is None else embedder_of(index.spec, database.path)
    ingestor = Ingestor(
        index,
        namespace=request.namespace,
        embedder=embedder,
        progress=monitor.advance,
        stop=monitor.stopped,
        summary=summary,
    )
    if files:
        _run_documents(ingestor, request, files, monitor, index.spec, embedder)
    for table in tables:
        if not summary.interrupted:
            summary.files += 1
            monitor.begin(table.path.name, table.total, "bytes" if table.total_is_bytes else "rows")
            ingestor.run(row_groups(table.rows, summary, text_field=request.columns.text))
    if request.prune and not summary.interrupted:
        ingestor.prune([request.root] if request.root is not None else folders)
    return summary


def _run_documents(
    ingestor: Ingestor,
    request: Request,
    files: Sequence[FoundFile | Skipped],
    monitor: Monitor,
    spec: IndexSpec,
    embedder: Embedder | None,
) -> None:
    if embedder is None or spec.embed is None:
        raise FailedPreconditionError(no_model(spec.name, None))
    text_field = spec.embed.field_map.get("text", "text")
    if text_field in RESERVED:
        raise InvalidRequestError(
            f"index {spec.name!r} keeps its text in the field {text_field!r}, which documents need for something else: "
            f"create the index with another text field (taken: {', '.join(RESERVED)})"
        )
    monitor.begin("documents", len(files), "files")
    groups = document_groups(
        files, embedder, ingestor.summary, size=request.size, overlap=request.overlap, encoding=request.encoding
    )
    ingestor.run(groups)


def _opened(records: Sequence[Path], request: Request) -> tuple[list[RowFile], list[Row]]:
    """The files of records and the first record of each, so that a wrong file is refused before anything is written."""
    tables, samples = [], []
    for path in records:
        table = open_rows(path, request.columns, ids=request.ids)
        first = next(table.rows, None)
        if first is not None:
            samples.append(first[1])
            tables.append(replace(table, rows=chain([first], table.rows)))
    return tables, samples


def _nothing(request: Request, files: Sequence[FoundFile | Skipped]) -> NotFoundError:
    paths = ", ".join(repr(str(path)) for path in request.paths)
    reasons = sorted({file.reason for file in files if isinstance(file, Skipped)})
    told = f"; passed over: {'; '.join(reasons[:5])}" if reasons else ""
    pattern = f" that match {request.glob!r}" if request.glob is not None else ""
    return NotFoundError(f"nothing to read in {paths}: no text files{pattern}, no records{told}")


def _target(database: Database, request: Request, has_documents: bool, samples: Sequence[Row]) -> Index:
    name = request.index
    if database.has_index(name):
        embed = database.describe_index(name).embed
        if request.model is not None and (embed is None or embed.model != request.model):
            has = f"was created for the model {embed.model!r}" if embed else "has no embedding model"
            raise ModelMismatchError(
                f"index {name!r} {has}, not {request.model!r}: leave --model out, or choose another index"
            )
    else:
        spec = _new_spec(request, has_documents, samples, database.path)
        database.create_index(configured(spec, request.settings))
    return database.index(name)


def _new_spec(request: Request, has_documents: bool, samples: Sequence[Row], data: Path | None) -> IndexSpec:
    metric: Metric = request.metric or "cosine"
    first = None if has_documents or request.model is not None else next(iter(samples), None)
    if first is not None and first.values is not None:
        if not isinstance(first.values, Sequence | np.ndarray) or isinstance(first.values, str):
            raise InvalidRequestError(f"{first.where}: the values are {first.values!r}, but must be a list of numbers")
        return IndexSpec(request.index, len(first.values), metric)
    if first is not None and first.sparse is not None:
        return IndexSpec(request.index, None, "dotproduct", "sparse")
    model = request.model or DEFAULT_MODEL
    return model_spec(request.index, model, text_field=request.text_field, metric=request.metric, data=data)


def model_spec(
    name: str, model: str, *, text_field: str = "text", metric: Metric | None = None, data: Path | None = None
) -> IndexSpec:
    """The definition of an index for a model of a data directory. Raises NotFoundError for an unknown one,
    MissingExtraError."""
    models = default_models(data)
    embedder = models.get(model)
    if metric is not None and metric not in models.describe(model).metrics:
        raise InvalidRequestError(f"model {model!r} is not meant for the metric {metric!r}: leave it out")
    chosen = metric or embedder.metric
    embed = EmbedSpec(model, embedder.identity, embedder.dimension, chosen, {"text": text_field})
    return IndexSpec(name, embedder.dimension, chosen, embed=embed)


def embedder_of(spec: IndexSpec, data: Path | None = None) -> Embedder:
    """The model of an index in a data directory.

    Raises FailedPreconditionError, ModelMismatchError, NotFoundError, MissingExtraError.
    """
    if spec.embed is None:
        raise FailedPreconditionError(no_model(spec.name, None))
    embedder = default_models(data).get(spec.embed.model, spec.embed.dimension)
    check_model(spec, embedder)
    return embedder


# -- documents --------------------------------------------------------------------------------------------------------


def source_id(file: FoundFile) -> str:
    """The ASCII prefix of the ids of a file's chunks: its percent-encoded path, then ``#``."""
    path = quote(file.source, safe="/!$&'()*+,;=:@", errors="surrogateescape")
    if len(path) > ID_BYTES:
        digest = hashlib.blake2b(path.encode("ascii"), digest_size=16).hexdigest()
        path = f"{path[: ID_BYTES - 33]}~{digest}"
    return path + "#"


def document_groups(
    files: Iterable[FoundFile | Skipped],
    embedder: Embedder,
    summary: Summary,
    *,
    size: int = DEFAULT_SIZE,
    overlap: int = DEFAULT_OVERLAP,
    encoding: str | None = None,
) -> Iterator[Group]:
    """A group for each file, read when its turn comes. Files that cannot be read are added to ``summary.skipped``."""
    for done, file in enumerate(files, 1):
        document = file if isinstance(file, Skipped) else load(file, encoding=encoding)
        if isinstance(document, Skipped):
            summary.skipped.append(document)
            continue
        summary.files += 1
        entries = _chunk_entries(document, embedder.identity, size, overlap)
        if not entries:
            summary.skipped.append(Skipped(document.file.path, "holds no text"))
        yield Group(entries, done, source_id(document.file), root_label(document.file.root))


def _chunk_entries(document: Document, identity: str, size: int, overlap: int) -> list[Entry]:
    file = document.file
    prefix, entries = source_id(file), []
    for number, chunk in enumerate(split(document.text, size=size, overlap=overlap, style=document.style)):
        metadata: dict[str, Any] = {"source": unicode_name(file.source), "root": root_label(file.root), "chunk": number}
        if chunk.heading:
            metadata["heading"] = chunk.heading[:500]
        if document.title:
            metadata["title"] = document.title[:500]
        metadata["digest"] = _digest(identity, chunk.text, metadata)
        entries.append(Entry(f"{prefix}{number}", metadata, chunk.text))
    return entries


def _digest(identity: str, text: str, metadata: Mapping[str, Any]) -> str:
    data = orjson.dumps([identity, text, metadata], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(data, digest_size=16).hexdigest()


# -- records ----------------------------------------------------------------------------------------------------------


def row_groups(
    rows: Iterable[tuple[int, Row]], summary: Summary, *, group: int = BATCH, text_field: str = "text"
) -> Iterator[Group]:
    """Groups of up to ``group`` records of a file. Records with nothing to search by go to ``summary.skipped``.

    text_field: where the text of a record is kept that brings its own values.
    """
    entries: list[Entry] = []
    done = 0
    for done, row in rows:
        if row.values is None and row.sparse is None and not (row.text or "").strip():
            summary.skipped.append(Skipped(Path(row.where), f"record {row.id!r} has neither text nor values"))
            continue
        text = row.text if row.values is None and row.sparse is None else None
        metadata = row.metadata if text is not None or row.text is None else {text_field: row.text, **row.metadata}
        entries.append(Entry(row.id, metadata, text, row.values, row.sparse, row.where))
        if len(entries) >= group:
            yield Group(entries, done)
            entries = []
    if entries:
        yield Group(entries, done)
