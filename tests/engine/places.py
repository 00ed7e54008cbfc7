"""Where a database under test lives, and other processes that use it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from pinyon.engine import Database, Index

SOURCE = Path(__file__).parents[2] / "src"
Place = Literal["memory", "disk", "fresh"]


class FreshIndex:
    """Writes through the index it was made with; each read goes to the same index of a database opened for it alone."""

    READS = frozenset(
        "query fetch fetch_where list_ids iterate count stats namespaces describe_namespace describe".split()
    )

    def __init__(self, path: Path, index: Index) -> None:
        self._path = path
        self._index = index

    def __getattr__(self, name: str) -> Any:
        if name not in self.READS:
            return getattr(self._index, name)

        def read(*arguments: Any, **settings: Any) -> Any:
            with Database(self._path) as opened:
                answer = getattr(opened.index(self._index.name), name)(*arguments, **settings)
                return iter(list(answer)) if name == "iterate" else answer

        return read


class FreshDatabase:
    """The same for a database."""

    READS = frozenset("list_indexes has_index describe_index list_backups describe_backup verify".split())

    def __init__(self, path: Path) -> None:
        self._database = Database(path)

    def __getattr__(self, name: str) -> Any:
        if name not in self.READS:
            return getattr(self._database, name)

        def read(*arguments: Any, **settings: Any) -> Any:
            assert self._database.path is not None
            with Database(self._database.path) as opened:
                return getattr(opened, name)(*arguments, **settings)

        return read

    def index(self, name: str) -> Index:
        assert self._database.path is not None
        return cast(Index, FreshIndex(self._database.path, self._database.index(name)))


@dataclass
class Other:
    """Another Python process that runs a script of ours."""

    process: subprocess.Popen[str]

    def says(self, expected: str) -> None:
        """Wait for its next line, which must be `expected`."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().rstrip("\n")
        assert line == expected, (line, self._rest() if not line else "")

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ends(self, timeout: float = 60.0) -> str:
        """Wait until it has ended without an error; gives what it printed."""
        printed, complaints = self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0, complaints
        return printed

    def _rest(self) -> str:
        return self.process.communicate(timeout=10)[1]


@dataclass
class Processes:
    """Starts processes, and leaves none behind."""

    started: list[Other] = field(default_factory=list)

    def __call__(self, script: str, *arguments: object) -> Other:
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OPENBLAS_NUM_THREADS": "1"}
        process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        other = Other(process)
        self.started.append(other)
        return other

    def stop(self) -> None:
        for other in self.started:
            if other.process.poll() is None:
                other.process.kill()
            other.process.communicate()
