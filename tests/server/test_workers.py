"""Several processes on one data directory: they answer alike, are replaced when they die, and stop without loss."""

from __future__ import annotations

import math
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from pinyon.app.server import serve
from pinyon.errors import FailedPreconditionError
from pinyon.server import sockets
from pinyon.server.settings import Settings
from server.live import Raw, running_server
from waiting import eventually

pytestmark = [
    pytest.mark.usefixtures("loopback"),
    pytest.mark.skipif(not sockets.can_share(), reason="several workers need a port that processes can share"),
]

PROGRAM = """
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from pinyon.app.server import serve
from pinyon.server.settings import Settings

if __name__ == "__main__":
    settings = Settings(data=Path(sys.argv[1]), port=0, workers=int(sys.argv[2]), stop_seconds=10)
    serve(settings, started=lambda about: print("serving", about.port, flush=True))
    print("stopped", flush=True)
"""


class Serving:
    """A server of its own, with its log."""

    def __init__(self, folder: Path, workers: int) -> None:
        program = folder / "program.py"
        program.write_text(PROGRAM)
        self.log = folder / "log.txt"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(program), str(folder / "data"), str(workers)], stdout=log, stderr=log
            )
        assert eventually(lambda: "serving" in self.said or self.process.poll() is not None)
        found = re.search(r"serving (\d+)", self.said)
        assert found is not None, self.said
        self.port = int(found[1])

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer, without those that are ending."""
        return [child for child in psutil.Process(self.process.pid).children() if _is_worker(child)]

    def call(self, method: str, path: str, value: Any = None, *, host: str = "", version: str = "2025-10") -> Any:
        """One request on a connection of its own, which any worker may take."""
        port = int(host.rpartition(":")[2]) if host else self.port
        body = b"" if value is None else orjson.dumps(value)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Pinecone-Api-Version: {version}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with Raw(socket.create_connection(("127.0.0.1", port), 30)) as raw:
            found = raw.send(head.encode() + body).response()
        assert found.status < 300, found
        return orjson.loads(found.body) if found.body else None

    def create(self, name: str) -> str:
        """The host of a new index."""
        spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
        return str(self.call("POST", "/indexes", {"name": name, "dimension": 2, "spec": spec})["host"])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    running = Serving(tmp_path, 2)
    yield running
    if running.process.poll() is None:
        for child in psutil.Process(running.process.pid).children(recursive=True):
            child.kill()
        running.process.kill()
        running.process.wait()


def test_what_one_worker_wrote_every_worker_reads(serving: Serving) -> None:
    host = serving.create("films")
    for number in range(60):  # each call on a connection of its own, so that both workers take some
        values = [math.cos(number / 20), math.sin(number / 20)]
        record = {"id": f"r{number}", "values": values}
        assert serving.call("POST", "/vectors/upsert", {"vectors": [record]}, host=host) == {"upsertedCount": 1}
        found = serving.call("GET", f"/vectors/fetch?ids=r{number}", host=host)
        assert list(found["vectors"]) == [f"r{number}"]
        best = serving.call("POST", "/query", {"vector": values, "topK": 1}, host=host)
        assert best["matches"][0]["id"] == f"r{number}"
    assert len(serving.workers) == 2


def test_indexes_come_and_go_on_every_worker(serving: Serving) -> None:
    for number in range(6):
        host = serving.create(f"i{number}")
        for _ in range(4):
            assert serving.call("POST", "/describe_index_stats", {}, host=host)["dimension"] == 2
        port = int(host.rpartition(":")[2])
        assert eventually(lambda: _listening(serving, port) == 2)  # noqa: B023
        serving.call("DELETE", f"/indexes/i{number}")
        assert eventually(lambda: _listening(serving, port) == 0)  # noqa: B023
    assert serving.call("GET", "/indexes")["indexes"] == []


def test_a_killed_worker_is_replaced_and_nothing_acknowledged_is_lost(serving: Serving) -> None:
    host = serving.create("films")
    acknowledged: list[str] = []
    going = threading.Event()
    going.set()

    def write(part: int) -> None:
        number = 0
        while going.is_set():
            number += 1
            id_ = f"{part}-{number}"
            try:
                serving.call("POST", "/vectors/upsert", {"vectors": [{"id": id_, "values": [1, 2]}]}, host=host)
            except (OSError, EOFError):
                continue  # its worker was killed: nothing was promised
            acknowledged.append(id_)

    with ExitStack() as ending:
        ending.enter_context(_threads(write, 4))
        ending.callback(going.clear)
        for _ in range(3):
            time.sleep(0.5)
            victims = serving.workers
            victims[0].kill()
            assert eventually(lambda: victims[0].pid not in {one.pid for one in serving.workers})  # noqa: B023
            assert eventually(lambda: _listening(serving, serving.port) == 2)
        going.clear()
    assert serving.call("POST", "/describe_index_stats", {}, host=host)["totalVectorCount"] >= len(acknowledged) > 50
    found: set[str] = set()
    for at in range(0, len(acknowledged), 100):
        query = "&".join(f"ids={id_}" for id_ in acknowledged[at : at + 100])
        found |= serving.call("GET", f"/vectors/fetch?{query}", host=host)["vectors"].keys()
    assert found == set(acknowledged)
    assert "is replaced" in serving.said


def test_stopping_loses_nothing_acknowledged_and_refuses_nothing_admitted(serving: Serving) -> None:
    host = serving.create("films")
    acknowledged: list[str] = []
    broken: list[str] = []

    def write(part: int) -> None:
        raw = Raw(socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), 30))
        number = 0
        while True:
            number += 1
            id_ = f"{part}-{number}"
            body = orjson.dumps({"vectors": [{"id": id_, "values": [1, 2]}]})
            head = b"POST /vectors/upsert HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
            try:
                answer = raw.send(head + body).response()
            except (OSError, EOFError):
                broken.append(id_)  # sent after the server said that it closes
                break
            if answer.status != 200:
                broken.append(f"{id_}: {answer.status}")
                break
            acknowledged.append(id_)
            if answer.headers.get("connection") == "close":
                break
        raw.sock.close()

    with _threads(write, 6):
        time.sleep(1.0)
        assert serving.stop() == 0
    assert serving.said.rstrip().endswith("stopped")
    assert not any(":" in one for one in broken)
    assert len(acknowledged) > 50
    with running_server(data=serving.log.parent / "data") as server:
        assert {f"{id_}" for id_ in acknowledged} <= _ids(server.database.index("films"))


def test_workers_stop_when_their_parent_is_killed(serving: Serving) -> None:
    workers = serving.workers
    serving.process.kill()
    serving.process.wait()
    psutil.wait_procs(workers, timeout=20)
    assert [worker for worker in workers if worker.is_running()] == []


def test_a_second_server_on_the_port_is_refused(serving: Serving, tmp_path: Path) -> None:
    for workers in (1, 2):
        with pytest.raises(FailedPreconditionError, match=f"port {serving.port}"):
            serve(Settings(data=tmp_path / "other", port=serving.port, workers=workers))


def test_what_several_workers_cannot_do_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FailedPreconditionError, match="data directory"):
        serve(Settings(workers=2))
    monkeypatch.setattr(sockets, "can_share", lambda: False)
    with pytest.raises(FailedPreconditionError, match="--workers 1"):
        serve(Settings(data=tmp_path, workers=2))


def test_a_worker_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(FailedPreconditionError, match=r"0\.0\.0\.0"):
        serve(Settings(data=tmp_path / "data", host="0.0.0.0", port=0, workers=2))


def test_one_process_serves_and_stops_on_a_signal(tmp_path: Path) -> None:
    running = Serving(tmp_path, 1)
    host = running.create("films")
    assert running.call("POST", "/describe_index_stats", {}, host=host)["dimension"] == 2
    assert running.stop() == 0
    assert running.said.rstrip().endswith("stopped")


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "resource_tracker" not in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


@contextmanager
def _threads(target: Callable[[int], None], count: int) -> Iterator[None]:
    """Threads that run inside the block and have ended after it."""
    threads = [threading.Thread(target=target, args=(part,)) for part in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


def _ids(index: Any) -> set[str]:
    return {record.id for record in index.iterate("", include_values=False)}


def _listening(serving: Serving, port: int) -> int:
    """How many workers listen on a port."""
    found = 0
    for worker in serving.workers:
        try:
            connections = worker.net_connections("tcp")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        found += any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)
    return found
