"""Pictures sorted by labels that nobody trained a model on, and how often that is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pinyon.app import PICTURE_SIDE
from pinyon.app.picture_files import found_pictures
from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.models.zero_shot import (
    Calibration,
    ConfusionReport,
    ZeroShot,
    calibrate,
    confusion_report,
    probabilities,
)
from pinyon.pictures import read_picture
from pinyon.rag.files import FoundFile, Skipped
from pinyon.types import Scores

__all__ = ["BATCH", "Classified", "Labelled", "Sorted", "classify", "labels_of", "pictures_in"]

BATCH = 32
"""Pictures that are read and embedded at once."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture's file, and the label that it is known to have, "" where nobody said."""

    path: Path
    truth: str = ""


@dataclass(frozen=True, slots=True)
class Classified:
    """labels: the most probable ones with their probabilities, the best first."""

    path: Path
    truth: str
    labels: tuple[tuple[str, float], ...]


@dataclass(slots=True)
class Sorted:
    """pictures: in the order in which they were given. report, calibration: where the truth of any is known."""

    pictures: list[Classified] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    report: ConfusionReport | None = None
    calibration: Calibration | None = None
    temperature: float = 0.0


def pictures_in(paths: Sequence[Path], *, by_folder: bool) -> Iterator[Labelled | Skipped]:
    """The pictures at and under the paths. by_folder: the folder in which a picture lies is its label.

    Raises NotFoundError.
    """
    for found in found_pictures(paths):
        yield found if isinstance(found, Skipped) else Labelled(found.path, _label(found) if by_folder else "")


def _label(found: FoundFile) -> str:
    """The first folder below the one that was named, else the one that holds the file."""
    first, _, rest = found.source.partition("/")
    return first if rest else found.root.name


def labels_of(pictures: Sequence[Labelled | Skipped]) -> list[str]:
    """The labels that the pictures have, each once, in order."""
    return sorted({one.truth for one in pictures if isinstance(one, Labelled) and one.truth})


def classify(
    model: ZeroShot,
    pictures: Sequence[Labelled | Skipped],
    *,
    most: int = 5,
    calibrated: bool = False,
    progress: Callable[[int], None] = lambda done: None,
    stop: Callable[[], bool] = lambda: False,
) -> Sorted:
    """The labels of pictures; of one that cannot be read, why. calibrated: choose the temperature by those whose label
    is known, which then flatters the probabilities of just these.

    Raises NotFoundError where none can be read, InvalidRequestError for a truth that is no label.
    """
    found = Sorted(skipped=[one for one in pictures if isinstance(one, Skipped)])
    given = [one for one in pictures if isinstance(one, Labelled)]
    read: list[Labelled] = []
    parts: list[Scores] = []
    for start in range(0, len(given), BATCH):
        if stop():
            break
        batch = []
        for one in given[start : start + BATCH]:
            try:
                picture = read_picture(one.path.read_bytes(), name=str(one.path), longest=PICTURE_SIDE)
            except OSError as error:
                found.skipped.append(Skipped(one.path, f"cannot be read: {error.strerror or error}"))
            except InvalidRequestError as error:
                found.skipped.append(Skipped(one.path, error.message))
            else:
                batch.append(picture)
                read.append(one)
        if batch:
            parts.append(model.cosines(batch))
        progress(min(len(given), start + BATCH))
    if not read:
        raise NotFoundError(_nothing(found.skipped))
    _judge(found, model, read, np.concatenate(parts), most, calibrated)
    return found


def _judge(
    found: Sorted, model: ZeroShot, read: Sequence[Labelled], cosines: Scores, most: int, calibrated: bool
) -> None:
    places = {label: at for at, label in enumerate(model.labels)}
    known = [at for at, one in enumerate(read) if one.truth]
    for at in known:
        if read[at].truth not in places:
            raise InvalidRequestError(
                f"{str(read[at].path)!r} is of {read[at].truth!r}, which is none of the labels: add it, or leave the "
                "folders' names out of it"
            )
    found.temperature = model.temperature
    if known and calibrated:
        truth = [places[read[at].truth] for at in known]
        found.calibration = calibrate(cosines[known], truth, model.temperature)
        found.temperature = found.calibration.temperature
    likely = probabilities(cosines, found.temperature)
    ranks = np.argsort(-likely, axis=1, kind="stable")[:, :most]
    for one, row, order in zip(read, likely, ranks, strict=True):
        found.pictures.append(
            Classified(one.path, one.truth, tuple((model.labels[at], float(row[at])) for at in order))
        )
    if known:
        given = [model.labels[int(ranks[at, 0])] for at in known]
        found.report = confusion_report(model.labels, [read[at].truth for at in known], given)


def _nothing(skipped: Sequence[Skipped]) -> str:
    told = "; ".join(f"{one.path.name}: {one.reason}" for one in skipped[:3])
    return f"no picture could be read{': ' + told if told else ': name files, or folders that hold some'}"
