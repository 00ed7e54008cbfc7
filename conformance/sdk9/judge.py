"""The integration and smoke tests of the official SDK 9.0.1 over TLS, with no change to them."""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.harness import WORK, Environment, Sources, finish, run_pytest, serving, stale
from conformance.serving import KEY

HERE = Path(__file__).parent
EXCLUDED = HERE / "excluded.txt"
SUITE = Sources(
    "sdk9",
    "https://github.com/pinecone-io/pinecone-python-client",
    "v9.0.1",
    ("tests", "pyproject.toml"),
)


def main() -> int:
    environment = Environment("sdk9", HERE / "requirements.txt")
    environment.make()
    suite = SUITE.fetch()
    with serving("sdk9") as server:
        variables = {
            "PINECONE_API_KEY": KEY,
            "PINECONE_CONTROLLER_HOST": server.url,
            "SSL_CERT_FILE": str(server.bundle(environment.python, WORK / "sdk9")),
            "SMOKE_RUN_BACKUPS": "1",
        }
        run = run_pytest(
            "sdk9",
            environment.python,
            suite,
            ("tests/integration", "tests/smoke"),
            EXCLUDED,
            variables,
            # anyio runs every async test; with two plugins at it, clients outlive their event loops. One file imports
            # the other plugin all the same.
            ("-o", "timeout=300", "-p", "no:asyncio"),
        )
    run.stale = stale([run], EXCLUDED)
    return finish([run])


if __name__ == "__main__":
    sys.exit(main())
