"""tune: the cheapest kind of index and parameters that keep a contract."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import Namespace, Yes, command
from pinyon.cli.errors import ERROR, INTERRUPTED
from pinyon.cli.session import Session, parse_object, program
from pinyon.cli.studying import (
    File,
    FileMetric,
    Generate,
    Lang,
    Limit,
    OwnIndex,
    Queries,
    QueryCount,
    Seed,
    TopK,
    Truth,
    language_of,
    source_of,
)

if TYPE_CHECKING:
    from pinyon.studies import Applied, Source, Tuning

_NOTHING = "nothing keeps the contract: loosen a bound, or take one of the nearest"

Recall = Annotated[
    float | None,
    typer.Option("--recall", metavar="X", help="Recall to keep [default: what the index promises, else 0.99]."),
]
Latency = Annotated[float | None, typer.Option("--latency-ms", metavar="X", help="Longest median of a query.")]
P99 = Annotated[float | None, typer.Option("--p99-ms", metavar="X", help="Longest time of 99 of 100 queries.")]
Memory = Annotated[
    float | None, typer.Option("--memory-mb", metavar="X", help="Memory of vectors and index, 1,000,000 bytes each.")
]
Filters = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="JSON", help="Keep the contract with this filter too; may be repeated."),
]
Kinds = Annotated[
    str | None, typer.Option("--kinds", metavar="KIND,...", help="Of flat, scan, ivf, symqg, hnsw [default: all].")
]
Sample = Annotated[
    int | None, typer.Option("--sample", metavar="N", min=20, help="Rows that are measured at most [default: 50000].")
]
All = Annotated[bool, typer.Option("--all", help="Measure all rows, however many.")]
Repeats = Annotated[int | None, typer.Option("--repeats", metavar="N", min=1, help="Timed passes [default: 3].")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder of the results; an unfinished tuning in it goes on."),
]
Apply = Annotated[bool, typer.Option("--apply", help="Set the index to what was chosen, and measure its searches.")]


@command(
    "tune",
    section="Studies",
    examples=(
        ("what would search an index best", "pinyon tune --index docs"),
        (
            "within bounds, and set it",
            "pinyon tune --index docs --recall 0.99 --latency-ms 2 --memory-mb 500 --apply",
        ),
        ("with filters that are often used", 'pinyon tune --index docs --filter \'{"year": {"$gte": 2021}}\''),
        ("before there is an index", "pinyon tune vectors.npy --queries queries.npy --recall 0.95"),
        ("go on after an interruption", "pinyon tune --out tune-docs"),
    ),
)
def tune(
    session: Session,
    file: File = None,
    index: OwnIndex = None,
    namespace: Namespace = "",
    generate: Generate = None,
    recall: Recall = None,
    latency_ms: Latency = None,
    p99_ms: P99 = None,
    memory_mb: Memory = None,
    filter_: Filters = None,
    kinds: Kinds = None,
    apply: Apply = False,
    queries: Queries = None,
    truth: Truth = None,
    metric: FileMetric = None,
    limit: Limit = None,
    query_count: QueryCount = None,
    seed: Seed = None,
    top_k: TopK = None,
    sample: Sample = None,
    all_: All = False,
    repeats: Repeats = None,
    out: Out = None,
    lang: Lang = None,
    yes: Yes = False,
) -> None:
    """Find the cheapest kind of index and parameters that keep a contract.

    Every kind is built and searched in processes of its own, on the vectors or on a sample of them, from cheap to
    costly; what cannot win is not measured. Exits with 1 when nothing keeps the contract.
    """
    from pinyon.app.tuning import Request, default_folder, run

    language = language_of(lang)
    named = {"file": file, "index": index, "generate": generate}
    source = _source(session, named, namespace, queries, truth, metric, limit, query_count, seed)
    filters = [parse_object(one, "--filter") or {} for one in filter_ or ()]
    folder = out or default_folder()
    wanted = None if kinds is None else kinds.split(",")
    request = Request(
        folder, source, recall, latency_ms, p99_ms, memory_mb, filters, wanted, top_k, repeats, sample, all_rows=all_
    )
    if source is None and not request.recorded:
        raise typer.BadParameter("name the vectors: FILE, --index INDEX or --generate NxD")
    if apply and source is not None and source.index is None:
        raise typer.BadParameter("--apply goes with --index: there is no index to set")
    with _going_on(session, folder), session.output.progress() as bar:
        tuning = run(request, bar)
    remarks = tuning.save(folder, language)
    applied = _applied(session, tuning, yes=yes) if apply and tuning.best is not None else None
    _report(session, tuning, applied, folder, language)
    for remark in remarks:
        session.output.message(remark)
    if tuning.best is None:
        session.output.message(_NOTHING)
        raise typer.Exit(ERROR)
    if applied is not None and min(applied.recall.values()) < tuning.contract.recall:
        session.output.warn("the recall of live searches is below the contract: measure all rows, or more queries")
        raise typer.Exit(ERROR)


def _source(session: Session, named: dict[str, Any], namespace: str, *given: Any) -> Source | None:
    """The vectors that are named; None where none are."""
    queries, truth, metric, limit, query_count, seed = given
    if all(one is None for one in named.values()):
        if any(one is not None for one in given):
            raise typer.BadParameter("name the vectors too: FILE, --index INDEX or --generate NxD")
        return None
    return source_of(
        session,
        **named,
        namespace=namespace,
        queries=queries,
        truth=truth,
        metric=metric,
        limit=limit,
        query_count=query_count,
        seed=seed,
    )


def _applied(session: Session, tuning: Tuning, *, yes: bool) -> Applied:
    from pinyon.app.tuning import set_index
    from pinyon.engine.kinds import line_of

    source, best = tuning.settings.source, tuning.best
    assert source is not None
    assert source.index is not None
    assert best is not None
    with session.database() as database:
        now = line_of(session.index(database, source.index).spec)
        preview = [f"index {source.index}: {now} -> {best.candidate.settings}", "searches go on while it is built"]
        session.confirm(preview, f"Set index {source.index}?", yes=yes)
        with session.output.progress() as bar:
            return set_index(tuning, database, bar)


def _report(session: Session, tuning: Tuning, applied: Applied | None, folder: Path, language: str) -> None:
    from pinyon.app.tuning import create_lines
    from pinyon.studies import tuning_words as words

    source, best = tuning.settings.source, tuning.best
    own = source is not None and source.index is not None
    lines = [] if own else create_lines(tuning)
    if session.as_json:
        changed = None if applied is None else applied.to_json()
        session.output.json({"out": str(folder), **tuning.to_json(), "applied": changed, "create": lines})
        return
    session.output.line(words.data_line(tuning, language), "dim")
    heads = words.columns(tuning, language)
    session.output.table(heads, words.cells(tuning, tuning.shown, language), right=heads[1:])
    for line in ("", *words.sentences(tuning, language)):
        session.output.line(line)
    if applied is not None and source is not None:
        session.output.line()
        session.output.line(f"Index {source.index!r} is now {applied.after}, built in {applied.seconds:.1f} s.")
        for name, recall in applied.recall.items():
            what = f" with {name}" if name else ""
            session.output.line(f"Live searches{what}: recall {recall:.4f}, {applied.milliseconds[name]:.3f} ms")
    elif best is not None:
        own_line = f"{program()} configure {source.index if source else ''} --index '{best.candidate.settings}'"
        for line in ["", *(lines or [own_line])]:
            session.output.line(line)
    session.output.message(f"results: {folder}")


@contextmanager
def _going_on(session: Session, folder: Path) -> Iterator[None]:
    """After Ctrl-C inside the block: says how to go on, once there is something to go on with."""
    try:
        yield
    except KeyboardInterrupt:
        from pinyon.studies import Tuning
        from pinyon.studies.tuning_results import RESULTS

        if not (folder / RESULTS).exists():
            raise
        found = Tuning.read(folder)
        session.output.message(
            f"interrupted: {len(found.findings)} settings are measured; "
            f"`{program()} tune --out {shlex.quote(str(folder))}` goes on"
        )
        raise typer.Exit(INTERRUPTED) from None
