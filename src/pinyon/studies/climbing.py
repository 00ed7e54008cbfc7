"""Measures the candidates of a tuning from cheap to costly.

Whatever cannot win any more is not measured: more effort once the recall is reached, a larger build that gains nothing,
searches that are slower than one that keeps the contract.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pinyon.errors import FailedPreconditionError, InvalidRequestError
from pinyon.studies import gathering, machine
from pinyon.studies.candidates import Candidate, Ladder, ladders
from pinyon.studies.choosing import TIE, Contract, Finding
from pinyon.studies.gathering import SAMPLE_ROWS, Gathered
from pinyon.studies.measuring import TOP_K
from pinyon.studies.running import Bench, bench
from pinyon.studies.sources import Data, Source
from pinyon.studies.study import absolute
from pinyon.studies.tuning import Tuning
from pinyon.studies.tuning_results import RESULTS, Settings
from pinyon.studies.values import Silent, Watch

REPEATS = 3
_GAIN = 0.95
"""A larger build must take no more than this share of the time of the one before, or no larger ones are tried."""


def tune(
    data: Data | Source,
    *,
    recall: float | None = None,
    latency_ms: float | None = None,
    p99_ms: float | None = None,
    memory_mb: float | None = None,
    k: int = TOP_K,
    filters: Sequence[Mapping[str, Any]] = (),
    kinds: Sequence[str] | None = None,
    sample: int | None = SAMPLE_ROWS,
    repeats: int = REPEATS,
    out: str | os.PathLike[str] | None = None,
    watch: Watch | None = None,
) -> Tuning:
    """Measure the kinds of index, each build in a fresh process, and find the cheapest that keeps the contract.

    recall: by default what the index promises, else 0.99. latency_ms: of a query in the median; p99_ms: of 99 of 100.
    memory_mb: of the vectors and their index, in 1,000,000 bytes. filters: on metadata, for an index: the contract is
    to hold without a filter and with each. kinds: of flat, scan, ivf, symqg and hnsw, by default those that are
    installed and pay at this size. sample: rows that are measured at most, None for all. repeats: passes over
    the queries that are timed. out: a folder for the results, which are written after every measurement; one that holds
    an unfinished tuning with the same settings is continued, perhaps with other bounds of time and memory.
    Raises NotFoundError, InvalidRequestError, FilterError, and FailedPreconditionError when ``out`` holds another one.
    """
    source = absolute(data) if isinstance(data, Source) else data.source
    gathered = gathering.gather(source if isinstance(data, Source) and source is not None else data, filters, sample)
    contract = Contract(gathered.target if recall is None else recall, latency_ms, p99_ms, memory_mb).check()
    measured = gathered.data
    if not 1 <= k <= measured.n or repeats < 1:
        raise InvalidRequestError(f"top_k is {k} and repeats {repeats}: 1 to {measured.n} rows, at least 1 repeat")
    settings = Settings(
        source,
        measured.metric,
        measured.n,
        gathered.total,
        measured.d,
        len(measured.queries),
        k,
        repeats,
        contract.recall,
        tuple(gathered.masks),
        _kinds(kinds, [one.kind for one in ladders(measured.n, contract.recall, k)]),
        sample,
        measured.digest,
    )
    folder = None if out is None else Path(out)
    tuning = _begun(settings, contract, folder)
    with _Walk(tuning, gathered, folder, watch or Silent()) as walk:
        return walk.run()


def _kinds(wanted: Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    for name in wanted or ():
        if name not in known:
            raise InvalidRequestError(f"kind {name!r} cannot be measured here: choose from {', '.join(known)}")
    return tuple(one for one in known if wanted is None or one in wanted)


def _begun(settings: Settings, contract: Contract, folder: Path | None) -> Tuning:
    """What ``folder`` holds, if its settings are these; else a new tuning."""
    environment = machine.environment()
    fresh = Tuning(settings, contract, environment, datetime.now(UTC).isoformat(timespec="seconds"))
    if folder is None or not (folder / RESULTS).exists():
        return fresh
    found = Tuning.read(folder)
    mine, theirs = settings.to_json(), found.settings.to_json()
    other = [name for name in mine if mine[name] != theirs[name]]
    if other:
        raise FailedPreconditionError(
            f"{folder} holds a tuning with other settings ({other[0]} {theirs[other[0]]!r}, not {mine[other[0]]!r}): "
            "write to another folder"
        )
    changed = machine.same_machine(found.environment, environment)
    if changed:
        raise FailedPreconditionError(
            f"{folder} holds a tuning of another machine or release ({changed[0]}): its figures cannot stand beside "
            "new ones. Write to another folder"
        )
    return replace(found, contract=contract, skipped={}, complete=False)


class _Walk:
    """Climbs the ladders of a tuning. What is measured already is not measured again."""

    def __init__(self, tuning: Tuning, gathered: Gathered, folder: Path | None, watch: Watch) -> None:
        self.tuning = tuning
        self._gathered = gathered
        self._folder = folder
        self._watch = _Counting(watch, tuning.possible)
        self._open = ExitStack()
        self._bench: Bench | None = None

    def __enter__(self) -> _Walk:
        return self

    def __exit__(self, *failure: object) -> None:
        self._open.close()

    def run(self) -> Tuning:
        for ladder in self.tuning.ladders:
            self._climb(ladder)
        self._keep(replace(self.tuning, complete=True))
        return self.tuning

    def _climb(self, ladder: Ladder) -> None:
        """The builds of a kind, until a larger one gains nothing."""
        before: float | None = None
        for at, build in enumerate(ladder.builds):
            found = self._build(build)
            reached = [one.milliseconds for one in found if one.recall >= self.tuning.contract.recall]
            best = min(reached, default=None)
            reason = self._why_no_larger(found, before, best)
            if reason:
                self._skip(reason, sum(len(other) for other in ladder.builds[at + 1 :]))
                return
            before = best

    def _why_no_larger(self, found: Sequence[Finding], before: float | None, best: float | None) -> str:
        contract = self.tuning.contract
        if before is not None and (best is None or best > _GAIN * before):
            return "larger"
        if not found:
            return ""
        memory = min(one.memory_bytes for one in found) / 1e6
        if contract.memory_mb is not None and memory > contract.memory_mb:
            return "memory"
        return "slower" if self._too_slow(min(found, key=lambda one: one.milliseconds)) else ""

    def _build(self, build: Sequence[Candidate]) -> list[Finding]:
        """The candidates of one build by rising effort, until more of it cannot win."""
        found: list[Finding] = []
        with closing(self._measured(build)) as measured:
            for one in measured:
                reason = self._why_no_more(one, found) if one is not None else "failed"
                if one is not None:
                    found.append(one)
                if reason:
                    self._skip(reason, len(build) - len(found))
                    break
        return found

    def _why_no_more(self, one: Finding, before: Sequence[Finding]) -> str:
        """The effort that the engine chooses comes first and may be too much; from there on it rises."""
        contract = self.tuning.contract
        if contract.memory_mb is not None and one.memory_bytes / 1e6 > contract.memory_mb:
            return "memory"
        rising = [other for other in before if not other.candidate.adaptive]
        if one.candidate.adaptive:
            return "recall" if one.candidate.kind == "scan" and one.recall >= contract.recall else ""
        # One step beyond what is needed shows what more would cost.
        if any(other.recall >= contract.recall for other in rising):
            return "recall"
        if self._too_slow(one):
            return "slower"
        return "latency" if contract.latency_ms is not None and one.slowest > contract.latency_ms else ""

    def _too_slow(self, one: Finding) -> bool:
        best = self.tuning.best
        return best is not None and one.milliseconds > TIE * best.milliseconds

    def _measured(self, build: Sequence[Candidate]) -> Generator[Finding | None]:
        """A finding for each candidate; None for one that could not be measured. Leaving the iterator ends the work."""
        left = list(build)
        while left and (known := self.tuning.finding(left[0])) is not None:
            self._watch.done()
            left.pop(0)
            yield known
        if not left:
            return
        filters = self.tuning.settings.filters
        for candidate in left:
            self._forget(candidate)
        with closing(self._ready().rows([one for each in left for one in each.configurations(filters)])) as rows:
            for at, row in enumerate(rows):
                self._keep(self.tuning.with_row(row))
                if (at + 1) % (1 + len(filters)) == 0:
                    self._watch.done()
                    yield self.tuning.finding(left[at // (1 + len(filters))])

    def _forget(self, candidate: Candidate) -> None:
        """Rows of another build cannot be joined with new ones."""
        keys = {one.key for one in candidate.configurations(self.tuning.settings.filters)}
        kept = tuple(row for row in self.tuning.rows if row.configuration.key not in keys)
        self.tuning = replace(self.tuning, rows=kept)

    def _ready(self) -> Bench:
        if self._bench is None:
            gathered, settings = self._gathered, self.tuning.settings
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
            made = bench(
                gathered.data,
                masks=gathered.masks,
                k=settings.k,
                repeats=settings.repeats,
                cache=self._folder,
                watch=self._watch,
            )
            self._bench = self._open.enter_context(made)
        return self._bench

    def _keep(self, tuning: Tuning) -> None:
        self.tuning = tuning
        if self._folder is not None:
            tuning.write(self._folder)

    def _skip(self, reason: str, count: int) -> None:
        if count:
            skipped = dict(self.tuning.skipped)
            skipped[reason] = skipped.get(reason, 0) + count
            self.tuning = replace(self.tuning, skipped=skipped)
            self._watch.done(count)


class _Counting:
    """The progress of a whole tuning, for the bench, which is asked for one build at a time."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch = watch
        self._total = total
        self._done = 0
        self._inner = False
        self._begun = False

    def begin(self, label: str, total: int, unit: str) -> None:
        self._inner = label != "measuring"
        if self._inner:
            self._watch.begin(label, total, unit)
            self._begun = False
        elif not self._begun:
            self._watch.begin(label, self._total, "settings")
            self._begun = True

    def advance(self, done: int, note: str = "") -> None:
        self._watch.advance(done if self._inner else self._done, note)

    def done(self, count: int = 1) -> None:
        self._done += count
        if self._begun:
            self._watch.advance(self._done)
