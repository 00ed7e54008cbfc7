"""What comparisons of many pictures show together: how often the true prompt is found, and which way comes nearest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from pinyon.app.compared import WAYS, Compared, Way
from pinyon.app.describing import Spent
from pinyon.evaluation import Interval, Paired, bootstrap, paired_test
from pinyon.types import Floats

__all__ = ["PAIRS", "RETRIEVAL", "Figures", "Prices", "figures", "total"]

RETRIEVAL: Final = ("R@1", "R@3", "MRR")
PAIRS: Final = tuple(combinations(WAYS, 2))


@dataclass(frozen=True, slots=True)
class Prices:
    """reading, writing: of a million tokens of the model that describes. picture: of one that is drawn. None: unknown,
    and then no cost is told."""

    reading: float | None = None
    writing: float | None = None
    picture: float | None = None

    def of_description(self, spent: Spent) -> float | None:
        return spent.cost(self.reading, self.writing)

    def of_picture(self, way: Way) -> float | None:
        return self.picture if way.file else None

    def of(self, compared: Compared) -> float | None:
        """Of all that was made of one picture; None where nothing of it has a known price."""
        return total([self.of_description(compared.description.spent), *map(self.of_picture, compared.ways.values())])


@dataclass(frozen=True, slots=True)
class Figures:
    """Over all pictures that have what a figure is about; a figure that no picture has is not there.

    retrieval: R@1, R@3 and MRR of the true prompt, on the pictures whose prompt the index holds. said, likeness: of a
    way's prompt and of its picture to the original. between: paired tests of the likeness of two ways, such as "b-c",
    on the pictures that have both, from two on. unrelated: likeness of an original to all the others, which is what
    chance gives; None for one picture alone, or without vectors. described, drawn: what both cost, but for money.
    """

    retrieval: Mapping[str, Interval]
    said: Mapping[str, Interval]
    likeness: Mapping[str, Interval]
    between: Mapping[str, Paired]
    unrelated: Interval | None
    described: Spent
    drawn: Spent


def figures(all: Sequence[Compared], vectors: Floats | None = None) -> Figures:
    """A true prompt that is in the index and not among the ranks counts as found never.

    vectors: (n, d) of the originals, of unit length.
    """
    ranks = [one.rank for one in all if one.known]
    retrieval = {
        "R@1": [float(rank is not None and rank <= 1) for rank in ranks],
        "R@3": [float(rank is not None and rank <= 3) for rank in ranks],
        "MRR": [0.0 if rank is None else 1.0 / rank for rank in ranks],
    }
    said = {way: [value for one in all if (value := one.ways[way].said) is not None] for way in WAYS}
    likeness = {way: [value for one in all if (value := one.ways[way].likeness) is not None] for way in WAYS}
    between = {}
    for one, other in PAIRS:
        pairs = [(picture.ways[one].likeness, picture.ways[other].likeness) for picture in all]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        if len(both) > 1:
            between[f"{one}-{other}"] = paired_test([a for a, _ in both], [b for _, b in both])
    return Figures(
        {name: bootstrap(values) for name, values in retrieval.items() if values},
        {way: bootstrap(values) for way, values in said.items() if values},
        {way: bootstrap(values) for way, values in likeness.items() if values},
        between,
        _unrelated(vectors),
        sum((one.description.spent for one in all), Spent()),
        sum((way.spent for one in all for way in one.ways.values()), Spent()),
    )


def _unrelated(vectors: Floats | None) -> Interval | None:
    if vectors is None or len(vectors) < 2:
        return None
    rows = vectors.astype(np.float64)
    own = np.einsum("nd,nd->n", rows, rows)
    return bootstrap(((rows @ rows.sum(axis=0) - own) / (len(rows) - 1)).tolist())


def total(costs: Sequence[float | None]) -> float | None:
    """None where none is known."""
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None
