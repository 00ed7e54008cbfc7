"""Servers under load: start one, prepare requests, hand them to the generator, read what came back."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import _protobuf
import numpy as np
import orjson
import psutil
from _workload import Workload

HERE = Path(__file__).resolve().parent
KEY = "benchmark"


@dataclass
class Figures:
    """One pass of the generator. times (n,) seconds a request; rate: requests per second, all clients together.
    rows (q, 10): the numbers of the records that each query found, padded with -1."""

    times: np.ndarray
    rate: float
    rows: np.ndarray = field(default_factory=lambda: np.empty((0, 10), np.int64))


@dataclass
class Target:
    """Where one kind of request goes, and how it is written and read."""

    protocol: str
    host: str
    port: int
    query_path: str
    upsert_path: str
    headers: dict[str, str]
    query_body: Callable[[np.ndarray], bytes]
    upsert_body: Callable[[list[str], np.ndarray, list[dict[str, Any]]], bytes]
    found: Callable[[bytes], Sequence[str]]


class Client:
    """Sends prepared requests to a target through the generator."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def query(self, work: Workload, clients: int, times: int = 1, seconds: float | None = None) -> Figures:
        bodies = [self.target.query_body(query) for query in work.queries] * times
        with tempfile.TemporaryDirectory() as folder:
            figures, answers = self._run(Path(folder), self.target.query_path, bodies, clients, seconds=seconds)
        rows = np.full((len(work.queries), 10), -1)
        for row, answer in enumerate(answers[: len(work.queries)]):
            found = [int(id_) for id_ in self.target.found(answer)] if answer else []
            rows[row, : len(found)] = found
        figures.rows = rows
        return figures

    def upsert(self, work: Workload, batch: int, clients: int) -> Figures:
        dicts = work.as_dicts()
        bodies = []
        for start in range(0, work.rows, batch):
            stop = min(work.rows, start + batch)
            metadata: list[dict[str, Any]] = [record["metadata"] for record in dicts[start:stop]]  # type: ignore[misc]
            bodies.append(self.target.upsert_body(work.ids[start:stop], work.base[start:stop], metadata))
        with tempfile.TemporaryDirectory() as folder:
            figures, _ = self._run(Path(folder), self.target.upsert_path, bodies, clients, threads=True, warm=0)
        return figures

    def _run(
        self,
        folder: Path,
        path: str,
        bodies: list[bytes],
        clients: int,
        *,
        threads: bool = False,
        warm: int = 20,
        seconds: float | None = None,
    ) -> tuple[Figures, list[bytes]]:
        (folder / "bodies").write_bytes(b"".join(bodies))
        np.save(folder / "ends.npy", np.cumsum([len(body) for body in bodies]))
        target = self.target
        job = {
            "protocol": target.protocol,
            "host": target.host,
            "port": target.port,
            "path": path,
            "headers": target.headers,
            "bodies": str(folder / "bodies"),
            "ends": str(folder / "ends.npy"),
            "times": str(folder / "times.npy"),
            "answers": str(folder / "answers"),
            "clients": clients,
            "threads": threads,
            "warm": warm,
            "seconds": seconds,
        }
        (folder / "job.json").write_text(json.dumps(job))
        done = subprocess.run(
            [sys.executable, str(HERE / "_load.py"), str(folder / "job.json")],
            capture_output=True,
            text=True,
            check=False,
        )
        said = json.loads(done.stdout or "{}")
        if done.returncode:
            raise RuntimeError(f"the load generator failed: {said.get('problem', done.stderr[-1_000:])}")
        raw, ends = (folder / "answers").read_bytes(), np.load(folder / "answers.ends.npy").tolist()
        answers = [raw[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        return Figures(np.load(folder / "times.npy"), said["requests"] / said["seconds"]), answers


# -- Pinecone's bodies ------------------------------------------------------------------------------------------------


def query_json(vector: np.ndarray) -> bytes:
    """As the SDKs write it: float32 values as the float64 that they are in Python."""
    return orjson.dumps({"topK": 10, "includeValues": False, "includeMetadata": True, "vector": vector.tolist()})


def upsert_json(ids: list[str], vectors: np.ndarray, metadata: list[dict[str, Any]]) -> bytes:
    rows = zip(ids, vectors.tolist(), metadata, strict=True)
    return orjson.dumps({"vectors": [{"id": id_, "values": row, "metadata": held} for id_, row, held in rows]})


def ids_in_json(answer: bytes) -> list[str]:
    return [match["id"] for match in orjson.loads(answer)["matches"]]


def rest_target(port: int, prefix: str, headers: dict[str, str]) -> Target:
    return Target(
        "http",
        "127.0.0.1",
        port,
        f"{prefix}/query",
        f"{prefix}/vectors/upsert",
        headers,
        query_json,
        upsert_json,
        ids_in_json,
    )


# -- servers ----------------------------------------------------------------------------------------------------------


class Process:
    """A server as a process of its own; its log is shown when it does not come up."""

    name = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def ready(self) -> bool:
        return answers(self.port)

    def __enter__(self) -> Any:
        log = self.folder.with_name(f"{self.folder.name}-{self.name}.log")  # beside the data, which is the server's own
        with log.open("w") as output:
            self.process = subprocess.Popen(
                self.command(), stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self.folder
            )
        deadline = time.monotonic() + 60
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text()[-1_500:]
                self.__exit__()
                raise RuntimeError(f"{self.name} did not come up:\n{said}")
            time.sleep(0.05)
        return self

    def __exit__(self, *problem: object) -> None:
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.with_name(f"{self.folder.name}-{self.name}.log").unlink(missing_ok=True)

    def settle(self, quiet: float = 1.0, limit: float = 120.0) -> None:
        """Waits until the server has done nothing for a while: whatever it builds behind a write is built."""
        assert self.process is not None
        watched = psutil.Process(self.process.pid)
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            before = _worked(watched)
            time.sleep(quiet)
            if _worked(watched) - before < 0.05 * quiet:
                return

    def megabytes(self) -> float:
        assert self.process is not None
        watched = psutil.Process(self.process.pid)
        return float(sum(each.memory_info().rss for each in [watched, *watched.children(recursive=True)])) / 2**20


class PinyonServer(Process):
    """``pinyon serve`` on a data directory, over cleartext, with a key."""

    name = "pinyon"

    def command(self) -> list[str]:
        serve = ["serve", "--data", str(self.folder), "--port", str(self.port), "--key", KEY]
        return [sys.executable, "-m", "pinyon.cli", *serve]

    def rest(self, index: str) -> Client:
        headers = {"api-key": KEY, "x-pinecone-api-version": "2025-10"}
        return Client(rest_target(self.port, f"/indexes/{index}", headers))

    def grpc(self, index: str) -> Client:
        host = self.call("GET", f"/indexes/{index}")["host"].removeprefix("http://")
        name, _, port = host.partition(":")
        return Client(
            Target(
                "grpc",
                name,
                int(port),
                "/VectorService/Query",
                "/VectorService/Upsert",
                {"api-key": KEY, "x-pinecone-api-version": "2025-10"},
                lambda vector: _protobuf.query(vector, 10),
                _protobuf.upsert,
                _protobuf.match_ids,
            )
        )

    def create(self, index: str, dimension: int) -> None:
        spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
        self.call("POST", "/indexes", {"name": index, "dimension": dimension, "metric": "cosine", "spec": spec})

    def delete(self, index: str) -> None:
        self.call("DELETE", f"/indexes/{index}")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return call(method, f"http://127.0.0.1:{self.port}{path}", body, {"Api-Key": KEY})

    def sdk(self, python: Path, work: Workload) -> list[str]:
        """Lines about one official SDK, measured in its own environment."""
        with tempfile.TemporaryDirectory() as folder:
            np.save(Path(folder) / "queries.npy", work.queries)
            np.save(Path(folder) / "rows.npy", work.base[:10_000])
            url = f"http://127.0.0.1:{self.port}"
            command = [str(python), str(HERE / "_sdk.py"), url, KEY, folder]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip().splitlines() if not done.returncode else [f"failed: {done.stderr.strip()[-300:]}"]

    def soak(self, work: Workload, seconds: float, clients: int) -> tuple[float, np.ndarray]:
        """(queries a second, (n, 2) seconds and megabytes) while one writer replaces records all the time."""
        ended = threading.Event()
        samples: list[tuple[float, float]] = []
        begin = time.monotonic()

        def watch() -> None:
            while not ended.wait(1.0):
                samples.append((time.monotonic() - begin, self.megabytes()))

        def write() -> None:
            dicts = work.as_dicts()[:2_000]
            start = 0
            while not ended.wait(0.2):
                batch = dicts[start : start + 50]
                self.call("POST", "/indexes/bench/vectors/upsert", {"vectors": batch})
                start = (start + 50) % len(dicts)

        threads = [threading.Thread(target=watch), threading.Thread(target=write)]
        for thread in threads:
            thread.start()
        try:
            figures = self.rest("bench").query(work, clients=clients, seconds=seconds)
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        return figures.rate, np.array(samples)


def call(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """One plain request that is not timed; the decoded answer, None for an empty one."""
    data = None if body is None else orjson.dumps(body)
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = answer.read()
    except urllib.error.HTTPError as problem:
        raise RuntimeError(f"{method} {url}: {problem.code} {problem.read()[:300]!r}") from None
    return orjson.loads(content) if content else None


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _worked(process: psutil.Process) -> float:
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            spent = each.cpu_times()
            total += spent.user + spent.system
    return total
