"""Page tokens: opaque text that stands for the last key of the page before."""

from __future__ import annotations

import binascii
from base64 import b64decode, urlsafe_b64encode

from pinyon.errors import InvalidRequestError

_MARK = b"p1:"


def token_of(last: str) -> str:
    """URL-safe ASCII, never empty."""
    return urlsafe_b64encode(_MARK + last.encode()).decode()


def last_of(token: str | None) -> str | None:
    """The key that a token stands for; None for no token. Raises InvalidRequestError for what is no token."""
    if not token:
        return None
    try:
        raw = b64decode(token, b"-_", validate=True)
        if raw.startswith(_MARK):
            return raw.removeprefix(_MARK).decode()
    except (binascii.Error, ValueError):
        pass
    raise InvalidRequestError(
        f"The pagination token {token[:60]!r} is not one that this index gave: use pagination.next of the page before."
    )
