"""compare: what models draw from a picture's description, from its prompt, and from a prompt that was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pinyon.cli.commands import Namespace, command
from pinyon.cli.describing import PriceIn, PriceOut, picture_size
from pinyon.cli.errors import ERROR, INTERRUPTED
from pinyon.cli.ingesting import listed, watching
from pinyon.cli.output import clean
from pinyon.cli.session import Session, complete_index
from pinyon.cli.studying import Lang, language_of

if TYPE_CHECKING:
    from pinyon.app.compare import Comparison
    from pinyon.app.compare_figures import Figures
    from pinyon.app.compared import Compared, Outcome
    from pinyon.evaluation import Interval
    from pinyon.rag.files import Skipped

LISTED = 20
"""Pictures up to which each has a line."""

Pictures = Annotated[
    list[Path], typer.Argument(metavar="PICTURE...", help="Pictures, or folders with them.", show_default=False)
]
Prompts = Annotated[
    str,
    typer.Option(
        "--index", metavar="INDEX", help="Texts to find, by a model that sees.", autocompletion=complete_index
    ),
]
OnePrompt = Annotated[
    str | None,
    typer.Option("--prompt", "-p", metavar="TEXT", help="What the one picture was drawn from [default: its caption]."),
]
Describer = Annotated[
    str | None, typer.Option("--describe", metavar="NAME", help="What sees and tells, such as openai:NAME.")
]
Drawer = Annotated[
    str | None, typer.Option("--draw", metavar="NAME", help="What draws: openai:NAME, diffusers:FOLDER.")
]
Question = Annotated[
    str | None, typer.Option("--ask", metavar="TEXT", help="What the describing model is asked of each picture.")
]


@command(
    "compare",
    section="Models",
    examples=(
        (
            "the four pictures of one, with scores",
            'pinyon compare cat.png --index prompts --prompt "a cat in a hat" '
            "--describe openai:gpt-5-mini --draw openai:gpt-image-1",
        ),
        (
            "a folder of pictures with captions beside them, and what it costs; again, to go on",
            "pinyon compare drawn --index prompts --describe openai:gpt-5-mini --draw openai:gpt-image-1 "
            "--price-in 0.25 --price-out 2 --price 0.04 --out figures --lang ko",
        ),
        ("how often the true prompt is found, without any drawing", "pinyon compare drawn --index prompts"),
    ),
)
def compare(
    session: Session,
    pictures: Pictures,
    index: Prompts,
    namespace: Namespace = "",
    prompt: OnePrompt = None,
    describe: Describer = None,
    draw: Drawer = None,
    ask: Question = None,
    size: Annotated[str | None, typer.Option("--size", metavar="WxH", help="Pixels, such as 1024x1024.")] = None,
    quality: Annotated[str | None, typer.Option("--quality", metavar="WORD", help="In the model's own words.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Of every picture that is drawn.")] = None,
    top_k: Annotated[int, typer.Option("--top-k", "-k", metavar="N", min=1, help="Texts found to report.")] = 3,
    price: Annotated[
        float | None, typer.Option("--price", metavar="PRICE", min=0, help="Of a picture that is drawn.")
    ] = None,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Where to [default: compare-INDEX].")
    ] = None,
    lang: Lang = None,
) -> None:
    """Compare a picture with what is drawn from its description, from its prompt, and from the prompt found for it.

    (a) the original, (b) from what a model says of it, (c) from the original prompt, (d) from the nearest text of the
    index. Each is scored against the original by the index's model: both pictures, and the text with the picture.
    Over several pictures: R@1, R@3 and MRR of the true prompt, and paired tests between b, c and d.

    The folder gets a sheet of four for each picture, results.json and report.html. The same command again keeps what
    is there and tries again what failed. A part without a model is left out and named. Token prices are those of the
    model that describes.
    """
    from pinyon.app import default_models
    from pinyon.app.compare import Comparison, picture_files
    from pinyon.app.compare_figures import Prices, figures
    from pinyon.app.compare_report import results, save
    from pinyon.app.compared import vectors_of
    from pinyon.app.describing import INSTRUCTIONS
    from pinyon.app.ingest import embedder_of
    from pinyon.app.picture_search import seeing

    language, folder, pixels = language_of(lang), out or Path(f"compare-{index}"), picture_size(size)
    models = default_models(session.data)
    describer = None if describe is None else models.generator(describe)
    drawer = None if draw is None else models.image_generator(draw)
    files = picture_files(pictures, folder)
    if prompt is not None and len(files) != 1:
        raise typer.BadParameter(
            f"{len(files)} pictures were not all drawn from it: put captions beside them", param_hint="--prompt"
        )
    with session.database(write=False) as database:
        held = session.index(database, index)
        comparison = Comparison(
            held, seeing(embedder_of(held.spec, session.data)), folder, namespace=namespace, describer=describer,
            drawer=drawer, instruction=ask or INSTRUCTIONS["en"], size=pixels, quality=quality, seed=seed, top_k=top_k,
        )  # fmt: skip
        session.check_namespace(held, namespace)
        outcome = _conducted(session, comparison, files, prompt or "")
    prices = Prices(price_in, price_out, price)
    counted = figures(outcome.pictures, vectors_of(outcome.pictures, folder))
    remarks = save(outcome, counted, folder, prices, language)
    if session.as_json:
        session.output.json({"out": str(folder), **results(outcome, counted, prices)})
    else:
        _show(session, outcome, counted)
    _end(session, outcome, folder, remarks)


def _conducted(session: Session, comparison: Comparison, files: Sequence[Path | Skipped], prompt: str) -> Outcome:
    """Ctrl-C ends it before the next stage, and a second one at once; what there is by then is told and saved."""
    from pinyon.app.compare import conduct, originals

    with watching(session) as watch:
        watch.begin("pictures", len(files), "files")

        def progress(done: int, note: str) -> None:
            if watch.stopped():
                raise KeyboardInterrupt
            watch.seen(done, clean(note))

        return conduct(comparison, originals(files, prompt), progress)


def _show(session: Session, outcome: Outcome, counted: Figures) -> None:
    from pinyon.app.compared import WAYS

    columns = ("picture", "rank", *(f"({way})" for way in WAYS), "texts")
    rows = [
        (one.name, _rank(one), *(_cosine(one.ways[way].likeness) for way in WAYS), _texts(one))
        for one in outcome.pictures[:LISTED]
    ]
    session.output.table(columns, rows, right=columns[1:-1])
    if len(outcome.pictures) > LISTED:
        session.output.message(f"{len(outcome.pictures) - LISTED:,} more (--json lists all)")
    session.output.line()
    for name, found in counted.retrieval.items():
        session.output.line(f"{name}  {_interval(found)}")
    for way, found in counted.likeness.items():
        session.output.line(f"({way})  {_interval(found)}")
    if counted.unrelated is not None:
        session.output.line(f"another original, by chance  {_interval(counted.unrelated)}")
    for pair, test in counted.between.items():
        one, other = pair.split("-")
        session.output.line(f"({one}) - ({other})  {_interval(test.difference)}, p {test.p:.4f}")


def _rank(one: Compared) -> str:
    return str(one.rank) if one.rank is not None else "far" if one.known else "-"


def _texts(one: Compared) -> str:
    return " ".join(_cosine(way.said) for way in one.ways.values())


def _cosine(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(found: Interval) -> str:
    return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f}, n {found.n:,})"


def _end(session: Session, outcome: Outcome, folder: Path, remarks: Sequence[str]) -> None:
    """What is left out, where the rest is, and how it ended."""
    from pinyon.app.compared import whole

    missing = Counter(
        f"({name}) {way.missing}" for one in outcome.pictures for name, way in one.ways.items() if way.missing
    )
    lines = [f"{reason} ({count:,} of {len(outcome.pictures):,})" for reason, count in missing.items()]
    listed(session, lines, "left out")
    listed(session, [f"{one.path} ({one.reason})" for one in outcome.skipped], "passed over")
    for remark in remarks:
        session.output.warn(remark)
    session.output.message(f"results: {folder}")
    if outcome.interrupted:
        session.output.message("interrupted: what was made is kept; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)
    if outcome.skipped or not all(map(whole, outcome.pictures)):
        raise typer.Exit(ERROR)
