"""Requests that Schemathesis generates from Pinecone's OpenAPI files, against the server and each kind of index.

No answer may be a server error, and each must fit the schema that the file gives for it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from conformance.harness import WORK, Counts, Environment, UnavailableError, clean_environment, finish, say, serving
from conformance.serving import KEY, Server

NAME = "schemathesis"
HERE = Path(__file__).parent
EXCLUDED = HERE / "excluded.txt"
VERSIONS = ("2025-10", "2026-04")
EXAMPLES = os.environ.get("PINYON_SCHEMATHESIS_EXAMPLES", "60")
"""Requests that are made up for each operation, beside those of the examples and the coverage phase."""
CHECKS = (
    "not_a_server_error",
    "response_schema_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "success_is_documented",
    "errors_have_a_shape",
)
SERVERLESS = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
POD = {"pod": {"environment": "us-east-1-aws", "pod_type": "p1.x1"}}
INDEXES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("/indexes", {"name": "dense", "dimension": 3, "metric": "cosine", "spec": SERVERLESS}),
    ("/indexes", {"name": "sparse", "vector_type": "sparse", "metric": "dotproduct", "spec": SERVERLESS}),
    ("/indexes", {"name": "pods", "dimension": 3, "metric": "cosine", "spec": POD}),
    (
        "/indexes/create-for-model",
        {
            "name": "records",
            "cloud": "aws",
            "region": "us-east-1",
            "embed": {"model": "use-multilingual", "field_map": {"text": "text"}},
        },
    ),
)
SPARSE = {"indices": [1, 7], "values": [0.5, 2.0]}


@dataclass(frozen=True)
class Part:
    """One file, sent to the server or to one index of it."""

    version: str
    file: str
    target: str = ""

    @property
    def label(self) -> str:
        return " ".join(filter(None, (self.version, self.file, self.target)))


PARTS = tuple(
    part
    for version in VERSIONS
    for part in (
        Part(version, "db_control"),
        Part(version, "inference"),
        *(Part(version, "db_data", target) for target in ("dense", "sparse", "records")),
    )
)


def main() -> int:
    specs = _specs()
    environment = Environment(NAME, HERE / "requirements.txt")
    environment.make()
    wanted = os.environ.get("PINYON_SCHEMATHESIS_PARTS", "")
    runs = [_run(environment, specs, part) for part in PARTS if wanted in part.label]
    _set_aside(runs, _exclusions(), whole=not wanted)
    return finish(runs)


def _specs() -> Path:
    """The folder of the OpenAPI files. Raises UnavailableError."""
    folder = os.environ.get("PINYON_SPECS")
    if folder is None:
        raise UnavailableError("the OpenAPI files are not here. Set PINYON_SPECS to a folder that has them.")
    for part in PARTS:
        if not _file(Path(folder), part).is_file():
            raise UnavailableError(f"{_file(Path(folder), part)} does not exist")
    return Path(folder)


def _file(specs: Path, part: Part) -> Path:
    return specs / part.version / f"{part.file}_{part.version}.oas.yaml"


def _run(environment: Environment, specs: Path, part: Part) -> Counts:
    folder = WORK / NAME / part.label.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    report, log = folder / "report.json", folder / "run.log"
    report.unlink(missing_ok=True)
    say(f"{NAME} {part.label}: running; the log is {log}")
    begin = time.monotonic()
    imported = folder / "imported"
    with serving(f"{NAME}/{folder.name}", tls=False, options=("--set", f"import_roots={imported}")) as server:
        known = _prepare(server, part.version, imported)
        variables = {
            **clean_environment(),
            "SCHEMATHESIS_HOOKS": "hooks",
            "PYTHONPATH": str(HERE),
            "PINYON_TARGET": part.target,
            "PINYON_KNOWN": json.dumps(known),
        }
        with log.open("w") as output:
            subprocess.run(
                _command(environment, _file(specs, part), server, part, report),
                cwd=folder,
                env=variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        counts = _counts(part, report, log, time.monotonic() - begin)
        _ask(server, part.version, "GET", "/readyz")
    if '  File "' in (folder / "server.log").read_text():
        counts.failed[f"{part.label}: the server's log tells of a bug"] = str(folder / "server.log")
    return counts


def _command(environment: Environment, file: Path, server: Server, part: Part, report: Path) -> list[str]:
    url = f"{server.url}/indexes/{part.target}" if part.target else server.url
    headers = {"api-key": KEY, "X-Pinecone-Api-Version": part.version}
    return [
        str(environment.python.with_name("schemathesis")),
        *("run", str(file), "--url", url),
        *(word for name, value in headers.items() for word in ("-H", f"{name}:{value}")),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--continue-on-failure"),
        *("--max-examples", EXAMPLES, "--seed", "1", "--generation-database", "none", "--request-timeout", "60"),
        *("--suppress-health-check", "all", "--warnings", "off", "--no-color"),
        *("--report", "json", "--report-json-path", str(report)),
    ]


def _prepare(server: Server, version: str, imported: Path) -> dict[str, str]:
    """One index of each kind, which a request cannot delete, with a few records, and something of everything else.

    Gives what the variables of paths may be.
    """
    ask = partial(_ask, server, version)
    for path, body in INDEXES:
        ask("POST", path, {**body, "deletion_protection": "enabled"})
    for namespace in ("", "films"):
        ids, metadata = ("one", "two", "three"), {"year": 1999, "genre": ["a", "b"]}
        dense = [{"id": name, "values": [0.5, 1, 2], "metadata": metadata} for name in ids]
        sparse = [{"id": name, "sparseValues": SPARSE, "metadata": metadata} for name in ids]
        ask("POST", "/indexes/dense/vectors/upsert", {"namespace": namespace, "vectors": dense})
        ask("POST", "/indexes/sparse/vectors/upsert", {"namespace": namespace, "vectors": sparse})
        for name in ids:
            path = f"/indexes/records/records/namespaces/{namespace or '__default__'}/upsert"
            ask("POST", path, {"_id": name, "text": f"film {name}", "year": 1999})
    (imported / "films").mkdir(parents=True, exist_ok=True)
    (imported / "films" / "0.jsonl").write_text('{"id": "four", "values": [1, 2, 3]}\n')
    uri = imported.as_uri()
    ask("POST", "/collections", {"name": "copy", "source": "pods"})
    backup = ask("POST", "/indexes/dense/backups", {"name": "saved"})["backup_id"]
    _until_ready(partial(ask, "GET", f"/backups/{backup}"))
    return {
        "uri": uri,
        "id": ask("POST", "/indexes/dense/bulk/imports", {"uri": uri})["id"],
        "collection_name": "copy",
        "backup_id": backup,
        "job_id": ask("POST", f"/backups/{backup}/create-index", {"name": "restored"})["restore_job_id"],
    }


def _until_ready(look: Callable[[], dict[str, Any]]) -> None:
    """Raises RuntimeError."""
    deadline = time.monotonic() + 30
    while look()["status"] != "Ready":
        if time.monotonic() > deadline:
            raise RuntimeError("the backup is not ready after 30 s")
        time.sleep(0.1)


def _ask(server: Server, version: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    kind = "application/x-ndjson" if "/records/namespaces/" in path else "application/json"
    headers = {"api-key": KEY, "X-Pinecone-Api-Version": version, "content-type": kind}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return dict(json.loads(text)) if text else {}


def _counts(part: Part, report: Path, log: Path, seconds: float) -> Counts:
    """A "test" is an operation; a failure is one operation and one check."""
    name = f"{NAME} {part.label}"
    if not report.exists():
        return Counts(name, failed={f"{part.label}: the run itself": "\n".join(log.read_text().splitlines()[-20:])})
    found = json.loads(report.read_text())
    failed = {
        f"{part.label}: {operation}: {failure['title']}": str(log)
        for failure in found["failures"]
        for operation in failure["operations"]
    }
    for error in found["errors"]:
        failed[f"{part.label}: {error.get('operation')}: {error.get('title')}"] = str(error)
    if not found["complete"]:
        failed[f"{part.label}: the run did not end"] = str(log)
    operations = {re.sub(r"^.*?: (.*?): .*$", r"\1", test) for test in failed}
    tested = int(found["operations"]["tested"])
    say(f"{name}: {found['test_cases']['generated']} requests")
    return Counts(name, tested, max(tested - len(operations), 0), failed=failed, seconds=seconds)


def _exclusions() -> list[tuple[str, str]]:
    """(pattern of failures, reason) of each line. Raises ValueError for a line without a reason."""
    found = []
    for line in EXCLUDED.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, _, reason = line.partition("  # ")
            if not reason.strip():
                raise ValueError(f"{EXCLUDED}: {line!r} gives no reason")
            found.append((pattern.strip(), reason.strip()))
    return found


def _set_aside(runs: list[Counts], exclusions: list[tuple[str, str]], *, whole: bool) -> None:
    used = set()
    for run in runs:
        for failure in list(run.failed):
            for pattern, reason in exclusions:
                if fnmatchcase(failure, pattern):
                    used.add(pattern)
                    run.excluded[reason] = run.excluded.get(reason, 0) + 1
                    del run.failed[failure]
                    break
    if runs and whole:
        runs[-1].stale = [pattern for pattern, _ in exclusions if pattern not in used]


if __name__ == "__main__":
    sys.exit(main())
