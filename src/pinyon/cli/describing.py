"""describe, draw: what pictures show, and pictures from words."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pinyon.cli.commands import command
from pinyon.cli.errors import ERROR
from pinyon.cli.output import clean, seconds
from pinyon.cli.session import Session

if TYPE_CHECKING:
    from pinyon.app.describing import Described, Spent

PriceIn = Annotated[
    float | None, typer.Option("--price-in", metavar="PRICE", min=0, help="Of a million tokens that the model reads.")
]
PriceOut = Annotated[
    float | None, typer.Option("--price-out", metavar="PRICE", min=0, help="Of a million tokens that it writes.")
]
Prices = tuple[float | None, float | None]


@command(
    "describe",
    section="Models",
    examples=(
        ("what a picture shows", "pinyon describe cat.jpg --model ollama:gemma3"),
        (
            "all pictures of a folder in Korean, in files beside them that an ingest reads",
            "pinyon describe photos --model openai:gpt-5-mini --lang ko --save",
        ),
        (
            "what it costs",
            "pinyon describe cat.jpg --model openai:gpt-5-mini --price-in 0.25 --price-out 2",
        ),
        ("a model in a folder", "pinyon describe cat.jpg --model vlm:./llava-1.5-7b-hf"),
    ),
)
def describe(
    session: Session,
    pictures: Annotated[
        list[Path], typer.Argument(metavar="PICTURE...", help="Pictures, or folders with them.", show_default=False)
    ],
    model: Annotated[
        str,
        typer.Option(
            "--model", "-m", metavar="NAME", help="What sees: a vision model such as openai:NAME, or vlm:FOLDER."
        ),
    ],
    prompt: Annotated[
        str | None, typer.Option("--prompt", "-p", metavar="TEXT", help="What to ask of each picture.")
    ] = None,
    lang: Annotated[
        Literal["en", "ko"], typer.Option("--lang", help="Language of the description, without --prompt.")
    ] = "en",
    save: Annotated[
        bool, typer.Option("--save", help="Keep each description beside its picture, in NAME.caption.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Also pictures that have a caption.")] = False,
    max_tokens: Annotated[int, typer.Option("--max-tokens", metavar="N", min=1, help="Of a description.")] = 500,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
) -> None:
    """Let a model say what pictures show.

    A picture that has a caption in a file beside it is passed over. What fails is reported with the reason, and the
    rest goes on; the exit code is 1 then.
    """
    from pinyon.app import default_models
    from pinyon.app.describing import INSTRUCTIONS, Spent, describe_pictures, picture_paths

    generator = default_models(session.data).generator(model)
    found = list(picture_paths(pictures))
    done: list[Described] = []
    prices = (price_in, price_out)
    runs = describe_pictures(
        generator, found, prompt or INSTRUCTIONS[lang], max_tokens=max_tokens, save=save, again=again
    )
    for one in runs:
        done.append(one)
        if not session.as_json:
            _show(session, one, prices, "" if len(found) == 1 else f"{len(done)}/{len(found)} ")
    spent = sum((one.spent for one in done), Spent())
    counts = {state: sum(one.state == state for one in done) for state in ("described", "kept", "failed")}
    if session.as_json:
        total = {**counts, **_spent_json(spent, prices)}
        session.output.json({"pictures": [_json(one, prices) for one in done], "total": total})
    elif len(done) != 1:
        session.output.message(
            f"{counts['described']} described, {counts['kept']} had a caption, {counts['failed']} failed; "
            + _told(spent, prices)
        )
    if counts["failed"]:
        raise typer.Exit(ERROR)


@command(
    "draw",
    section="Models",
    examples=(
        ("a picture", 'pinyon draw "a brown puppy on a lawn" --model openai:gpt-image-1'),
        (
            "three of a size, in a folder",
            'pinyon draw "달빛 아래의 소나무" -m openai:gpt-image-1 --count 3 --size 1024x1024 --out pictures',
        ),
        ("again the same one, from a folder of diffusers", 'pinyon draw "a puppy" --model diffusers:./sd --seed 7'),
    ),
)
def draw(
    session: Session,
    prompt: Annotated[
        str, typer.Argument(metavar="PROMPT", help="What to draw; - reads it from stdin.", show_default=False)
    ],
    model: Annotated[
        str,
        typer.Option(
            "--model", "-m", metavar="NAME", help="What draws: openai:NAME, diffusers:FOLDER, or of models.toml."
        ),
    ],
    size: Annotated[str | None, typer.Option("--size", metavar="WxH", help="Pixels, such as 1024x1024.")] = None,
    quality: Annotated[str | None, typer.Option("--quality", metavar="WORD", help="In the model's own words.")] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Of the first picture; the others have the next ones.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-c", metavar="N", min=1, help="How many pictures.")] = 1,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where to; is made if it is missing.")
    ] = Path(),
    price: Annotated[float | None, typer.Option("--price", metavar="PRICE", min=0, help="Of a picture.")] = None,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
) -> None:
    """Let a model draw pictures, and store each with what it was made from.

    Every picture is a file named after the prompt, with a JSON file beside it: prompt, model, seed, time, SHA-256.
    Nothing is overwritten. Pictures that are there stay where a later one fails.
    """
    from pinyon.app import default_models
    from pinyon.app.drawing import draw_pictures

    generator = default_models(session.data).image_generator(model)
    asked = (sys.stdin.read() if prompt == "-" else prompt).strip()
    chosen = picture_size(size)
    prices = (price_in, price_out)
    done: list[dict[str, Any]] = []
    try:
        for one in draw_pictures(generator, asked, out, count=count, size=chosen, quality=quality, seed=seed):
            told = _spent_json(one.spent, prices)
            told["cost"] = _sum(price, told["cost"])
            done.append({**one.facts, "file": str(one.file), **told})
            if not session.as_json:
                session.output.line(str(one.file))
                session.output.line(_of_picture(one.facts, one.spent, told["cost"]), "dim")
    finally:
        if session.as_json and done:
            session.output.json({"pictures": done})


# -- how it is told ---------------------------------------------------------------------------------------------------


def picture_size(text: str | None) -> tuple[int, int] | None:
    """Raises typer.BadParameter (exit 2)."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no size such as 1024x1024", param_hint="--size")
    return int(found[1]), int(found[2])


