"""The console's built pages, as they are sent to browsers. Their source is in ``console/`` of the repository.

This room imports nothing of the others: the console speaks to a server over HTTP only.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_PACKED_KINDS = ("text/", "application/json", "image/svg")
_KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
"""Said here, since what a system tells of file types differs."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. packed: the same, gzipped; None where that gains nothing. tag: an ETag of either.

    lasting: its name holds a digest of its content, so it may be kept for good.
    """

    body: bytes
    packed: bytes | None
    kind: str
    lasting: bool
    tag: str


def asset(path: str) -> Asset | None:
    """The file at a path below ``/console/``, such as ``assets/index-Bx6Y.js``; None where there is none."""
    return _assets().get(path)


@cache
def _assets() -> dict[str, Asset]:
    """Every file by its path: together they are small, and no path from outside is ever opened."""
    return dict(_below(files(__name__) / "assets", ""))


def _below(folder: Traversable, path: str) -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    if not folder.is_dir():
        return found
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{path}{entry.name}/")
        else:
            found.append((path + entry.name, _read(entry, lasting=path == "assets/")))
    return found


def _read(entry: Traversable, *, lasting: bool) -> Asset:
    body = entry.read_bytes()
    suffix = entry.name[entry.name.rfind(".") :]
    kind = _KINDS.get(suffix) or mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
    packed = gzip.compress(body, 9, mtime=0) if kind.startswith(_PACKED_KINDS) else None
    return Asset(body, packed, kind, lasting, f'W/"{hashlib.sha256(body).hexdigest()[:32]}"')
