"""export, import: whole indexes as files that other programs read."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from pinyon.cli.commands import IndexName, command
from pinyon.cli.output import seconds, size
from pinyon.cli.session import Session, complete_index
from pinyon.cli.start import Metric, metric_name

if TYPE_CHECKING:
    from pinyon.types import IndexSpec

OneNamespace = Annotated[
    str | None, typer.Option("--namespace", "-n", metavar="NAME", help="This namespace alone; '' is the default one.")
]


@command(
    "export",
    section="Files",
    examples=(
        ("everything, a JSON object a line", "pinyon export docs docs.jsonl"),
        (
            "one namespace as an array; the ids go to vectors.npy.ids.json",
            "pinyon export vectors vectors.npy -n drafts",
        ),
        ("for pandas or DuckDB", "pinyon export docs docs.parquet"),
    ),
)
def export(
    session: Session,
    name: IndexName,
    target: Annotated[Path, typer.Argument(metavar="FILE", help=".jsonl, .csv, .npy or .parquet.", show_default=False)],
    namespace: OneNamespace = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write the records of an index to a file, vectors included.

    .jsonl, .csv and .parquet hold everything; .npy holds ids and vectors of one namespace, without metadata.
    """
    from pinyon.app.transfer import export_index

    started = perf_counter()
    with session.database(write=False) as database, session.output.progress() as bar:
        index = session.index(database, name)
        chosen = None if namespace is None else [index.describe_namespace(namespace).name]
        bar.begin("export", index.stats().total if namespace is None else index.count(namespace), "records")
        done = export_index(index, target, namespaces=chosen, overwrite=force, progress=bar.advance)
    written = sum(file.stat().st_size for file in done.files)
    if done.left_out:
        session.output.warn(
            f".npy holds ids and vectors alone: the metadata of {done.left_out:,} records is left out. "
            "Use .jsonl to keep it"
        )
    if session.as_json:
        files = [str(file) for file in done.files]
        session.output.json({"index": name, "records": done.records, "files": files, "bytes": written})
        return
    files_told = " and ".join(str(file) for file in done.files)
    elapsed = seconds(perf_counter() - started)
    session.output.line(f"exported {done.records:,} records to {files_told} ({size(written)}, {elapsed})")


@command(
    "import",
    section="Files",
    examples=(
        ("what export wrote; the index is made when missing", "pinyon import docs docs.jsonl"),
        ("into an index for a model, so that search works", "pinyon import docs docs.jsonl --model use-multilingual"),
        ("into another namespace", "pinyon import vectors vectors.npy --namespace drafts"),
    ),
)
def import_(
    session: Session,
    name: Annotated[
        str,
        typer.Argument(metavar="INDEX", help="Made when missing.", autocompletion=complete_index, show_default=False),
    ],
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A file that export wrote.", show_default=False)],
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Put every record there.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Model that the vectors come from, for a new index.")
    ] = None,
    text_field: Annotated[str, typer.Option("--text-field", help="Metadata field of the text, with --model.")] = "text",
    metric: Annotated[Metric | None, typer.Option("--metric", help="Metric of a new index [default: cosine].")] = None,
    ids: Annotated[
        Path | None, typer.Option("--ids", metavar="FILE", help="Ids of an .npy file [default: FILE.ids.json].")
    ] = None,
) -> None:
    """Read records from a file that export wrote; records with the same id are replaced."""
    from pinyon.app.transfer import import_index

    started = perf_counter()
    spec = None if model is None else _model_spec(session.data, name, model, text_field, metric)
    with session.database(create=True) as database, session.output.progress() as bar:
        begun = False

        def progress(done: int, total: int) -> None:
            nonlocal begun
            if not begun:
                bar.begin("import", total, "")
                begun = True
            bar.advance(done)

        done = import_index(
            database,
            name,
            source,
            spec=spec,
            metric=metric_name(metric) or "cosine",
            namespace=namespace,
            ids=ids,
            progress=progress,
        )
    if session.as_json:
        session.output.json({"index": name, "records": done.records, "created": done.created})
        return
    made = " (new)" if done.created else ""
    session.output.line(f"imported {done.records:,} records into {name!r}{made} ({seconds(perf_counter() - started)})")


def _model_spec(data: Path, name: str, model: str, text_field: str, metric: Metric | None) -> IndexSpec:
    from pinyon.app.ingest import model_spec

    return model_spec(name, model, text_field=text_field, metric=metric_name(metric), data=data)
