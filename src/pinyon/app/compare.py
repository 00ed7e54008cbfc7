"""The comparison of four pictures: an original, and what is drawn from its description, its prompt, and a prompt found.

Every part needs a model of its own; what has none is left out by name, and nothing is invented. Each picture has a
folder with what was made of it, so that a run that was interrupted goes on where it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
import orjson

from pinyon.engine import Index
from pinyon.errors import PinyonError
from pinyon.evaluation import Interval, Paired, bootstrap, paired_test, rank_of
from pinyon.types import (
    ChatMessage,
    Floats,
    Generator,
    ImageGenerator,
    Picture,
    PictureEmbedder,
    Query,
    Usage,
)

__all__ = ["DESCRIBE", "FOUND", "WAYS", "Compared", "Comparison", "Figures", "Original", "Way", "figures"]

DESCRIBE: Final = "Describe this picture in one paragraph, so that somebody could paint it without having seen it."
FOUND: Final = 100
"""Prompts of the index among which the true one is looked for."""
RESULT: Final = "result.json"
WAYS: Final[Mapping[str, str]] = {
    "b": "from its description",
    "c": "from its prompt",
    "d": "from the prompt found",
}


@dataclass(frozen=True, slots=True)
class Original:
    """A picture to compare. name: how it is called in the report. prompt: what it was drawn from, "" if nobody knows.
    id: of that prompt in the index, "" to find it by its text."""

    name: str
    picture: Picture
    prompt: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A picture that was drawn, or why it was not.

    prompt: what it was drawn from. file: its name in the folder. likeness: cosine of its vector and the original's.
    said: cosine of the prompt's vector and the original's. seconds: by stage. tokens: of the description. missing: why
    there is no picture.
    """

    prompt: str = ""
    file: str = ""
    likeness: float | None = None
    said: float | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    tokens: int = 0
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was made of one picture. rank: of the true prompt among those of the index, None where it is not known or
    not among the first ``FOUND``. known: whether the true prompt is in the index."""

    name: str
    digest: str
    folder: str
    prompt: str
    known: bool
    rank: int | None
    found: tuple[tuple[str, float], ...]
    ways: Mapping[str, Way]


@dataclass(frozen=True, slots=True)
class Figures:
    """Over all pictures. retrieval: R@1, R@3 and MRR of the true prompt. likeness: by way. between: paired tests of the
    likeness of two ways, on the pictures that have both."""

    retrieval: Mapping[str, Interval]
    likeness: Mapping[str, Interval]
    between: Mapping[str, Paired]


class Comparison:
    """Compares pictures by the prompts of an index, whose model sees.

    describer: writes what it sees; drawer: draws; either may be missing. read: a picture from the bytes of a file.
    instruction: what the describer is asked. size, seed: for the drawer. settings change the folder of a picture.
    """

    def __init__(
        self,
        index: Index,
        embedder: PictureEmbedder,
        read: Callable[[bytes, str], Picture],
        folder: Path,
        *,
        namespace: str = "",
        describer: Generator | None = None,
        drawer: ImageGenerator | None = None,
        instruction: str = DESCRIBE,
        size: tuple[int, int] | None = None,
        seed: int | None = None,
    ) -> None:
        assert index.spec.embed is not None, "the index was checked to have the model"
        self._index, self._embedder, self._read, self._folder = index, embedder, read, folder
        self._namespace, self._describer, self._drawer = namespace, describer, drawer
        self._instruction, self._size, self._seed = instruction, size, seed
        self._text_field = index.spec.embed.field_map.get("text", "text")

    def settings(self) -> dict[str, Any]:
        """All that decides about the pictures, for the report."""
        return {
            "index": self._index.name,
            "namespace": self._namespace,
            "model": self._embedder.identity,
            "describer": None if self._describer is None else self._describer.identity,
            "drawer": None if self._drawer is None else self._drawer.identity,
            "instruction": self._instruction,
            "size": self._size,
            "seed": self._seed,
        }

    def compare(self, original: Original) -> Compared:
        """One picture; from its folder where that was done before with the same settings.

        Raises what searching and embedding raise. What the describer or drawer raises is a reason, and the rest goes
        on.
        """
        key = self._key(original)
        folder = self._folder / key
        done = _loaded(folder / RESULT)
        if done is not None:
            return done
        folder.mkdir(parents=True, exist_ok=True)
        vector = _unit(self._embedder.embed_pictures([original.picture])[0])
        found, rank, known = self._prompts(original, vector)
        ways = {
            "b": self._described(original, vector, folder),
            "c": self._drawn("c", original.prompt, vector, folder, "its prompt is not known"),
            "d": self._drawn("d", found[0][0] if found else "", vector, folder, "the index holds no prompt"),
        }
        compared = Compared(original.name, original.picture.digest, key, original.prompt, known, rank, found[:3], ways)
        (folder / RESULT).write_bytes(orjson.dumps(asdict(compared), option=orjson.OPT_INDENT_2))
        return compared

    def _key(self, original: Original) -> str:
        told = orjson.dumps([original.picture.digest, original.prompt, original.id, self.settings()])
        return hashlib.blake2b(told, digest_size=8).hexdigest()

    def _prompts(self, original: Original, vector: Floats) -> tuple[tuple[tuple[str, float], ...], int | None, bool]:
        """(text, score) of the nearest prompts; the rank of the true one; whether the index is known to hold it."""
        result = self._index.query(self._namespace, Query(FOUND, vector=vector, include_metadata=True))
        texts = [(str((one.metadata or {}).get(self._text_field, "")), float(one.score)) for one in result.matches]
        ids = [one.id for one in result.matches]
        if original.id:
            known = bool(self._index.fetch(self._namespace, [original.id], include_values=False))
            return tuple(texts), rank_of({original.id}, ids), known
        rank = rank_of({original.prompt}, [text for text, _ in texts]) if original.prompt else None
        return tuple(texts), rank, rank is not None

    def _described(self, original: Original, vector: Floats, folder: Path) -> Way:
        if self._describer is None:
            return Way(missing="no model that describes pictures was named")
        started = perf_counter()
        try:
            asked = ChatMessage("user", self._instruction, (original.picture,))
            with_pieces = self._describer.generate([asked], max_tokens=300, seed=self._seed)
            text = "".join(with_pieces).strip()
            used: Usage | None = with_pieces.usage
        except PinyonError as error:
            return Way(missing=f"not described: {error.message}")
        seconds = perf_counter() - started
        if not text:
            return Way(missing="the description came back empty", seconds={"describe": seconds})
        way = self._drawn("b", text, vector, folder, "")
        tokens = 0 if used is None else used.prompt_tokens + used.completion_tokens
        return replace(way, seconds={"describe": seconds, **way.seconds}, tokens=tokens)

    def _drawn(self, way: str, prompt: str, vector: Floats, folder: Path, without: str) -> Way:
        if not prompt:
            return Way(missing=without)
        said = float(_unit(self._embedder.embed([prompt], input_type="query")[0]) @ vector)
        if self._drawer is None:
            return Way(prompt, said=said, missing="no model that draws was named")
        started = perf_counter()
        try:
            made = self._drawer.generate_pictures(prompt, size=self._size, seed=self._seed)[0]
            picture = self._read(made.data, f"the picture {WAYS[way]}")
        except PinyonError as error:
            return Way(prompt, said=said, missing=f"not drawn: {error.message}")
        seconds = {"draw": perf_counter() - started}
        file = f"{way}.{made.media_type.rpartition('/')[2] or 'png'}"
        (folder / file).write_bytes(made.data)
        likeness = float(_unit(self._embedder.embed_pictures([picture])[0]) @ vector)
        return Way(prompt, file, likeness, said, seconds)


def figures(all: Sequence[Compared]) -> Figures:
    """Of the pictures that have what a figure is about; a figure that none has is not there."""
    ranks = [FOUND + 1 if one.rank is None else one.rank for one in all if one.known]
    retrieval = {
        "R@1": [float(rank <= 1) for rank in ranks],
        "R@3": [float(rank <= 3) for rank in ranks],
        "MRR": [1.0 / rank if rank <= FOUND else 0.0 for rank in ranks],
    }
    likeness = {way: [value for one in all if (value := one.ways[way].likeness) is not None] for way in WAYS}
    between = {}
    for one, other in (("b", "c"), ("b", "d"), ("c", "d")):
        pairs = [(picture.ways[one].likeness, picture.ways[other].likeness) for picture in all]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        if len(both) > 1:
            between[f"{one} - {other}"] = paired_test([a for a, _ in both], [b for _, b in both])
    return Figures(
        {name: bootstrap(values) for name, values in retrieval.items() if values},
        {way: bootstrap(values) for way, values in likeness.items() if values},
        between,
    )


def _unit(vector: Floats) -> Floats:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def _loaded(file: Path) -> Compared | None:
    """What an earlier run wrote, None where there is none or it is damaged."""
    try:
        read = orjson.loads(file.read_bytes())
        ways = {way: Way(**told) for way, told in read["ways"].items()}
        found = tuple((str(text), float(score)) for text, score in read["found"])
        return Compared(**{**read, "ways": ways, "found": found})
    except (OSError, ValueError, TypeError, KeyError):
        return None
