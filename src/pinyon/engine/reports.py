"""What the engine tells about itself."""

from __future__ import annotations

from dataclasses import dataclass

from pinyon.engine.fitting import shortage
from pinyon.engine.meter import exhausted
from pinyon.engine.namespace import NamespaceState
from pinyon.engine.quality import quality_of
from pinyon.engine.snapshot import Snapshot
from pinyon.index.rerank import MOST_RAISED
from pinyon.types import IndexSpec, Quality, RecallLabel


class CorruptionWarning(UserWarning):
    """Damaged records were left out of results."""


@dataclass(frozen=True, slots=True)
class NamespaceReport:
    """A namespace from the inside.

    kind: "scan" when quantised codes serve it, else "flat" or "sparse". base_rows: rows that the codes cover;
    delta_rows: newer rows, scored one by one. dead_rows: deleted rows that still hold their place in memory.
    recall_estimate: recall@10 measured on stored vectors when the codes were built (flattering: queries are harder),
    None when every search is exact. nbytes: memory held, as the memory budget counts it. mapped_bytes: vectors in the
    mapped file, which the system may drop and read again. shortage: what the budget keeps the namespace from, or "".
    quality: recall as live queries get it.
    """

    name: str
    kind: str
    records: int
    base_rows: int
    delta_rows: int
    dead_rows: int
    recall_estimate: float | None
    rerank_depth: int | None
    nbytes: int
    mapped_bytes: int
    shortage: str
    lsn: int
    damaged: tuple[int, ...]
    quality: Quality

    @property
    def recall(self) -> float:
        return self.quality.recall

    @property
    def recall_interval(self) -> tuple[float, float] | None:
        return self.quality.interval

    @property
    def recall_label(self) -> RecallLabel:
        return self.quality.label

    @property
    def effort(self) -> float:
        return self.quality.effort

    @property
    def exhausted(self) -> str:
        """What is to be said where live queries made searches score every record; "" elsewhere."""
        if not self.base_rows or self.effort <= MOST_RAISED:
            return ""
        return exhausted(self.quality.target, self.records)

    @classmethod
    def of(cls, name: str, state: NamespaceState, snapshot: Snapshot, spec: IndexSpec, budget: int) -> NamespaceReport:
        """budget: bytes of the database's memory budget."""
        base = snapshot.base
        covered = base.scan.n if base else 0
        damaged = {row.ord for row in snapshot.bad} | state.excluded
        return cls(
            name=name,
            kind="sparse" if snapshot.vectors is None else base.kind if base else "flat",
            records=snapshot.live,
            base_rows=covered,
            delta_rows=snapshot.n - covered,
            dead_rows=snapshot.n - snapshot.live,
            recall_estimate=base.recall if base else None,
            rerank_depth=base.depth.rows(10, False) if base else None,
            nbytes=state.weight,
            mapped_bytes=snapshot.mapped_bytes,
            shortage=shortage(snapshot, spec, budget),
            lsn=snapshot.lsn,
            damaged=tuple(sorted(damaged)),
            quality=quality_of(snapshot, state.metered, spec),
        )
