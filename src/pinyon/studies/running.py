"""Measures each build in a fresh process of its own, so that its memory is its own and a crash ends nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.studies import child, truth
from pinyon.studies.measuring import REPEATS, TOP_K, build_key, truth_key
from pinyon.studies.sources import Data
from pinyon.studies.truth import Truth
from pinyon.studies.values import Configuration, Row, Silent, Watch
from pinyon.types import Bools

_SOURCE = Path(__file__).parents[2]
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")
_STOP_SECONDS = 10.0
_STDERR = "stderr.txt"
_TOLD = 300


@dataclass(slots=True)
class Bench:
    """Vectors laid out for child processes in ``folder``, with the truths that they need. ``bench`` makes one.

    cache: the folder in which truths are kept from one run to the next.
    """

    data: Data
    folder: Path
    masks: Mapping[str, Bools]
    k: int
    repeats: int
    cache: Path
    watch: Watch
    _truths: dict[tuple[int, str], Path] = field(default_factory=dict)

    def rows(self, configurations: Sequence[Configuration]) -> Generator[Row]:
        """A row of each configuration, as soon as it is measured; those that share a build come one after the other.

        A configuration that cannot be measured gives a row with the reason. Leaving the iterator ends the child.
        """
        groups: dict[str, list[Configuration]] = {}
        for one in configurations:
            groups.setdefault(build_key(one), []).append(one)
        keys = {truth_key(one.parameters, self.data.n): None for one in configurations}
        for at, key in enumerate(keys):
            self._prepare_truth(key, f"{at + 1}/{len(keys)}")
        self.watch.begin("measuring", len(configurations), "settings")
        done = 0
        for group in groups.values():
            # Closed here and not when it is collected, where Ctrl-C during the child's end would be lost.
            with closing(self._group(group, lambda note: self.watch.advance(done, note))) as found:  # noqa: B023
                for row in found:
                    done += 1
                    self.watch.advance(done, str(row.configuration))
                    yield row

    def truth(self, parameters: Mapping[str, Any]) -> Truth:
        """The truth that a configuration is judged by."""
        return Truth(np.load(self._prepare_truth(truth_key(parameters, self.data.n), ""), allow_pickle=False))

    def _prepare_truth(self, key: tuple[int, str], label: str) -> Path:
        if key in self._truths:
            return self._truths[key]
        rows, name = key
        if not self.k <= rows <= self.data.n:
            raise InvalidRequestError(f"rows is {rows}: the data have {self.data.n} rows, and top_k is {self.k}")
        mask = self.masks[name] if name else None
        path = self.cache / truth.cache_name(self.data, rows, self.k, mask)
        if Truth.saved(path, len(self.data.queries), self.k) is None:
            found = truth.of_file(self.data, self.k) if rows == self.data.n and mask is None else None
            if found is None:
                self.watch.begin(f"exact answers {label}".strip(), len(self.data.queries), "queries")
                found = truth.compute(self.data, rows, self.k, mask, self.watch)
            found.save(path)
        self._truths[key] = path
        return path

    def _group(self, group: list[Configuration], note: Any) -> Generator[Row]:
        """Rows of one build. After a crash the configurations that are left get a process of their own."""
        left = list(group)
        while left:
            reason = "the process ended without an answer"
            with self._child(left) as process:
                for told in _answers(process):
                    if "row" in told:
                        left.pop(0)
                        yield Row.from_json(told["row"])
                    elif "error" in told:
                        reason = str(told["error"])
                        break
                    elif left:
                        note(f"{left[0]}: {told.get('stage', '')}")
                else:
                    process.wait()
                    if left:
                        reason = _why(process, self.folder / _STDERR)
            if left:
                failed = left.pop(0)
                yield Row(failed.kind, failed.parameters, error=reason)

    @contextmanager
    def _child(self, configurations: Sequence[Configuration]) -> Iterator[subprocess.Popen[str]]:
        rows = max(truth_key(one.parameters, self.data.n)[0] for one in configurations)
        job = {
            "folder": str(self.folder),
            "configurations": [[one.kind, dict(one.parameters)] for one in configurations],
            "rows": rows,
            "metric": self.data.metric,
            "digest": self.data.digest,
            "masks": list(self.masks) if any("filter" in one.parameters for one in configurations) else [],
            "truths": [[*key, str(path)] for key, path in self._truths.items() if key[0] == rows],
            "k": self.k,
            "repeats": self.repeats,
        }
        with (self.folder / _STDERR).open("w+", encoding="utf-8", errors="replace") as told:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", child.__name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                env=_environment(self.folder),
                encoding="utf-8",
                text=True,
            )
            try:
                assert process.stdin is not None
                with suppress(BrokenPipeError):  # it ended before it read the job: that it has no answers will tell
                    process.stdin.write(json.dumps(job) + "\n")
                    process.stdin.flush()
                yield process
            finally:
                _end(process)


@contextmanager
def bench(
    data: Data,
    *,
    masks: Mapping[str, Bools] | None = None,
    k: int = TOP_K,
    repeats: int = REPEATS,
    cache: Path | None = None,
    watch: Watch | None = None,
) -> Iterator[Bench]:
    """Lays the vectors out for child processes; at the end of the block the copy is removed.

    cache: where truths are kept; with the copy by default. Raises InvalidRequestError for k or repeats out of range.
    """
    if not 1 <= k <= data.n or repeats < 1:
        raise InvalidRequestError(f"top_k is {k} and repeats {repeats}: 1 to {data.n} rows, and at least 1 repeat")
    with tempfile.TemporaryDirectory(prefix="pinyon-study-") as name:
        folder = Path(name)
        np.save(folder / child.BASE, data.base, allow_pickle=False)
        np.save(folder / child.QUERIES, data.queries, allow_pickle=False)
        if masks:
            np.save(folder / child.MASKS, np.stack(list(masks.values())), allow_pickle=False)
        yield Bench(data, folder, masks or {}, k, repeats, folder if cache is None else cache, watch or Silent())


def _answers(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def _end(process: subprocess.Popen[str]) -> None:
    """End a child that is still at work, and close its pipes."""
    if process.poll() is None:
        process.kill()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.wait(_STOP_SECONDS)


def _why(process: subprocess.Popen[str], stderr: Path) -> str:
    """What is known of a child that ended early: its signal or exit code, and its last words."""
    code = process.returncode
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        return f"the process was ended by {name}" + (": perhaps memory ran out" if name == "SIGKILL" else "")
    lines = stderr.read_text(encoding="utf-8", errors="replace").split("\n")
    words = next((line for line in reversed(lines) if line.strip()), "")
    return f"the process ended with code {code}" + (f": {words[:_TOLD]}" if words else "")


def _environment(folder: Path) -> dict[str, str]:
    """One thread, our package, and a place for temporary files that goes with the bench."""
    paths = [str(_SOURCE), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        **dict.fromkeys(_ONE_THREAD, "1"),
        **dict.fromkeys(_TEMPORARY, str(folder)),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
