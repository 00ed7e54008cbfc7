"""reembed: another embedding model for an index, without a pause and with a way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import IndexName, Yes, command
from pinyon.cli.errors import INTERRUPTED
from pinyon.cli.session import Session, program

if TYPE_CHECKING:
    from pinyon.engine import Database
    from pinyon.engine.comparing import Comparison
    from pinyon.engine.reembedding import ReembedReport

Model = Annotated[str | None, typer.Option("--model", metavar="MODEL", help="The model that the index is to have.")]
Dimension = Annotated[int | None, typer.Option("--dimension", metavar="N", help="Of a model that has several.")]
Compared = Annotated[
    str | None,
    typer.Option("--namespace", metavar="NAME", help="Compare the models on its records [default: the largest]."),
]
Queries = Annotated[
    Path | None,
    typer.Option(
        "--queries",
        metavar="FILE",
        help='Compare by these queries: {"query": ..., "relevant": [ids]} a line [default: sentences of records].',
    ),
]
Sample = Annotated[
    int, typer.Option("--sample", metavar="N", min=0, help="Sentences of records to compare by; 0 compares nothing.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and count only.")]
Rollback = Annotated[bool, typer.Option("--rollback", help="Go back to the former model, whose vectors are kept.")]
ForgetOld = Annotated[
    bool, typer.Option("--forget-old", help="Delete the vectors that searches do not use: kept, or half made.")
]


@command(
    "reembed",
    section="Records",
    examples=(
        ("make the vectors, compare the models, ask, switch", "pinyon reembed docs --model use-multilingual-768"),
        (
            "compare by queries of your own, for a script",
            "pinyon reembed docs --model use-multilingual-768 --queries queries.jsonl --yes --json",
        ),
        ("what it would take", "pinyon reembed docs --model use-multilingual-768 --dry-run"),
        ("back to the former model", "pinyon reembed docs --rollback"),
        ("free the space of the former vectors", "pinyon reembed docs --forget-old"),
    ),
)
def reembed(
    session: Session,
    name: IndexName,
    model: Model = None,
    dimension: Dimension = None,
    namespace: Compared = None,
    queries: Queries = None,
    sample: Sample = 200,
    yes: Yes = False,
    dry_run: DryRun = False,
    rollback: Rollback = False,
    forget_old: ForgetOld = False,
) -> None:
    """Give all records of an index vectors of another embedding model.

    Searches and writes go on with the old model until all is made; then the index changes over in one transaction. The
    old vectors are kept for --rollback until --forget-old. After an interruption the same command goes on.
    """
    ways = [model is not None, rollback, forget_old]
    if sum(ways) != 1:
        raise typer.BadParameter("give one of --model MODEL, --rollback and --forget-old")
    with session.database(write=True) as database:
        session.index(database, name)
        if model is None:
            _other_way(session, database, name, rollback=rollback, yes=yes, dry_run=dry_run)
            return
        report = _switched(session, database, name, model, dimension, namespace, queries, sample, yes, dry_run)
    if session.as_json:
        session.output.json(report_json(report))
    elif dry_run:
        _print_plan(session, report)
    else:
        session.output.line(f"index {name!r} now has the model {model!r}")
        session.output.message(
            f"the vectors of {report.plan.former.model!r} are kept: `{program()} reembed {name} --rollback` goes back, "
            f"`{program()} reembed {name} --forget-old` deletes them"
        )


def _switched(
    session: Session,
    database: Database,
    name: str,
    model: str,
    dimension: int | None,
    namespace: str | None,
    queries: Path | None,
    sample: int,
    yes: bool,
    dry_run: bool,
) -> ReembedReport:
    from pinyon.app import default_models
    from pinyon.app.questions import read_questions
    from pinyon.engine.reembedding import reembed as run

    questions = None if queries is None else read_questions(queries)
    with _going_on(session, name, model), ExitStack() as shown:
        bar = shown.enter_context(session.output.progress())
        begun = False

        def progress(done: int, total: int) -> None:
            nonlocal begun
            if not begun:
                bar.begin(f"embed with {model}", total, "records")
                begun = True
            bar.advance(done, f"{done:,} of {total:,}")

        return run(
            database,
            default_models(),
            name,
            model,
            dimension=dimension,
            namespace=namespace,
            questions=questions,
            sample=sample,
            confirm=_asking(session, shown, name, model, yes=yes),
            progress=progress,
            dry_run=dry_run,
        )


def _asking(session: Session, shown: ExitStack, name: str, model: str, *, yes: bool) -> Callable[[ReembedReport], bool]:
    def confirm(report: ReembedReport) -> bool:
        shown.close()  # the bar, before anything else is printed
        if report.comparison is not None and not session.as_json:
            _print_comparison(session, report, report.comparison)
        preview = [f"index {name}: {report.plan.former.model} -> {model}, {report.plan.records:,} records"]
        try:
            session.confirm(preview, f"Switch index {name} to {model}?", yes=yes)
        except typer.Exit:
            session.output.message(
                f"the vectors of {model!r} are made and not used: the same command goes on from here, "
                f"`{program()} reembed {name} --forget-old` deletes them"
            )
            raise
        return True

    return confirm


@contextmanager
def _going_on(session: Session, name: str, model: str) -> Iterator[None]:
    """After Ctrl-C inside the block: says how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        line = f"{program()} reembed {name} --model {model}"
        session.output.message(f"interrupted: the index keeps its model; `{line}` goes on")
        raise typer.Exit(INTERRUPTED) from None


