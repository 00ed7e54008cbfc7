"""Brings files into an index: documents in chunks, pictures, or records as they are; a second run writes only what
changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pinyon.app import default_models
from pinyon.app.documents import Documents, Reading
from pinyon.app.ingestor import BATCH, RESERVED, Entry, Group, Ingestor, Summary, check_model, no_model
from pinyon.app.model_files import cached
from pinyon.app.picture_files import PICTURE_SUFFIXES, PictureReader, is_list, is_picture, listed, without_captions
from pinyon.app.rows import Columns, Row, RowFile, open_rows
from pinyon.engine import Database, Index
from pinyon.engine.embedding import field_map
from pinyon.engine.kinds import configured
from pinyon.errors import FailedPreconditionError, InvalidRequestError, ModelMismatchError, NotFoundError
from pinyon.pictures import Caption
from pinyon.rag.chunking import DEFAULT_OVERLAP, DEFAULT_SIZE, check_sizes
from pinyon.rag.files import FoundFile, Skipped, find
from pinyon.rag.formats import RECORD_SUFFIXES, format_of
from pinyon.types import Embedder, EmbedSpec, IndexSpec, Metric, PictureEmbedder

__all__ = [
    "DEFAULT_MODEL",
    "DEFAULT_PICTURE_MODEL",
    "Monitor",
    "Request",
    "embedder_of",
    "ingest",
    "model_spec",
    "row_groups",
]

DEFAULT_MODEL = "use-multilingual"
DEFAULT_PICTURE_MODEL = "picture-words"
"""Of an index that is made for nothing but pictures."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to bring in, and how.

    paths: directories, documents (cut into chunks of ``size`` characters, ``overlap`` of them shared) and pictures, and
    files of records (.jsonl, .csv, .parquet, .npy), which are taken as they are. documents: csv and jsonl files are
    documents.
    model, text_field, metric, settings (of ``engine.kinds``): for an index that does not exist yet; a model given for
    one that exists must be its own. prune: whether to remove the chunks of files that no longer exist below the
    directories: None those that earlier runs brought in from the same directories, True all that carry a directory's
    name, False none. again: read files even if they seem unchanged. embed_captions: the vector of a
    picture that has a caption is the mean of both. dry: change nothing, count only. ids: the file with
    the ids of an .npy file.
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
    prune: bool | None = None
    documents: bool = False
    again: bool = False
    embed_captions: bool = False
    dry: bool = False
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
    lists = [path for path in request.paths if path.is_file() and is_list(path)]
    records = [path for path in request.paths if path not in lists and _holds_records(path, request.documents)]
    sources = [path for path in request.paths if path not in records and path not in lists]
    check_sizes(request.size, request.overlap)
    folders = [path for path in sources if path.is_dir()]
    if request.prune and not folders:
        raise InvalidRequestError("prune needs a directory among the paths: only there can a file be missed")
    found = find(sources, root=request.root, glob=request.glob, records=request.documents, also=PICTURE_SUFFIXES)
    pictures, captions = listed(lists)
    files = [*without_captions(list(found)), *pictures]
    tables, samples = _opened(records, request)
    readable = [file for file in files if isinstance(file, FoundFile)]
    if not readable and not samples and not request.prune:
        raise _nothing(request, files)
    with _target(database, request, readable, samples) as index:
        run = _Run(database, index, request, monitor, summary, captions)
        if files:
            run.documents(files)
        for table in tables:
            if not summary.interrupted:
                run.table(table)
        if folders and request.prune is not False and not summary.interrupted:
            run.prune([request.root] if request.root is not None else folders)
    return summary


def _holds_records(path: Path, documents: bool) -> bool:
    suffix = path.suffix.lower()
    return path.is_file() and suffix in RECORD_SUFFIXES - {".tsv"} and not (documents and format_of(suffix))


