"""Small translations between what users write and what the engine knows."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from pinyon.errors import InvalidRequestError


def namespace_of(namespace: str | None) -> str:
    return "" if namespace is None or namespace == "__default__" else namespace


def token_of(last: str) -> str:
    """An opaque page token that stands for the last key of the page before."""
    return urlsafe_b64encode(b"p1:" + last.encode()).decode()


def last_of(token: str | None) -> str | None:
    """The key that a token stands for."""
    if token is None:
        return None
    try:
        version, _, last = urlsafe_b64decode(token).partition(b":")
        if version == b"p1":
            return last.decode()
    except (binascii.Error, ValueError, TypeError):
        pass
    raise InvalidRequestError(
        f"pagination_token {token!r:.60} is not one that this index gave: use .pagination.next of the page before."
    )
