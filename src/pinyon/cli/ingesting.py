"""ingest: bring files into an index, writing only what changed."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import Namespace, command
from pinyon.cli.errors import ERROR, INTERRUPTED
from pinyon.cli.output import Bar, clean, seconds, size
from pinyon.cli.session import Session, complete_index
from pinyon.cli.start import SETTINGS, Metric, index_settings, metric_name

if TYPE_CHECKING:
    from types import FrameType

    from pinyon.app.ingest import Request
    from pinyon.app.ingestor import FileReport, Summary
    from pinyon.engine import Database
    from pinyon.rag.documents import Document

SHOWN_SKIPPED = 20

NewIndexName = Annotated[
    str, typer.Argument(metavar="INDEX", help="Made when missing.", autocompletion=complete_index, show_default=False)
]
Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH",
        help="Directories, documents (txt, md, html, pdf, docx, pptx, hwp, hwpx, ipynb, source code), or .jsonl, .csv, "
        ".parquet and .npy files.",
        show_default=False,
    ),
]
Model = Annotated[str | None, typer.Option("--model", help="Model of a new index [default: use-multilingual].")]
ChunkSize = Annotated[int, typer.Option("--chunk-size", metavar="N", help="Characters of a chunk.")]
Overlap = Annotated[
    int | None,
    typer.Option("--overlap", metavar="N", help="Characters that chunks share [default: 60, at most a quarter]."),
]
Glob = Annotated[
    str | None, typer.Option("--glob", metavar="PATTERN", help="Take these files of directories, and no others.")
]
Root = Annotated[
    Path | None,
    typer.Option("--root", metavar="DIR", help="Ids are paths below it [default: the directory that is named]."),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", help="Of files that are not UTF-8, for example cp949 [default: found by the content]."),
]
Prune = Annotated[
    bool | None,
    typer.Option(
        "--prune/--no-prune",
        help="Remove the chunks of deleted files, also those of another directory of that name; or of none "
        "[default: of files that were read from the same directory].",
    ),
]
AsDocuments = Annotated[
    bool, typer.Option("--documents", help="Read csv, tsv and jsonl files as documents, cut into chunks.")
]
Again = Annotated[bool, typer.Option("--again", help="Read files again that have the same size and time as before.")]
EmbedCaptions = Annotated[
    bool,
    typer.Option(
        "--embed-captions", help="The vector of a picture with a caption is the mean of both [default: the picture's]."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and compare, show what would happen, change nothing.")]
TextField = Annotated[str, typer.Option("--text-field", help="Metadata field for the text, in a new index.")]
NewMetric = Annotated[Metric | None, typer.Option("--metric", help="Metric of a new index.")]
NewSettings = Annotated[
    str | None, typer.Option("--index", metavar="SETTINGS", help=f"Of a new index. {SETTINGS} [default: auto].")
]
IdColumn = Annotated[
    str | None, typer.Option("--id-column", metavar="NAME", help="Column or field of the id [default: id or _id].")
]
TextColumn = Annotated[str, typer.Option("--text-column", metavar="NAME", help="Column or field of the text.")]
ValuesColumn = Annotated[str, typer.Option("--values-column", metavar="NAME", help="Column or field of the vector.")]
Strings = Annotated[bool, typer.Option("--strings", help="Keep every csv cell as text: numbers and true/false too.")]
Ids = Annotated[
    Path | None, typer.Option("--ids", metavar="FILE", help="Ids of an .npy file: a JSON list, or one a line.")
]


@command(
    "ingest",
    section="Files",
    examples=(
        ("a directory of documents; again, only what changed is embedded", "pinyon ingest docs ./handbook"),
        (
            "only the markdown files, and forget those that were deleted",
            "pinyon ingest docs ./handbook --glob '*.md' --prune",
        ),
        ("what would happen, file by file", "pinyon ingest docs ./handbook --dry-run --json"),
        (
            "pictures, whose captions are found in other words and languages too",
            "pinyon ingest photos ./photos --embed-captions",
        ),
        ("records with a text each", "pinyon ingest tickets tickets.jsonl"),
        ("a csv file", "pinyon ingest faq faq.csv --id-column number --text-column question"),
        ("vectors of your own with their ids", "pinyon ingest vectors vectors.npy --ids ids.json"),
    ),
)
def ingest(
    session: Session,
    name: NewIndexName,
    paths: Paths,
    model: Model = None,
    namespace: Namespace = "",
    chunk_size: ChunkSize = 400,
    overlap: Overlap = None,
    glob: Glob = None,
    root: Root = None,
    encoding: Encoding = None,
    prune: Prune = None,
    documents: AsDocuments = False,
    again: Again = False,
    embed_captions: EmbedCaptions = False,
    dry_run: DryRun = False,
    text_field: TextField = "text",
    metric: NewMetric = None,
    index: NewSettings = None,
    id_column: IdColumn = None,
    text_column: TextColumn = "text",
    values_column: ValuesColumn = "values",
    strings: Strings = False,
    ids: Ids = None,
) -> None:
    """Bring files into an index.

    Documents are cut into chunks under their headings, at paragraphs and sentences; the id of a chunk is the path of
    its file, # and its number. Files of records are taken as they are: one record a line or row, with an id, a text or
    a vector; the other fields become metadata. PDF and hwp files need: pip install "pinyon[documents]".

    A second run reads only files that changed, embeds only chunks that are new, and removes those of deleted files.
    Ctrl-C ends a run at the next batch; the same command then goes on.
    """
    from pinyon.app.ingest import Request
    from pinyon.app.rows import Columns

    request = Request(
        index=name,
        paths=paths,
        namespace=namespace,
        model=model,
        text_field=text_field,
        metric=metric_name(metric),
        settings=index_settings(index),
        size=chunk_size,
        overlap=min(60, chunk_size // 4) if overlap is None else overlap,
        glob=glob,
        root=root,
        encoding=encoding,
        prune=prune,
        documents=documents,
        again=again,
        embed_captions=embed_captions,
        dry=dry_run,
        columns=Columns(id_column, text_column, values_column, strings),
        ids=ids,
    )
    started = perf_counter()
    summary = _run(session, request)
    report(session, name, summary, perf_counter() - started, dry=dry_run)
    if summary.interrupted:
        session.output.message("interrupted: what is counted above is stored; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)


def _run(session: Session, request: Request) -> Summary:
    from pinyon.app.ingest import ingest as bring_in
    from pinyon.app.ingestor import Summary
    from pinyon.errors import PinyonError

    summary = Summary()
    with _database(session, request) as database, watching(session) as watch:
        try:
            return bring_in(database, request, watch, summary)
        except PinyonError:
            written = summary.embedded + summary.stored
            if written:
                session.output.message(f"{written:,} records were stored before the error; the next run keeps them")
            raise


@contextmanager
def _database(session: Session, request: Request) -> Iterator[Database]:
    """The data directory, made when missing; in a dry run a missing one is stood in for by memory."""
    from pinyon.engine import Database

    if request.dry and not session.data.exists():
        with Database(":memory:") as database:
            yield database
    else:
        with session.database(create=not request.dry) as database:
            yield database


class Watch:
    """Shows the progress of a run, and ends it after Ctrl-C."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self.asked_to_stop = False

    def begin(self, label: str, total: int, unit: str) -> None:
        self._bar.begin(label, total, unit)

    def advance(self, done: int, written: int) -> None:
        self._bar.advance(done, f"{written:,} written")

    def seen(self, done: int, note: str = "") -> None:
        self._bar.advance(done, note)

    def stopped(self) -> bool:
        return self.asked_to_stop


