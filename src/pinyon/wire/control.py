"""Members that several control-plane bodies share: names, tags, deletion protection, numbers within bounds."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from pinyon.errors import InvalidRequestError
from pinyon.filters.show import shown
from pinyon.limits import Limits
from pinyon.wire.fields import Fields, refuse
from pinyon.wire.versions import Version

MOST = 2**31 - 1
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_STRICT_SINCE = "2026-07"


def check_keys(body: Fields, known: Collection[str], version: Version) -> None:
    """Unknown members of a body are refused since 2026-07, and ignored before."""
    if version.since(_STRICT_SINCE):
        body.only(known)


def required(body: Fields, name: str) -> str:
    """A string that is not empty."""
    value = body.text(name)
    if not value:
        refuse(f"{body.path(name)} is missing. Give a string that is not empty.")
    return value


def free_text(body: Fields, name: str, limit: int) -> str:
    """A string of up to ``limit`` characters; "" when it is absent."""
    value = body.text(name) or ""
    if len(value) > limit:
        refuse(f"{body.path(name)} has {len(value)} characters; at most {limit} are allowed.")
    return value


def inner(body: Fields, name: str) -> Fields | None:
    """The members of an object, or None."""
    value = body.object(name)
    return None if value is None else Fields(value, body.path(name))


def flag(body: Fields, name: str) -> bool | None:
    """None when it is absent."""
    return None if body.absent(name) else body.flag(name)


def within(body: Fields, name: str, least: int, most: int = MOST) -> int | None:
    """A whole number from ``least`` to ``most``, or None."""
    value = body.whole(name)
    if value is not None and not least <= value <= most:
        raise InvalidRequestError(f"Invalid value for `{body.path(name)}`: {value}. Use {least} to {most}.")
    return value


def one_of(value: Any, name: str, known: Collection[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise InvalidRequestError(f"Invalid value for `{name}`: {shown(value)}. Use one of {', '.join(known)}.")
    return value


def protection(body: Fields) -> bool | None:
    """``"enabled"`` -> True, ``"disabled"`` -> False, absent -> None."""
    value = body.text("deletion_protection")
    if value not in ("enabled", "disabled", None):
        raise InvalidRequestError(f"deletion_protection must be either 'enabled' or 'disabled', got {shown(value)}.")
    return None if value is None else value == "enabled"


def tags(body: Fields) -> dict[str, str] | None:
    """Tags as they were given, None when they were not. Their number and sizes are the engine's to check."""
    value = body.object("tags")
    if value is None:
        return None
    for key, text in value.items():
        if not isinstance(text, str):
            raise InvalidRequestError(
                f"Value {shown(text)} of tag {shown(key)} is not valid. Give a string; an empty one removes the tag."
            )
    return value


def check_name(name: str, kind: str, limits: Limits) -> str:
    """A name that an index could have. kind: what is named, for the message."""
    if not _NAME.fullmatch(name):
        raise InvalidRequestError(
            f"{kind} name {shown(name)} is not valid. Use lower-case letters, digits and hyphens, "
            "with an alphanumeric character at both ends."
        )
    if len(name) > limits.index_name_length:
        raise InvalidRequestError(
            f"{kind} name {name!r} has {len(name)} characters; at most {limits.index_name_length} are allowed."
        )
    return name
