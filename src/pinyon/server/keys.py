"""API keys: made, listed, revoked, rotated and verified. They live in the catalog, which every process sees alike."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from pinyon.engine.registry import Registry
from pinyon.errors import InvalidRequestError, NotFoundError, PinyonError
from pinyon.server import credentials
from pinyon.server.credentials import API_KEY
from pinyon.server.roles import MAIN_PROJECT, ROLES, Principal

KIND: Final = "api_key"
DEFAULT_ROLES: Final = ("ProjectEditor",)
NAME_LENGTH: Final = 80
_SECONDS_BETWEEN_NOTES = 60.0


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key without its secret. Times are RFC 3339 in UTC; index, namespace: "" and None mean no limit.

    project: the id of the project that it belongs to, "" for the data directory's own.
    """

    id: str
    name: str
    roles: tuple[str, ...]
    created_at: str
    index: str = ""
    namespace: str | None = None
    project: str = MAIN_PROJECT
    expires_at: str | None = None
    last_used_at: str | None = None
    revoked_at: str | None = None
    rotated_at: str | None = None

    @property
    def state(self) -> str:
        """ "active", "expired" or "revoked"."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= credentials.stamp() else "active"

    @property
    def principal(self) -> Principal:
        return Principal(self.id, self.roles, self.index, self.namespace, project=self.project)


class WrongKeyError(PinyonError):
    """The key is unknown, revoked or expired; ``state`` says which to somebody who has its secret."""

    code = "UNAUTHENTICATED"
    status = 401

    def __init__(self, message: str, key_id: str = "") -> None:
        super().__init__(message)
        self.key_id = key_id


class KeyStore:
    """The stored keys. Thread-safe, and every change is seen by all processes at once: nothing is cached.

    A revoked key stays listed as such, so that a server that once had keys never falls back to asking for none.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._noted: dict[str, float] = {}

    def create(
        self,
        name: str,
        roles: Sequence[str] = DEFAULT_ROLES,
        *,
        index: str = "",
        namespace: str | None = None,
        expires: datetime | None = None,
        project: str = MAIN_PROJECT,
    ) -> tuple[KeyInfo, str]:
        """A new key and its secret, which cannot be had again. Raises InvalidRequestError."""
        if namespace is not None and not index:
            raise InvalidRequestError("A key that is limited to a namespace needs an index, too: name the index.")
        if expires is not None and expires <= credentials.now():
            raise InvalidRequestError(
                f"The key would expire at {expires.isoformat()}, which is over. Choose a later time."
            )
        until = None if expires is None else credentials.stamp(expires)
        info = KeyInfo(
            credentials.new_id(),
            checked_name(name),
            checked_roles(roles),
            credentials.stamp(),
            index,
            namespace,
            project,
            until,
        )
        secret = credentials.new_secret(API_KEY, info.id)
        self._registry.put(KIND, info.id, _stored(info) | {"sha256": credentials.digest(secret)})
        return info, secret

    def list(self, *, project: str | None = None) -> Sequence[KeyInfo]:
        """Every key, oldest first, revoked ones too; those of one project where it is given."""
        found = [_info(value) for value in self._registry.list(KIND)]
        return sorted(
            (info for info in found if project is None or info.project == project),
            key=lambda info: (info.created_at, info.id),
        )

    def any(self) -> bool:
        """Whether a key was ever made."""
        return bool(self._registry.list(KIND))

    def get(self, id: str) -> KeyInfo:
        """Raises NotFoundError."""
        value = self._registry.get(KIND, id) if id else None
        if value is None:
            raise _unknown(id)
        return _info(value)

    def revoke(self, id: str) -> KeyInfo:
        """The key opens nothing any more. Revoking it again is harmless. Raises NotFoundError."""
        with self._registry.edit(KIND, id) as entry:
            if entry.value is None:
                raise _unknown(id)
            info = _info(entry.value)
            if info.revoked_at is None:
                info = replace(info, revoked_at=credentials.stamp())
                entry.value = _stored(info) | {"sha256": entry.value["sha256"]}
        return info

    def rotate(self, id: str, *, overlap: float = 0.0) -> tuple[KeyInfo, str]:
        """A new secret for a key; the old one opens for so many seconds more. Raises NotFoundError, and
        InvalidRequestError for a key that was revoked."""
        with self._registry.edit(KIND, id) as entry:
            if entry.value is None:
                raise _unknown(id)
            info = _info(entry.value)
            if info.revoked_at is not None:
                raise InvalidRequestError(f"API key {id} was revoked and stays so. Create a new key.")
            secret = credentials.new_secret(API_KEY, id)
            info = replace(info, rotated_at=credentials.stamp())
            former = {"former": entry.value["sha256"], "former_until": credentials.after(overlap)} if overlap else {}
            entry.value = _stored(info) | {"sha256": credentials.digest(secret)} | former
        return info, secret

    def update(self, id: str, *, name: str | None = None, roles: Sequence[str] | None = None) -> KeyInfo:
        """Raises NotFoundError, InvalidRequestError."""
        with self._registry.edit(KIND, id) as entry:
            if entry.value is None:
                raise _unknown(id)
            info = _info(entry.value)
            if name is not None:
                info = replace(info, name=checked_name(name))
            if roles is not None:
                info = replace(info, roles=checked_roles(roles))
            entry.value = entry.value | _stored(info)
        return info

    def verify(self, secret: str) -> KeyInfo:
        """The key of a secret. Raises WrongKeyError when it opens nothing."""
        id = credentials.id_of(secret, API_KEY)
        value = None if id is None else self._registry.get(KIND, id)
        if id is None or value is None or not _opens(value, secret):
            raise WrongKeyError("The API key is not known here.")
        info = _info(value)
        if info.state != "active":
            when = info.revoked_at if info.state == "revoked" else info.expires_at
            verb = "was revoked" if info.state == "revoked" else "expired"
            raise WrongKeyError(f"API key {id} {verb} at {when}.", id)
        self._note_use(info)
        return info

    def _note_use(self, info: KeyInfo) -> None:
        """Writes down, once a minute at most and without keeping the request waiting, that a key is in use."""
        now = time.monotonic()
        with self._lock:
            if now - self._noted.get(info.id, -_SECONDS_BETWEEN_NOTES) < _SECONDS_BETWEEN_NOTES:
                return
            self._noted[info.id] = now
        threading.Thread(target=self._write_use, args=(info.id,), name="pinyon-key-use", daemon=True).start()

    def _write_use(self, id: str) -> None:
        try:
            with self._registry.edit(KIND, id) as entry:
                if entry.value is not None:
                    entry.value = entry.value | {"last_used_at": credentials.stamp()}
        except PinyonError:
            return  # a read-only directory, a full disk, a server that is stopping: a note is worth none of them


