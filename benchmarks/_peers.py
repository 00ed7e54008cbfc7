"""Other servers, run from an environment that has them: chromadb, milvus-lite, needledb."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from _clients import Client, Figures, Process, Target, call, rest_target
from _workload import Workload

HERE = Path(__file__).resolve().parent
CHROMA = "/api/v2/tenants/default_tenant/databases/default_database/collections"


class Chroma(Process):
    """The server of chromadb. Its metadata holds no lists here, so tags are one string. HNSW as wide as needed."""

    name = "chromadb"

    def __init__(self, folder: Path, environment: Path) -> None:
        super().__init__(folder)
        self.environment = environment
        self.collection = ""

    def command(self) -> list[str]:
        return [str(self.environment / "bin" / "chroma"), "run", "--path", str(self.folder), "--port", str(self.port)]

    def create(self, index: str, dimension: int) -> None:
        wide = {"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200}}
        made = call("POST", f"http://127.0.0.1:{self.port}{CHROMA}", {"name": index, "configuration": wide})
        self.collection = made["id"]

    def rest(self, index: str) -> Client:
        base = f"{CHROMA}/{self.collection}"
        return Client(
            Target(
                "http",
                "127.0.0.1",
                self.port,
                f"{base}/query",
                f"{base}/upsert",
                {},
                lambda vector: orjson.dumps(
                    {"query_embeddings": [vector.tolist()], "n_results": 10, "include": ["metadatas", "distances"]}
                ),
                _chroma_upsert,
                lambda answer: orjson.loads(answer)["ids"][0],
            )
        )


def _chroma_upsert(ids: list[str], vectors: np.ndarray, metadata: list[dict[str, Any]]) -> bytes:
    flat = [
        {key: ",".join(value) if isinstance(value, list) else value for key, value in row.items()} for row in metadata
    ]
    return orjson.dumps({"ids": ids, "embeddings": vectors.tolist(), "metadatas": flat})


class Needle(Process):
    """needledb: Pinecone's data plane over REST under a path."""

    name = "needledb"

    def __init__(self, folder: Path, environment: Path) -> None:
        super().__init__(folder)
        self.environment = environment

    def command(self) -> list[str]:
        program = str(self.environment / "bin" / "needledb")
        return [
            program,
            "serve",
            "--data",
            str(self.folder),
            "--port",
            str(self.port),
            "--no-auth",
            "--log-level",
            "error",
        ]

    def create(self, index: str, dimension: int) -> None:
        body = {"name": index, "dimension": dimension, "metric": "cosine"}
        call("POST", f"http://127.0.0.1:{self.port}/indexes", body)

    def rest(self, index: str) -> Client:
        return Client(rest_target(self.port, f"/indexes/{index}", {}))


class Milvus(Process):
    """milvus-lite's server. Its requests are made by its own client, so its figures hold that client's time too."""

    name = "milvus-lite"

    def __init__(self, folder: Path, environment: Path) -> None:
        super().__init__(folder)
        self.environment = environment

    def command(self) -> list[str]:
        program = str(self.environment / "bin" / "milvus-lite")
        return [
            program,
            "server",
            "--data-dir",
            str(self.folder / "data"),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]

    def create(self, index: str, dimension: int) -> None:
        """Its client makes the collection with the first upsert."""

    def rest(self, index: str) -> MilvusClient:
        return MilvusClient(self)


class MilvusClient:
    """The same two passes as ``Client``, through pymilvus in the peers' environment."""

    def __init__(self, server: Milvus) -> None:
        self.server = server

    def query(self, work: Workload, clients: int, times: int = 1) -> Figures:
        return self._run(work, "query", clients, times, 0)

    def upsert(self, work: Workload, batch: int, clients: int) -> Figures:
        return self._run(work, "upsert", clients, 1, batch)

    def _run(self, work: Workload, what: str, clients: int, times: int, batch: int) -> Figures:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            np.save(folder / "rows.npy", work.base if what == "upsert" else work.queries)
            if what == "upsert":
                (folder / "metadata.json").write_bytes(orjson.dumps([row["metadata"] for row in work.as_dicts()]))
            options = {"port": self.server.port, "what": what, "clients": clients, "times": times, "batch": batch}
            (folder / "job.json").write_text(json.dumps(options))
            command = [str(self.server.environment / "bin" / "python"), str(HERE / "_milvus.py"), name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"pymilvus failed: {done.stderr.strip()[-500:]}")
            spent, rate = np.load(folder / "times.npy"), float(done.stdout.strip().splitlines()[-1])
            rows = np.load(folder / "found.npy") if what == "query" else np.empty((0, 10), np.int64)
        return Figures(spent, rate, rows)


def peers_of(environment: Path) -> Iterator[tuple[str, Any]]:
    """(name, server) of each one that is installed, each on a directory of its own."""
    for program, made in (("chroma", Chroma), ("needledb", Needle), ("milvus-lite", Milvus)):
        if (environment / "bin" / program).exists():
            with tempfile.TemporaryDirectory() as folder:
                yield made.name, made(Path(folder), environment)
