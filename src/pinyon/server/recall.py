"""The recall of live queries as numbers for Prometheus.

Every worker checks queries of its own. Recall and its interval cannot be added up, so workers leave sums behind, each
figure times the queries it rests on, and whoever is asked divides.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import Metric

if TYPE_CHECKING:
    from pinyon.server.service import Service
    from pinyon.types import Quality

Labels: TypeAlias = "tuple[str, str]"
"""(index, namespace)."""
Family: TypeAlias = "tuple[str, str, str, list[tuple[Mapping[str, str], float]]]"
"""(name, type, meaning, [(labels, value), ...])."""

SUMS: Final = tuple(f"pinyon_index_recall_{part}" for part in ("weight", "mean", "low", "high", "workers", "effort"))
"""Families that workers leave for each other. They tell of the present, so a worker that ends takes them along."""
CHECKS: Final = "pinyon_index_recall_checks"
GAUGES: Final = {
    "pinyon_recall": "Recall of live queries that were repeated exactly; before the first, what the build measured.",
    "pinyon_recall_low": "Lower end of its 95 % confidence interval.",
    "pinyon_recall_high": "Upper end of its 95 % confidence interval.",
    "pinyon_search_effort": "Work of a search, as a multiple of what stored vectors needed.",
}
NAMED: Final = 10
"""Namespaces of an index with numbers of their own; those that are metered later count together."""
OTHERS: Final = "*"
_UNCHECKED: Final = 1e-3


class RecallNumbers:
    """Of one worker process. Thread-safe."""

    def __init__(self, service: Service, registry: CollectorRegistry) -> None:
        labels = ("index_name", "namespace")
        self._service = service
        self._checks = Counter(CHECKS, "Queries whose recall was checked.", labels, registry=registry)
        self._sums = [Gauge(name, "Sums over workers.", labels, registry=registry) for name in SUMS]
        self._counted: dict[Labels, int] = {}
        self._named: dict[str, set[str]] = defaultdict(set)
        self._lock = threading.Lock()

    def count(self) -> None:
        """Bring the numbers up to date. Opens no index and loads no namespace."""
        with self._lock:
            for gauge in self._sums:
                gauge.clear()
            for index in self._service.database.open_indexes():
                for namespace, quality in index.metered():
                    self._count(index.name, namespace, quality)

    def _count(self, index: str, namespace: str, quality: Quality) -> None:
        before = self._counted.get((index, namespace), 0)
        self._counted[index, namespace] = quality.checks
        named = self._named[index]
        if len(named) < NAMED:
            named.add(namespace)
        place = index, namespace if namespace in named else OTHERS
        # A namespace that was loaded anew begins again at 0.
        self._checks.labels(*place).inc(quality.checks - (before if quality.checks >= before else 0))
        low, high = quality.interval or (0.0, 1.0)
        weight = quality.checked or _UNCHECKED
        parts = weight, weight * quality.recall, weight * low, weight * high, 1.0, quality.effort
        for gauge, part in zip(self._sums, parts, strict=True):
            gauge.labels(*place).inc(part)


def recall_families(families: Iterable[Metric], indexes: Iterable[str]) -> Iterator[Family]:
    """What is told of these indexes, from the sums over all workers."""
    known = set(indexes)
    sums: dict[Labels, dict[str, float]] = defaultdict(dict)
    for family in families:
        if family.name in (*SUMS, CHECKS):
            for sample in family.samples:
                if not sample.name.endswith("_created") and sample.labels["index_name"] in known:
                    sums[sample.labels["index_name"], sample.labels["namespace"]][family.name] = sample.value
    weight, mean, low, high, workers, effort = SUMS
    ratios = zip(GAUGES.items(), ((mean, weight), (low, weight), (high, weight), (effort, workers)), strict=True)
    for (name, meaning), (part, whole) in ratios:
        rows = [(_labels(place), found[part] / found[whole]) for place, found in sums.items() if found.get(whole)]
        yield name, "gauge", meaning, rows
    checked = [(_labels(place), found[CHECKS]) for place, found in sums.items() if CHECKS in found]
    yield "pinyon_recall_checks_total", "counter", "Queries whose recall was checked.", checked


def _labels(place: Labels) -> Mapping[str, str]:
    return {"index_name": place[0], "namespace": place[1]}
