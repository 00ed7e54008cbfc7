"""The integration tests of the official SDK 7.3.0 with no change to them: data over TLS, control in plain text."""

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
ROOT = "tests/integration"
DATA = (f"{ROOT}/data", f"{ROOT}/data_asyncio", f"{ROOT}/test_upsert.py")
CONTROL = (
    f"{ROOT}/control/resources/backup",  # first: tests of restore jobs count on those of earlier runs
    # One by one: pytest leaves out what lies in a folder that was named after a part of it.
    *(f"{ROOT}/control/resources/{part}" for part in ("collections", "index", "restore_job")),
    *(f"{ROOT}/control/pod", f"{ROOT}/control/serverless", f"{ROOT}/control_asyncio", f"{ROOT}/inference"),
    *(f"{ROOT}/plugins", f"{ROOT}/admin", f"{ROOT}/proxy_config"),
)
GRPC = (f"{ROOT}/data", f"{ROOT}/data_grpc_futures")
OPTIONS = ("--timeout=300",)


def main() -> int:
    environment = Environment("sdk7", HERE / "requirements.txt")
    environment.make()
    suite = SUITE.fetch()
    runs: list[Counts] = []

    def run(name: str, server: Server, paths: tuple[str, ...], grpc: str) -> None:
        variables = {
            "PINECONE_API_KEY": KEY,
            "PINECONE_CONTROLLER_HOST": server.url,
            "PINECONE_ENVIRONMENT": "us-east-1-aws",
            "DIMENSION": "2",
            "METRIC": "cosine",
            "USE_GRPC": grpc,
        }
        runs.append(run_pytest(name, environment.python, suite, paths, EXCLUDED, variables, OPTIONS))

    with serving("sdk7") as server:
        _trust(environment, server)
        run("sdk7 REST", server, DATA, "false")
        run("sdk7 gRPC", server, GRPC, "true")
    # These look for an index's name in its address, so they get addresses of another style.
    with serving("sdk7", tls=False, options=("--set", "index_ports=false")) as server:
        run("sdk7 control", server, CONTROL, "false")
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
