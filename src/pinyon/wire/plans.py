"""How a search was answered, in JSON: the member ``plan`` of an answer whose request said ``explain``."""

from __future__ import annotations

from typing import Any

from pinyon.types import Plan


def plan_body(plan: Plan | None) -> dict[str, Any] | None:
    """None where nothing was searched, as in a namespace that does not exist."""
    if plan is None:
        return None
    low, high = plan.recall_interval or (None, None)
    return {
        "kind": plan.kind,
        "reason": plan.reason,
        "records": plan.records,
        "matching": plan.matching,
        "candidates": plan.candidates,
        "exact": plan.exact,
        "milliseconds": {stage: round(value, 3) for stage, value in plan.milliseconds.items()},
        "recall": plan.recall,
        "low": low,
        "high": high,
        "label": plan.recall_label,
        "effort": plan.effort,
        "shortage": plan.shortage,
        "fusion": None
        if plan.fusion is None
        else {name: value if isinstance(value, str) else float(value) for name, value in plan.fusion.items()},
    }
