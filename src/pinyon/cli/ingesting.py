"""ingest: bring files into an index, writing only what changed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import Namespace, command
from pinyon.cli.errors import INTERRUPTED
from pinyon.cli.output import Bar, seconds
from pinyon.cli.session import Session, complete_index
from pinyon.cli.start import SETTINGS, Metric, index_settings, metric_name

if TYPE_CHECKING:
    from types import FrameType

    from pinyon.app.ingest import Request
    from pinyon.app.ingestor import Summary

SHOWN_SKIPPED = 20

NewIndexName = Annotated[
    str, typer.Argument(metavar="INDEX", help="Made when missing.", autocompletion=complete_index, show_default=False)
]
Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH",
        help="Directories, text files (txt, md, html, source code), or .jsonl, .csv, .parquet and .npy files.",
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
Encoding = Annotated[str | None, typer.Option("--encoding", help="Of files that are not UTF-8, for example cp949.")]
Prune = Annotated[bool, typer.Option("--prune", help="Remove the chunks of files that were deleted.")]
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
    prune: Prune = False,
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

    Text files are cut into chunks at paragraphs and sentences; the id of a chunk is the path of its file, # and its
    number. Files of records are taken as they are: one record a line or row, with an id, a text or a vector; the other
    fields become metadata.

    A second run embeds only what changed. Ctrl-C ends a run at the next batch; the same command then goes on.
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
        columns=Columns(id_column, text_column, values_column, strings),
        ids=ids,
    )
    started = perf_counter()
    summary = _run(session, request)
    report(session, name, summary, perf_counter() - started)
    if summary.interrupted:
        session.output.message("interrupted: what is counted above is stored; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)


def _run(session: Session, request: Request) -> Summary:
    from pinyon.app.ingest import ingest as bring_in
    from pinyon.app.ingestor import Summary
    from pinyon.errors import PinyonError

    summary = Summary()
    with session.database(create=True) as database, watching(session) as watch:
        try:
            return bring_in(database, request, watch, summary)
        except PinyonError:
            written = summary.embedded + summary.stored
            if written:
                session.output.message(f"{written:,} records were stored before the error; the next run keeps them")
            raise


class Watch:
    """Shows the progress of a run, and ends it after Ctrl-C."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self.asked_to_stop = False

    def begin(self, label: str, total: int, unit: str) -> None:
        self._bar.begin(label, total, unit)

    def advance(self, done: int, written: int) -> None:
        self._bar.advance(done, f"{written:,} written")

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


def report(session: Session, name: str, summary: Summary, elapsed: float) -> None:
    """The summary of a run on stdout, what was passed over on stderr."""
    if session.as_json:
        session.output.json(summary_json(name, summary, elapsed))
        return
    parts = {
        "embedded": summary.embedded,
        "stored as given": summary.stored,
        "unchanged": summary.unchanged,
        "removed": summary.removed,
    }
    told = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count or what != "stored as given")
    session.output.line(f"{summary.files:,} file{'' if summary.files == 1 else 's'}: {told} ({seconds(elapsed)})")
    stages = ", ".join(f"{stage} {seconds(value)}" for stage, value in summary.seconds.items())
    session.output.message(f"time: {stages}", "dim")
    for skipped in summary.skipped[:SHOWN_SKIPPED]:
        session.output.message(f"passed over: {skipped.path} ({skipped.reason})")
    if len(summary.skipped) > SHOWN_SKIPPED:
        session.output.message(f"passed over: {len(summary.skipped) - SHOWN_SKIPPED:,} more (--json lists all)")


def summary_json(name: str, summary: Summary, elapsed: float) -> dict[str, Any]:
    return {
        "index": name,
        "files": summary.files,
        "embedded": summary.embedded,
        "stored": summary.stored,
        "unchanged": summary.unchanged,
        "removed": summary.removed,
        "skipped": [{"path": str(skipped.path), "reason": skipped.reason} for skipped in summary.skipped],
        "seconds": {**summary.seconds, "total": elapsed},
        "interrupted": summary.interrupted,
    }
