"""study growth, hnsw, ivf, filter, quantise, again: experiments on what the parameters of an index do."""

from __future__ import annotations

import inspect
import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import Namespace, command
from pinyon.cli.errors import ERROR, INTERRUPTED
from pinyon.cli.output import clean
from pinyon.cli.session import Session, complete_index, program
from pinyon.cli.start import Metric, metric_name

if TYPE_CHECKING:
    from pinyon.studies import Source, Study


class Language(StrEnum):
    en = "en"
    ko = "ko"


File = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        help="Base vectors: .npy, .fvecs, .bvecs, .ivecs, or .hdf5 as ann-benchmarks has them [default: generated].",
        show_default=False,
    ),
]
OwnIndex = Annotated[
    str | None,
    typer.Option("--index", metavar="INDEX", help="Vectors of an index.", autocompletion=complete_index),
]
Generate = Annotated[
    str | None, typer.Option("--generate", metavar="NxD", help="A set of N clustered vectors of D dimensions.")
]
Queries = Annotated[
    Path | None, typer.Option("--queries", metavar="FILE", help="Query vectors [default: rows that are held out].")
]
Truth = Annotated[
    Path | None, typer.Option("--truth", metavar="FILE", help="True row numbers [default: found by exact search].")
]
FileMetric = Annotated[Metric | None, typer.Option("--metric", help="How vectors are compared.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="The first N vectors only.")]
QueryCount = Annotated[
    int | None, typer.Option("--query-count", metavar="N", min=1, help="Queries at most [default: 1000].")
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Of everything drawn [default: 0].")]
TopK = Annotated[int | None, typer.Option("--top-k", "-k", metavar="N", min=1, help="Results a query [default: 10].")]
Repeats = Annotated[int | None, typer.Option("--repeats", metavar="N", min=1, help="Timed passes [default: 5].")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder of the results; an unfinished study in it goes on."),
]
Lang = Annotated[
    Language | None, typer.Option("--lang", help="Language of table, plots and report [default: the system's].")
]
Rows = Annotated[
    str | None, typer.Option("--rows", metavar="N,N,...", help="Numbers of rows [default: a fifth to all].")
]
M = Annotated[str | None, typer.Option("--m", metavar="N,N,...", help="Neighbours of a row.")]
EfConstruction = Annotated[
    str | None, typer.Option("--ef-construction", metavar="N,N,...", help="Candidates while the graph is built.")
]
EfSearch = Annotated[str | None, typer.Option("--ef-search", metavar="N,N,...", help="Candidates of a search.")]
Nlist = Annotated[str | None, typer.Option("--nlist", metavar="N,N,...", help="Clusters.")]
Nprobe = Annotated[str | None, typer.Option("--nprobe", metavar="N,N,...", help="Clusters that a search looks into.")]
Selectivity = Annotated[
    str | None, typer.Option("--selectivity", metavar="X,X,...", help="Shares of the rows that match.")
]
Candidates = Annotated[
    str | None, typer.Option("--candidates", metavar="N", help="Results of the graph before a filter comes after it.")
]
Together = Annotated[bool, typer.Option("--together", help="Rows that match lie near each other, not anywhere.")]
Codes = Annotated[str | None, typer.Option("--codes", metavar="CODE,...", help="fp16, bf16, int8, int4, pq8, ...")]
Width = Annotated[str | None, typer.Option("--width", metavar="N,N,...", help="Dimensions that share a pq code.")]
Rerank = Annotated[
    str | None, typer.Option("--rerank", metavar="N,N,...", help="Candidates scored again with float32; 0 for none.")
]
Results = Annotated[
    Path, typer.Argument(metavar="RESULTS", help="results.json of a study, or its folder.", show_default=False)
]

Lists = dict[str, "str | Sequence[str] | None"]


def _shared(
    file: File = None,
    index: OwnIndex = None,
    namespace: Namespace = "",
    generate: Generate = None,
    queries: Queries = None,
    truth: Truth = None,
    metric: FileMetric = None,
    limit: Limit = None,
    query_count: QueryCount = None,
    seed: Seed = None,
    top_k: TopK = None,
    repeats: Repeats = None,
    out: Out = None,
    lang: Lang = None,
) -> None:
    """The options that every study has; only its signature is used."""


def _study(name: str, *examples: tuple[str, str]) -> Callable[[Callable[..., Lists]], Callable[..., None]]:
    """Declares a function from the lists of a study to their texts as ``pinyon study <name>``."""

    def declare(function: Callable[..., Lists]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())
        shared = inspect.signature(_shared, eval_str=True).parameters

        def run(session: Session, **given: Any) -> None:
            lists = function(**{one.name: given.pop(one.name) for one in own})
            _conduct(session, name, lists, **given)

        parameters = [inspect.Parameter("session", inspect.Parameter.POSITIONAL_OR_KEYWORD), *own, *shared.values()]
        shaped: Any = run
        shaped.__signature__ = inspect.Signature(parameters)
        shaped.__name__, shaped.__doc__ = function.__name__, function.__doc__
        return command(f"study {name}", section="Studies", examples=examples)(run)

    return declare


@_study(
    "growth",
    ("how exact search slows down on a generated set", "pinyon study growth"),
    ("on vectors of your own, at three sizes", "pinyon study growth vectors.npy --rows 20000,50000,100000"),
)
def growth(rows: Rows = None) -> Lists:
    """Exact search: time and memory against the number of rows."""
    return {"rows": rows}


@_study(
    "hnsw",
    ("vary each parameter in turn on a generated set", "pinyon study hnsw --generate 100000x128"),
    ("one parameter, the others at their defaults", "pinyon study hnsw --m 8,16,32,64"),
    ("the vectors of an index, in Korean", "pinyon study hnsw --index docs --ef-search 16,32,64,128 --lang ko"),
    (
        "SIFT1M with its own queries and truth",
        "pinyon study hnsw sift_base.fvecs --queries sift_query.fvecs --truth sift_groundtruth.ivecs",
    ),
)
def hnsw(m: M = None, ef_construction: EfConstruction = None, ef_search: EfSearch = None) -> Lists:
    """A graph: what m, ef_construction and ef_search do to recall, time and memory.

    A list of several values varies that parameter alone; the others stay at the one value given, else at m 32,
    ef_construction 40 and ef_search 16. Without any list each varies in turn.
    """
    return {"m": m, "ef_construction": ef_construction, "ef_search": ef_search}


@_study(
    "ivf",
    ("vary nlist and nprobe in turn", "pinyon study ivf"),
    ("one clustering, searched with more and more effort", "pinyon study ivf --nlist 256 --nprobe 1,2,4,8,16,32"),
)
def ivf(nlist: Nlist = None, nprobe: Nprobe = None) -> Lists:
    """Clusters: what nlist and nprobe do to recall, time and memory.

    A list of several values varies that parameter alone; the other stays at the one value given, else at nlist 256 or
    nprobe 8. Without any list each varies in turn.
    """
    return {"nlist": nlist, "nprobe": nprobe}


@_study(
    "filter",
    ("rows that match lie anywhere", "pinyon study filter"),
    ("rows that match lie together, as those of one topic do", "pinyon study filter --together --selectivity 0.1,0.01"),
)
def filter_(
    selectivity: Selectivity = None,
    ef_search: EfSearch = None,
    candidates: Candidates = None,
    m: M = None,
    ef_construction: EfConstruction = None,
    together: Together = False,
) -> Lists:
    """Filters: recall, time and number of results against the share of rows that match.

    Compares a filter after the search of a graph, one inside it, an exact search of the rows that match, and Pinyon.
    """
    return {
        "selectivity": selectivity,
        "ef_search": ef_search,
        "candidates": candidates,
        "m": m,
        "ef_construction": ef_construction,
        "match": ["together"] if together else None,
    }


@_study(
    "quantise",
    ("every code, without and with a rerank", "pinyon study quantise"),
    ("how deep a rerank must look", "pinyon study quantise --codes pq4,pq8 --width 4 --rerank 0,20,50,100,200"),
)
def quantise(codes: Codes = None, width: Width = None, rerank: Rerank = None) -> Lists:
    """Codes in place of float32 rows: what they save, what they lose, and what a rerank brings back."""
    return {"codes": None if codes is None else codes.split(","), "width": width, "rerank": rerank}


@command(
    "study again",
    section="Studies",
    examples=(("old and new figures side by side", "pinyon study again study-hnsw/results.json"),),
)
def again(session: Session, results: Results, out: Out = None, lang: Lang = None) -> None:
    """Repeat a recorded study with its settings. Exits with 1 when the recall is not what it was.

    It can be written as an option as well: pinyon study --again RESULTS.
    """
    from pinyon.app.studying import default_folder, repeat

    language = language_of(lang)
    folder = out or default_folder("again")
    with _going_on(session, folder), session.output.progress() as bar:
        repeated = repeat(results, folder, bar)
    remarks = repeated.new.save(folder, language)
    if session.as_json:
        old, new = repeated.old.to_json(), repeated.new.to_json()
        session.output.json({"out": str(folder), "old": old, "new": new, "differences": repeated.differences})
    else:
        from pinyon.studies import tables

        heads, cells = tables.side_by_side(repeated.old, repeated.new, language)
        session.output.table(heads, cells, right=heads[1:])
        session.output.message(f"results: {folder}")
    for remark in remarks:
        session.output.message(remark)
    if repeated.differences:
        for line in repeated.differences:
            session.output.message(f"recall differs: {line}")
        raise typer.Exit(ERROR)


def _conduct(
    session: Session, name: str, lists: Lists, *, out: Path | None, lang: Language | None, **given: Any
) -> None:
    from pinyon.app.studying import GENERATED, Request, default_folder, run

    language = language_of(lang)
    options = {option: _values(text, f"--{option.replace('_', '-')}") for option, text in lists.items()}
    top_k, repeats = given.pop("top_k"), given.pop("repeats")
    source = source_of(session, **given)
    folder = out or default_folder(name)
    request = Request(name, folder, source, options, top_k, repeats)
    if source is None and not request.recorded:
        rows, dimension = GENERATED
        session.output.message(
            f"no vectors are named: {rows:,} x {dimension} are generated (FILE, --index or --generate chooses others)"
        )
    with _going_on(session, folder), session.output.progress() as bar:
        study = run(request, bar)
    _report(session, study, folder, language)


def _report(session: Session, study: Study, folder: Path, language: str) -> None:
    """Everything that is written and printed of a finished study."""
    from pinyon.studies import findings, report, tables

    remarks = study.save(folder, language)
    sentences = findings.sentences(study, language)
    if session.as_json:
        session.output.json({"out": str(folder), **study.to_json(), "findings": sentences})
    else:
        session.output.line(clean(report.data_line(study, language)), "dim")
        heads = tables.columns(study, language)
        session.output.table(heads, tables.cells(study), right=heads[1:])
        for line in ("", *tables.remarks(study, language), *sentences):
            session.output.line(clean(line))
        session.output.message(f"results: {folder}")
    for remark in remarks:
        session.output.message(remark)
    if any(row.error is not None for row in study.rows):
        raise typer.Exit(ERROR)


@contextmanager
def _going_on(session: Session, folder: Path) -> Iterator[None]:
    """After Ctrl-C inside the block: says how to go on, once there is something to go on with."""
    try:
        yield
    except KeyboardInterrupt:
        from pinyon.studies import Study

        if not (folder / "results.json").exists():
            raise
        study = Study.read(folder)
        session.output.message(
            f"interrupted: {len(study.rows)} of {len(study.configurations)} settings are measured; "
            f"`{program()} study {study.settings.study} --out {shlex.quote(str(folder))}` goes on"
        )
        raise typer.Exit(INTERRUPTED) from None


def source_of(
    session: Session,
    *,
    file: Path | None,
    index: str | None,
    namespace: str,
    generate: str | None,
    queries: Path | None,
    truth: Path | None,
    metric: Metric | None,
    limit: int | None,
    query_count: int | None,
    seed: int | None,
) -> Source | None:
    """Which vectors are asked for; None when nothing is said of them."""
    from pinyon.app.studying import GENERATED
    from pinyon.studies import Source

    given = (file, index, generate, queries, truth, metric, limit, query_count, seed)
    if all(one is None for one in given):
        return None
    size = _size(generate)
    if size is None and file is None and index is None:
        size = GENERATED
    if index is not None:
        with session.database(write=False) as database:
            session.index(database, index)
    return Source(
        generate=size,
        file=None if file is None else str(file),
        database=None if index is None else str(session.data),
        index=index,
        namespace=namespace,
        queries=None if queries is None else str(queries),
        truth=None if truth is None else str(truth),
        metric=metric_name(metric),
        rows=limit,
        query_count=query_count,
        seed=seed or 0,
    )


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not like 100000x128, rows by dimension", param_hint="--generate")
    return int(found[1]), int(found[2])


def _values(given: str | Sequence[str] | None, option: str) -> list[int | float | str] | None:
    """``8,16,32`` as numbers; words that are given as a list stay words."""
    if given is None or not isinstance(given, str):
        return None if given is None else list(given)
    try:
        return [float(part) if "." in part or "e" in part else int(part) for part in given.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{given!r} is not a list of numbers like 8,16,32", param_hint=option) from None


def language_of(lang: Language | None) -> str:
    """The language that was asked for, else that of the system: Korean or English."""
    if lang is not None:
        return lang.value
    import locale

    named = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), None)
    return "ko" if (named or locale.getlocale()[0] or "").lower().startswith("ko") else "en"
