"""How good something is, in numbers that say how sure they are."""

from pinyon.evaluation.ranking import rank_of, recall_at, reciprocal_rank
from pinyon.evaluation.resampling import Interval, Paired, bootstrap, paired_test

__all__ = ["Interval", "Paired", "bootstrap", "paired_test", "rank_of", "recall_at", "reciprocal_rank"]
