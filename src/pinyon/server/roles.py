"""Who may do what: Pinecone's six roles, each a set of actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from pinyon.errors import ForbiddenError
from pinyon.types import IndexSpec

Action: TypeAlias = Literal[
    "public",
    "any",
    "control:read",
    "control:write",
    "data:read",
    "data:write",
    "inference",
    "admin",
    "metrics",
    "operate",
]
_READ: frozenset[Action] = frozenset({"control:read", "data:read", "inference", "metrics"})
ROLES: dict[str, frozenset[Action]] = {
    "ProjectEditor": _READ | {"control:write", "data:write", "operate"},
    "ProjectViewer": _READ,
    "ControlPlaneEditor": frozenset({"control:read", "control:write", "metrics", "operate"}),
    "ControlPlaneViewer": frozenset({"control:read", "metrics"}),
    "DataPlaneEditor": frozenset({"data:read", "data:write", "inference"}),
    "DataPlaneViewer": frozenset({"data:read", "inference"}),
}
ACTIONS: tuple[Action, ...] = get_args(Action)

MAIN_PROJECT: Final = ""
"""The project that the data directory itself is. Keys that name no project belong to it."""
PROJECT_NOTE: Final = "project_id"
"""The note of an index that belongs to another project than the main one."""
_DEFAULT: Final = "__default__"
"""What the default namespace is called where its name cannot be empty."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sent a request. index, namespace: "" or None, or the only one that this key may use.

    project: the project whose indexes it may use. admin: whether it came with a token of the admin API; grants are then
    the roles it was given, as pairs (id of the organization or project, role).
    """

    key_id: str
    roles: tuple[str, ...]
    index: str = ""
    namespace: str | None = None
    admin: bool = False
    project: str = MAIN_PROJECT
    grants: tuple[tuple[str, str], ...] = ()
    touched: list[str] | None = None
    """Collects the namespaces that were checked, for the audit log."""

    def may(self, action: Action) -> bool:
        if action == "admin":
            return self.admin
        if action in {"public", "any"}:
            return True
        return any(action in ROLES[role] for role in self.roles)

    @property
    def is_limited(self) -> bool:
        """Whether this key is limited to an index or a namespace."""
        return bool(self.index) or self.namespace is not None

    def check_index(self, name: str) -> None:
        """Raises ForbiddenError when this key is limited to another index."""
        if self.index and name != self.index:
            raise ForbiddenError(f"This API key may use index {self.index!r} only, not {name!r}.")

    def check_namespace(self, name: str) -> None:
        """Raises ForbiddenError when this key is limited to another namespace."""
        if self.touched is not None:
            self.touched.append(name)
        if self.namespace is not None and (name or _DEFAULT) != (self.namespace or _DEFAULT):
            raise ForbiddenError(f"This API key may use namespace {self.namespace!r} only, not {name!r}.")

    def sees(self, spec: IndexSpec) -> bool:
        """Whether an index (or a backup, by the definition it holds) is listed for this key."""
        return self.owns(spec) and (not self.index or spec.name == self.index)

    def owns(self, spec: IndexSpec) -> bool:
        """Whether an index belongs to the project of this key. To the main project, which is the data directory itself,
        every index does."""
        return self.project in (MAIN_PROJECT, spec.notes.get(PROJECT_NOTE, MAIN_PROJECT))

    @property
    def notes(self) -> Mapping[str, Any]:
        """What an index that this key creates carries in its notes."""
        return {PROJECT_NOTE: self.project} if self.project != MAIN_PROJECT else {}


OWNER = Principal("none", ("ProjectEditor",), admin=False)
"""Everybody, on a loopback server that was started without keys."""
