"""The comparison of four pictures: an original, and what is drawn from its description, its prompt, and a prompt found.

Every part needs a model of its own; what has none is left out by name, and nothing is invented. Each picture has a
folder with what was made of it, so that a run that was interrupted goes on where it was: what a model said or drew is
stored at once and not paid for again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
import orjson

from pinyon.app import PICTURE_SIDE
from pinyon.app.compared import (
    DESCRIPTION,
    ORIGINAL,
    RANKS,
    RESULT,
    VECTOR,
    Compared,
    Description,
    Found,
    Original,
    Outcome,
    Way,
    described_before,
    loaded,
    write_whole,
)
from pinyon.app.describing import INSTRUCTIONS, describe_pictures, picture_paths
from pinyon.app.drawing import Drawn, draw_pictures, drawn_before
from pinyon.app.picture_search import picture_in
from pinyon.engine import Index
from pinyon.errors import FailedPreconditionError, InvalidRequestError, MissingExtraError, NotFoundError, PinyonError
from pinyon.evaluation import rank_of
from pinyon.pictures import encoded, read_picture, sidecar_caption
from pinyon.rag.files import Skipped
from pinyon.types import Floats, Generator, ImageGenerator, Picture, PictureEmbedder, Query

__all__ = ["Comparison", "conduct", "originals", "picture_files"]

_SIDE: Final = 512
_LAYOUT: Final = 1
"""Raise it whenever results of another kind are written: earlier ones are then made anew, from what is stored."""
_FOR_ALL: Final = (NotFoundError, FailedPreconditionError, MissingExtraError)
"""Errors that a model will raise for every other picture as well."""


def picture_files(paths: Sequence[Path], out: Path) -> list[Path | Skipped]:
    """The pictures at and under the paths, but for those in ``out``, which are no originals. Raises NotFoundError."""
    kept = out.resolve()
    return [one for one in picture_paths(paths) if isinstance(one, Skipped) or not one.resolve().is_relative_to(kept)]


def originals(files: Iterable[Path | Skipped], prompt: str = "") -> Iterator[Original | Skipped]:
    """The pictures in the files, read one at a time, each content once; what is passed over comes with the reason.

    prompt: what they were drawn from; without it the prompt that ``pinyon draw`` stored beside a picture, else its
    caption.
    """
    seen: dict[str, Path] = {}
    for one in files:
        if isinstance(one, Skipped):
            yield one
            continue
        try:
            picture = picture_in(one)
            known = prompt or _prompt_beside(one)
        except (InvalidRequestError, NotFoundError, MissingExtraError) as error:
            yield Skipped(one, error.message)
            continue
        first = seen.setdefault(picture.digest, one)
        if first != one:
            yield Skipped(one, f"the same picture as {str(first)!r}, which counts once")
            continue
        yield Original(one, picture, known)


def _prompt_beside(path: Path) -> str:
    caption = sidecar_caption(path)
    drawn = caption.metadata.get("prompt")
    return drawn.strip() if isinstance(drawn, str) and drawn.strip() else caption.text


class Comparison:
    """Compares pictures by the texts of an index, whose model sees.

    folder: where everything is kept. describer: says what it sees; drawer: draws; either may be missing. instruction:
    what the describer is asked. size, quality, seed: for the drawer; every picture is drawn with the same seed. top_k:
    texts of the index to report.
    """

    def __init__(
        self,
        index: Index,
        embedder: PictureEmbedder,
        folder: Path,
        *,
        namespace: str = "",
        describer: Generator | None = None,
        drawer: ImageGenerator | None = None,
        instruction: str = INSTRUCTIONS["en"],
        size: tuple[int, int] | None = None,
        quality: str | None = None,
        seed: int | None = None,
        top_k: int = 3,
    ) -> None:
        assert index.spec.embed is not None, "the index was checked to have the model"
        if not 1 <= top_k <= RANKS:
            raise InvalidRequestError(f"top_k is {top_k}: give 1 to {RANKS:,}")
        self._index, self._embedder, self._namespace = index, embedder, namespace
        self._describer, self._drawer, self._instruction = describer, drawer, instruction
        self._size, self._quality, self._seed, self._top_k = size, quality, seed, top_k
        self._text_field = index.spec.embed.field_map.get("text", "text")
        self._texts = _texts_only(self._text_field, index.spec.embed.field_map.get("image"))
        self._lsn = index.lsn(namespace)
        self._down: dict[str, str] = {}
        self._is_loaded = False
        self.folder = folder

    def settings(self) -> dict[str, Any]:
        """All that decides about the results, besides the pictures."""
        return {
            "index": self._index.name,
            "namespace": self._namespace,
            "lsn": self._lsn,
            "model": self._embedder.identity,
            "describe": None if self._describer is None else self._describer.identity,
            "instruction": self._instruction,
            "draw": None if self._drawer is None else self._drawer.identity,
            "size": None if self._size is None else f"{self._size[0]}x{self._size[1]}",
            "quality": self._quality,
            "seed": self._seed,
            "top_k": self._top_k,
        }

    def compare(self, original: Original, stage: Callable[[str], None] = lambda name: None) -> Compared:
        """One picture; as it is in its folder where an earlier run did the same and nothing failed.

        stage: told before each stage; what it raises ends the work here. What the models that describe and draw raise
        is a reason. Raises what embedding and searching do, and OSError.
        """
        folder = self.folder / _folder_name(original)
        of = self._of(original)
        done = loaded(folder, of)
        if done is not None:
            return replace(done, path=str(original.path))
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / ORIGINAL, encoded(original.picture, format="webp", longest=_SIDE))
        stage("search")
        self._load()
        started = perf_counter()
        vector = self._seen(original.picture)
        if not vector.any():
            raise InvalidRequestError(f"the model {self._embedder.name!r} makes a vector of zeros of it, like nothing")
        embedded = perf_counter()
        found, rank, known = self._search(original.prompt, vector)
        seconds = {"embed": embedded - started, "search": perf_counter() - embedded}
        _save_vector(folder / VECTOR, vector)
        stage("describe")
        description = self._describe(original, folder)
        prompts = {
            "b": (description.text, description.missing),
            "c": (original.prompt, "its prompt is not known"),
            "d": (found[0].text if found else "", "the index has no texts"),
        }
        ways = {}
        for way, (prompt, without) in prompts.items():
            stage(f"draw {way}")
            ways[way] = self._drawn(way, prompt, without, vector, folder)
        compared = Compared(
            str(original.path), original.picture.digest, folder.name, original.prompt, known, rank, found, description,
            ways, seconds, of,
        )  # fmt: skip
        write_whole(folder / RESULT, orjson.dumps(asdict(compared), option=orjson.OPT_INDENT_2))
        return compared

    def _of(self, original: Original) -> str:
        told = orjson.dumps([_LAYOUT, original.picture.digest, original.prompt, self.settings()])
        return hashlib.blake2b(told, digest_size=16).hexdigest()

    def _load(self) -> None:
        """Before anything is timed: the weights load at the first use."""
        if not self._is_loaded:
            self._seen(Picture(np.full((8, 8, 3), 255, np.uint8)))
            self._is_loaded = True

    def _seen(self, picture: Picture) -> Floats:
        return _unit(self._embedder.embed_pictures([picture])[0])

    def _search(self, prompt: str, vector: Floats) -> tuple[tuple[Found, ...], int | None, bool]:
        """(the nearest texts, the rank of the true one, whether the index holds that): every text is compared."""
        asked = Query(RANKS, vector=vector, filter=self._texts, exact=True)
        matches = self._index.query(self._namespace, asked).matches
        first = matches[: self._top_k]
        records = self._index.fetch(self._namespace, [one.id for one in first], include_values=False) if first else {}
        found = tuple(
            Found(one.id, str((records[one.id].metadata or {}).get(self._text_field, "")), float(one.score))
            for one in first
            if one.id in records
        )
        if not prompt:
            return found, None, False
        same = {"$and": [{self._text_field: {"$eq": prompt}}, self._texts]}
        true, _ = self._index.fetch_where(self._namespace, same, limit=RANKS, include_values=False)
        return found, rank_of(set(true), [one.id for one in matches]) if true else None, bool(true)

    def _describe(self, original: Original, folder: Path) -> Description:
        if self._describer is None:
            return Description(missing="no model that describes pictures was named")
        asked = {"identity": self._describer.identity, "instruction": self._instruction}
        kept = described_before(folder / DESCRIPTION, asked)
        if kept is not None:
            return kept
        if "describe" in self._down:
            return Description(missing=self._down["describe"], failed=True)
        try:
            (told,) = describe_pictures(self._describer, [original.path], self._instruction, again=True)
        except PinyonError as error:
            return Description(missing=self._failure("describe", "not described", error), failed=True)
        if told.state == "failed":
            return Description(spent=told.spent, missing=f"not described: {told.reason}", failed=True)
        description = Description(told.text, self._describer.name, told.cut, told.spent)
        write_whole(folder / DESCRIPTION, orjson.dumps(asked | asdict(description), option=orjson.OPT_INDENT_2))
        return description

    def _drawn(self, way: str, prompt: str, without: str, vector: Floats, folder: Path) -> Way:
        if not prompt:
            return Way(missing=without)
        said = float(_unit(self._embedder.embed([prompt], input_type="passage")[0]) @ vector)
        start = Way(prompt, said)
        if self._drawer is None:
            return replace(start, missing="no model that draws was named")
        try:
            drawn = self._picture(self._drawer, prompt, folder / way)
            if isinstance(drawn, str):
                return replace(start, missing=drawn, failed=True)
            picture = _read(drawn)
        except PinyonError as error:
            return replace(start, missing=self._failure("draw", "not drawn", error), failed=True)
        return replace(
            start,
            file=f"{way}/{drawn.file.name}",
            likeness=float(self._seen(picture) @ vector),
            model=str(drawn.facts.get("model", "")),
            seed=drawn.facts.get("seed"),
            drawn_from=str(drawn.facts.get("drawn_from", "")),
            spent=drawn.spent,
        )

    def _picture(self, drawer: ImageGenerator, prompt: str, folder: Path) -> Drawn | str:
        """From the folder where it was drawn before; why not, where the model was found to be out of reach."""
        kept = drawn_before(drawer, prompt, folder, size=self._size, quality=self._quality, seed=self._seed)
        if kept is not None:
            return kept
        if "draw" in self._down:
            return self._down["draw"]
        (drawn,) = draw_pictures(drawer, prompt, folder, size=self._size, quality=self._quality, seed=self._seed)
        return drawn

    def _failure(self, stage: str, what: str, error: PinyonError) -> str:
        """The reason, which is kept for the other pictures where it will be theirs too: none is waited for again."""
        reason = f"{what}: {error.message}"
        if isinstance(error, _FOR_ALL):
            self._down[stage] = reason
        return reason


def conduct(
    comparison: Comparison,
    given: Iterable[Original | Skipped],
    progress: Callable[[int, str], None] = lambda done, note: None,
) -> Outcome:
    """All pictures, one after another. Ctrl-C, or ``progress`` raising KeyboardInterrupt, ends the run with those that
    are whole.

    progress: told how many are done, and what is done now. Raises what ``Comparison.compare`` does, but for what is
    wrong with one picture alone; NotFoundError where no picture can be compared.
    """
    pictures: list[Compared] = []
    skipped: list[Skipped] = []
    interrupted = False
    try:
        for one in given:
            if isinstance(one, Skipped):
                skipped.append(one)
                continue
            done, name = len(pictures) + len(skipped), one.path.name
            try:
                pictures.append(comparison.compare(one, partial(_tell, progress, done, name)))
            except InvalidRequestError as error:  # of this picture: what the index or its model makes nothing of
                skipped.append(Skipped(one.path, error.message))
            progress(done + 1, name)
    except KeyboardInterrupt:
        interrupted = True
    if not pictures and not interrupted:
        told = "; ".join(f"{one.path.name}: {one.reason}" for one in skipped[:3])
        raise NotFoundError(
            f"no picture could be compared{': ' + told if told else ': name files, or folders with some'}"
        )
    return Outcome(tuple(pictures), tuple(skipped), comparison.settings(), interrupted)


def _tell(progress: Callable[[int, str], None], done: int, name: str, stage: str) -> None:
    progress(done, f"{name}: {stage}")


def _read(drawn: Drawn) -> Picture:
    try:
        return read_picture(drawn.file.read_bytes(), name=drawn.file.name, longest=PICTURE_SIDE)
    except InvalidRequestError:
        drawn.beside.unlink()  # what cannot be read is not kept for the next run: that draws it again
        raise


def _save_vector(file: Path, vector: Floats) -> None:
    made = BytesIO()
    np.save(made, vector, allow_pickle=False)
    write_whole(file, made.getvalue())


def _texts_only(text_field: str, image_field: str | None) -> dict[str, Any]:
    """A filter for records that were embedded as a text alone: one index may hold pictures too."""
    no_file = {"$or": [{"modality": {"$exists": False}}, {"modality": {"$ne": "image"}}]}
    no_picture = [{image_field: {"$exists": False}}] if image_field else []
    return {"$and": [{text_field: {"$exists": True}}, no_file, *no_picture]}


def _folder_name(original: Original) -> str:
    """``cat-1a2b3c4d5e6f``: of the file's name and its content."""
    stem = "".join(c if c.isalnum() else "-" for c in original.path.stem)[:40].strip("-")
    digest = original.picture.digest.removeprefix("sha256:")[:12]
    return f"{stem}-{digest}" if stem else digest


def _unit(vector: Floats) -> Floats:
    """Zeros stay zeros, whose cosine with anything is taken as 0."""
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector
