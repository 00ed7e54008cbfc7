"""A server that asks for keys, without sockets: the real authenticator, and what a listener would tell an observer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson

from pinyon import engine
from pinyon.server import accounts
from pinyon.server.app import App
from pinyon.server.auth import Authenticator
from pinyon.server.http import Admitted, Answer, Head, Route
from pinyon.server.keys import KeyInfo, KeyStore
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.service import Service
from pinyon.server.settings import Settings
from pinyon.types import IndexSpec
from server.clients import PORT, Client, PortAddresses, Reply, WordModels

GIVEN = "a-key-given-at-the-start"


class KeyedClient(Client):
    """given: the keys of the command line."""

    def __init__(
        self, service: Service, given: Sequence[str] = (GIVEN,), routes: Sequence[Route] | None = None
    ) -> None:
        super().__init__(service, ALL_ROUTES if routes is None else routes)
        self.authenticator = Authenticator(service, given)
        self.app = App(service, self.app.router.routes, self.authenticator)
        self.store = KeyStore(service.database.registry)

    def key(self, *roles: str, **limits: Any) -> str:
        """The secret of a new key."""
        return self.store.create("test", roles or ("ProjectEditor",), **limits)[1]

    def info(self, secret: str) -> KeyInfo:
        return self.store.verify(secret)

    def token(self, *bindings: Mapping[str, Any]) -> str:
        """A token of a new service account; without bindings, of an owner."""
        registry = self.service.database.registry
        account, secret = accounts.create_client(registry, "test", bindings or accounts.owner_bindings())
        return accounts.issue_token(registry, account["client_id"], secret)

    def admin(self, method: str, path: str, json: Any = None, *, token: str, **options: Any) -> Reply:
        return self.request(method, path, json=json, headers={"Authorization": f"Bearer {token}"}, **options)

    def observed(self, method: str, path: str, json: Any = None, **options: Any) -> Reply:
        """As a listener does it: the observer hears of the beginning and the end."""
        observer = self.service.observer
        assert observer is not None, "start an observer first"
        seen: list[tuple[Head, Admitted | Answer]] = []
        admit = self.app.admit

        def listening(head: Head) -> Admitted | Answer:
            observer.begin("rest")
            seen.append((head, admit(head)))
            return seen[-1][1]

        self.app.admit = listening  # type: ignore[method-assign]
        began = time.perf_counter()
        try:
            reply = self.request(method, path, json=json, **options)
        finally:
            self.app.admit = admit  # type: ignore[method-assign]
        head, admitted = seen[-1]
        observer.finish(
            head,
            admitted if isinstance(admitted, Admitted) else None,
            Answer(reply.body, reply.status),
            seconds=time.perf_counter() - began,
            bytes_in=len(orjson.dumps(json)) if json is not None else 0,
        )
        return reply


@contextmanager
def served(settings: Settings | None = None, path: Any = ":memory:") -> Iterator[Service]:
    """A service of its own, with two indexes of three dimensions."""
    with engine.Database(path) as database:
        for name in ("films", "books"):
            if not database.has_index(name):
                database.create_index(IndexSpec(name, 3, "cosine"))
        yield Service(settings or Settings(), database, WordModels(), PortAddresses())


def head_of(method: str, path: str, headers: Mapping[str, str] | None = None, authority: str = "") -> Head:
    return Head(
        method, path, "", dict(headers or {}), "http", authority or f"127.0.0.1:{PORT}", PORT, "127.0.0.1", "r1"
    )
