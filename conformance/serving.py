"""A server of ours for a suite to run against."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "pinyon.cli", "serve")
KEY = "pclocal"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Server:
    """A running ``pinyon serve``. ``authority``: the certificate of its own authority, when it speaks TLS."""

    url: str
    port: int
    data: Path

    @property
    def authority(self) -> Path:
        return self.data / "tls" / "ca.pem"

    @classmethod
    @contextmanager
    def start(cls, data: Path, log: Path, tls: bool, options: Sequence[str] = ()) -> Iterator[Server]:
        """Raises RuntimeError with the end of the log when it does not come up."""
        port = _free_port()
        scheme = "https" if tls else "http"
        server = cls(f"{scheme}://localhost:{port}", port, data)
        command = [*COMMAND, "--data", str(data), "--port", str(port), "--key", KEY]
        with log.open("w") as output:
            process = subprocess.Popen(
                [*command, *(["--tls", "auto"] if tls else []), *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=Path(__file__).parents[1],
            )
            try:
                _wait(server, tls, process, log)
                yield server
            finally:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def bundle(self, python: Path, folder: Path) -> Path:
        """The public authorities of an environment and this server's own, in one file."""
        code = "import certifi; print(certifi.where())"
        public = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        bundle = folder / "authorities.pem"
        bundle.write_bytes(Path(public).read_bytes() + self.authority.read_bytes())
        return bundle


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Server, tls: bool, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _ready(server.port, tls):
            return
        time.sleep(0.1)
    end = "\n".join(log.read_text().splitlines()[-20:])
    raise RuntimeError(f"the server did not come up within {START_SECONDS:.0f} s:\n{end}")


def _ready(port: int, tls: bool) -> bool:
    try:
        if tls:
            unverified = ssl.create_default_context()
            unverified.check_hostname = False
            unverified.verify_mode = ssl.CERT_NONE
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", port, timeout=2, context=unverified
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
