"""The tests of the LlamaIndex vector store 0.9.0 with no change to them.

The store takes the Python SDKs 7 to 9; its tests name a module that SDK 9 no longer has, so they run over SDK 8.
"""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.harness import Environment, Sources, finish, run_pytest, serving, stale
from conformance.serving import KEY

HERE = Path(__file__).parent
EXCLUDED = HERE / "excluded.txt"
PACKAGE = "llama-index-integrations/vector_stores/llama-index-vector-stores-pinecone"
SUITE = Sources(
    "llamaindex",
    "https://github.com/run-llama/llama_index",
    "722aac969980134e61767040d49dfa2c2b906a43",
    (f"{PACKAGE}/tests",),
)


def main() -> int:
    environment = Environment("llamaindex", HERE / "requirements.txt")
    environment.make()
    suite = SUITE.fetch() / PACKAGE
    (suite / "pytest.ini").write_text("[pytest]\n")
    with serving("llamaindex", tls=False) as server:
        variables = {"PINECONE_API_KEY": KEY, "PINECONE_CONTROLLER_HOST": server.url}
        run = run_pytest("llamaindex", environment.python, suite, ("tests",), EXCLUDED, variables, ("--timeout=300",))
    run.stale = stale([run], EXCLUDED)
    return finish([run])


if __name__ == "__main__":
    sys.exit(main())
