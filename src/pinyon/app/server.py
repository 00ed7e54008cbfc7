"""A server: the engine, the models that are installed, and the processes that take requests."""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from pinyon import engine
from pinyon.app.answering import Answering
from pinyon.app.imports import REMOTE, BulkImporter
from pinyon.engine.pictures import LARGEST_FILE
from pinyon.errors import FailedPreconditionError, InvalidRequestError, PinyonError
from pinyon.models import ModelRegistry
from pinyon.models.web_pictures import PictureFetcher
from pinyon.server import logs, sockets
from pinyon.server.auth import check_start
from pinyon.server.process import Parts, Process, require_extra, with_port
from pinyon.server.settings import Settings
from pinyon.server.tls import Tls
from pinyon.server.workers import READY, Workers
from pinyon.types import Models

log = logging.getLogger("pinyon.server")


@dataclass(frozen=True, slots=True)
class Started:
    """A server that takes requests. ca: the certificate that clients are to trust, when it is our own."""

    settings: Settings
    port: int
    ca: Path | None
    warnings: tuple[str, ...]

    @property
    def url(self) -> str:
        """The main address, for a client on this machine."""
        host = self.settings.host
        if self.ca is not None or host in {"0.0.0.0", "::", ""}:
            host = "localhost"
        return (
            f"{'http' if self.settings.tls is None else 'https'}://{f'[{host}]' if ':' in host else host}:{self.port}"
        )


def serve(
    settings: Settings, models: Models | None = None, *, started: Callable[[Started], object] | None = None
) -> None:
    """Serve until the process is told to stop (SIGINT, SIGTERM). Then what is under way is answered.

    models: a registry of your own; it cannot go to several workers. started: is called once requests are taken.
    Raises FailedPreconditionError for a taken port or unsafe settings; also what opening the data raises.
    """
    require_extra()
    logs.set_up(settings)
    if settings.workers > 1:
        _serve_with_workers(settings, models, started)
        return
    with _prepared(settings) as (database, certificates, warnings):
        opened = sockets.listen(settings.host, settings.port)
        process = Process(_parts(settings, database, models, opened, _tls(settings, certificates)))
        about = Started(settings, process.port, certificates and certificates[0], warnings)
        with _closing(opened), _on_signal(process.stop):
            process.run(lambda: started(about) if started is not None else None)


class RunningServer:
    """A server in threads of this process. ``with start_in_thread(settings) as server:`` stops it in the end."""

    def __init__(self, settings: Settings, models: Models | None = None) -> None:
        require_extra()
        if settings.workers > 1:
            raise InvalidRequestError("Several workers are several processes: use serve(), or `pinyon serve`.")
        self._ending = ExitStack()
        self._failure: BaseException | None = None
        with ExitStack() as trying:
            database, certificates, warnings = trying.enter_context(_prepared(settings))
            self.database = database
            opened = sockets.listen(settings.host, settings.port)
            trying.enter_context(_closing(opened))
            self._process = Process(_parts(settings, database, models, opened, _tls(settings, certificates)))
            self.about = Started(settings, self._process.port, certificates and certificates[0], warnings)
            ready = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(ready,), name="pinyon-server", daemon=True)
            self._thread.start()
            ready.wait()
            if self._failure is not None:
                self._thread.join()
                raise self._failure
            self._ending = trying.pop_all()

    @property
    def url(self) -> str:
        return self.about.url

    @property
    def port(self) -> int:
        return self.about.port

    def stop(self) -> None:
        """Answer what is under way, then end. Harmless when called twice."""
        self._process.stop()
        self._thread.join()
        self._ending.close()

    def _run(self, ready: threading.Event) -> None:
        try:
            self._process.run(ready.set)
        except BaseException as error:
            self._failure = error
            log.exception("the server ended")
        finally:
            ready.set()

    def __enter__(self) -> RunningServer:
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()


class Server(RunningServer):
    """The Pinecone API of a data directory, served beside this program's own work while a ``with`` block lasts.

    path: the data directory, or ":memory:".
    port: 0 takes a free one; ``url`` says which.
    keys: API keys that clients may use; none lets every program on this machine in.
    tls: "auto", or (certificate, key) files.
    models: a registry of your own instead of the default one.
    more: any other setting of the server, by name.

    Raises MissingExtraError without the extra ``server``, FailedPreconditionError when the port is taken or when the
    address reaches beyond this machine and there is no key.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = ":memory:",
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        keys: Iterable[str] = (),
        tls: tuple[Path, Path] | Literal["auto"] | None = None,
        models: Models | None = None,
        **more: Any,
    ) -> None:
        data = None if str(path) == ":memory:" else Path(path).expanduser()
        super().__init__(Settings(data=data, host=host, port=port, keys=tuple(keys), tls=tls, **more), models)


def start_in_thread(settings: Settings, models: Models | None = None) -> RunningServer:
    """A server beside the program's own work. It takes requests when this returns."""
    return RunningServer(settings, models)


# -- pieces -----------------------------------------------------------------------------------------------------------


def _parts(
    settings: Settings,
    database: engine.Database,
    models: Models | None,
    opened: list[socket.socket],
    tls: Tls | None,
    metrics: Path | None = None,
) -> Parts:
    if models is None:
        from pinyon.app import default_models

        models = default_models(settings.data).guarded(partial(_is_bound, database, settings.generator))
    models = _with_fetcher(models, settings)
    importer = BulkImporter(settings.import_roots, remote=REMOTE if settings.import_remote else ())
    answerer = Answering(models, generator=settings.generator, data=settings.data)
    answerer.check_generator()
    return Parts(settings, database, models, opened, tls, metrics, importer, answerer)


