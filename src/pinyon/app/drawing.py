"""Lets a model draw, and stores every picture with what it was made from: a file, and a JSON object beside it."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import count as counting
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import orjson

from pinyon.app.describing import Spent
from pinyon.types import GeneratedPicture, ImageGenerator, Usage

__all__ = ["SUFFIXES", "Drawn", "draw_pictures", "drawn_before", "store_picture"]

SUFFIXES: Final = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif"}
LONGEST_NAME: Final = 40
"""Characters of the prompt that a file is named after."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture that was made and stored. facts: what the JSON object in ``beside`` says."""

    file: Path
    beside: Path
    facts: dict[str, Any]
    spent: Spent


def draw_pictures(
    generator: ImageGenerator,
    prompt: str,
    folder: Path,
    *,
    count: int = 1,
    size: tuple[int, int] | None = None,
    quality: str | None = None,
    seed: int | None = None,
) -> Iterator[Drawn]:
    """``count`` pictures, each stored as soon as it is there, so that none is lost where a later one fails.

    seed: of the first; the others have the following ones. Nothing is ever overwritten. Raises what ``generator`` does,
    and OSError.
    """
    model: Any = generator
    for number in range(count):
        started, used, retries = perf_counter(), getattr(model, "usage", None), getattr(model, "retries", 0)
        chosen = None if seed is None else seed + number
        (made,) = generator.generate_pictures(prompt, count=1, size=size, quality=quality, seed=chosen)
        spent = Spent(
            perf_counter() - started,
            _since(used, getattr(model, "usage", None)),
            getattr(model, "retries", 0) - retries,
        )
        facts = {"model": generator.name, **_asked(generator, prompt, size, quality)}
        facts |= {"seconds": round(spent.seconds, 3), "tokens": None if spent.tokens is None else asdict(spent.tokens)}
        file, beside, facts = store_picture(made, folder, facts)
        yield Drawn(file, beside, facts, spent)


def drawn_before(
    generator: ImageGenerator,
    prompt: str,
    folder: Path,
    *,
    size: tuple[int, int] | None = None,
    quality: str | None = None,
    seed: int | None = None,
) -> Drawn | None:
    """A whole picture in the folder that was drawn of the same; without a seed, with any. Its spent knows no retries.

    None where there is none. A file that is not what was stored does not count.
    """
    wanted = _asked(generator, prompt, size, quality) | ({} if seed is None else {"seed": seed})
    for beside in sorted(folder.glob("*.json")):
        try:
            facts = orjson.loads(beside.read_bytes())
            if any(facts.get(key) != value for key, value in wanted.items()):
                continue
            file = folder / Path(facts["file"]).name
            if hashlib.sha256(file.read_bytes()).hexdigest() != facts["sha256"]:
                continue
            tokens = None if facts.get("tokens") is None else Usage(**facts["tokens"])
            return Drawn(file, beside, facts, Spent(float(facts["seconds"]), tokens))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):  # not of ours, or not whole
            continue
    return None


def store_picture(made: GeneratedPicture, folder: Path, facts: dict[str, Any]) -> tuple[Path, Path, dict[str, Any]]:
    """(the picture's file, the file of what is known of it, that), under a name that is free.

    facts: with the ``prompt``, which gives the name. Added are what the model drew from where it changed that, seed,
    media type, time and SHA-256 of the file.
    """
    whole = facts | {
        "drawn_from": made.prompt or None,
        "seed": made.seed,
        "media_type": made.media_type,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": hashlib.sha256(made.data).hexdigest(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = _written(folder, _name(facts["prompt"]), SUFFIXES[made.media_type], made.data)
    beside = file.with_suffix(".json")
    known = {"file": file.name} | {key: value for key, value in whole.items() if value is not None}
    with beside.open("xb") as out:
        out.write(orjson.dumps(known, option=orjson.OPT_INDENT_2) + b"\n")
    return file, beside, known


def _written(folder: Path, name: str, suffix: str, data: bytes) -> Path:
    """A new file ``NAME-1.png``, or with the next number that neither a picture nor what belongs to one has."""
    for number in counting(1):
        file = folder / f"{name}-{number}{suffix}"
        if any(file.with_suffix(other).exists() for other in (*SUFFIXES.values(), ".json", ".caption", ".txt")):
            continue
        try:
            with file.open("xb") as out:
                out.write(data)
        except FileExistsError:  # another process was faster
            continue
        return file
    raise AssertionError("numbers do not end")


def _name(prompt: str) -> str:
    """``a-brown-puppy``: letters and digits of any script, and nothing that a file system could mind."""
    kept = "".join(c if c.isalnum() else "-" for c in unicodedata.normalize("NFC", prompt.lower())[:200])
    return "-".join(filter(None, kept.split("-")))[:LONGEST_NAME].strip("-") or "picture"


def _asked(generator: ImageGenerator, prompt: str, size: tuple[int, int] | None, quality: str | None) -> dict[str, Any]:
    shape = None if size is None else f"{size[0]}x{size[1]}"
    return {"prompt": prompt, "identity": generator.identity, "size": shape, "quality": quality}


def _since(before: Usage | None, after: Usage | None) -> Usage | None:
    """Tokens between two counts; None where none were counted."""
    if before is None or after is None or before == after:
        return None
    return Usage(after.prompt_tokens - before.prompt_tokens, after.completion_tokens - before.completion_tokens)
