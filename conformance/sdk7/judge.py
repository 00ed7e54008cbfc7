"""The integration tests of the official SDK 7.3.0: REST, asyncio and gRPC, over TLS, with no change to them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conformance.harness import Counts, Environment, Sources, finish, run_pytest, serving, stale
from conformance.serving import KEY, Server

HERE = Path(__file__).parent
EXCLUDED = HERE / "excluded.txt"
SUITE = Sources(
    "sdk7",
    "https://github.com/pinecone-io/pinecone-python-client",
    "v7.3.0",
    ("tests/__init__.py", "tests/integration", "pyproject.toml"),
)
REST = (
    "tests/integration/data",
    "tests/integration/data_asyncio",
    "tests/integration/control",
    "tests/integration/control_asyncio",
    "tests/integration/inference",
    "tests/integration/plugins",
    "tests/integration/admin",
    "tests/integration/proxy_config",
    "tests/integration/test_upsert.py",
)
GRPC = ("tests/integration/data", "tests/integration/data_grpc_futures")
OPTIONS = ("--timeout=300",)


def main() -> int:
    environment = Environment("sdk7", HERE / "requirements.txt")
    environment.make()
    suite = SUITE.fetch()
    runs: list[Counts] = []
    with serving("sdk7") as server:
        _trust(environment, server)
        variables = {
            "PINECONE_API_KEY": KEY,
            "PINECONE_CONTROLLER_HOST": server.url,
            "DIMENSION": "2",
            "METRIC": "cosine",
        }
        for name, paths, grpc in (("sdk7 REST", REST, "false"), ("sdk7 gRPC", GRPC, "true")):
            variables["USE_GRPC"] = grpc
            runs.append(run_pytest(name, environment.python, suite, paths, EXCLUDED, variables, OPTIONS))
    runs[-1].stale = stale(runs, EXCLUDED)
    return finish(runs)


def _trust(environment: Environment, server: Server) -> None:
    """SDK 7 reads certifi's list of authorities over REST and gRPC alike, so that of its own environment gets ours."""
    code = "import certifi; print(certifi.where())"
    found = subprocess.run([str(environment.python), "-c", code], capture_output=True, text=True, check=True)
    bundle = Path(found.stdout.strip())
    original = bundle.with_suffix(".pem.original")
    if not original.exists():
        original.write_bytes(bundle.read_bytes())
    bundle.write_bytes(original.read_bytes() + server.authority.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
