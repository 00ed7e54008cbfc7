"""Where each index is reached: a port of its own, a virtual host, or a path.

Every process of a server listens on every index's port. Which port that is, the catalog remembers, by the main port of
the server and the uuid of the index; so a port outlives restarts, and no two processes give the same port twice.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from pinyon import engine
from pinyon.errors import ClosedError, FailedPreconditionError, PinyonError
from pinyon.server import sockets
from pinyon.server.http import Request
from pinyon.server.restoring import PENDING
from pinyon.server.settings import Settings

log = logging.getLogger("pinyon.server")

KIND: Final = "address"
"""Of the registry's entries."""
_LOOK: Final = 0.04
"""Seconds between two looks at the catalog; a look takes microseconds."""
_RANGE: Final = 2_000
"""Ports above the main one that are tried."""
_VIRTUAL: Final = re.compile(r"([a-z0-9-]+)\.svc\.", re.IGNORECASE)


class Addresses(Protocol):
    def host_of(self, name: str, request: Request) -> str:
        """The host that describe_index gives for an index, in the style and under the name that the client used."""
        ...

    def index_at(self, port: int, authority: str) -> str:
        """The index that lives at a local port, or under a virtual host; "" for the main address."""
        ...


class IndexPorts:
    """The addresses of a running server.

    port: the main one. opened: is told of sockets that listen on a new port, closed: of a port that nothing lives at
    any more. Thread-safe.
    """

    def __init__(
        self,
        settings: Settings,
        database: engine.Database,
        port: int,
        *,
        opened: Callable[[Sequence[socket.socket]], object],
        closed: Callable[[int], object],
    ) -> None:
        self._settings = settings
        self._database = database
        self._main = port
        self._shared = settings.workers > 1
        self._opened = opened
        self._closed = closed
        self._lock = threading.RLock()
        self._names: dict[int, str] = {}
        self._ports: dict[str, int] = {}
        """Uuid of an index -> the port that this process listens on for it."""
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="pinyon-addresses", daemon=True)

    # -- questions ----------------------------------------------------------------------------------------------------

    def index_at(self, port: int, authority: str) -> str:
        name = self._names.get(port)
        if name is not None:
            return name
        found = _VIRTUAL.match(authority)
        label = found[1].lower() if found else ""
        suffix = f"-{self._settings.project.lower()}"
        return label.removesuffix(suffix) if label.endswith(suffix) else ""

    def host_of(self, name: str, request: Request) -> str:
        """Raises NotFoundError. An index that this process hears of for the first time listens when this returns."""
        uuid = self._uuid_of(name)
        host, port = _split(request.authority)
        host = host or self._settings.host
        bare = self._settings.host_style == "bare" or request.scheme == "https"
        prefix = "" if bare else f"{request.scheme}://"
        virtual = _VIRTUAL.match(host)
        if virtual is not None:
            return f"{prefix}{self._virtual(name, host[virtual.end() :])}:{port or self._main}"
        own = self._port_of(uuid, name) if self._settings.index_ports and uuid else None
        if own is not None:
            return f"{prefix}{host}:{own}"
        if bare:
            return f"{self._virtual(name, 'localhost' if _is_address(host) else host)}:{port or self._main}"
        return f"{prefix}{request.authority or f'{host}:{self._main}'}/indexes/{name}"

    def _uuid_of(self, name: str) -> str:
        """ "" while the index is being restored: it has no port before it is there. Raises NotFoundError."""
        restoring = (
            self._database.registry.get(PENDING, name) is not None
        )  # asked first: it ends when the index is there
        if restoring and not self._database.has_index(name):
            return ""
        return self._database.entry(name).uuid

    def _virtual(self, name: str, domain: str) -> str:
        return f"{name}-{self._settings.project}.svc.{domain}"

    # -- ports --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen for every index there is, and for those to come. Raises FailedPreconditionError."""
        if self._settings.index_ports:
            self._reconcile()
            self._watcher.start()

    def stop(self) -> None:
        """Watch no more. The sockets are the listener's to close."""
        self._stop.set()
        if self._watcher.is_alive():
            self._watcher.join()
        if self._settings.port == 0 and not self._shared:
            self._database.registry.remove(KIND, str(self._main))

    def _watch(self) -> None:
        state = -1
        while not self._stop.wait(_LOOK):
            try:
                now = self._database.catalog_state()
                if now != state:
                    self._reconcile()
                    state = now
            except ClosedError:
                return
            except PinyonError as error:
                log.warning("the ports of indexes cannot be brought up to date: %s", error)

    def _reconcile(self) -> None:
        with self._lock:
            # An index is in the catalog before its port is remembered: what is remembered and not there now is gone.
            remembered = self._database.registry.get(KIND, str(self._main)) or {}
            listed = [entry for entry in self._database.entries() if not entry.spec.is_internal]
            entries = sorted(listed, key=lambda entry: entry.created_at)
            names = {entry.uuid: entry.spec.name for entry in entries}
            for uuid in self._ports.keys() - names.keys():
                port = self._ports.pop(uuid)
                self._names.pop(port, None)
                self._closed(port)
            for uuid, name in names.items():
                self._port_of(uuid, name)
            self._forget(remembered.keys() - names.keys())

    def _port_of(self, uuid: str, name: str) -> int | None:
        """The port of an index, on which this process listens from now on; None when there is no port left."""
        port = self._ports.get(uuid)
        if port is not None:
            return port
        with self._lock:
            if uuid not in self._ports:
                opened = self._open(uuid)
                if opened is None:
                    return None
                port = self._ports[uuid] = int(opened[0].getsockname()[1])
                self._names[port] = name
                self._opened(opened)
            return self._ports[uuid]

    def _open(self, uuid: str) -> list[socket.socket] | None:
        known = self._database.registry.get(KIND, str(self._main)) or {}
        remembered = known.get(uuid)
        if isinstance(remembered, int):
            opened = self._listen(remembered)
            if opened is not None:
                return opened
        return self._allot(uuid, remembered)

    def _allot(self, uuid: str, failed: object) -> list[socket.socket] | None:
        """A port that was nobody's, entered under the index; or the one that another process entered meanwhile."""
        with self._database.registry.edit(KIND, str(self._main)) as entry:
            ports = entry.value or {}
            found = ports.get(uuid)
            if isinstance(found, int) and found != failed:
                opened = self._listen(found)
                if opened is not None:
                    return opened
            taken = {self._main, *ports.values()}
            opened = self._first_free(taken)
            if opened is not None:
                entry.value = ports | {uuid: int(opened[0].getsockname()[1])}
        return opened

    def _first_free(self, taken: set[object]) -> list[socket.socket] | None:
        if self._settings.port == 0:
            return self._listen(0)
        for port in range(self._main + 1, min(self._main + 1 + _RANGE, 65_536)):
            if port not in taken and (not self._shared or sockets.is_free(self._settings.host, port)):
                opened = self._listen(port)
                if opened is not None:
                    return opened
        log.warning("no port above %d is free: some indexes are reached by path or virtual host only", self._main)
        return None

    def _listen(self, port: int) -> list[socket.socket] | None:
        try:
            return sockets.listen(self._settings.host, port, shared=self._shared)
        except FailedPreconditionError as error:
            log.debug("%s", error)
            return None

    def _forget(self, gone: set[str]) -> None:
        if gone:
            with self._database.registry.edit(KIND, str(self._main)) as entry:
                entry.value = {uuid: port for uuid, port in (entry.value or {}).items() if uuid not in gone}


def _split(authority: str) -> tuple[str, str]:
    """("[::1]", "5080") of "[::1]:5080"; the port is "" when there is none."""
    host, colon, port = authority.rpartition(":")
    if not colon or port.endswith("]"):
        return authority, ""
    return host, port


def _is_address(host: str) -> bool:
    return host.startswith("[") or host.replace(".", "").isdigit()
