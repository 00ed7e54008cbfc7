"""Korean text with Kiwi and without it, in one process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pinyon.engine.lexical import analyser_of
from pinyon.index import korean

HAS_KIWI = korean.installed()
needs_kiwi = pytest.mark.skipif(not HAS_KIWI, reason="kiwipiepy is not installed: pip install 'pinyon[korean]'")


def forget() -> None:
    """What was found out about words, and about the packages that are there."""
    for cached in (korean.installed, korean.morphemes, korean._divided, analyser_of):
        cached.cache_clear()


@contextmanager
def without_kiwi() -> Iterator[None]:
    """As if the package were not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "kiwipiepy", None)
        forget()
        try:
            yield
        finally:
            forget()
