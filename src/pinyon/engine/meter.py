"""The recall that live queries get in one namespace, and the search effort that keeps it at the target.

A query is offered after it was answered, and a few are kept, at random. The background thread repeats them exactly,
many at a time, on just the rows that were there when they were answered. Answers that scored every record need no
check and count as what they are. When recall is found to be below the target, the queries that showed it are asked
again with more effort, until they find what they should; that is the effort of all searches from then on.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from math import log
from random import random
from typing import Any, Final

import numpy as np

from pinyon.engine.answers import STEP_SECONDS, Answer, Asked, again, kths, recalls, seconds
from pinyon.engine.contract import EXACT_EFFORT, HYBRID, STEP, Contract, Outcome, Outcomes, band_of
from pinyon.engine.drift import Drift
from pinyon.engine.kinds import line_of
from pinyon.engine.learned import Learned, measured_of
from pinyon.engine.planner import Found
from pinyon.engine.snapshot import Base, Snapshot
from pinyon.filters import Node, has_words
from pinyon.index.rerank import MOST_RAISED
from pinyon.index.shortfall import ALARM, SHIFTED_ALARM, SUSPICION
from pinyon.types import Floats, IndexSpec, SparseValues

SHARE: Final = 1 / 8
"""Share of the queries that are kept to be checked. How many of these are checked, the budget decides."""
CLOSE_SHARE: Final = 1 / 2
"""...while outcomes are bad, or few. While queries are not what they were, all of them are kept."""
READY: Final = 16
"""Queries that are not made to wait for company."""
WAITING: Final = 512
"""Queries that may wait; the oldest make room."""
WAITING_BYTES: Final = 64 * 1024 * 1024
"""...and bytes of the masks that they bring along."""
MANY: Final = 1_000_000
"""Records from which on it takes long to score each of them, so that it is worth a warning."""
DOUBT: Final = 64
"""Outcomes after a shift until which checks are urgent, unless they are bad."""
FEW: Final = 50
"""Outcomes that are soon wanted of searches that have changed."""
_RECENT: Final = 64
_FEWEST_AGAIN: Final = 16
_FIXED: Final = frozenset({"ef_search", "nprobe"})

_log = logging.getLogger("pinyon")
_generations = count(1)
_NONE: Final = Outcomes()


def exhausted(target: float, rows: int) -> str:
    """What is to be said where no effort short of scoring every record keeps the recall target."""
    return (
        f"no search effort keeps recall {target:g}, so that every search scores all {rows:,} records. The way out is "
        "another index kind, a fixed ef_search or nprobe, or a lower recall target"
    )


class Meter:
    """``offer`` and all that only reads may be called from any thread, ``check`` from one thread at a time.

    effort: the multiple of their usual work that searches should do (``Effort.raised``).
    outcomes: those of the last checked queries, at this effort. checks: queries checked so far.
    estimate: recall of the queries for which this effort was chosen; None at the usual effort.
    namespace: its name, as queries say it; None before the first one was kept.
    learned: all that is worth keeping when the meter goes; None before the first check. kept: of that, what was kept.
    """

    __slots__ = (
        "_agreed",
        "_contract",
        "_counted",
        "_doubt",
        "_expected",
        "_fused",
        "_generation",
        "_off",
        "_outcomes",
        "_recent",
        "_score",
        "_share",
        "_skip",
        "_waiting",
        "_warned",
        "checks",
        "effort",
        "estimate",
        "kept",
        "learned",
        "namespace",
    )

    def __init__(self, share: float = SHARE) -> None:
        self.effort = 1.0
        self.estimate: float | None = None
        self.checks = 0
        self.namespace: str | None = None
        self._share = share
        self._skip = self._gap()
        self._waiting: deque[Answer] = deque()
        self._recent: deque[Asked] = deque(maxlen=_RECENT)
        self._expected: Drift | None = None
        self._score = Drift()
        self._fused = Drift()
        self._off = False
        self._doubt = 0
        self._agreed: tuple[Any, ...] = ()
        self._contract: Contract | None = None
        self._generation = self._counted = 0
        self._outcomes = 0, _NONE
        self._warned = False
        self.learned: Learned | None = None
        self.kept: Learned | None = None

    @classmethod
    def recalled(cls, learned: Learned, spec: IndexSpec, base: Base | None) -> Meter | None:
        """One that goes on from what another had learned; None where that was about other searches than those of now.

        As with ``rebased``: of a base that looks more or less hard by now, the outcomes are forgotten.
        """
        if base is None or (learned.settings, learned.kind) != (line_of(spec), base.kind):
            return None
        meter = cls()
        meter.effort, meter.estimate = learned.effort, learned.estimate
        meter.learned = meter.kept = learned
        if learned.measured == measured_of(base):
            contract = meter._contract_of(spec)
            contract.resume(learned.outcomes, learned.standing)
            meter._outcomes = meter._counted, Outcomes(contract.window)
        return meter

    # -- on the way of a query ----------------------------------------------------------------------------------------

    def offer(
        self,
        snapshot: Snapshot,
        found: Found,
        vector: Floats | None,
        node: Node | None,
        top_k: int,
        namespace: str,
        sparse: SparseValues | None = None,
    ) -> bool:
        """A query was answered from a snapshot with a base. True when it is time to wake whoever checks.

        sparse: of a hybrid query. Threads may get in each other's way here: at worst a query more or less is kept.
        """
        doubtful = not found.exact and self._shifted(found, hybrid=sparse is not None) and self._doubt > 0
        self._skip -= 1
        if vector is None or not (self._skip < 0 or doubtful):
            return False
        self._skip = self._gap()
        self.namespace = namespace
        if not found.matching:
            return False
        if sparse is not None:
            sparse = SparseValues(sparse.indices.copy(), sparse.values.copy())
        band = HYBRID if sparse is not None else band_of(node is not None, found.matching, snapshot.live)
        return self._keep(snapshot, found, Asked(np.array(vector, np.float32), sparse, node, top_k, band))

    def _shifted(self, found: Found, *, hybrid: bool) -> bool:
        """Whether queries are not what they were, by an answer that could be wrong: the others tell nothing of it."""
        shifted = found.matching > 0 and (self._fused if hybrid else self._score).add(float(found.scores[-1]))
        if not hybrid:
            if self._expected is None:
                self._expected = Drift()
            shifted |= self._expected.add(found.expected_recall)
        if shifted != self._off:
            self._off = shifted
            if shifted:
                self._doubt = DOUBT
                self._waiting.clear()
        return shifted

    def _gap(self) -> int:
        """How many queries are passed over until the next is kept: each has the same chance, whatever came before."""
        return int(log(1.0 - random()) / log(1.0 - self._share))

    def _keep(self, snapshot: Snapshot, found: Found, asked: Asked) -> bool:
        waiting, mask = self._waiting, found.mask
        waiting.append(Answer.of(asked, snapshot, found, None if found.exact else found.scores, self._generation))
        room = WAITING if mask is None else min(WAITING, max(READY, WAITING_BYTES // mask.nbytes))
        while len(waiting) > room:
            self._next()
        return len(waiting) in (1, READY)

    def _next(self) -> Answer | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    # -- what others need to know -------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Queries that wait to be checked."""
        return len(self._waiting)

    @property
    def nbytes(self) -> int:
        """Bytes of the masks that waiting queries hold."""
        masks = {id(one.mask): one.mask for one in self._waiting.copy() if one.mask is not None}
        return sum(mask.nbytes for mask in masks.values())

    @property
    def outcomes(self) -> Outcomes:
        generation, outcomes = self._outcomes
        return outcomes if generation == self._generation else _NONE

    @property
    def expected(self) -> float | None:
        """Mean recall that the last approximate searches expect of themselves."""
        return None if self._expected is None else self._expected.lately

    @property
    def urgent(self) -> bool:
        """Whether checks should be many: recall may have fallen, or little is known yet. For the checking thread."""
        contract = self._contract
        return contract is None or len(contract.window) < FEW or self.alarmed

    @property
    def alarmed(self) -> bool:
        """Whether checks should be soon: recall may have fallen."""
        contract = self._contract
        return (self.drifting and self._doubt > 0) or (contract is not None and contract.gain >= SUSPICION)

    @property
    def drifting(self) -> bool:
        """Whether queries are not what they were: their last scores, or what searches expect to have missed."""
        return self._score.off or self._fused.off or (self._expected is not None and self._expected.off)

    def rebased(self, former: Base | None, base: Base | None) -> None:
        """Searches have another base from now on. What is known of their recall stays if it has only grown."""
        if former is None or base is None or former.kind != base.kind:
            self.reset()
        elif (former.depth, former.breadth) != (base.depth, base.breadth):
            self.forget()

    def forget(self) -> None:
        """Outcomes so far tell nothing about searches from now on."""
        self._generation = next(_generations)

    def reset(self) -> None:
        """...nor about the effort that they need: another kind of base, or another contract."""
        self.effort = 1.0
        self.estimate = None
        self._expected = None
        self.forget()

    # -- in the background --------------------------------------------------------------------------------------------

    def check(self, snapshot: Snapshot, spec: IndexSpec, between: Callable[[], None]) -> None:
        """Repeat some of the waiting queries exactly, and change the effort where the outcomes ask for it.

        snapshot: the present one. ``between`` is called between small pieces of work, and may raise to stop.
        """
        contract = self._contract_of(spec)
        answers = self._taken(snapshot)
        for one, recall in zip(answers, recalls(answers, snapshot.metric, between), strict=True):
            contract.add(Outcome(recall, one.asked.band, one.scores is None))
            if one.scores is not None:
                self._recent.append(one.asked)
                self._doubt = max(0, self._doubt - 1)
                between()
        self.checks += len(answers)
        self._outcomes = self._counted, Outcomes(contract.window)
        if answers and _FIXED.isdisjoint(spec.parameters):
            self._follow(contract, snapshot, f"index {spec.name}, namespace {self.namespace!r}", between)
        if answers and snapshot.base is not None:
            self.learned = self._noted(contract, snapshot.base, spec)
        self._share = CLOSE_SHARE if self.urgent else SHARE

    def _noted(self, contract: Contract, base: Base, spec: IndexSpec) -> Learned:
        about = line_of(spec), base.kind, measured_of(base)
        return Learned(*about, self.effort, self.estimate, tuple(contract.window), contract.standing)

    def _contract_of(self, spec: IndexSpec) -> Contract:
        agreed = spec.kind, spec.recall_target, dict(spec.parameters)
        if self._contract is None or agreed != self._agreed:
            if self._contract is not None:
                self.reset()
            self._contract, self._agreed = Contract(spec.recall_target), agreed
        elif self._counted != self._generation:
            self._contract.forget()
        self._counted = self._generation
        return self._contract

    def _taken(self, snapshot: Snapshot) -> list[Answer]:
        """The next answers that can be checked, as many as fit a step, at least one; others are dropped."""
        left = STEP_SECONDS
        taken: list[Answer] = []
        while left > 0.0 and (one := self._next()) is not None:
            if one.lineage == snapshot.lineage and one.generation == self._counted:
                taken.append(one)
                left -= 0.0 if one.scores is None else seconds(one.asked, one.vectors)
        return taken

    def _follow(self, contract: Contract, snapshot: Snapshot, label: str, between: Callable[[], None]) -> None:
        broken = contract.broken(SHIFTED_ALARM if self.drifting else ALARM)
        if broken is not None:
            band, run = broken
            queries = self._evidence(snapshot, band, run)
            effort, recall = self._enough(contract.target, snapshot, queries, between)
            self._change(contract, effort, recall, f"{label}: recall fell to {contract.recent(band, run):.3f}")
            self._warn(contract.target, snapshot.live, label)
            contract.forget()  # also where the same queries find everything by now
            return
        verdict = contract.review()
        if verdict == "unproven" and self.effort < MOST_RAISED:
            effort = min(MOST_RAISED, STEP * self.effort)
            self._change(contract, effort, self.estimate, f"{label}: recall could not be proven")
        elif verdict == "generous":
            effort = MOST_RAISED if self.effort > MOST_RAISED else max(1.0, self.effort / STEP)
            self._change(contract, effort, self.estimate, f"{label}: recall is well above the target")

    def _change(self, contract: Contract, effort: float, recall: float | None, why: str) -> None:
        if effort == self.effort:
            return
        told = "score every record" if effort > MOST_RAISED else f"do {effort:.3g} times the usual work"
        _log.info("%s (target %g): searches %s", why, contract.target, told)
        contract.changed(raised=effort > self.effort)
        self.effort, self.estimate = effort, None if effort == 1.0 else recall
        self.forget()
        self._counted = self._generation

    def _warn(self, target: float, rows: int, label: str) -> None:
        """Says once that searches of very many records score each of them."""
        if self.effort > MOST_RAISED and rows >= MANY and not self._warned:
            self._warned = True
            _log.warning("%s: %s", label, exhausted(target, rows))

    def _evidence(self, snapshot: Snapshot, band: int | None, run: int) -> Sequence[Asked]:
        """The queries that are to be asked again: the last of those that were answered approximately."""
        assert snapshot.vectors is not None, "metered queries have vectors"
        chosen: list[Asked] = []
        left = 4.0 * STEP_SECONDS
        for one in reversed(self._recent):
            if len(chosen) == max(run, _FEWEST_AGAIN) or left <= 0.0:
                break
            known = snapshot.texts is not None or one.node is None or not has_words(one.node)
            if band in (None, one.band) and known:
                chosen.append(one)
                left -= seconds(one, snapshot.vectors)
        return chosen

    def _enough(
        self, target: float, snapshot: Snapshot, queries: Sequence[Asked], between: Callable[[], None]
    ) -> tuple[float, float]:
        """The least effort, in doublings, that finds these queries' best rows as the target asks, with half of the
        allowed loss kept as a margin; and the recall at it."""
        effort = self.effort
        asked = [one for one in (again(snapshot, query, effort) for query in queries) if one.k]
        if snapshot.base is None or not asked:
            return effort, 1.0
        best = kths(asked, snapshot.metric, between)
        recalls = [one.recall(kth, snapshot.metric) for one, kth in zip(asked, best, strict=True)]
        while (mean := sum(recalls) / len(recalls)) < target + (1.0 - target) / 2.0:
            effort *= 2.0
            if effort > MOST_RAISED:
                return EXACT_EFFORT, 1.0
            for at, one in enumerate(asked):
                if recalls[at] < 1.0:
                    recalls[at] = again(snapshot, one.asked, effort).recall(best[at], snapshot.metric)
                    between()
        return effort, mean