def _with_fetcher(models: Models, settings: Settings) -> Models:
    """The models of a server, which fetch pictures from the origins that it was started with."""
    fetcher = _fetcher(settings)
    if fetcher is None:
        return models
    if not isinstance(models, ModelRegistry):
        raise InvalidRequestError(
            f"picture_origins cannot be told to models of the type {type(models).__name__}. Leave it out and let their "
            "fetch_picture say what is fetched, or give a pinyon.models.ModelRegistry."
        )
    return models.fetching(fetcher)


def _fetcher(settings: Settings) -> PictureFetcher | None:
    """Raises InvalidRequestError for an origin that is none; MissingExtraError without what fetches."""
    if not settings.picture_origins:
        return None
    from pinyon.pictures import sniffed

    return PictureFetcher(
        settings.picture_origins, most=LARGEST_FILE, is_picture=lambda data: sniffed(data) is not None
    )


def _is_bound(database: engine.Database, generator: str, model: str) -> bool:
    """Whether an index has this model, or it is the one that writes. Clients may name no other file or endpoint that is
    not described for them."""
    if model == generator:
        return True
    embeds = (entry.spec.embed for entry in database.entries())
    return any(embed is not None and embed.model == model for embed in embeds)


@contextmanager
def _prepared(settings: Settings) -> Iterator[tuple[engine.Database, tuple[Path, Path] | None, tuple[str, ...]]]:
    """(the open database, (authority, certificate) that are our own, warnings)."""
    _fetcher(settings)  # what is wrong with it is told before anything is opened, and not by one worker of several
    with ExitStack() as stack:
        database = stack.enter_context(
            engine.Database(
                settings.data if settings.data is not None else ":memory:",
                limits=settings.limits,
                memory=settings.worker_memory,
            )
        )
        warnings = tuple(check_start(settings, database) or ())
        certificates = None
        if settings.tls == "auto":
            folder = settings.data / "tls" if settings.data is not None else None
            if folder is None:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pinyon-tls-")))
            certificates = _own_certificates(settings, folder)
        yield database, certificates, warnings


def _own_certificates(settings: Settings, folder: Path) -> tuple[Path, Path]:
    from pinyon.server.certificates import prepare

    made = prepare(folder, [settings.host, *settings.allow_hosts])
    return made.ca, made.server


def _tls(settings: Settings, certificates: tuple[Path, Path] | None) -> Tls | None:
    if certificates is not None:
        folder = certificates[0].parent
        return Tls(certificates[1], certificates[1], partial(_own_certificates, settings, folder))
    if isinstance(settings.tls, tuple):
        return Tls(*settings.tls)
    return None


@contextmanager
def _closing(opened: list[socket.socket]) -> Iterator[None]:
    try:
        yield
    finally:
        sockets.close_all(opened)


@contextmanager
def _on_signal(stop: Callable[[], object]) -> Iterator[None]:
    """The first SIGINT or SIGTERM asks, the second one ends this process at once."""
    asked = False

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)
        asked = True
        stop()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# -- several processes ------------------------------------------------------------------------------------------------


def _serve_with_workers(settings: Settings, models: Models | None, started: Callable[[Started], object] | None) -> None:
    if not sockets.can_share():
        raise FailedPreconditionError("Several workers cannot share a port on this system. Use one: --workers 1.")
    if settings.data is None:
        raise FailedPreconditionError("Several workers need a data directory to share: give --data, or use one worker.")
    if models is not None:
        raise InvalidRequestError("A registry of models cannot be given to several workers, which make their own.")
    with ExitStack() as stack:
        with _prepared(settings) as (_, certificates, warnings):
            pass  # the database is there, and its parent needs it no more
        reserved = sockets.reserve(settings.host, settings.port)
        stack.enter_context(_closing(reserved))
        fixed = with_port(settings, reserved)
        metrics = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pinyon-metrics-")))
        from pinyon.server.metrics import forget_worker

        workers = Workers(
            settings.workers,
            partial(_work, fixed, certificates, metrics),
            stop_seconds=settings.stop_seconds,
            died=partial(forget_worker, metrics),
        )
        with _on_signal(workers.stop):
            workers.start()
            if started is not None:
                started(Started(settings, fixed.port, certificates and certificates[0], warnings))
            workers.run()


def _work(
    settings: Settings, certificates: tuple[Path, Path] | None, metrics: Path, number: int, pipe: Connection
) -> None:
    """A worker's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    logs.set_up(settings)
    try:
        place, memory = settings.data or ":memory:", settings.worker_memory
        with engine.Database(place, limits=settings.limits, memory=memory) as database:
            opened = sockets.listen(settings.host, settings.port, shared=True)
            with _closing(opened):
                parts = _parts(settings, database, None, opened, _tls(settings, certificates), metrics)
                process = Process(parts)
                signal.signal(signal.SIGTERM, lambda *_: process.stop())
                threading.Thread(target=_stop_with_parent, args=(pipe, process), daemon=True).start()
                process.run(lambda: pipe.send_bytes(READY))
    except PinyonError as error:
        pipe.send_bytes(error.message.encode())


def _stop_with_parent(pipe: Connection, process: Process) -> None:
    """The parent closes its end of the pipe to stop a worker, and when it dies."""
    try:
        pipe.recv_bytes()
    except (EOFError, OSError):
        process.stop()
