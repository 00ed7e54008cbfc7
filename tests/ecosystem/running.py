"""Programs of ``examples/`` as processes, in the environments that ``make test`` builds, and what they leave behind."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinyon import Pinecone
from sdk.places import REPOSITORY, Serving, environment

GUARD = Path(__file__).parent / "offline"
THEIRS = ("PINYON_", "PINECONE_", "OPENAI_", "HAYSTACK_", "LANGCHAIN_", "LANGSMITH_", "HTTP_PROXY", "HTTPS_PROXY")
"""What a developer's shell may say to these programs, and a test does not want said."""


def example(name: str) -> Path:
    return REPOSITORY / "examples" / f"{name}.py"


def in_process(folder: Path, program: Path, *arguments: str, warn: str = "error") -> list[str]:
    """What a program printed that has the database in its own process, with its data in ``folder / "data"``.

    warn: what becomes of warnings; an error, unless libraries that are not ours warn.
    """
    said = {"PINYON_DATA": str(folder / "data"), "PYTHONPATH": str(REPOSITORY / "src"), "PYTHONUTF8": "1"}
    return _printed([sys.executable, "-W", warn, program, *arguments], folder, said)


@dataclass(frozen=True)
class Programs:
    """Runs programs against a server. ``folder`` is their home."""

    server: Serving
    folder: Path

    def run(self, place: str, program: Path, *arguments: str) -> list[str]:
        """What it printed, line by line. It must end well, and try nothing beyond this machine.

        place: the environment, such as "ecosystem". Skips the test when it was not built.
        """
        tried = self.folder / "tried"
        said = {
            "PINECONE_CONTROLLER_HOST": self.server.url,
            "PINECONE_API_KEY": self.server.key,
            "HOME": str(self.folder),
            "NETWORK_TRIED": str(tried),
            "PYTHONPATH": str(GUARD),
            "PYTHONUTF8": "1",
        }
        lines = _printed([environment(place), program, *arguments], self.folder, said)
        assert not tried.exists(), tried.read_text(encoding="utf-8")
        return lines

    def held(self, index: str, namespace: str = "") -> dict[str, dict[str, Any]]:
        """The metadata of all records of a namespace in the server's directory, by id."""
        with Pinecone(path=self.server.data, read_only=True) as pc:
            found = pc.Index(index)
            ids = [id for page in found.list(namespace=namespace) for id in page]
            records = found.fetch(ids, namespace=namespace).vectors if ids else {}
            return {id: dict(record.metadata or {}) for id, record in records.items()}


def _printed(command: list[Any], folder: Path, said: dict[str, str]) -> list[str]:
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(THEIRS)}
    done = subprocess.run(command, cwd=folder, env=kept | said, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
