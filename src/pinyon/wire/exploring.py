"""Requests of our own, for those who look at their data: the map of a namespace. Answers are the engine's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pinyon.types import Floats
from pinyon.wire.fields import Fields

_MAP = ("colour", "filter", "id", "limit", "method", "namespace", "neighbours", "vector")


@dataclass(frozen=True, slots=True)
class MapRequest:
    """namespace: as it was written. limit: None is the default."""

    namespace: str
    filter: Mapping[str, Any] | None
    limit: int | None
    method: str
    colour: str | None
    neighbours: bool
    vector: Floats | None
    id: str | None


def read_map(body: Mapping[str, Any]) -> MapRequest:
    """Raises InvalidRequestError, also for an unknown member: there is one version of this request."""
    fields = Fields(body)
    fields.only(_MAP)
    return MapRequest(
        fields.text("namespace") or "",
        fields.object("filter"),
        fields.whole("limit"),
        fields.text("method") or "pca",
        fields.text("colour"),
        fields.flag("neighbours"),
        fields.vector("vector"),
        fields.text("id"),
    )
