"""Lets a model say what pictures show, one after another, and keeps what it says in files beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Literal

from pinyon.app.picture_files import MAXIMUM_FILE, found_pictures
from pinyon.errors import InvalidRequestError, MissingExtraError, ModelUnavailableError
from pinyon.pictures import read_picture, sidecar_caption
from pinyon.rag.files import FoundFile, Skipped
from pinyon.types import ChatMessage, Generator, Picture, Usage

__all__ = ["CAPTION", "INSTRUCTIONS", "Described", "Spent", "describe_pictures", "picture_paths"]

CAPTION: Final = ".caption"
"""Suffix of the file that keeps a description, which an ingest reads with the picture."""
INSTRUCTIONS: Final[Mapping[str, str]] = {
    "en": "Describe this picture in one paragraph, so that somebody could paint it without having seen it.",
    "ko": "이 그림을 보지 못한 사람도 그대로 그릴 수 있도록, 한 문단의 한국어로 설명해 주세요.",
}
LONGEST: Final = 2_048
"""Pixels of the longer side that are read of a picture; a model is shown fewer, as its settings say."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What requests took. tokens: None where the model did not tell. retries: attempts that repeated a failed one."""

    seconds: float = 0.0
    tokens: Usage | None = None
    retries: int = 0

    def __add__(self, other: Spent) -> Spent:
        known = [one for one in (self.tokens, other.tokens) if one is not None]
        prompt, written = sum(one.prompt_tokens for one in known), sum(one.completion_tokens for one in known)
        return Spent(
            self.seconds + other.seconds, Usage(prompt, written) if known else None, self.retries + other.retries
        )

    def cost(self, price_in: float | None, price_out: float | None) -> float | None:
        """Of the tokens, at prices for a million of them; None where either is not known."""
        if self.tokens is None or (price_in is None and price_out is None):
            return None
        return (self.tokens.prompt_tokens * (price_in or 0) + self.tokens.completion_tokens * (price_out or 0)) / 1e6


@dataclass(frozen=True, slots=True)
class Described:
    """What came of a picture.

    state: "described", "kept" (it had a caption, which is ``text``), or "failed", for ``reason``; what was written by
    then is ``text``. caption: the file that it was saved in. cut: it ended at the limit of tokens, not by itself.
    """

    path: Path
    state: Literal["described", "kept", "failed"]
    text: str = ""
    reason: str = ""
    caption: Path | None = None
    cut: bool = False
    spent: Spent = field(default_factory=Spent)


def picture_paths(paths: Sequence[Path]) -> Iterator[Path | Skipped]:
    """The files of ``found_pictures``. Raises NotFoundError."""
    for found in found_pictures(paths):
        yield found.path if isinstance(found, FoundFile) else found


def describe_pictures(
    generator: Generator,
    pictures: Sequence[Path | Skipped],
    instruction: str,
    *,
    max_tokens: int = 500,
    temperature: float = 0.0,
    save: bool = False,
    again: bool = False,
) -> Iterator[Described]:
    """A description of each picture. What fails for one picture is reported, and the rest goes on.

    save: keeps each in ``cat.caption`` beside ``cat.jpg``. A picture with a caption in any file beside it is not
    described, unless ``again``, which replaces the ``.caption`` file and no other.
    Raises what concerns all pictures alike: NotFoundError, FailedPreconditionError, MissingExtraError of the model.
    """
    owners: dict[Path, Path] = {}
    for one in pictures:
        if isinstance(one, Skipped):
            yield Described(one.path, "failed", reason=one.reason)
            continue
        owner = owners.setdefault(one.with_suffix(CAPTION), one)
        if save and owner != one:
            yield Described(
                one, "failed", reason=f"its caption would be that of {owner.name!r} too: rename one of them"
            )
            continue
        try:
            known = "" if again else sidecar_caption(one).text
            picture = None if known else _read(one)
        except (InvalidRequestError, MissingExtraError) as error:
            yield Described(one, "failed", reason=error.message)
            continue
        except OSError as error:
            yield Described(one, "failed", reason=f"cannot be read: {error.strerror or error}")
            continue
        if picture is None:
            yield Described(one, "kept", known)
            continue
        told = _described(generator, one, picture, instruction, max_tokens, temperature)
        yield _saved(told) if save and told.state == "described" else told


def _read(path: Path) -> Picture:
    size = path.stat().st_size
    if size > MAXIMUM_FILE:
        raise InvalidRequestError(f"{size:,} bytes, over {MAXIMUM_FILE:,}: make a smaller copy of the picture")
    return read_picture(path.read_bytes(), name=path.name, longest=LONGEST)


def _described(
    generator: Generator, path: Path, picture: Picture, instruction: str, max_tokens: int, temperature: float
) -> Described:
    model: Any = generator
    started, before, said, stream = perf_counter(), getattr(model, "retries", 0), "", None
    reason = ""
    try:
        asked = [ChatMessage("user", instruction, (picture,))]
        stream = generator.generate(asked, max_tokens=max_tokens, temperature=temperature)
        for piece in stream:
            said += piece
    except (InvalidRequestError, ModelUnavailableError) as error:
        reason = error.message
    spent = Spent(
        perf_counter() - started,
        None if stream is None else stream.usage,
        getattr(model, "retries", 0) - before,
    )
    ended = None if stream is None else stream.finish_reason
    text = said.strip()
    if not reason and ended == "content_filter":
        reason = "the model's filter keeps the description back"
    if not reason and not text:
        reason = "the model says nothing: does it see?"
    return Described(
        path, "failed" if reason else "described", text, reason, cut=not reason and ended == "length", spent=spent
    )


def _saved(told: Described) -> Described:
    """Written whole under another name first, so that no caption is ever half of one."""
    caption = told.path.with_suffix(CAPTION)
    partial = caption.with_name(f".{caption.name}.part")
    try:
        partial.write_text(told.text + "\n", encoding="utf-8")
        partial.replace(caption)
    except OSError as error:
        reason = f"described, but {str(caption)!r} cannot be written: {error.strerror or error}"
        return replace(told, state="failed", reason=reason)
    return replace(told, caption=caption)
