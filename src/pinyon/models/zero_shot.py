"""Zero-shot classification: which of several texts is nearest to a picture, how sure that is, how often it is right.

A label is written into templates, and their vectors are averaged (Radford et al. 2021, arXiv:2103.00020, section
3.1.4). Probabilities are a softmax over cosines divided by a temperature; calibration finds the temperature that
explains labelled pictures best (Guo et al. 2017, arXiv:1706.04599).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.models.texts import unit_rows
from pinyon.types import Bools, Floats, Ints, Picture, PictureEmbedder, Scores

__all__ = [
    "TEMPLATES",
    "Calibration",
    "ConfusionReport",
    "LabelReport",
    "ZeroShot",
    "calibrate",
    "confusion_report",
    "probabilities",
]

TEMPLATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": ("a photo of a {}.", "a picture of a {}.", "a drawing of a {}.", "{}"),
        "ko": ("{} 사진", "{} 그림", "{}의 모습", "{}"),
    }
)
"""By language; ``{}`` stands for the label. A label with a Korean letter in it is taken as Korean."""
USUAL_SCALE = 100.0
"""What CLIP multiplies cosines by; taken where an embedder has no ``logit_scale`` of its own."""
BINS = 15
_SCALES = (1e-2, 1e4)
_RESAMPLES = 10_000


class ZeroShot:
    """Scores pictures by labels with any embedder of pictures and texts.

    labels: at least two, all different. templates: texts with ``{}`` for the label, by default those of the label's
    language; ``("{}",)`` is the label alone. temperature: what cosines are divided by, by default 1 over the
    embedder's ``logit_scale``; ``calibrate`` finds a better one. Raises InvalidRequestError.
    """

    def __init__(
        self,
        embedder: PictureEmbedder,
        labels: Sequence[str],
        *,
        templates: Sequence[str] | None = None,
        temperature: float | None = None,
    ) -> None:
        self.labels = _checked_labels(labels)
        if templates is not None and (isinstance(templates, str) or not templates):
            raise InvalidRequestError("templates must be a list of at least one text, such as ['a photo of a {}.']")
        for template in templates or ():
            if "{}" not in template:
                raise InvalidRequestError(f"the template {template!r:.120} has no {{}} for the label to stand in")
        if temperature is not None and not (temperature > 0.0 and math.isfinite(temperature)):
            raise InvalidRequestError(f"temperature must be a number above 0, got {temperature!r:.80}")
        self._embedder = embedder
        self._templates = None if templates is None else tuple(templates)
        self._temperature = temperature

    @property
    def temperature(self) -> float:
        """What cosines are divided by. May load the model."""
        if self._temperature is not None:
            return self._temperature
        return 1.0 / float(getattr(self._embedder, "logit_scale", USUAL_SCALE))

    @cached_property
    def label_vectors(self) -> Floats:
        """(k, d) float32 of unit length: of each label the mean over its templates."""
        texts = [self.prompts(label) for label in self.labels]
        flat = [text for prompts in texts for text in prompts]
        vectors = unit_rows(self._embedder.embed(flat, input_type="query"))
        ends = np.cumsum([len(prompts) for prompts in texts])[:-1]
        return unit_rows(np.stack([part.mean(axis=0) for part in np.split(vectors, ends)]))

    def prompts(self, label: str) -> tuple[str, ...]:
        """The texts that stand for a label."""
        chosen = self._templates or TEMPLATES["ko" if _is_korean(label) else "en"]
        return tuple(template.replace("{}", label) for template in chosen)

    def cosines(self, pictures: Sequence[Picture]) -> Scores:
        """(n,) pictures -> (n, k) float64 cosines with the labels."""
        return self.cosines_of(self._embedder.embed_pictures(pictures))

    def cosines_of(self, vectors: Floats) -> Scores:
        """As ``cosines``, from (n, d) vectors that the embedder gave for pictures before."""
        labels = self.label_vectors
        if vectors.ndim != 2 or vectors.shape[1] != labels.shape[1]:
            raise InvalidRequestError(
                f"vectors have the shape {vectors.shape}, but must have (n, {labels.shape[1]}) as the model's have"
            )
        return unit_rows(vectors).astype(np.float64) @ labels.astype(np.float64).T

    def probabilities(self, pictures: Sequence[Picture]) -> Scores:
        """(n,) pictures -> (n, k) float64, each row sums to 1."""
        return probabilities(self.cosines(pictures), self.temperature)

    def best(self, pictures: Sequence[Picture], most: int = 5) -> list[tuple[tuple[str, float], ...]]:
        """Of each picture the ``most`` probable labels with their probabilities, the best first."""
        found = self.probabilities(pictures)
        ranks = np.argsort(-found, axis=1, kind="stable")[:, :most]
        return [
            tuple((self.labels[at], float(row[at])) for at in order) for row, order in zip(found, ranks, strict=True)
        ]


def probabilities(cosines: Scores, temperature: float) -> Scores:
    """(n, k) cosines -> (n, k) float64 softmax of cosines divided by the temperature."""
    logits = np.asarray(cosines, np.float64) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    found: Scores = powers / powers.sum(axis=1, keepdims=True)
    return found


@dataclass(frozen=True, slots=True)
class Calibration:
    """A temperature that was fitted, and what it changed on the pictures that it was fitted to.

    loss: mean negative log likelihood of the right label, in nats. error: expected calibration error, the mean distance
    of probability and share of right answers over 15 bins by probability. at_bound: the best temperature lies beyond
    what is looked at (0.0001 to 100), as when every picture is right: more pictures, or harder ones, are needed.
    """

    temperature: float
    pictures: int
    loss: float
    loss_before: float
    error: float
    error_before: float
    at_bound: bool


def calibrate(cosines: Scores, truth: Sequence[int] | Ints, before: float) -> Calibration:
    """The temperature with the least loss on labelled pictures.

    cosines: (n, k), as ``ZeroShot.cosines`` gives them. truth: (n,) places of the right labels. before: the temperature
    to compare with. Raises InvalidRequestError for no picture, and for what does not fit together.
    """
    given, right = _checked_truth(cosines, truth)
    places = np.arange(len(right))

    def slope(scale: float) -> float:
        """Of the loss by the scale, 1 over the temperature; the loss is convex in it."""
        expected = (probabilities(given, 1.0 / scale) * given).sum(axis=1)
        return float((expected - given[places, right]).mean())

    scale, at_bound = _zero(slope, *_SCALES)
    return Calibration(
        temperature=1.0 / scale,
        pictures=len(right),
        loss=_loss(given, 1.0 / scale, right),
        loss_before=_loss(given, before, right),
        error=_calibration_error(probabilities(given, 1.0 / scale), right),
        error_before=_calibration_error(probabilities(given, before), right),
        at_bound=at_bound,
    )


@dataclass(frozen=True, slots=True)
class LabelReport:
    """precision: share of the pictures called so that are so, None where none was called so. recall: share of the
    pictures that are so that were called so, None where none is so. pictures: that are so."""

    label: str
    precision: float | None
    recall: float | None
    pictures: int


@dataclass(frozen=True, slots=True)
class ConfusionReport:
    """How often each label was taken for which.

    counts: (k, k), a row for each true label and a column for each one given. accuracy: share that is right. interval:
    of the accuracy, 95 %, percentiles of a bootstrap over pictures with a fixed seed; it has no width where all or none
    are right.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    by_label: tuple[LabelReport, ...]
    pictures: int
    accuracy: float
    interval: tuple[float, float]