class _Run:
    """One run into one index."""

    def __init__(
        self,
        database: Database,
        index: Index,
        request: Request,
        monitor: Monitor,
        summary: Summary,
        captions: Mapping[Path, Caption],
    ) -> None:
        self._request, self._monitor, self._summary = request, monitor, summary
        self._spec = index.spec
        embedder = None if self._spec.embed is None else embedder_of(self._spec, database.path)
        self._embedder = None if embedder is None else cached(embedder, database.path)
        reading = Reading(request.size, request.overlap, request.encoding, request.again)
        identity = "" if self._embedder is None else self._embedder.identity
        embed = self._spec.embed if isinstance(self._embedder, PictureEmbedder) else None
        with_captions = request.embed_captions
        pictures = None if embed is None else PictureReader(embed, captions, with_captions=with_captions)
        self._documents = Documents(database, index, request.namespace, identity, reading, summary, pictures)
        self._ingestor = Ingestor(
            index,
            namespace=request.namespace,
            embedder=self._embedder,
            progress=monitor.advance,
            stop=monitor.stopped,
            committed=self._documents.remember,
            summary=summary,
            dry=request.dry,
        )

    def documents(self, files: Sequence[FoundFile | Skipped]) -> None:
        if self._embedder is None or self._spec.embed is None:
            raise FailedPreconditionError(no_model(self._spec.name, None))
        text_field = _text_field(self._spec)
        if text_field in RESERVED:
            raise InvalidRequestError(
                f"index {self._spec.name!r} keeps its text in the field {text_field!r}, which documents need for "
                f"something else: create the index with another text field (taken: {', '.join(RESERVED)})"
            )
        seen = all(isinstance(file, FoundFile) and is_picture(file.path) for file in files)
        self._monitor.begin("pictures" if seen else "documents", len(files), "files")
        try:
            self._ingestor.run(self._documents.groups(files))
        finally:
            self._save()

    def table(self, table: RowFile) -> None:
        self._summary.files += 1
        self._monitor.begin(table.path.name, table.total, "bytes" if table.total_is_bytes else "rows")
        self._ingestor.run(row_groups(table.rows, self._summary, text_field=self._request.columns.text))

    def prune(self, folders: Sequence[Path]) -> None:
        for prefix, root in self._documents.gone(folders):
            self._ingestor.remove(prefix, root)
        if self._request.prune:
            self._ingestor.prune(folders)
        self._save()

    def _save(self) -> None:
        if not self._request.dry:
            self._documents.save()


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
    return NotFoundError(f"nothing to read in {paths}: no text files{pattern}, no pictures, no records{told}")


@contextmanager
def _target(
    database: Database, request: Request, files: Sequence[FoundFile], samples: Sequence[Row]
) -> Iterator[Index]:
    """The index, made when it is missing; in a dry run it is made in memory, and gone afterwards."""
    name = request.index
    if database.has_index(name):
        embed = database.describe_index(name).embed
        if request.model is not None and (embed is None or embed.model != request.model):
            has = f"was created for the model {embed.model!r}" if embed else "has no embedding model"
            raise ModelMismatchError(
                f"index {name!r} {has}, not {request.model!r}: leave --model out, or choose another index"
            )
        yield database.index(name)
        return
    spec = configured(_new_spec(request, files, samples, database.path), request.settings)
    if request.dry:
        with Database(":memory:") as scratch:
            scratch.create_index(spec)
            yield scratch.index(name)
    else:
        database.create_index(spec)
        yield database.index(name)


def _new_spec(request: Request, files: Sequence[FoundFile], samples: Sequence[Row], data: Path | None) -> IndexSpec:
    metric: Metric = request.metric or "cosine"
    first = None if files or request.model is not None else next(iter(samples), None)
    if first is not None and first.values is not None:
        if not isinstance(first.values, Sequence | np.ndarray) or isinstance(first.values, str):
            raise InvalidRequestError(f"{first.where}: the values are {first.values!r}, but must be a list of numbers")
        return IndexSpec(request.index, len(first.values), metric)
    if first is not None and first.sparse is not None:
        return IndexSpec(request.index, None, "dotproduct", "sparse")
    only_pictures = bool(files) and not samples and all(is_picture(file.path) for file in files)
    model = request.model or (DEFAULT_PICTURE_MODEL if only_pictures else DEFAULT_MODEL)
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
    fields = field_map({"text": text_field}, None, model, sees=isinstance(embedder, PictureEmbedder))
    embed = EmbedSpec(model, embedder.identity, embedder.dimension, chosen, fields)
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


def _text_field(spec: IndexSpec) -> str:
    return spec.embed.field_map.get("text", "text") if spec.embed is not None else "text"


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
