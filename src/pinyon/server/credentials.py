"""Secrets that are shown once and stored as their SHA-256: API keys, client secrets, tokens.

``pnyn_<22 characters>_<43 characters>``: what it is, its id (a UUID), and 256 random bits, both in base 62.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

API_KEY: Final = "pnyn"
CLIENT_SECRET: Final = "pnys"
TOKEN: Final = "pnyt"

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID = 22
_RANDOM = 43
"""Digits for 128 and 256 bits."""
_SHAPE = re.compile(rf"(pny[nst])_([0-9A-Za-z]{{{_ID}}})_([0-9A-Za-z]{{{_RANDOM}}})", re.ASCII)


def new_id() -> str:
    return str(uuid4())


def new_secret(prefix: str, id: str) -> str:
    """A secret for the object of that id, a UUID."""
    return f"{prefix}_{_base62(UUID(id).int, _ID)}_{_base62(secrets.randbits(256), _RANDOM)}"


def id_of(secret: str, prefix: str) -> str | None:
    """The id in a secret; None when this is no secret of ours with that prefix."""
    found = _SHAPE.fullmatch(secret)
    if found is None or found[1] != prefix:
        return None
    number = 0
    for digit in found[2]:
        number = number * 62 + _DIGITS.index(digit)
    return str(UUID(int=number)) if number < 2**128 else None


def digest(secret: str) -> str:
    """SHA-256 in hex digits. Enough for 256 random bits; a password would need a slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, stored: str) -> bool:
    """Whether this is the secret whose digest was stored, in a time that says nothing about either."""
    return hmac.compare_digest(digest(secret), stored)


def now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime | None = None) -> str:
    """RFC 3339 in UTC with microseconds, so that stamps sort as the times do."""
    return (moment or now()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def after(seconds: float) -> str:
    """The time that many seconds from now."""
    return stamp(now() + timedelta(seconds=seconds))


def _base62(number: int, width: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return text.rjust(width, "0")
