"""demo: indexes the docstrings of Python's standard library and answers five questions about it."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import command
from pinyon.cli.errors import INTERRUPTED
from pinyon.cli.ingesting import Watch, summary_json, watching
from pinyon.cli.output import milliseconds, seconds, snippet
from pinyon.cli.session import Session, program

if TYPE_CHECKING:
    from pinyon.app.corpus import Passage
    from pinyon.app.ingestor import Group, Summary
    from pinyon.engine import Database, Index
    from pinyon.types import Embedder

INDEX = "python-docs"
MODEL = "use-multilingual"
TAG = "demo"
QUESTIONS = (
    "How do I parse command line arguments?",
    "명령줄 인자를 어떻게 해석하나요?",
    "read and write CSV files",
    "임시 파일은 어떻게 만드나요?",
    "run a function in several processes at once",
)


@command(
    "demo",
    section="Start",
    examples=(
        ("index about 10,000 passages and ask five questions; a second run only asks", "pinyon demo"),
        ("go on in the same directory", f"pinyon search {INDEX} 'read a zip file' --data ./pinyon-demo"),
    ),
)
def demo(
    session: Session,
    top_k: Annotated[int, typer.Option("--top-k", "-k", metavar="N", help="How many results each.")] = 3,
) -> None:
    """See it work: index the docstrings of Python's standard library, then answer questions in English and Korean.

    The data go to ./pinyon-demo unless --data names another directory. Nothing is downloaded.
    """
    if not session.data_was_named:
        session.data = Path("./pinyon-demo")
    with session.database(create=True) as database:
        index, embedder, loading, made = _prepared(session, database)
        answers = _ask(session, index, embedder, top_k)
    going_on = (
        f"{program()} search {INDEX} {shlex.quote('How do I read a zip file?')} --data {shlex.quote(str(session.data))}"
    )
    if session.as_json:
        found = {"data": str(session.data.resolve()), "index": INDEX, "load_model_milliseconds": loading}
        session.output.json({**found, "ingest": made, "answers": answers, "next": going_on})
        return
    session.output.line("Go on with questions of your own:", "bold")
    session.output.line(f"  {going_on}")


def _prepared(session: Session, database: Database) -> tuple[Index, Embedder, float, dict[str, Any] | None]:
    """The filled index, its model, the milliseconds that loading the model took, and what the ingest did."""
    from pinyon.app.corpus import standard_library
    from pinyon.app.ingest import embedder_of, model_spec
    from pinyon.app.ingestor import Summary
    from pinyon.cli.searching import load_model

    if not database.has_index(INDEX):
        database.create_index(model_spec(INDEX, MODEL, data=session.data))
    index = database.index(INDEX)
    embedder = embedder_of(index.spec, session.data)
    loading = load_model(embedder)
    session.output.message(f"load model {MODEL}: {milliseconds(loading)}")
    version = platform.python_version()
    if index.spec.tags.get(TAG) == version:
        session.output.message(f"{index.count(''):,} passages of Python {version} are indexed: nothing to embed")
        return index, embedder, loading, None
    started = perf_counter()
    # Parsed at once, so that the bar knows how far it is: a few megabytes of text.
    passages = list(standard_library())
    summary = Summary()
    summary.seconds["read"] = perf_counter() - started
    with watching(session) as watch:
        fill(index, embedder, passages, watch, summary)
    elapsed = perf_counter() - started
    stages = ", ".join(f"{stage} {seconds(value)}" for stage, value in summary.seconds.items())
    session.output.message(
        f"indexed the docstrings of Python {version}: {summary.embedded:,} passages embedded, "
        f"{summary.unchanged:,} unchanged in {seconds(elapsed)} ({stages})"
    )
    if summary.interrupted:
        session.output.message("interrupted: `pinyon demo` goes on from there")
        raise typer.Exit(INTERRUPTED)
    database.configure_index(INDEX, tags={TAG: version})
    return index, embedder, loading, summary_json(INDEX, summary, elapsed)


def fill(index: Index, embedder: Embedder, passages: Sequence[Passage], watch: Watch, summary: Summary) -> Summary:
    """Brings the passages that are not yet there into the index."""
    from pinyon.app.ingestor import BATCH, Entry, Group, Ingestor

    watch.begin("docstrings of the standard library", len(passages), "passages")

    def groups() -> Iterator[Group]:
        for start in range(0, len(passages), BATCH):
            part = passages[start : start + BATCH]
            yield Group([Entry(p.id, p.metadata, p.text) for p in part], start + len(part))

    ingestor = Ingestor(index, embedder=embedder, progress=watch.advance, stop=watch.stopped, summary=summary)
    return ingestor.run(groups())


def _ask(session: Session, index: Index, embedder: Embedder, top_k: int) -> list[dict[str, Any]]:
    from pinyon.cli.searching import print_matches, result_json, search_text, shown_times

    answers = []
    for question in QUESTIONS:
        result, times = search_text(index, embedder, question, top_k)
        answers.append({"question": question, **result_json(result, times, explain=False)})
        if not session.as_json:
            session.output.line(snippet(question), "bold cyan")
            print_matches(session.output, result.matches, index.spec)
            session.output.line(shown_times(times), "dim")
            session.output.line()
    return answers