def _show(session: Session, one: Described, prices: Prices, place: str) -> None:
    output = session.output
    if one.state == "failed":
        output.warn(f"{one.path}: {one.reason}")
    if one.state == "kept":
        output.message(f"{one.path}: has a caption; --again describes it anew", "dim")
        return
    if one.text:
        output.line(f"{place}{one.path}", "bold")
        for line in one.text.splitlines():
            output.line(clean(line))
    if one.cut:
        output.warn(f"{one.path}: the description was cut off: a larger --max-tokens leaves room for all of it")
    if one.state == "described":
        kept = f"; saved in {one.caption}" if one.caption is not None else ""
        output.line(_told(one.spent, prices) + kept, "dim")
        output.line()


def _told(spent: Spent, prices: Prices) -> str:
    return _facts(spent, spent.cost(*prices))


def _facts(spent: Spent, cost: float | None) -> str:
    tokens = spent.tokens
    parts = [
        seconds(spent.seconds),
        "tokens unknown" if tokens is None else f"{tokens.prompt_tokens:,} + {tokens.completion_tokens:,} tokens",
        f"{spent.retries} {'retry' if spent.retries == 1 else 'retries'}",
    ]
    return ", ".join(parts + ([] if cost is None else [f"cost {cost:.6g}"]))


def _of_picture(facts: dict[str, Any], spent: Spent, cost: float | None) -> str:
    parts = [f"seed {facts['seed']}"] if "seed" in facts else []
    parts += [_facts(spent, cost), f"sha256 {facts['sha256'][:16]}"]
    parts += [f"drawn from: {clean(facts['drawn_from'])}"] if "drawn_from" in facts else []
    return ", ".join(parts)


def _sum(*costs: float | None) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


def _spent_json(spent: Spent, prices: Prices) -> dict[str, Any]:
    return asdict(spent) | {"cost": spent.cost(*prices)}


def _json(one: Described, prices: Prices) -> dict[str, Any]:
    found = asdict(one) | _spent_json(one.spent, prices)
    del found["spent"]
    return found