@contextmanager
def watching(session: Session) -> Iterator[Watch]:
    """The first Ctrl-C lets the batch under way finish; the second one ends at once."""
    with session.output.progress() as bar:
        watch = Watch(bar)

        def on_interrupt(number: int, frame: FrameType | None) -> None:
            if watch.asked_to_stop:
                raise KeyboardInterrupt
            watch.asked_to_stop = True
            session.output.message("stopping after this batch (Ctrl-C again: at once)")

        before = signal.signal(signal.SIGINT, on_interrupt)
        try:
            yield watch
        finally:
            signal.signal(signal.SIGINT, before)


def report(session: Session, name: str, summary: Summary, elapsed: float, *, dry: bool = False) -> None:
    """The summary of a run on stdout, what was passed over or left out on stderr."""
    if session.as_json:
        session.output.json(summary_json(name, summary, elapsed) | ({"dry_run": True} if dry else {}))
        return
    parts = {
        "to embed" if dry else "embedded": summary.embedded,
        "to store as given" if dry else "stored as given": summary.stored,
        "unchanged": summary.unchanged,
        "to remove" if dry else "removed": summary.removed,
    }
    told = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count or "as given" not in what)
    session.output.line(f"{summary.files:,} file{'' if summary.files == 1 else 's'}: {told} ({seconds(elapsed)})")
    session.output.message(_speed(summary, elapsed), "dim")
    listed(session, [f"{one.path}: {told}" for one in summary.reports for told in one.warnings], "note")
    listed(session, [f"{one.path} ({one.reason})" for one in summary.skipped], "passed over")


