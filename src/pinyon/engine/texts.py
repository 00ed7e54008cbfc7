"""The full-text fields of one namespace, by row: an immutable value that is kept up like the metadata columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.engine.lexical import Node, phrase_of, scored, word_phrases
from pinyon.filters import Match, decode_metadata
from pinyon.index.analysis import Analyser, TextSettings
from pinyon.index.text import TextIndex
from pinyon.types import Bools, Floats, Ints, Metadata


class Texts:
    """``append`` and ``replace`` give new values; any number of threads may search this one."""

    __slots__ = ("_fields",)

    def __init__(self, settings: Mapping[str, TextSettings]) -> None:
        self._fields = {name: TextIndex(its) for name, its in settings.items()}

    def append(self, metadata: Sequence[bytes | None]) -> Texts:
        """With rows behind these; their texts are taken from their metadata."""
        decoded = list(map(decode_metadata, metadata))
        return self._with({name: index.append(_texts(decoded, name)) for name, index in self._fields.items()})

    def replace(self, rows: Ints, metadata: Sequence[bytes | None]) -> Texts:
        decoded = list(map(decode_metadata, metadata))
        return self._with({name: index.replace(rows, _texts(decoded, name)) for name, index in self._fields.items()})

    def renumbered(self, rows: Ints, n: int) -> Texts:
        """Of n rows, in which row i of these is ``rows[i]``, or is gone for -1."""
        return self._with({name: index.renumbered(rows, n) for name, index in self._fields.items()})

    def emptied(self) -> Texts:
        """Without rows. What is known of words stays known."""
        return self._with({name: index.renumbered(np.full(index.n, -1), 0) for name, index in self._fields.items()})

    def _with(self, fields: dict[str, TextIndex]) -> Texts:
        value = Texts.__new__(Texts)
        value._fields = fields
        return value

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays of all fields, by ``<number of the field>.<name>``."""
        parts = [(at, index.to_arrays()) for at, index in enumerate(self._fields.values())]
        return {f"{at}.{name}": array for at, arrays in parts for name, array in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, TextSettings]) -> Texts:
        """settings: whose ``rules_of`` are those that the arrays were saved with. Raises KeyError, ValueError."""
        value = cls.__new__(cls)
        value._fields = {}
        for at, (name, its) in enumerate(settings.items()):
            own = {key.partition(".")[2]: array for key, array in arrays.items() if key.startswith(f"{at}.")}
            value._fields[name] = TextIndex.from_arrays(own, its)
        return value

    @property
    def rules(self) -> str:
        return rules_of({name: index.analyser.settings for name, index in self._fields.items()})

    def scores(
        self, nodes: Sequence[Node], alive: Bools | None, mask: Bools | None, n: int
    ) -> tuple[Ints, Floats, float]:
        """(m,) rows among the (n,) mask that match any of the nodes, ascending, and their (m,) float32 scores; and
        what texts of average length score that hold all that is wanted once."""
        return scored(nodes, self._fields, alive, mask, n)

    def matching(self, node: Match) -> Bools:
        """(n,) bool, the caller's own: the rows that a condition on words keeps."""
        index = self._fields[node.field]
        settings = index.analyser.settings
        if node.how == "phrase":
            return index.rows_with(phrase_of(node.text, settings))
        out = np.full(index.n, node.how == "all", np.bool_)
        phrases = word_phrases(node.text, settings)
        for phrase in phrases:
            found = index.rows_with(phrase)
            out = out & found if node.how == "all" else out | found
        return out if phrases else np.zeros(index.n, np.bool_)

    @property
    def nbytes(self) -> int:
        return sum(index.nbytes for index in self._fields.values())


def rules_of(settings: Mapping[str, TextSettings]) -> str:
    """What the words of these fields depend on beside their texts: equal rules give equal values."""
    return json.dumps([[name, Analyser(its).rules] for name, its in settings.items()])


def _texts(metadata: Sequence[Metadata | None], field: str) -> list[str | None]:
    found = [None if its is None else its.get(field) for its in metadata]
    return [text if isinstance(text, str) else None for text in found]