def confusion_report(labels: Sequence[str], truth: Sequence[str], given: Sequence[str]) -> ConfusionReport:
    """truth, given: (n,) labels, in the same order of pictures. Raises InvalidRequestError for a label that is none of
    ``labels``, for lists of different lengths, and for no picture at all."""
    names = _checked_labels(labels)
    if len(truth) != len(given) or not truth:
        raise InvalidRequestError(
            f"truth has {len(truth)} labels and given {len(given)}: both need one for each picture, and at least one"
        )
    places = {name: at for at, name in enumerate(names)}
    for list_name, list_ in (("truth", truth), ("given", given)):
        for position, name in enumerate(list_):
            if name not in places:
                known = ", ".join(names)
                raise InvalidRequestError(f"{list_name}[{position}] is {name!r:.120}, but must be one of {known:.400}")
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, ([places[name] for name in truth], [places[name] for name in given]), 1)
    accuracy = float(np.trace(counts)) / len(truth)
    return ConfusionReport(
        labels=names,
        counts=tuple(tuple(map(int, row)) for row in counts),
        by_label=tuple(_label_report(name, counts, at) for at, name in enumerate(names)),
        pictures=len(truth),
        accuracy=accuracy,
        interval=_interval(accuracy, len(truth)),
    )


def _label_report(name: str, counts: Ints, at: int) -> LabelReport:
    right, called, are = int(counts[at, at]), int(counts[:, at].sum()), int(counts[at].sum())
    return LabelReport(name, right / called if called else None, right / are if are else None, are)


