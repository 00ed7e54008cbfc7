"""Who sends a request, and whether they may: decided from the head alone, before anything of the body is read."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pinyon.errors import FailedPreconditionError, ForbiddenError, PinyonError
from pinyon.server import accounts
from pinyon.server.credentials import TOKEN, digest
from pinyon.server.keys import DEFAULT_ROLES, KeyStore, WrongKeyError
from pinyon.server.roles import OWNER, ROLES, Principal
from pinyon.server.scope import check_scope

if TYPE_CHECKING:
    from pinyon import engine
    from pinyon.server.http import Head, Route
    from pinyon.server.service import Service
    from pinyon.server.settings import Settings

log = logging.getLogger("pinyon.server")

PUBLIC = Principal("", ())
_SHORT_KEY = 16
_LOOK_AGAIN = 0.5
"""Seconds for which a server without keys believes that there still are none."""


class UnauthenticatedError(PinyonError):
    code = "UNAUTHENTICATED"
    status = 401
    headers = (("www-authenticate", 'Bearer realm="pinyon"'),)


class WrongDataKeyError(WrongKeyError):
    """A wrong key where data is."""

    code = "FORBIDDEN"
    status = 403


class RateLimitedError(PinyonError):
    code = "RESOURCE_EXHAUSTED"
    status = 429

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.headers = (("retry-after", str(max(1, round(seconds)))),)


class Bucket:
    """So many requests a second on average, and a second's worth at once."""

    __slots__ = ("_at", "_tokens", "rate")

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._tokens = max(rate, 1.0)
        self._at = time.monotonic()

    def take(self) -> float:
        """0 when a request may go on, else the seconds until the next may."""
        now = time.monotonic()
        self._tokens = min(max(self.rate, 1.0), self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1.0:
            return (1.0 - self._tokens) / self.rate
        self._tokens -= 1.0
        return 0.0


class Authenticator:
    """Gives the principal of a request's head, or raises. given_keys: accepted besides the stored ones, as text.

    Without given keys and as long as none was ever stored, everybody is the owner: that is for one machine's own use,
    so requests must then name this machine, and must not come from another site's page in a browser.
    """

    def __init__(self, service: Service, given_keys: Sequence[str] = ()) -> None:
        self._service = service
        self._given = [
            (digest(key), Principal(f"given-{number}", DEFAULT_ROLES)) for number, key in enumerate(given_keys, 1)
        ]
        self._keys = KeyStore(service.database.registry)
        settings = service.settings
        self._open = not self._given and (is_loopback(settings.host) or settings.insecure)
        self._looked = float("-inf")
        self._names = {"localhost", "127.0.0.1", "::1", settings.host.strip("[]").lower()}
        self._names |= {name.strip("[]").lower() for name in settings.allow_hosts}
        self._checks_host = is_loopback(settings.host) or bool(settings.allow_hosts)
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    def __call__(self, head: Head, route: Route | None) -> Principal:
        """route: None for a path that leads nowhere, which is told only to those who may ask."""
        principal: Principal | None = None
        try:
            principal = replace(self._identify(head, route), touched=[])
            if route is not None:
                _authorise(route, principal)
                check_scope(self._service, head, route, principal)
            self._check_rate(principal)
        except PinyonError as error:
            observer = self._service.observer
            if observer is not None:
                key_id = error.key_id if isinstance(error, WrongKeyError) else ""
                observer.refused(head, route, principal or Principal(key_id, ()))
            raise
        return principal

    def _identify(self, head: Head, route: Route | None) -> Principal:
        if route is not None and route.action == "public":
            return PUBLIC
        if route is not None and route.plane == "admin":
            return self._bearer(head)
        if self._is_open():
            self._check_origin(head)
            return OWNER
        secret = head.headers.get("api-key") or _bearer_of(head)
        if not secret:
            raise UnauthenticatedError("The API key is missing. Send it in the header Api-Key.")
        found = self._given_key(secret)
        if found is not None:
            return found
        try:
            return self._keys.verify(secret).principal
        except WrongKeyError as error:
            raise _wrong(error, route) from None

    def _given_key(self, secret: str) -> Principal | None:
        hashed = digest(secret)
        found = None
        for known, principal in self._given:  # all of them: the time says nothing of which one it was
            if hmac.compare_digest(known, hashed):
                found = principal
        return found

    def _bearer(self, head: Head) -> Principal:
        token = _bearer_of(head)
        if not token or not token.startswith(f"{TOKEN}_"):
            raise UnauthenticatedError(
                "The admin API takes a token in the header Authorization: Bearer, which POST /oauth/token gives for a "
                "client id and secret. `pinyon keys create --admin` makes those."
            )
        return accounts.principal_of(self._service.database.registry, token)

    def _is_open(self) -> bool:
        if not self._open:
            return False
        now = time.monotonic()
        if now - self._looked > _LOOK_AGAIN:
            self._open = not has_credentials(self._service.database)
            self._looked = now
        return self._open

    def _check_origin(self, head: Head) -> None:
        """Another site's page in a browser on this machine can reach this server: by a name of its own that resolves
        here, or by posting across sites."""
        if not self._checks_host:
            return
        for said, value in (("Host", head.authority), ("Origin", head.headers.get("origin"))):
            if value is None:
                continue
            name = host_of(value)
            if name not in self._names and not name.endswith(".localhost"):
                raise ForbiddenError(
                    f"{said} {value[:80]!r} is not a name of this server, which has no keys. If it should be, start "
                    f"with --allow-host {name[:60] or 'NAME'}, or with a key."
                )

    def _check_rate(self, principal: Principal) -> None:
        rate = self._service.settings.requests.requests_per_second
        if rate <= 0 or principal is PUBLIC or not principal.key_id:
            return
        with self._lock:
            bucket = self._buckets.get(principal.key_id)
            if bucket is None:
                bucket = self._buckets[principal.key_id] = Bucket(rate)
            wait = bucket.take()
        if wait:
            raise RateLimitedError(
                f"This API key may send {rate:g} requests a second, and has sent more. Wait {wait:.2g} s.", wait
            )


def _authorise(route: Route, principal: Principal) -> None:
    if principal.may(route.action):
        return
    enough = [role for role, actions in ROLES.items() if route.action in actions]
    held = " and ".join(principal.roles) or "no role"
    raise ForbiddenError(
        f"API key {principal.key_id} has {held}, and {route.method} {route.path} takes one of: {', '.join(enough)}."
    )


def _wrong(error: WrongKeyError, route: Route | None) -> PinyonError:
    """A wrong key is 401 everywhere but where data is, which answers 403 as Pinecone does."""
    if route is None or route.plane != "data":
        return error
    return WrongDataKeyError(f"Wrong API key. {error.message}", error.key_id)


def _bearer_of(head: Head) -> str:
    scheme, _, token = head.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def host_of(authority: str) -> str:
    """The host name of ``name:port``, ``[::1]:port`` or an origin, in lower case."""
    text = authority.partition("://")[2] or authority
    if text.startswith("["):
        return text[1:].partition("]")[0].lower()
    return text.partition(":")[0].lower()


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine only."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def has_credentials(database: engine.Database) -> bool:
    """Whether a key or an admin client was ever made, revoked or not."""
    return KeyStore(database.registry).any() or accounts.any_client(database.registry)


def check_start(settings: Settings, database: engine.Database) -> list[str]:
    """What to say at the start about who may use the server.

    Raises FailedPreconditionError for an address beyond this machine without any key that works.
    """
    warnings = [
        f"a key given at the start has {len(key)} characters: it can be guessed. `pinyon keys create` makes long ones"
        for key in settings.keys
        if len(key) < _SHORT_KEY and not is_loopback(settings.host)
    ]
    if is_loopback(settings.host):
        if not settings.keys and not has_credentials(database):
            warnings.append("no keys: everybody on this machine may do everything. `pinyon keys create` makes one")
        return warnings
    stored = KeyStore(database.registry).list()
    works = bool(settings.keys) or any(info.state == "active" for info in stored)
    works = works or accounts.any_active_client(database.registry)
    if not works and not settings.insecure:
        raise FailedPreconditionError(
            f"{settings.host} can be reached from other machines, and there is no API key that works. Make one with "
            "`pinyon keys create`, give one with --key, listen on 127.0.0.1, or say --insecure to let everybody in."
        )
    if not works and not has_credentials(database):
        warnings.append(f"--insecure: everybody who reaches {settings.host}:{settings.port} may do everything")
    if settings.tls is None:
        warnings.append("without --tls, keys and data cross the network in the clear unless a proxy encrypts them")
    return warnings
