"""One sentence for a slow query: what took the time, and what would make such queries faster."""

from __future__ import annotations

from typing import Final

from pinyon.types import Plan

_MOST: Final = 0.5
"""A stage that takes this share of the time is what made it slow."""
_HARD: Final = 1.5
"""Effort from which the recall contract costs noticeably."""
_STAGES: Final = {
    "catch up": "Most of the time went into loading the namespace or reading what was written since the last query: "
    "the first query after a start or after many writes pays for that, and more `memory` keeps namespaces loaded.",
    "filter": "Most of the time went into the filter: fewer conditions, and equality or ranges rather than $ne, $nin "
    "and $exists, cost less.",
    "fetch": "Most of the time went into reading the matches: ask for a smaller top_k, or without values.",
}
_EXACT: Final = {
    "exact search": "Every record was scored because exact search was asked for: leave `exact` out to search by codes.",
    "small": "Every record was scored because there are no codes yet: they are built in the background from 4,096 "
    "records on, so this passes once writes rest.",
    "no less": "Every record was scored because nothing less keeps the recall target of these queries: lower the "
    "target (tag pinyon-index, `recall 0.95`), or try another kind of index with `pinyon tune`.",
    "top_k": "Every record was scored because top_k is a large part of the records: ask for fewer.",
    "codes could": "Every record was scored because many are about as near as the last match: ask for fewer matches, "
    "or lower the recall target.",
}
"""By how the plan's reason begins."""
_KINDS: Final = {
    "gather": "The filter keeps few records, and each was scored: a narrower filter, or a namespace of their own for "
    "them, leaves less to score.",
    "sparse": "Every posting of the query's terms was read: leave out terms that most records share, or filter.",
    "text": "Every record that holds one of the words was scored: leave out frequent words, or require the rare ones.",
    "hybrid": "A search by vectors and by words or terms does both: fewer or rarer words, or a filter, make it faster.",
}


def advice(plan: Plan, milliseconds: float) -> str:
    """milliseconds: from the request's head to the end of its answer, so more than the stages of the plan."""
    spent = sum(plan.milliseconds.values())
    if spent < _MOST * milliseconds:
        return (
            f"The search itself took {spent:.0f} of {milliseconds:.0f} ms: the rest went into waiting for a thread, "
            "embedding or reranking text, and sending. Look at the load, and at the setting `threads`."
        )
    for stage, said in _STAGES.items():
        if plan.milliseconds.get(stage, 0.0) >= _MOST * spent:
            return said
    if plan.shortage:
        return f"The memory budget keeps this namespace from a faster form ({plan.shortage}): give more `memory`."
    for beginning, said in _EXACT.items():
        if plan.reason.startswith(beginning):
            return said
    if plan.kind in _KINDS:
        return _KINDS[plan.kind]
    if plan.effort >= _HARD:
        return (
            f"Searches work {plan.effort:.1f} times as hard as stored vectors needed, to keep the recall target for "
            "live queries: lower the target (tag pinyon-index, `recall 0.95`), or try another kind with `pinyon tune`."
        )
    if plan.candidates > max(1_000, plan.matching // 20):
        return (
            f"{plan.candidates:,} of {plan.matching:,} records were compared with their stored vectors: a smaller "
            "top_k or `rerankDepth` compares fewer, at the cost of recall."
        )
    return (
        f"The search took {spent:.0f} ms for {plan.candidates:,} candidates: it is rather the load of the machine than "
        "the plan; look at concurrent requests and background work."
    )
