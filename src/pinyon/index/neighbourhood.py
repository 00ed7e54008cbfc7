"""Rows on a plane so that neighbours stay neighbours: UMAP (L. McInnes, J. Healy, J. Melville: arXiv 1802.03426), as
umap-learn does it. An extra, since that brings a compiler."""

from __future__ import annotations

import importlib.util
from typing import Any, Final

import numpy as np

from pinyon.errors import InvalidRequestError, MissingExtraError
from pinyon.index.projection import Doubles
from pinyon.types import Floats

MISSING: Final = (
    'The method umap needs umap-learn. Install it with: pip install "pinyon[map]". Or use pca, which needs nothing.'
)
LEAST: Final = 16
"""Rows among which there are neighbourhoods at all."""
MOST: Final = 30_000
"""Rows that are placed in a minute or two on two cores."""
_NEIGHBOURS: Final = 15
_SEED: Final = 20_260


def available() -> bool:
    """Whether the library is installed. Does not load it."""
    return importlib.util.find_spec("umap") is not None


def check(n: int) -> None:
    """Raises MissingExtraError, InvalidRequestError for too few or too many rows."""
    if not available():
        raise MissingExtraError(MISSING)
    if not LEAST <= n <= MOST:
        raise InvalidRequestError(
            f"umap takes {LEAST} to {MOST:,} records, and there are {n:,}. Give a limit or a filter, or use pca."
        )


def placed_by_neighbours(rows: Floats, query: Floats | None) -> tuple[Doubles, Doubles | None]:
    """(n, d) prepared rows -> their (n, 2) positions, and the (2,) position of a query among them.

    Equal rows give equal positions. Raises what ``check`` does.
    """
    check(len(rows))
    import umap  # type: ignore[import-not-found, import-untyped, unused-ignore]

    reducer: Any = umap.UMAP(n_neighbors=_NEIGHBOURS, random_state=_SEED, n_jobs=1, init="pca")
    placed: Doubles = reducer.fit_transform(rows).astype(np.float64)
    if query is None:
        return placed, None
    return placed, reducer.transform(query[None, :])[0].astype(np.float64)
