"""One process of a server, from its listening sockets to the last answer."""

from __future__ import annotations

import asyncio
import importlib
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from pinyon import engine
from pinyon.errors import MissingExtraError
from pinyon.server.addresses import IndexPorts
from pinyon.server.answering import Answerer
from pinyon.server.app import App
from pinyon.server.assistant_work import AssistantWork
from pinyon.server.auth import Authenticator
from pinyon.server.dispatch import Dispatcher
from pinyon.server.imports import Importer, Imports
from pinyon.server.jobs import Jobs
from pinyon.server.observe import Observer
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.service import Service
from pinyon.server.settings import Settings
from pinyon.server.tls import Tls
from pinyon.types import Models

log = logging.getLogger("pinyon.server")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process is given.

    sockets: they listen already. tls: None for plain text only. metrics: the folder where the workers' numbers meet,
    None for a process that is alone. importer: reads the files of bulk imports. answerer: reads the files of assistants
    and answers. None serves none of these.
    """

    settings: Settings
    database: engine.Database
    models: Models
    sockets: Sequence[socket.socket]
    tls: Tls | None = None
    metrics: Path | None = None
    importer: Importer | None = None
    answerer: Answerer | None = None


class Process:
    """Serves until it is told to stop. ``run`` blocks; ``stop`` may be called from any thread or signal handler."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._asked = threading.Event()
        self._lock = threading.RLock()  # a signal handler may interrupt its own thread

    @property
    def port(self) -> int:
        return int(self._parts.sockets[0].getsockname()[1])

    def run(self, ready: Callable[[], object]) -> bool:
        """Serve. ``ready`` is called once requests are taken. False when some had to be given up in the end."""
        from pinyon.server.listener import new_loop

        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(self._serve(ready))

    def stop(self) -> None:
        """Take no more requests, answer those that are under way, and let ``run`` return."""
        self._asked.set()
        with self._lock:
            if self._loop is not None and self._stopping is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def _serve(self, ready: Callable[[], object]) -> bool:
        from pinyon.server import calls, grpc
        from pinyon.server.listener import Listener

        parts, loop = self._parts, asyncio.get_running_loop()
        stopping = asyncio.Event()
        with self._lock:
            self._loop, self._stopping = loop, stopping
        if self._asked.is_set():
            stopping.set()
        addresses = IndexPorts(
            parts.settings,
            parts.database,
            self.port,
            opened=lambda opened: loop.call_soon_threadsafe(listener.add, opened),
            closed=lambda port: loop.call_soon_threadsafe(listener.remove, port),
        )
        service = Service(parts.settings, parts.database, parts.models, addresses, answerer=parts.answerer)
        authenticate = Authenticator(service, parts.settings.keys)
        dispatcher = Dispatcher(
            App(service, ALL_ROUTES, authenticate),
            App(service, calls.ROUTES, authenticate, grpc.refuse),
            parts.settings,
            loop,
        )
        listener = Listener(dispatcher, parts.tls)
        clean = False
        with ExitStack() as ending:
            ending.callback(lambda: dispatcher.close(wait=clean))
            observer = Observer.start(service, metrics_folder=parts.metrics)
            ending.callback(observer.close)
            jobs = Jobs(service)
            ending.callback(jobs.stop)
            jobs.start()
            if parts.importer is not None:
                imports = Imports(service, parts.importer)
                ending.callback(imports.stop)
                imports.start()
            work = AssistantWork(service)
            ending.callback(work.stop)
            work.start()
            listener.add(parts.sockets)
            addresses.start()
            ending.callback(addresses.stop)
            ready()
            await stopping.wait()
            observer.draining = True
            clean = await listener.drain(parts.settings.stop_seconds)
        await asyncio.sleep(0)  # sockets that were opened meanwhile are closed
        if not clean:
            log.warning("%d requests were given up after %g s", dispatcher.active, parts.settings.stop_seconds)
        return clean


def require_extra() -> None:
    """Raises MissingExtraError unless the packages that a server needs are installed."""
    for package in ("google.protobuf", "h2", "httptools", "prometheus_client"):
        try:
            importlib.import_module(package)
        except ImportError:
            raise MissingExtraError(
                f"A server needs further packages ({package} is missing). Run: pip install 'pinyon[server]'"
            ) from None


def with_port(settings: Settings, sockets: Sequence[socket.socket]) -> Settings:
    """The settings with the port that was taken in place of 0."""
    return replace(settings, port=int(sockets[0].getsockname()[1]))
