"""Short, safe text for user values of any size, depth and type, to stand in error messages."""

from __future__ import annotations

import reprlib
from typing import Any

_LENGTH = 60


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 6
        self.maxstring = self.maxother = self.maxlong = _LENGTH

    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to print integers of more than 4,300 digits.
        return f"<integer of {x.bit_length():,} bits>" if x.bit_length() > 256 else super().repr_int(x, level)


_SHORT = _Short()


def shown(value: Any) -> str:
    """``repr`` cut to about 60 characters; never raises on deep nesting or huge integers."""
    text = _SHORT.repr(value)
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}..."
