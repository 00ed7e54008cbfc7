"""The dialects of the API, chosen by the request header ``X-Pinecone-Api-Version``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pinyon.errors import InvalidRequestError

KNOWN: tuple[str, ...] = (
    "2024-07",
    "2024-10",
    "2025-01",
    "2025-04",
    "2025-10",
    "2026-01.alpha",
    "2026-04",
    "2026-07",
)
_SCHEMA_DIALECTS = frozenset({"2026-01.alpha", "2026-07"})
_SHAPE = re.compile(r"(\d{4}-\d{2})(\.[a-z]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Version:
    """One published version. ``schema`` tells the two descriptions of an index apart: up to 2026-04 it is dimension,
    metric and spec; in 2026-01.alpha and 2026-07 it is schema and deployment."""

    name: str
    schema: bool

    def since(self, name: str) -> bool:
        """True in ``name`` and in every later version."""
        return KNOWN.index(self.name) >= KNOWN.index(name)


VERSIONS = {name: Version(name, name in _SCHEMA_DIALECTS) for name in KNOWN}
DEFAULT = VERSIONS["2025-04"]
"""What a request without the header gets."""
NEWEST = VERSIONS[KNOWN[-1]]


def version_of(header: str | None) -> Version:
    """The dialect that a header asks for; a version newer than all known ones gets the newest.

    Raises InvalidRequestError for a version that is no date, or that is older than the oldest known one.
    """
    if header is None:
        return DEFAULT
    found = VERSIONS.get(header)
    if found is not None:
        return found
    shape = _SHAPE.fullmatch(header)
    if shape is None or not "01" <= shape[1][5:] <= "12":
        raise InvalidRequestError(
            f"X-Pinecone-Api-Version {header[:40]!r} is not a version such as {NEWEST.name}. Known: {', '.join(KNOWN)}."
        )
    if shape[1] > NEWEST.name:
        return NEWEST
    older = [name for name in KNOWN if name[:7] <= shape[1] and "." not in name]
    if not older:
        raise InvalidRequestError(f"Version {header} is no longer served. The oldest is {KNOWN[0]}.")
    return VERSIONS[older[-1]]
