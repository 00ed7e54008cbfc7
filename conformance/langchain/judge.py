"""The integration tests of langchain-pinecone 0.2.13, which brings SDK 7, with no change to them.

The commit is the one after the release that embeds with Pinecone's inference instead of OpenAI's.
"""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.harness import Environment, Sources, finish, run_pytest, serving, stale
from conformance.serving import KEY

HERE = Path(__file__).parent
EXCLUDED = HERE / "excluded.txt"
SUITE = Sources(
    "langchain",
    "https://github.com/langchain-ai/langchain-pinecone",
    "8b06e3709ea145b7a27ddd6e20f71fe5483f03dd",
    ("libs/pinecone/tests", "libs/pinecone/pyproject.toml"),
)


def main() -> int:
    environment = Environment("langchain", HERE / "requirements.txt")
    environment.make()
    suite = SUITE.fetch() / "libs/pinecone"
    with serving("langchain", tls=False) as server:
        variables = {
            "PINECONE_API_KEY": KEY,
            "PINECONE_CONTROLLER_HOST": server.url,
            "PINECONE_BASE_URL": server.url,
        }
        run = run_pytest(
            "langchain",
            environment.python,
            suite,
            ("tests/integration_tests",),
            EXCLUDED,
            variables,
            ("--timeout=300",),
        )
    run.stale = stale([run], EXCLUDED)
    return finish([run])


if __name__ == "__main__":
    sys.exit(main())
