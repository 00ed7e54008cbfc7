"""The data and control suites of the TypeScript SDK 8.2.0, its published package under them. Needs Node 20 and npm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from conformance.harness import WORK, Counts, Sources, UnavailableError, clean_environment, finish, say, serving
from conformance.plugin.exclusions import read
from conformance.serving import KEY, Server

HERE = Path(__file__).parent
EXCLUDED = HERE / "excluded.txt"
SUITE = Sources("typescript", "https://github.com/pinecone-io/pinecone-ts-client", "v8.2.0", ("src/integration",))
NAMESPACE = "global-ns-one"


def main() -> int:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise UnavailableError(f"{program} is not installed")
    suite = SUITE.fetch()
    _install(suite)
    with serving("typescript", tls=False) as server:
        run = _run(suite, server)
    return finish([run])


def _install(suite: Path) -> None:
    """The packages of package-lock.json, kept between runs. Raises UnavailableError."""
    home = WORK / "typescript" / "packages"
    wanted = (HERE / "package-lock.json").read_text()
    stamp = home / ".lock"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, home)
        say("typescript: installing its packages")
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UnavailableError(f"npm cannot install the packages:\n{done.stderr.strip()[-1_000:]}")
        stamp.write_text(wanted)
    (suite / "node_modules").symlink_to(home / "node_modules", target_is_directory=True)
    for name in ("jest.config.js", "redirect.js"):
        shutil.copy(HERE / name, suite)


def _run(suite: Path, server: Server) -> Counts:
    report, log = WORK / "typescript" / "typescript.json", WORK / "typescript" / "typescript.log"
    report.unlink(missing_ok=True)
    exclusions = read(EXCLUDED)
    variables = {
        **clean_environment(),
        "PINECONE_API_KEY": KEY,
        "PINECONE_CONTROLLER_HOST": server.url,
        "FIXTURES_JSON": json.dumps(_fixtures(server)),
    }
    whole = [one.pattern.rstrip("/") for one in exclusions if one.pattern.endswith("/")]
    command = [
        "node",
        "node_modules/jest/bin/jest.js",
        "--runInBand",
        "--forceExit",
        "--json",
        f"--outputFile={report}",
    ]
    for folder in whole:
        command += ["--testPathIgnorePatterns", f"{folder}/"]
    say(f"typescript: running; the log is {log}")
    begin = time.monotonic()
    with log.open("w") as output:
        subprocess.run(command, cwd=suite, env=variables, stdout=output, stderr=subprocess.STDOUT, check=False)
    if not report.exists():
        return Counts("typescript", failed={"the run itself": "\n".join(log.read_text().splitlines()[-20:])})
    run = _counts(suite, json.loads(report.read_text()))
    run.seconds = time.monotonic() - begin
    return run


def _counts(suite: Path, report: dict[str, Any]) -> Counts:
    """An exclusion that names a folder keeps its tests from running; any other, their outcome from counting."""
    exclusions = read(EXCLUDED)
    run = Counts("typescript")
    for file in report["testResults"]:
        path = os.path.relpath(file["name"], suite)
        if not file["assertionResults"] and file["status"] == "failed":
            run.failed[path] = file["message"]
        for test in file["assertionResults"]:
            name = f"{path}::{test['fullName']}"
            run.collected += 1
            exclusion = next((one for one in exclusions if one.covers(name)), None)
            if exclusion is not None:
                exclusion.tests.append(name)
                run.excluded[exclusion.reason] = run.excluded.get(exclusion.reason, 0) + 1
            elif test["status"] == "passed":
                run.passed += 1
            elif test["status"] == "failed":
                run.failed[name] = "\n".join(test["failureMessages"])
            else:
                run.skipped += 1
    for exclusion in exclusions:
        if exclusion.pattern.endswith("/"):
            number = sum(file.read_text().count("test(") for file in (suite / exclusion.pattern).rglob("*.test.ts"))
            run.excluded[exclusion.reason] = run.excluded.get(exclusion.reason, 0) + number
            run.collected += number
        elif not exclusion.tests:
            run.stale.append(exclusion.pattern)
    return run


def _fixtures(server: Server) -> dict[str, Any]:
    """The index that the suite's own setup would make: 11 records of two numbers, metadata on each. The assistant
    that it would make beside it is not needed by the data and control suites."""
    name = "pretest-conformance"
    spec = {
        "serverless": {"cloud": "aws", "region": "us-west-2", "schema": {"fields": {"genre": {"filterable": True}}}}
    }
    tags = {"project": "pinecone-integration-tests"}
    _call(
        server,
        f"{server.url}/indexes",
        {"name": name, "dimension": 2, "metric": "dotproduct", "spec": spec, "tags": tags},
    )
    host = _call(server, f"{server.url}/indexes/{name}")["host"]
    ids = ["diff-prefix-0", *(f"preTest-{number}" for number in range(10))]
    records = [
        {"id": id_, "values": [0.1 * number + 0.05, 0.5], "metadata": {"genre": "drama"}}
        for number, id_ in enumerate(ids)
    ]
    _call(server, f"{host}/vectors/upsert", {"vectors": records, "namespace": NAMESPACE})
    return {
        "serverlessIndex": {
            "name": name,
            "dimension": 2,
            "metric": "dotproduct",
            "metadataFilter": {"key": "genre", "value": "drama"},
            "recordIds": ids,
        },
        "assistant": {"name": "none", "testFilePath": ""},
    }


def _call(server: Server, url: str, body: Any = None) -> Any:
    headers = {"Api-Key": KEY, "X-Pinecone-Api-Version": "2026-04", "Content-Type": "application/json"}
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


if __name__ == "__main__":
    sys.exit(main())
