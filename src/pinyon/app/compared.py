"""What a comparison of pictures gives, as values and as the files that keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from pinyon.app.describing import Spent
from pinyon.rag.files import Skipped
from pinyon.types import Floats, Picture, Usage

__all__ = [
    "DESCRIPTION",
    "ORIGINAL",
    "RANKS",
    "RESULT",
    "VECTOR",
    "WAYS",
    "Compared",
    "Description",
    "Found",
    "Original",
    "Outcome",
    "Way",
    "described_before",
    "loaded",
    "vectors_of",
    "whole",
    "write_whole",
]

RANKS: Final = 10_000
"""Nearest texts of the index among which the true prompt is looked for: as many as a search may ask for."""
WAYS: Final = ("b", "c", "d")
"""Drawn from the description, from the original prompt, and from the prompt found; "a" is the original."""
ORIGINAL: Final = "a.webp"
"""The copy of the original in its folder, for sheets and reports."""
VECTOR: Final = "a.npy"
"""The vector of the original in its folder: (d,) float32 of unit length."""
RESULT: Final = "result.json"
"""In its folder: a ``Compared``."""
DESCRIPTION: Final = "description.json"


@dataclass(frozen=True, slots=True)
class Original:
    """A picture to compare. prompt: what it was drawn from, "" if nobody knows."""

    path: Path
    picture: Picture
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A text of the index. score: as the index compares it with the original."""

    id: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Description:
    """text: what the model said, "" where ``missing`` says why it said nothing. failed: it was asked. cut: it ended at
    the limit of tokens."""

    text: str = ""
    model: str = ""
    cut: bool = False
    spent: Spent = field(default_factory=Spent)
    missing: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """A picture that was drawn, or why it was not.

    prompt: what it was drawn from; drawn_from: what the model made of that, where it changed it. said: cosine of the
    vectors of the prompt and of the original. likeness: cosine of the vectors of this picture and of the original.
    file: from the picture's folder. missing: why there is no picture. failed: it was tried.
    """

    prompt: str = ""
    said: float | None = None
    file: str = ""
    likeness: float | None = None
    model: str = ""
    seed: int | None = None
    drawn_from: str = ""
    spent: Spent = field(default_factory=Spent)
    missing: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """What was made of one picture.

    folder: its name in the folder of the comparison. known: whether the index holds its prompt, word for word. rank: of
    that prompt among the texts of the index, from 1; None where it is not known, or not among the first ``RANKS``.
    found: the nearest texts. seconds: to embed the original ("embed") and to search ("search"). of: stands for all that
    the rest follows from.
    """

    path: str
    digest: str
    folder: str
    prompt: str
    known: bool
    rank: int | None
    found: tuple[Found, ...]
    description: Description
    ways: Mapping[str, Way]
    seconds: Mapping[str, float]
    of: str

    @property
    def name(self) -> str:
        return Path(self.path).name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. settings: of the comparison. interrupted: not all pictures were looked at."""

    pictures: tuple[Compared, ...]
    skipped: tuple[Skipped, ...]
    settings: Mapping[str, Any]
    interrupted: bool = False


def whole(compared: Compared) -> bool:
    """Whether nothing that was tried failed."""
    return not (compared.description.failed or any(way.failed for way in compared.ways.values()))


# -- what is kept -----------------------------------------------------------------------------------------------------


def write_whole(file: Path, data: bytes) -> None:
    """Whole under another name first: no file is ever half of one."""
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(data)
    part.replace(file)


def loaded(folder: Path, of: str) -> Compared | None:
    """What an earlier run wrote, if it is of the same, nothing failed, and its pictures are there."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):  # there is none, or it is damaged
        read = orjson.loads((folder / RESULT).read_bytes())
        done = Compared(
            **{
                **read,
                "found": tuple(Found(**one) for one in read["found"]),
                "description": _with_spent(Description, read["description"]),
                "ways": {way: _with_spent(Way, read["ways"][way]) for way in WAYS},
            }
        )
        files = [ORIGINAL, VECTOR, *(way.file for way in done.ways.values() if way.file)]
        if done.of == of and whole(done) and all((folder / file).is_file() for file in files):
            return done
    return None


def vectors_of(pictures: Sequence[Compared], folder: Path) -> Floats | None:
    """(n, d) float32, the vectors of the originals; None where one is not there, or there are none."""
    try:
        found = [np.load(folder / one.folder / VECTOR, allow_pickle=False) for one in pictures]
        return np.stack(found).astype(np.float32) if found else None
    except (OSError, ValueError, EOFError):
        return None


def described_before(file: Path, asked: Mapping[str, str]) -> Description | None:
    """What a model said before, if it was asked the same."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        read = orjson.loads(file.read_bytes())
        if {key: read.pop(key) for key in asked} == asked:
            kept: Description = _with_spent(Description, read)
            return kept
    return None


def _with_spent(kind: Any, read: Mapping[str, Any]) -> Any:
    told = read["spent"]
    tokens = None if told["tokens"] is None else Usage(**told["tokens"])
    return kind(**{**read, "spent": Spent(told["seconds"], tokens, told["retries"])})
