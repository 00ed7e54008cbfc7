"""What the judges share: an environment of their own, the suite's sources, a server of ours, a run, and its counts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conformance.serving import Server

HERE = Path(__file__).parent
WORK = HERE.parent / ".conformance"
PASSED, FAILED, SKIPPED = 0, 1, 77
"""Exit status of a judge; 77 is the customary one for "could not be run here"."""


class UnavailableError(Exception):
    """What a judge needs is not here: the network, a suite's sources, a program. The text says what to do."""


@dataclass(frozen=True)
class Sources:
    """Where a suite is published, and the part of it that is needed.

    ref: a tag or a commit. parts: paths inside the repository. The environment variable PINYON_SUITE_<NAME> may name a
    local copy instead: a Git repository that has ``ref``, or a plain folder.
    """

    name: str
    url: str
    ref: str
    parts: tuple[str, ...]

    def fetch(self) -> Path:
        """The folder with the parts, laid out anew. Raises UnavailableError."""
        target = WORK / self.name / "suite"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        variable = f"PINYON_SUITE_{self.name.upper()}"
        local = os.environ.get(variable)
        if local is not None:
            self._copy(Path(local), target)
            return target
        repository = WORK / self.name / "repository"
        try:
            _git(["init", "--quiet", "--bare", str(repository)])
            _git([f"--git-dir={repository}", "fetch", "--quiet", "--depth", "1", self.url, self.ref])
        except subprocess.CalledProcessError as error:
            reason = error.stderr.strip().splitlines()[-1:] or ["git failed"]
            raise UnavailableError(
                f"{self.url} cannot be fetched ({reason[0]}). Set {variable} to a local copy that has {self.ref}."
            ) from None
        self._extract(repository, "FETCH_HEAD", target)
        return target

    def _copy(self, local: Path, target: Path) -> None:
        for repository in (local / ".git", local):
            if (repository / "objects").is_dir():
                self._extract(repository, self.ref, target)
                return
        for part in self.parts:
            if not (local / part).exists():
                raise UnavailableError(f"{local} holds no {part}: it is no copy of {self.url} at {self.ref}")
            copy = shutil.copytree if (local / part).is_dir() else shutil.copy
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            copy(local / part, target / part)

    def _extract(self, repository: Path, ref: str, target: Path) -> None:
        with tempfile.TemporaryFile() as archive:
            done = subprocess.run(
                ["git", f"--git-dir={repository}", "archive", ref, *self.parts],
                stdout=archive,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
            if done.returncode:
                raise UnavailableError(f"{repository} does not hold {self.ref}: {done.stderr.strip()}")
            archive.seek(0)
            with tarfile.open(fileobj=archive) as unpacked:
                unpacked.extractall(target, filter="data")


@dataclass
class Counts:
    """What became of a suite's tests. ``failed`` maps a test to the end of its traceback; ``excluded`` a reason to
    the number of tests that were left out for it."""

    name: str
    collected: int = 0
    passed: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return bool(self.passed) and not self.failed and not self.stale

    def lines(self) -> Iterator[str]:
        yield (
            f"{self.name}: {self.collected} tests, {self.passed} passed, {len(self.failed)} failed, "
            f"{self.skipped} skipped by the suite, {sum(self.excluded.values())} excluded ({self.seconds:.0f} s)"
        )
        for reason, number in sorted(self.excluded.items(), key=lambda pair: -pair[1]):
            yield f"  excluded {number:5}  {reason}"
        for test in self.failed:
            yield f"  FAILED {test}"
        for pattern in self.stale:
            yield f"  an exclusion that fits no test: {pattern}"


@dataclass
class Environment:
    """A virtual environment made from one file of pinned packages, anew when the file changes."""

    name: str
    requirements: Path

    @property
    def folder(self) -> Path:
        return WORK / self.name / "venv"

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    def make(self) -> None:
        """Raises UnavailableError when the packages cannot be installed."""
        wanted = self.requirements.read_text()
        stamp = self.folder / ".requirements"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        say(f"{self.name}: building its environment")
        shutil.rmtree(self.folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(self.folder)], check=True)
        command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
        done = subprocess.run(
            [*command, "--require-hashes", "-r", str(self.requirements)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            problem = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise UnavailableError(f"the packages of {self.requirements} cannot be installed:\n{problem}")
        stamp.write_text(wanted)


def run_pytest(
    name: str,
    python: Path,
    suite: Path,
    paths: Sequence[str],
    exclusions: Path,
    environment: Mapping[str, str],
    options: Sequence[str] = (),
) -> Counts:
    """One pytest run inside the suite, with our plugin that leaves out what the file excludes."""
    report = WORK / name.split()[0] / f"{name.replace(' ', '-')}.json"
    report.unlink(missing_ok=True)
    log = report.with_suffix(".log")
    variables = {
        **clean_environment(),
        **environment,
        "PYTHONPATH": str(HERE / "plugin"),
        "PINYON_EXCLUSIONS": str(exclusions),
        "PINYON_REPORT": str(report),
        "PINYON_EXCLUDED_ONLY": os.environ.get("PINYON_EXCLUDED_ONLY", "0"),
    }
    extra = os.environ.get("PINYON_PYTEST", "").split()
    command = [str(python), "-m", "pytest", "-p", "exclusions", "-q", "-o", "addopts=", *options, *extra, *paths]
    say(f"{name}: running; the log is {log}")
    begin = time.monotonic()
    with log.open("w") as output:
        subprocess.run(command, cwd=suite, env=variables, stdout=output, stderr=subprocess.STDOUT, check=False)
    if not report.exists():
        end = "\n".join(log.read_text().splitlines()[-20:])
        return Counts(name, failed={"the run itself": end})
    return _counts(name, json.loads(report.read_text()), time.monotonic() - begin)


def _counts(name: str, report: Mapping[str, object], seconds: float) -> Counts:
    outcomes: dict[str, str] = report["outcomes"]  # type: ignore[assignment]
    messages: dict[str, str] = report["messages"]  # type: ignore[assignment]
    counts = Counts(name, collected=int(report["collected"]), seconds=seconds)  # type: ignore[call-overload]
    for test, outcome in outcomes.items():
        if outcome == "passed":
            counts.passed += 1
        elif outcome == "skipped":
            counts.skipped += 1
        else:
            counts.failed[test] = messages.get(test, "")
    for broken in report["broken"]:  # type: ignore[attr-defined]
        counts.failed[broken] = messages.get(broken, "")
    for exclusion in report["excluded"]:  # type: ignore[attr-defined]
        if exclusion["tests"]:
            reason = exclusion["reason"]
            counts.excluded[reason] = counts.excluded.get(reason, 0) + len(exclusion["tests"])
    return counts


def stale(runs: Sequence[Counts], exclusions: Path) -> list[str]:
    """Lines of an exclusion file that fitted no test in any run: a suite that changed, or a slip."""
    patterns: dict[str, int] = {}
    for run in runs:
        report = WORK / exclusions.parent.name / f"{run.name.replace(' ', '-')}.json"
        if not report.exists():
            return []
        for exclusion in json.loads(report.read_text())["excluded"]:
            patterns[exclusion["pattern"]] = patterns.get(exclusion["pattern"], 0) + len(exclusion["tests"])
    return [pattern for pattern, number in patterns.items() if not number]


@contextmanager
def serving(name: str, *, tls: bool = True, options: Sequence[str] = ()) -> Iterator[Server]:
    """A server on a data directory that lasts as long as the block; its log is kept."""
    log = WORK / name / "server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pinyon-") as data, Server.start(Path(data), log, tls, options) as server:
        yield server


def clean_environment() -> dict[str, str]:
    """Ours, without what would change a suite: keys, hosts and proxies of the caller."""
    ours = ("PINECONE_", "PINYON_", "PYTEST_", "SSL_CERT_", "VIRTUAL_ENV", "PYTHONPATH")
    proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
    return {key: value for key, value in os.environ.items() if not key.startswith(ours) and key.upper() not in proxies}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def finish(runs: Sequence[Counts]) -> int:
    """Prints the counts of a judge's runs; its exit status."""
    for run in runs:
        for line in run.lines():
            say(line)
    good = all(run.good for run in runs)
    return PASSED if good or os.environ.get("PINYON_EXCLUDED_ONLY") == "1" else FAILED


def _git(arguments: Sequence[str]) -> None:
    if shutil.which("git") is None:
        raise UnavailableError("git is not installed")
    variables = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, timeout=600, env=variables)