def _interval(accuracy: float, pictures: int) -> tuple[float, float]:
    # Right and wrong answers drawn again with replacement are a binomial number of right ones.
    shares = np.random.default_rng(0).binomial(pictures, accuracy, _RESAMPLES) / pictures
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(low), float(high)


def _checked_labels(labels: Sequence[str]) -> tuple[str, ...]:
    if isinstance(labels, str) or len(labels) < 2:
        raise InvalidRequestError("labels must be a list of at least two texts, such as ['a cat', 'a dog']")
    for position, label in enumerate(labels):
        if not isinstance(label, str) or not label.strip():
            raise InvalidRequestError(f"labels[{position}] is {label!r:.80}, but must be a text that is not empty")
        if label in labels[:position]:
            raise InvalidRequestError(f"labels[{position}] is {label!r:.80}, which is there already: give each once")
    return tuple(labels)


def _checked_truth(cosines: Scores, truth: Sequence[int] | Ints) -> tuple[Scores, Ints]:
    given, right = np.asarray(cosines, np.float64), np.asarray(truth)
    if given.ndim != 2 or given.shape[1] < 2 or right.shape != (len(given),) or not len(given):
        raise InvalidRequestError(
            f"cosines have the shape {given.shape} and truth {right.shape}: needed are (n, k) and (n,), of at least "
            "one picture and two labels"
        )
    if right.dtype.kind not in "iu" or right.min() < 0 or right.max() >= given.shape[1]:
        raise InvalidRequestError(f"truth must hold places of labels, whole numbers of 0 to {given.shape[1] - 1}")
    if not np.isfinite(given).all():
        raise InvalidRequestError("cosines hold NaN or infinity")
    return given, right.astype(np.int64)


def _zero(slope: Callable[[float], float], low: float, high: float) -> tuple[float, bool]:
    """Where an increasing function of a positive number is zero, by bisection of the logarithm; whether it is at an end
    of the range because there is no zero inside."""
    if slope(low) >= 0.0:
        return low, True
    if slope(high) <= 0.0:
        return high, True
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if slope(middle) < 0.0 else (low, middle)
    return math.sqrt(low * high), False


def _loss(cosines: Scores, temperature: float, right: Ints) -> float:
    """Mean negative log likelihood; from logits, because a probability may be too small for a number."""
    logits = cosines / temperature
    highest = logits.max(axis=1)
    whole = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    return float((whole - logits[np.arange(len(right)), right]).mean())


def _calibration_error(found: Scores, right: Ints) -> float:
    """Expected calibration error (Naeini et al. 2015) over bins of equal width."""
    sure: Scores = found.max(axis=1)
    hits: Bools = found.argmax(axis=1) == right
    bins = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    gaps = [abs(float(sure[bins == at].sum() - hits[bins == at].sum())) for at in range(BINS)]
    return sum(gaps) / len(right)


def _is_korean(text: str) -> bool:
    return any("\uac00" <= letter <= "\ud7a3" or "\u3131" <= letter <= "\u318e" for letter in text)
