"""A linear map from what a network sees in a picture to vectors of texts, learned from pictures with captions.

The least squares of Romera-Paredes and Torr, "An embarrassingly simple approach to zero-shot learning", 2015, which
shrink on both sides: W = (F'F + a I)^-1 F'T (T'T + b I)^-1, for features F and caption vectors T, both less their
means. In fourfold cross-validation on 1,411 emoji with English and Korean names, R@10 was .33 and .30 where ridge
regression, which shrinks on the left side only, had .29 and .24.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import AlreadyExistsError, InvalidRequestError, NotFoundError
from pinyon.types import Floats

__all__ = ["LEAST", "PictureMap", "fitted"]

LEAST = 20
"""Pictures that a map is learned from, at least; some dozens help little, hundreds much."""
OF_FEATURES = 3.0
"""The constant ``a`` of the formula, as a multiple of the mean variance of a feature; ``OF_TEXTS`` is ``b``. Both were
chosen on emoji; from a third to three times as much changes little."""
OF_TEXTS = 1.0
_KEYS = ("about", "mean", "scale", "weights")
_Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PictureMap:
    """mean, scale: (f,) float32, of the features of the pictures that it was learned from; weights: (f, d) float32.

    made_for: the identity of the model without a map, the only one that it is good for. pictures: learned from.
    recall: R@10 by captions that were held out, "untrained" and "fitted", or nothing where it was not measured.
    """

    mean: Floats
    scale: Floats
    weights: Floats
    made_for: str
    pictures: int
    recall: dict[str, float]

    def vectors(self, features: Floats) -> Floats:
        """(n, f) -> (n, d) float32, of any length."""
        return np.asarray((features - self.mean) / self.scale @ self.weights, np.float32)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits, equal for equal numbers."""
        whole = hashlib.sha256()
        for part in (self.mean, self.scale, self.weights):
            whole.update(np.ascontiguousarray(part, "<f4").tobytes())
        return whole.hexdigest()[:16]

    def save(self, file: Path) -> None:
        """Writes a new .npz file without pickles. Raises AlreadyExistsError."""
        about = {"made_for": self.made_for, "pictures": self.pictures, "recall": self.recall}
        told = np.frombuffer(json.dumps(about).encode(), np.uint8)
        try:
            with file.open("xb") as stream:
                np.savez(stream, about=told, mean=self.mean, scale=self.scale, weights=self.weights)
        except FileExistsError:
            raise AlreadyExistsError(
                f"there is a file {str(file)!r} already: give another name, or delete it"
            ) from None
        except FileNotFoundError:
            raise NotFoundError(f"there is no folder {str(file.parent)!r} for the map") from None

    @classmethod
    def load(cls, file: Path) -> PictureMap:
        """Reads what ``save`` wrote. Raises NotFoundError, InvalidRequestError for another or a damaged file."""
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
                about, mean, scale, weights = (found[key] for key in _KEYS)
            told = json.loads(about.tobytes())
            made = cls(mean, scale, weights, str(told["made_for"]), int(told["pictures"]), dict(told["recall"]))
        except FileNotFoundError:
            raise NotFoundError(f"there is no map {str(file)!r}: pinyon models fit-pictures makes one") from None
        except (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
            raise _no_map(file, str(error)) from None
        parts: list[Any] = [mean, scale, weights]
        if any(part.dtype != np.float32 for part in parts) or not all(np.isfinite(part).all() for part in parts):
            raise _no_map(file, "its numbers are not those of a map")
        if mean.ndim != 1 or mean.shape != scale.shape or weights.ndim != 2 or len(weights) != len(mean):
            raise _no_map(file, f"its parts have the shapes {mean.shape}, {scale.shape} and {weights.shape}")
        return made


def _no_map(file: Path, why: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{str(file)!r} is no map that pinyon models fit-pictures wrote, or it is damaged: {why}. Fit it again"
    )


def fitted(features: Floats, texts: Sequence[Floats], *, made_for: str, recall: dict[str, float]) -> PictureMap:
    """The map of (n, f) features to the caption vectors of each picture, n times (its captions, d); all captions of a
    picture together count as much as the one caption of another.

    Raises InvalidRequestError for fewer than LEAST pictures and for a picture without a caption.
    """
    if len(features) < LEAST:
        raise InvalidRequestError(f"{len(features)} pictures are too few to learn from: at least {LEAST} are needed")
    if not all(map(len, texts)):
        raise InvalidRequestError("a picture has no caption, and there is nothing to learn from it: leave it out")
    mean, spread = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    # What hardly changed among these pictures must not be blown up in others.
    scale = spread + 0.1 * spread.mean() if spread.any() else np.ones_like(spread)
    seen = (features - mean) / scale
    rows = np.repeat(np.arange(len(texts)), [len(one) for one in texts])
    share = np.repeat([1.0 / len(one) for one in texts], [len(one) for one in texts]) / len(texts)
    said: _Doubles = np.concatenate(list(texts)).astype(np.float64)
    said -= share @ said
    weighted = said * share[:, None]
    both = seen[rows].T @ weighted
    weights = np.linalg.solve(_shrunk(seen.T @ seen / len(seen), OF_FEATURES), both)
    weights = np.linalg.solve(_shrunk(said.T @ weighted, OF_TEXTS), weights.T).T
    mean32, scale32, weights32 = (np.ascontiguousarray(part, np.float32) for part in (mean, scale, weights))
    return PictureMap(mean32, scale32, weights32, made_for, len(features), recall)


def _shrunk(covariance: _Doubles, strength: float) -> _Doubles:
    """The covariance with a multiple of its mean variance along the diagonal, so that it can be solved for."""
    strength *= float(np.trace(covariance)) / len(covariance)
    return covariance + np.eye(len(covariance)) * max(strength, 1e-12)
