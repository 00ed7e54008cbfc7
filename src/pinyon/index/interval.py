"""How sure one can be of a mean recall that was measured on some queries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_DRAWS = 10_000
_SEED = 0


def mean_interval(outcomes: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """(low, high) for the mean of a distribution on [0, 1], from independent draws of it; (0, 1) without any.

    Either end is a quantile of the mean under random weights for the outcomes, and for one more that was not seen: a 0
    at the low end, a 1 at the high end. Weights are uniform on the simplex. For outcomes of 0 and 1 alone this is the
    interval of Clopper and Pearson, and where all are 1 the low end is ``((1 - level) / 2) ** (1 / n)``.

    Recall is 1 for most queries, and now and then much less, so the outcomes seldom show how far it can fall. Normal
    intervals, the bootstrap, and Wilson's with an effective sample size then miss the mean too often (measured: down to
    6 %, 6 % and 75 % of 200 runs, where this one holds it in 95 % or more).

    N. Gaffke, Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable,
    Mathematical Methods of Statistics 14 (2005); E. Learned-Miller and P. S. Thomas, A new confidence interval for the
    mean of a bounded random variable, arXiv:1905.06208. Quantiles are of 10,000 draws with a fixed seed:
    equal outcomes give equal ends.
    """
    if not len(outcomes):
        return 0.0, 1.0
    values, counts = np.unique(np.asarray(outcomes, np.float64), return_counts=True)
    rng = np.random.default_rng(_SEED)
    # Uniform weights of equal outcomes add up to one gamma variable; the last is the weight of what was not seen.
    weights = rng.standard_gamma(np.append(counts, 1), (_DRAWS, len(counts) + 1))
    weights /= weights.sum(axis=1, keepdims=True)
    means = weights[:, :-1] @ values
    tail = (1.0 - level) / 2.0
    return float(np.quantile(means, tail)), float(np.quantile(means + weights[:, -1], 1.0 - tail))
