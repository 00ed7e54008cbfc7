"""models: what there is, what it needs, whether it works, and fetching more."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pinyon.cli.commands import command
from pinyon.cli.output import size
from pinyon.cli.session import Session, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinyon.models import ModelInfo, ModelRegistry

ModelName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A name of `models ls`, or st:, hf:, vlm:, diffusers:, onnx:, gguf:, openai: or ollama: and which.",
    ),
]
Task = Annotated[
    Literal["embed", "rerank", "generate", "image"] | None,
    typer.Option("--task", help="What for, where a name can be several things."),
]


@command(
    "models ls",
    section="Models",
    examples=(
        ("all models and whether they can be used", "pinyon models ls"),
        ("those that write text, for a script", "pinyon models ls --task generate --json"),
    ),
)
def list_models(
    session: Session,
    task: Task = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also the names of hosted models, which stand for these.")
    ] = False,
) -> None:
    """List the models: those that Pinyon knows, and those of models.toml and of the file that PINYON_MODELS names."""
    from pinyon.models.states import state_of

    registry = _registry(session)
    models = [
        one for one in registry.list() if task in (None, one.type) and (everything or not registry.stands_for(one.name))
    ]
    shown = [(one, *state_of(one)) for one in models]
    if session.as_json:
        session.output.json([_json(one) | {"state": state, "to_do": way} for one, state, way in shown])
        return
    rows = [_row(one, state, way) for one, state, way in shown]
    session.output.table(("name", "task", "provider", "size", "languages", "licence", "state"), rows, right=("size",))


@command(
    "models show",
    section="Models",
    examples=(
        ("all that is known of a model", "pinyon models show minilm-en"),
        ("what a name means", "pinyon models show st:snunlp/KR-SBERT-V40K-klueNLI-augSTS"),
    ),
)
def show(session: Session, name: ModelName, task: Task = None) -> None:
    """Show all that is known of a model without loading it: sizes, languages, licence, settings, what is missing."""
    from pinyon.models.states import state_of

    registry = _registry(session)
    info = _described(registry, name, task)
    state, way = state_of(info)
    found = _json(info) | {"state": state, "to_do": way, "stands_for": registry.stands_for(name)}
    if session.as_json:
        session.output.json(found)
        return
    settings = found.pop("settings")
    texts = {
        key: ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value for key, value in found.items()
    }
    session.output.pairs({key: value for key, value in texts.items() if value not in ("", None, 0)})
    if settings:
        session.output.pairs({f"  {key}": value for key, value in settings.items() if value not in ("", None)})


@command(
    "models check",
    section="Models",
    examples=(
        ("load a model, use it once, and see how fast it is", "pinyon models check use-multilingual"),
        ("an endpoint, as a writer of answers", "pinyon models check ollama:qwen3:0.6b --task generate"),
    ),
)
def check(session: Session, name: ModelName, task: Task = None) -> None:
    """Load a model and use it once: identity, dimension, threads and speed. Asks an endpoint, if it is one."""
    from pinyon.app.model_checks import check_model_by_name

    registry = _registry(session)
    _described(registry, name, task)
    found = asdict(check_model_by_name(registry, name, task))
    if session.as_json:
        session.output.json(found)
        return
    found["load_seconds"] = f"{found['load_seconds']:.2f} s to the first answer"
    found["rate"] = f"{found['rate']:,.0f} {found.pop('unit')} per second"
    session.output.pairs({key: value for key, value in found.items() if value not in ("", None)})


@command(
    "models pull",
    section="Models",
    examples=(
        ("a Korean embedder, to use as --model st:NAME", "pinyon models pull snunlp/KR-SBERT-V40K-klueNLI-augSTS"),
        (
            "one file of a model that has many",
            "pinyon models pull Qwen/Qwen2.5-0.5B-Instruct-GGUF --file '*q4_k_m.gguf'",
        ),
    ),
)
def pull(
    session: Session,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="organisation/name of the hub, or a model of models.toml.")
    ],
    revision: Annotated[str, typer.Option("--revision", metavar="REV", help="A branch, a tag or a commit.")] = "",
    file: Annotated[
        str, typer.Option("--file", metavar="PATTERN", help="Which weights, where there are several.")
    ] = "",
) -> None:
    """Fetch a model from the hub into the data directory: weights in safetensors, ONNX or GGUF only."""
    from pinyon.app.model_files import pulled_models
    from pinyon.models.pulling import pull as pull_model

    hub, known = _hub_name(session, name)
    store = pulled_models(session.data)
    assert store is not None, "there always is a data directory"
    with session.output.progress() as bar:
        begun = False

        def advance(done: int, total: int) -> None:
            nonlocal begun
            if not begun:
                bar.begin(hub, total, "bytes")
                begun = True
            bar.advance(done, f"{size(done)} of {size(total)}")

        found = pull_model(hub, store, revision=revision or known, pattern=file, progress=advance)
    if session.as_json:
        session.output.json(asdict(found))
        return
    session.output.line(f"pulled {hub} ({size(found.bytes)}, commit {found.revision[:12]}) to {found.folder}")
    use = _way_to_use(hub, found.folder, found.files)
    session.output.message(f"use it as {use}; or describe it in {session.data / 'models.toml'}")


@command(
    "models fit-pictures",
    section="Models",
    examples=(
        ("teach picture-words your kind of pictures", "pinyon models fit-pictures photos/captions.jsonl --to shop.npz"),
        ("what it learned, in an index", "pinyon create photos --model picture-words:shop.npz"),
    ),
)
def fit_pictures(
    session: Session,
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="LIST", help='JSON lines: {"path": "cat.png", "caption": "a cat"}, or "captions": [...].'
        ),
    ],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The new file with the map, .npz.")],
) -> None:
    """Learn from pictures with captions, in any language of use-multilingual, what picture-words does not see."""
    from pinyon.app.picture_fitting import fit_list

    with session.output.progress() as bar:
        bar.begin("pictures", _lines(manifest), "pictures")
        made, refused = fit_list(_registry(session), manifest, to, bar.advance)
    if session.as_json:
        told = {"file": str(to), "pictures": made.pictures, "recall_at_10": made.recall}
        session.output.json(told | {"left_out": [asdict(one) for one in refused]})
        return
    for one in refused:
        session.output.message(f"{one.where}: left out: {one.reason}")
    session.output.line(f"learned from {made.pictures:,} pictures: {to}")
    if made.recall:
        was, now = made.recall["untrained"], made.recall["fitted"]
        session.output.line(
            f"R@10 of captions, with every fifth picture held out: {now:.2f}, without the map {was:.2f}"
        )
    session.output.message(f"use it as picture-words:{to}; or describe it in {session.data / 'models.toml'}")


def _way_to_use(hub: str, folder: Path, files: Sequence[str]) -> str:
    """The name of a pulled model, by the files that it has."""
    gguf = [one for one in files if one.endswith(".gguf")]
    if "model_index.json" in files:
        return f"diffusers:{hub}"
    if gguf:
        return f"gguf:{folder / gguf[0]}"
    if "open_clip_config.json" in files:
        return f"open-clip:{hub} (pictures and texts)"
    pictures = f"clip:{hub} (pictures and texts), " if "preprocessor_config.json" in files else ""
    return f"{pictures}st:{hub} (embedders, rerankers), hf:{hub} (generators), vlm:{hub} (generators that see)"


def _registry(session: Session) -> ModelRegistry:
    from pinyon.app import default_models

    return default_models(session.data)


def _lines(file: Path) -> int:
    """Those of a text file that are not empty; 0 where there is none, which is told when it is read."""
    if not file.is_file():
        return 0
    with file.open("rb") as stream:
        return sum(bool(line.strip()) for line in stream)


def _described(registry: ModelRegistry, name: str, task: Any) -> ModelInfo:
    """The description, or NotFoundError that suggests a name."""
    from pinyon.errors import NotFoundError
    from pinyon.models.describing import is_ad_hoc

    known = [one.name for one in registry.list()]
    if name not in known and not is_ad_hoc(name):
        raise NotFoundError(f"there is no model {name!r}. {suggestion(name, known)}")
    return registry.describe(name, task)


def _hub_name(session: Session, name: str) -> tuple[str, str]:
    """(organisation/name, revision) that a name means. Raises InvalidRequestError, NotFoundError."""
    from pinyon.errors import InvalidRequestError

    registry = _registry(session)
    if "/" in name and ":" not in name:
        return name, ""
    info = _described(registry, name, None)
    hub = getattr(info.settings, "hub", "")
    if not hub:
        way = info.install or "it is on this machine"
        raise InvalidRequestError(f"{name!r} is no model of the hub, there is nothing to pull: {way}")
    return hub, info.settings.revision


def _json(info: ModelInfo) -> dict[str, Any]:
    hidden = {"loader", "modules", "base", "settings", "max_batch", "window_characters", "rank_fields"}
    found = {key: value for key, value in asdict(info).items() if key not in hidden}
    if info.type != "embed":
        del found["vector_type"]
    settings = {} if info.settings is None else asdict(info.settings)
    for internal in ("base", "store"):
        settings.pop(internal, None)
    return found | {"settings": settings}


def _row(info: ModelInfo, state: str, way: str) -> tuple[str, ...]:
    told = state if state in ("ready", "endpoint") else f"{state}: {way}"
    width = str(info.dimension or _context(info) or "-")
    return info.name, info.type, info.provider, width, _languages(info), info.license or "-", told


def _context(info: ModelInfo) -> str:
    return f"{info.context_tokens:,} tokens" if info.context_tokens else ""


def _languages(info: ModelInfo) -> str:
    return (
        ", ".join(info.languages[:4]) + (f" and {len(info.languages) - 4} more" if len(info.languages) > 4 else "")
        or "-"
    )
