"""Where the official SDKs are installed, and the server that they talk to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def environment(sdk: str) -> Path:
    """The Python of ``.venv-sdk7``, ``.venv-sdk10`` or ``.venv-ecosystem``. Skips the test when it was not built."""
    folder = Path(os.environ.get(f"PINYON_{sdk.upper()}", REPOSITORY / f".venv-{sdk}"))
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        pytest.skip(f"the environment {folder.name} is not there: no {python}; make test builds it")
    return python


class Serving:
    """``pinyon serve`` on a free port, from entering to leaving, with one key and one client of the admin API."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.imports = folder / "imports"
        self.imports.mkdir()
        self.log = folder / "server.log"
        self.key = "pclocal"
        self.url = self.client_id = self.client_secret = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Serving:
        made = json.loads(subprocess.check_output([*self._command("keys"), "create", "tests", "--admin"]))
        self.client_id, self.client_secret = made["client_id"], made["client_secret"]
        serve = [*self._command("serve"), "--port", "0", "--key", self.key, "--import-root", str(self.imports)]
        with self.log.open("w") as log:
            self._process = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said, f"the server did not start: {self.log.read_text()}"
        self.url = json.loads(said)["url"]
        return self

    def __exit__(self, *problem: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.communicate(timeout=60)

    def _command(self, name: str) -> list[str]:
        return [sys.executable, "-m", "pinyon.cli", "--data", str(self.data), "--json", name]
