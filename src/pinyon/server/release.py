"""Which release this is."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def release() -> str:
    """The version of the installed package; "unknown" where the source runs without having been installed."""
    try:
        return version("pinyon")
    except PackageNotFoundError:
        return "unknown"