def _speed(summary: Summary, elapsed: float) -> str:
    stages = ", ".join(f"{stage} {seconds(value)}" for stage, value in summary.seconds.items())
    if not summary.reports or not elapsed:
        return f"time: {stages}"
    rate = f"{len(summary.reports) / elapsed:,.0f} files/s"
    return f"time: {stages}; {rate}" + (f", {size(round(summary.bytes / elapsed))}/s" if summary.bytes else "")


def listed(session: Session, lines: Sequence[str], what: str) -> None:
    """The first lines on stderr, each after what it is."""
    for line in lines[:SHOWN_SKIPPED]:
        session.output.message(f"{what}: {clean(line)}")
    if len(lines) > SHOWN_SKIPPED:
        session.output.message(f"{what}: {len(lines) - SHOWN_SKIPPED:,} more (--json lists all)")


def summary_json(name: str, summary: Summary, elapsed: float) -> dict[str, Any]:
    return {
        "index": name,
        "files": summary.files,
        "bytes": summary.bytes,
        "embedded": summary.embedded,
        "stored": summary.stored,
        "unchanged": summary.unchanged,
        "removed": summary.removed,
        "documents": [_file_json(one) for one in summary.reports],
        "skipped": [{"path": str(skipped.path), "reason": skipped.reason} for skipped in summary.skipped],
        "seconds": {**summary.seconds, "total": elapsed},
        "interrupted": summary.interrupted,
    }


def _file_json(report: FileReport) -> dict[str, Any]:
    found: dict[str, Any] = {"path": str(report.path), "status": report.status}
    if report.status == "skipped":
        return found | {"reason": report.reason}
    found["chunks"] = report.chunks
    if report.encoding:
        found["encoding"] = report.encoding
    return found | ({"warnings": list(report.warnings)} if report.warnings else {})


# -- chunks -----------------------------------------------------------------------------------------------------------


@command(
    "chunks",
    section="Files",
    examples=(
        ("how a document would be cut", "pinyon chunks handbook/leave.pdf"),
        ("its text, to which the offsets belong", "pinyon chunks handbook/leave.pdf --text"),
    ),
)
def chunks(
    session: Session,
    paths: Paths,
    chunk_size: ChunkSize = 400,
    overlap: Overlap = None,
    encoding: Encoding = None,
    text: Annotated[bool, typer.Option("--text", help="Print the text of each document instead.")] = False,
) -> None:
    """Show the text of documents, and the chunks into which ingest would cut it.

    Each chunk comes with its page and its offsets into the document's text. Nothing is stored and no model is loaded.
    """
    from pinyon.rag.chunking import check_sizes
    from pinyon.rag.documents import load
    from pinyon.rag.files import Skipped, find

    shared = min(60, chunk_size // 4) if overlap is None else overlap
    check_sizes(chunk_size, shared)
    failed = False
    for file in find(paths, records=True):
        document = file if isinstance(file, Skipped) else load(file, encoding=encoding)
        if isinstance(document, Skipped):
            session.output.message(f"passed over: {clean(str(document.path))} ({document.reason})")
            failed = True
        elif text and not session.as_json:
            session.output.line(document.text)
        else:
            _show_chunks(session, document, chunk_size, shared)
    if failed:
        raise typer.Exit(ERROR)


def _show_chunks(session: Session, document: Document, length: int, overlap: int) -> None:
    from pinyon.rag.chunking import split

    found = split(document.text, size=length, overlap=overlap, style=document.style, pages=document.pages)
    if session.as_json:
        kept = ("source", "title", "digest", "encoding", "style", "pages", "warnings", "text")
        fields = {name: getattr(document, name) for name in kept}
        session.output.json(fields | {"hidden": dict(document.hidden), "chunks": found})
        return
    for warning in document.warnings:
        session.output.message(f"note: {clean(document.source)}: {clean(warning)}")
    for number, chunk in enumerate(found):
        page = f", page {chunk.page}" if chunk.page is not None else ""
        heading = f"  {clean(chunk.heading)}" if chunk.heading else ""
        session.output.line(f"{clean(document.source)}#{number}  {chunk.start}-{chunk.end}{page}{heading}", "bold cyan")
        session.output.line("\n".join(map(clean, document.text[chunk.start : chunk.end].split("\n"))))
        session.output.line()
