"""What is told about recall: the figures of checked queries, else those that the build measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pinyon.engine.contract import BANDS
from pinyon.engine.meter import Meter
from pinyon.engine.snapshot import Snapshot
from pinyon.index.rerank import MOST_RAISED
from pinyon.types import IndexSpec, Plan, Quality

MEASURED: Final = 200
"""From this many checked queries on, recall is called measured."""


def quality_of(snapshot: Snapshot, meter: Meter | None, spec: IndexSpec) -> Quality:
    """Of the dense searches of a namespace. meter: None where no query was metered yet."""
    quality = _quality(snapshot, meter, spec)
    if meter is None or not (outcomes := meter.outcomes):
        return quality
    bands = {name: outcomes.figures(at) for at, name in enumerate(BANDS)}
    return replace(quality, bands={name: band for name, band in bands.items() if band.checked})


def with_quality(plan: Plan, snapshot: Snapshot, meter: Meter | None, spec: IndexSpec, *, metered: bool) -> Plan:
    """The plan, with the recall that answers like this one have. metered: whether their recall is checked at all."""
    effort = 1.0 if meter is None else meter.effort
    if plan.exact:
        return replace(plan, recall=1.0, recall_interval=(1.0, 1.0), recall_label="exact", effort=effort)
    if not metered:
        return replace(plan, effort=effort)
    quality = _quality(snapshot, meter, spec)
    return replace(
        plan,
        recall=quality.recall,
        recall_interval=quality.interval,
        recall_label=quality.label,
        effort=effort,
    )


def _quality(snapshot: Snapshot, meter: Meter | None, spec: IndexSpec) -> Quality:
    target = spec.recall_target
    effort, checks = (1.0, 0) if meter is None else (meter.effort, meter.checks)
    if snapshot.base is None or effort > MOST_RAISED:
        return Quality(1.0, (1.0, 1.0), "exact", target, True, effort, checks=checks)
    base = snapshot.base
    built = base.depth.recalls if base.breadth is None else {**base.depth.recalls, "plain": base.breadth.recall}
    expected = None if meter is None else meter.expected
    outcomes = None if meter is None else meter.outcomes
    if not outcomes:
        chosen = None if meter is None else meter.estimate
        recall = base.recall if chosen is None else chosen
        estimate = Quality(recall, None, "estimate", target, None, effort, checks=checks)
        return replace(estimate, expected=expected, built=built)
    band = outcomes.figures()
    measured = len(outcomes) >= MEASURED
    return Quality(
        recall=band.recall,
        interval=band.interval,
        label="measured" if measured else "estimate",
        target=target,
        holds=band.interval[0] >= target if measured else None,
        effort=effort,
        checked=len(outcomes),
        exact_share=outcomes.exact_share,
        expected=expected,
        checks=checks,
        built=built,
    )