def _other_way(session: Session, database: Database, name: str, *, rollback: bool, yes: bool, dry_run: bool) -> None:
    from pinyon.app import default_models
    from pinyon.engine.reembedding import reembedding

    with reembedding(database, default_models(), name) as change:
        other = change.other
        told: dict[str, Any] = {"index": name, "model": None if other is None else other.embed.model}
        told |= {"state": None if other is None else other.state}
        if dry_run:
            _told(session, told, f"beside the vectors of its records, index {name!r} has: {_shown(told)}")
        elif rollback:
            if other is not None:
                session.confirm([f"index {name}: back to {other.embed.model}"], f"Switch index {name}?", yes=yes)
            told["switched_at"] = change.rollback()
            _told(session, told, f"index {name!r} has the model {told['model']!r} again")
        else:
            if other is not None:
                preview = [f"index {name}: delete the vectors of {other.embed.model} ({other.state}); no way back"]
                session.confirm(preview, "Delete them?", yes=yes)
            change.forget()
            _told(
                session, told | {"forgotten": True}, f"deleted: {_shown(told)}. `{program()} compact {name}` frees it"
            )


def _shown(told: dict[str, Any]) -> str:
    return "nothing" if told["model"] is None else f"vectors of {told['model']!r} ({told['state']})"


def _told(session: Session, found: dict[str, Any], line: str) -> None:
    if session.as_json:
        session.output.json(found)
    else:
        session.output.line(line)


def _print_plan(session: Session, report: ReembedReport) -> None:
    plan = report.plan
    session.output.pairs(
        {
            "index": plan.index,
            "model now": f"{plan.former.model} ({plan.former.identity}, {plan.former.dimension} numbers)",
            "model then": f"{plan.model.model} ({plan.model.identity}, {plan.model.dimension} numbers)",
            "records": f"{plan.records:,} in {plan.namespaces} namespace(s), all with a text",
            "left to embed": f"{plan.left:,}",
        }
    )


def _print_comparison(session: Session, report: ReembedReport, found: Comparison) -> None:
    from pinyon.engine.comparing import MEASURES

    what = "sentences of its records" if found.of_records else "queries"
    session.output.line(f"{found.questions} {what} in namespace {found.namespace!r}, exact search", "dim")
    heads = ["", report.plan.former.model, report.plan.model.model, "difference", "95 % interval"]
    rows = []
    for name in MEASURES:
        difference = None if found.differences is None else found.differences[name]
        former = "-" if found.former is None else f"{found.former[name]:.3f}"
        shown = (
            ("-", "-")
            if difference is None
            else (f"{difference.mean:+.3f}", _interval(difference.low, difference.high))
        )
        rows.append([name, former, f"{found.new[name]:.3f}", *shown])
    session.output.table(heads, rows, right=heads[1:])
    if found.of_records:
        session.output.message("a sentence finds its own record easily: this flatters both. --queries FILE tells more")
    if found.former is None:
        session.output.message(f"{report.plan.former.identity} is not installed: there is nothing to compare with")


def _interval(low: float, high: float) -> str:
    return f"{low:+.3f} to {high:+.3f}"


def report_json(report: ReembedReport) -> dict[str, Any]:
    plan, found = report.plan, report.comparison
    comparison = None
    if found is not None:
        differences = None
        if found.differences is not None:
            differences = {name: asdict(one) for name, one in found.differences.items()}
        comparison = {
            "namespace": found.namespace,
            "questions": found.questions,
            "sampled": found.of_records,
            "former": found.former,
            "new": found.new,
            "differences": differences,
        }
    return {
        "index": plan.index,
        "former": {"model": plan.former.model, "identity": plan.former.identity, "dimension": plan.former.dimension},
        "model": {"model": plan.model.model, "identity": plan.model.identity, "dimension": plan.model.dimension},
        "records": plan.records,
        "namespaces": plan.namespaces,
        "left": plan.left,
        "built": report.built,
        "comparison": comparison,
        "switched_at": report.switched_at,
    }