def checked_name(name: object) -> str:
    """Raises InvalidRequestError."""
    if not isinstance(name, str) or not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise InvalidRequestError(f"A key's name has 1 to {NAME_LENGTH} printable characters, got {name!r:.100}.")
    return name


def checked_roles(roles: object) -> tuple[str, ...]:
    """Raises InvalidRequestError for no role, or an unknown one."""
    if not isinstance(roles, (list, tuple)) or not roles:
        raise InvalidRequestError(f"A key needs a list with at least one role of: {', '.join(ROLES)}.")
    for role in roles:
        if role not in ROLES:
            raise InvalidRequestError(f"There is no role {role!r:.80}. Roles of API keys: {', '.join(ROLES)}.")
    return tuple(dict.fromkeys(roles))


def _opens(value: dict[str, Any], secret: str) -> bool:
    if credentials.matches(secret, value["sha256"]):
        return True
    former = value.get("former")
    return former is not None and value["former_until"] > credentials.stamp() and credentials.matches(secret, former)


def _stored(info: KeyInfo) -> dict[str, Any]:
    return asdict(info) | {"roles": list(info.roles)}


def _info(value: dict[str, Any]) -> KeyInfo:
    known = {name: value[name] for name in KeyInfo.__dataclass_fields__ if name in value}
    return KeyInfo(**known | {"roles": tuple(value["roles"])})


def _unknown(id: str) -> NotFoundError:
    return NotFoundError(f"There is no API key {id[:80]!r}. `pinyon keys list` shows what there is.")
