"""Who may do what: Pinecone's six roles, each a set of actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from pinyon.errors import ForbiddenError
from pinyon.server.http import Action

_READ: frozenset[Action] = frozenset({"control:read", "data:read", "inference", "metrics"})
ROLES: dict[str, frozenset[Action]] = {
    "ProjectEditor": _READ | {"control:write", "data:write"},
    "ProjectViewer": _READ,
    "ControlPlaneEditor": frozenset({"control:read", "control:write", "metrics"}),
    "ControlPlaneViewer": frozenset({"control:read", "metrics"}),
    "DataPlaneEditor": frozenset({"data:read", "data:write", "inference"}),
    "DataPlaneViewer": frozenset({"data:read", "inference"}),
}
ACTIONS: tuple[Action, ...] = get_args(Action)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sent a request. index, namespace: "" or the only one that this key may use."""

    key_id: str
    roles: tuple[str, ...]
    index: str = ""
    namespace: str | None = None
    admin: bool = False

    def may(self, action: Action) -> bool:
        if action == "admin":
            return self.admin
        return action == "public" or any(action in ROLES[role] for role in self.roles)

    def check_index(self, name: str) -> None:
        """Raises ForbiddenError when this key is limited to another index."""
        if self.index and name != self.index:
            raise ForbiddenError(f"This API key may use index {self.index!r} only, not {name!r}.")

    def check_namespace(self, name: str) -> None:
        """Raises ForbiddenError when this key is limited to another namespace."""
        if self.namespace is not None and name != self.namespace:
            raise ForbiddenError(f"This API key may use namespace {self.namespace!r} only, not {name!r}.")


OWNER = Principal("none", ("ProjectEditor",), admin=False)
"""Everybody, on a loopback server that was started without keys."""
