"""The race over one data set: who runs which step when, on which copy of its database, with which setting."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks._workload import say
from benchmarks.peers.contenders import Contender
from benchmarks.peers.environments import FILES, UnavailableError, here, python_of
from benchmarks.peers.jobs import Job
from benchmarks.peers.sets import Judge, Kind, prepare

import pinyon

Result: TypeAlias = "dict[str, Any]"
STEPS = ("ingest", "reopen", "query", "filter", "change", "namespaces", "concurrency")
TARGETS = (0.95, 0.99)
COPIED = ("change", "concurrency")
"""Steps that write, and so work on a copy of the database."""
NEED_A_SETTING = ("query", "filter", "change", "concurrency")
HUNG = 300.0
"""Seconds that no step over 100,000 rows takes beyond what it is asked to."""
ONE_THREADED = ("reopen", "sweep", "query", "filter", "change")
PATIENCE_FOR_SPACES = 40.0
"""Seconds after which no more namespaces are made."""


@dataclass(frozen=True)
class Options:
    """root: where environments, sets, databases and results are kept. seconds: of each phase with a writer.
    budget: seconds that one pass over the queries may take. patience: seconds that writing the rows may take."""

    root: Path
    steps: Sequence[str] = STEPS
    repeats: int = 3
    queries: int = 500
    seconds: float = 10.0
    rates: Sequence[float] = (1_000.0, 0.0)
    budget: float = 15.0
    patience: float = 900.0
    spaces: int = 1_000
    use_here: bool = False
    again: Sequence[str] = ()


@dataclass
class Choice:
    """The cheapest setting that reached a target in the sweep, or the best there was."""

    setting: Any
    recall: float
    reached: bool


@dataclass
class Race:
    """results: (contender, step) -> one result for each repeat, judged. absent: contender -> why it does not run."""

    kind: Kind
    contenders: Sequence[Contender]
    options: Options
    results: dict[tuple[str, str], list[Result]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[float, Choice]] = field(default_factory=dict)

    def run(self) -> None:
        root = self.options.root
        self.data = prepare(self.kind, self.options.queries, root / "sets")
        self.judge = Judge(self.data)
        self.pythons: dict[str, Path] = {}
        for one in self.contenders:
            try:
                self.pythons[one.name] = self._python(one)
            except UnavailableError as reason:
                self.absent[one.name] = str(reason)
                say(f"{one.name}: skipped, {reason}")
        if "ingest" in self.options.steps:
            self._interleaved("ingest")
        for one in self._present():
            if any(one.runs(step) for step in NEED_A_SETTING if step in self.options.steps):
                self._choose(one)
        for step in STEPS[1:]:
            if step in self.options.steps:
                self._interleaved(step)

    def _python(self, one: Contender) -> Path:
        if one.environment is None or self.options.use_here:
            return here(one.package)
        return python_of(one.environment, self.options.root / "environments")

    def _present(self) -> list[Contender]:
        return [one for one in self.contenders if one.name not in self.absent]

    def _interleaved(self, step: str) -> None:
        """Contenders take turns in each repeat, and the order moves on by one."""
        for repeat in range(self.options.repeats):
            present = [one for one in self._present() if one.runs(step)]
            turn = repeat % max(1, len(present))
            for one in present[turn:] + present[:turn]:
                if one.name in self.absent:
                    continue
                result = self._step(one, step, repeat)
                self.results.setdefault((one.name, step), []).append(result)
                if step == "ingest" and not result.get("complete"):
                    why = result.get("problem") or f"stopped at {result.get('records', 0):,} records"
                    self.absent[one.name] = f"ingest: {why}"

    # -- one step -----------------------------------------------------------------------------------------------------

    def _step(self, one: Contender, step: str, repeat: int) -> Result:
        job = self._job(one, step, repeat)
        found = None if one.name in self.options.again else job.known()
        if found is None:
            say(f"  {self.kind.name} {step} {repeat + 1}/{self.options.repeats}: {one.name}")
            found = self._fill(one, job) if step == "ingest" else self._on_a_database(one, step, job)
            if "problem" in found:
                say(f"    {found['problem']}")
        return self._judged(step, found)

    def _fill(self, one: Contender, job: Job) -> Result:
        """An ingest, which leaves the database for later steps."""
        mark = self._mark(one)
        mark.unlink(missing_ok=True)
        _empty(job.folder)
        found = job.run()
        if found.get("complete") and "problem" not in found:
            mark.write_text(code(one))
        return found

    def _on_a_database(self, one: Contender, step: str, job: Job) -> Result:
        if step == "namespaces":
            _empty(job.folder)
        elif not self._filled(one):
            say(f"  {self.kind.name}: {one.name} fills its database")
            filled = self._fill(one, self._job(one, "ingest", 0))
            if not self._filled(one):
                return {"problem": f"no database: {filled.get('problem', 'the ingest was cut short')}"}
        if step in COPIED:
            shutil.rmtree(job.folder, ignore_errors=True)
            shutil.copytree(self._database(one), job.folder)
        found = job.run()
        if job.folder != self._database(one):
            shutil.rmtree(job.folder, ignore_errors=True)
        return found

    def _database(self, one: Contender) -> Path:
        return self.options.root / "databases" / self.data.name / one.name

    def _mark(self, one: Contender) -> Path:
        """Stands beside a database that holds every row, and tells what wrote it."""
        return self._database(one).with_name(one.name + ".complete")

    def _filled(self, one: Contender) -> bool:
        mark = self._mark(one)
        return mark.exists() and mark.read_text() == code(one)

    def _job(self, one: Contender, step: str, repeat: int) -> Job:
        place = self._database(one)
        apart = step in COPIED or step == "namespaces"
        return Job(
            python=self.pythons[one.name],
            options={"step": step, "adapter": one.adapter, "options": dict(one.options), **self._demands(one, step)},
            folder=place.with_name(one.name + ".copy") if apart else place,
            data=self.data,
            result=self.options.root / "results" / self.data.name / one.name / f"{step}-{repeat}.json",
            limit=self._limit(step),
            one_thread=step in ONE_THREADED,
            code=code(one),
        )

    def _limit(self, step: str) -> float:
        """Seconds after which a step counts as hung."""
        options, hung = self.options, HUNG * max(1.0, self.kind.rows / 100_000)
        if step == "ingest":
            return 4 * options.patience
        if step == "sweep":
            return hung + 20 * options.budget
        return hung + (len(options.rates) * options.seconds if step == "concurrency" else 0)

    def _demands(self, one: Contender, step: str) -> dict[str, Any]:
        """What the step wants to know beyond its contender."""
        options = self.options
        if step == "ingest":
            return {"seconds": options.patience}
        if step == "sweep":
            return {"seconds": options.budget, "targets": list(TARGETS)}
        if step == "namespaces":
            return {"seconds": PATIENCE_FOR_SPACES, "count": options.spaces, "each": 50}
        if step == "reopen":
            return {}
        chosen = self.choices[one.name]
        if step == "query":
            return {"seconds": options.budget, "settings": [chosen[target].setting for target in TARGETS]}
        wanted = {"setting": chosen[TARGETS[-1]].setting}
        if step == "concurrency":
            return {**wanted, "seconds": options.seconds, "readers": 4, "batch": 100, "rates": list(options.rates)}
        return {**wanted, "seconds": options.budget / 3}

    # -- judging ------------------------------------------------------------------------------------------------------

    def _judged(self, step: str, found: Result) -> Result:
        """The figures with recall in place of the answers."""
        for row in found.get("tried", []):
            row["recall"] = self.judge.recall(row.pop("found"))
        for case in found.get("cases", []):
            answers = case.pop("found")
            case |= {"recall": self.judge.recall(answers, case["name"]), "full": self.judge.full(answers, case["name"])}
        for phase in found.get("phases", {}).values():
            phase["recall"] = self.judge.recall(phase.pop("found"), numbers=phase.pop("numbers"))
        if step == "ingest" and "found" in found:
            answers = found.pop("found")
            found["recall"] = self.judge.recall(answers) if found["complete"] else 0.0
        if step == "change" and "found" in found:
            answers, compacted = found.pop("found"), found.pop("compacted")
            found |= {"recall": self.judge.recall(answers, "after"), "full": self.judge.full(answers, "after")}
            found["recall_compacted"] = self.judge.recall(compacted, "after")
        return found

    def _choose(self, one: Contender) -> None:
        """Sweeps once and keeps the cheapest setting for each target."""
        tried = self._step(one, "sweep", 0)
        if not tried.get("tried"):
            self.absent[one.name] = f"sweep: {tried.get('problem', 'no result')}"
            return
        self.results[one.name, "sweep"] = [tried]
        rows = tried["tried"]
        self.choices[one.name] = {target: chosen(rows, target) for target in TARGETS}


def chosen(rows: Sequence[Result], target: float) -> Choice:
    """Of the settings that are meant for the target the quickest that reaches it, else the one of the best recall."""
    rows = [row for row in rows if target in row["targets"]]
    good = [row for row in rows if row["recall"] >= target]
    best = min(good, key=lambda row: row["p50_ms"]) if good else max(rows, key=lambda row: row["recall"])
    return Choice(best["setting"], best["recall"], bool(good))


def code(one: Contender) -> str:
    """A digest of what is raced and how: the steps, the adapter, and the pinned packages or Pinyon's own source."""
    here = Path(__file__).parent
    files = [here / name for name in ("steps.py", "concurrent.py", "contract.py", f"adapters/{one.adapter}.py")]
    files += (
        sorted(Path(pinyon.__path__[0]).rglob("*.py"))
        if one.environment is None
        else [FILES / f"{one.environment}.txt"]
    )
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
