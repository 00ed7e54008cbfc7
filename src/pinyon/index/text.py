"""The words of one full-text field: which rows hold a term, where in the text, and how much that says (BM25).

An occurrence is a term at a position of a row. Occurrences lie sorted in segments; a few rows more are a small segment
more, and small segments are merged as they become many, so a write costs what it brings and not what is there.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import InvalidRequestError
from pinyon.index.analysis import Analyser, TextSettings
from pinyon.types import Bools, Ints, Scores

SATURATION: Final = 1.2
"""BM25's k1: how soon more occurrences of a term in one text stop counting."""
LENGTH_WEIGHT: Final = 0.75
"""BM25's b: how much long texts are marked down."""
_FAN: Final = 8
_FUZZY_TERMS: Final = 1 << 15
"""Terms that are compared with a misspelt word at once, to bound the memory that it takes."""
_POSITION_BITS: Final = 32
_LONGEST_PHRASE: Final = 1 << 24
_NO_TERM: Final = -1
_NO_INTS: Final = np.empty(0, np.int64)
Positions = NDArray[np.int32]
_NO_ROWS: Final = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Word:
    """What may stand at one place: the term itself, any term that begins with it, or any within ``edits`` edits."""

    text: str
    kind: Literal["term", "prefix", "fuzzy"] = "term"
    edits: int = 0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words at fixed distances from each other, ``((offset, word), ...)``; words at one offset are all wanted there.

    slop: how far apart, in all, the words may stand from those distances.
    """

    words: tuple[tuple[int, Word], ...]
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Statistics:
    """Texts that count and their average number of words, as BM25 asks."""

    texts: int
    average: float


@dataclass(frozen=True, slots=True)
class _Segment:
    """Occurrences sorted by term, row and position: those of ``terms[i]`` are at ``offsets[i]:offsets[i + 1]``.

    gone: (n,) bool, true where a later segment holds the row's text; None when nowhere.
    """

    terms: Ints
    offsets: Ints
    rows: NDArray[np.int32]
    positions: Positions
    level: int
    gone: Bools | None = None

    @property
    def nbytes(self) -> int:
        gone = 0 if self.gone is None else self.gone.nbytes
        return self.terms.nbytes + self.offsets.nbytes + self.rows.nbytes + self.positions.nbytes + gone


@dataclass(frozen=True, slots=True)
class _Shape:
    """A word of more than one term, or of more than one position: its ``width``. offsets: (t,) ascending, of its terms
    from where the word begins."""

    numbers: tuple[int, ...]
    offsets: tuple[int, ...]
    width: int


class _Vocabulary(dict[str, int]):
    """Word as it is written -> number of its term; _NO_TERM where it has none; -2 - i where ``shapes[i]`` tells.

    It only grows, and is shared by all values of one lineage. Readers ask ``number`` and ``terms``, which never take
    back what they said.
    """

    def __init__(self, settings: TextSettings, terms: Sequence[str] = ()) -> None:
        super().__init__()
        self.analyser = Analyser(settings)
        self.terms = list(terms)
        self.number = {term: number for number, term in enumerate(terms)}
        self.shapes: list[_Shape] = []
        self.lock = threading.Lock()
        self._ordered: list[str] = []

    def __missing__(self, word: str) -> int:
        pieces = self.analyser.pieces(word)
        numbers = tuple(self._numbered(term) for terms in pieces for term in terms)
        if len(pieces) == 1 and len(numbers) < 2:
            found = numbers[0] if numbers else _NO_TERM
        else:
            offsets = tuple(offset for offset, terms in enumerate(pieces) for _ in terms)
            found = -2 - len(self.shapes)
            self.shapes.append(_Shape(numbers, offsets, len(pieces)))
        self[word] = found
        return found

    def _numbered(self, term: str) -> int:
        number = self.number.get(term)
        if number is None:
            number = self.number[term] = len(self.terms)  # in this order, so that whoever sees a term finds its number
            self.terms.append(term)
        return number

    def of(self, word: Word) -> Ints:
        """(m,) numbers of the terms that a word of a query stands for."""
        if word.kind == "prefix":
            found = self._beginning_with(word.text)
        elif word.kind == "fuzzy":
            found = self._near(word.text, word.edits)
        else:
            found = [word.text] if word.text in self.number else []
        return np.array([self.number[term] for term in found], np.int64)

    def _beginning_with(self, prefix: str) -> list[str]:
        ordered = self._ordered
        if len(ordered) < len(self.terms):
            # What is new follows what was sorted before: two sorted runs, which sorting merges in one pass.
            ordered = self._ordered = sorted(ordered + sorted(self.terms[len(ordered) :]))
        start = end = bisect_left(ordered, prefix)
        while end < len(ordered) and ordered[end].startswith(prefix):
            end += 1
        return ordered[start:end]

    def _near(self, text: str, edits: int) -> list[str]:
        low, high = len(text) - edits, len(text) + edits
        close = [term for term in self.terms[:] if low <= len(term) <= high]
        found: list[str] = []
        for start in range(0, len(close), _FUZZY_TERMS):
            part = close[start : start + _FUZZY_TERMS]
            found += [part[at] for at in np.flatnonzero(edit_distances(part, text) <= edits)]
        return found

    @property
    def nbytes(self) -> int:
        """By rule of thumb."""
        return 160 * len(self.terms) + 100 * len(self) + 250 * len(self.shapes)


class TextIndex:
    """The texts of rows 0..n-1. A value never changes: every change gives a new one, so readers need no lock.

    One thread at a time may make new values of one lineage.
    """

    __slots__ = ("_segments", "_vocabulary", "lengths", "n")

    def __init__(self, settings: TextSettings) -> None:
        self._vocabulary = _Vocabulary(settings)
        self._segments: tuple[_Segment, ...] = ()
        self.lengths: NDArray[np.int32] = np.empty(0, np.int32)
        self.n = 0

    @property
    def analyser(self) -> Analyser:
        return self._vocabulary.analyser

    @property
    def nbytes(self) -> int:
        return sum(segment.nbytes for segment in self._segments) + self.lengths.nbytes + self._vocabulary.nbytes

    # -- storage ------------------------------------------------------------------------------------------------------

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything but the settings, as arrays: ``from_arrays`` makes an equal value of them."""
        alone = len(self._segments) == 1 and self._segments[0].gone is None
        whole = self._segments[0] if alone else _merged(self._segments)
        encoded = [term.encode("utf-8", "surrogatepass") for term in self._vocabulary.terms[:]]
        return {
            "terms": whole.terms,
            "offsets": whole.offsets,
            "rows": whole.rows,
            "positions": whole.positions,
            "lengths": self.lengths,
            "spelling": np.frombuffer(b"".join(encoded), np.uint8),
            "ends": np.cumsum([len(term) for term in encoded], dtype=np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], settings: TextSettings) -> TextIndex:
        """settings: those that the value had, whose ``rules`` must be the same still. Raises KeyError, ValueError."""
        spelling, ends = arrays["spelling"].tobytes(), arrays["ends"].tolist()
        terms = [spelling[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise([0, *ends])]
        rows = arrays["rows"]
        segment = _Segment(arrays["terms"], arrays["offsets"], rows, arrays["positions"], _level(rows.size))
        value = cls(settings)
        value._vocabulary = _Vocabulary(settings, terms)
        return value._with((segment,) if rows.size else (), arrays["lengths"])

    # -- change -------------------------------------------------------------------------------------------------------

    def append(self, texts: Sequence[str | None]) -> TextIndex:
        """A new value with the rows n, n + 1, ...; None where a row has no text."""
        rows = np.arange(self.n, self.n + len(texts), dtype=np.int64)
        segment, lengths = self._segment(rows, texts)
        return self._with(_tiered(self._segments, segment), np.concatenate([self.lengths, lengths]))

    def replace(self, rows: Ints, texts: Sequence[str | None]) -> TextIndex:
        """A new value in which the (m,) distinct ``rows`` have ``texts`` instead of their own; None clears a row.

        Raises InvalidRequestError for a row that is not in 0..n-1.
        """
        if len(rows) != len(texts):
            raise InvalidRequestError(f"{len(rows)} rows and {len(texts)} texts do not pair up")
        if len(rows) == 0:
            return self
        if int(rows.min()) < 0 or int(rows.max()) >= self.n:
            raise InvalidRequestError(f"rows {int(rows.min())}..{int(rows.max())} are not within 0..{self.n - 1}")
        segment, lengths = self._segment(rows, texts)
        all_lengths = self.lengths.copy()
        all_lengths[rows] = lengths
        kept = tuple(_without(old, rows, self.n) for old in self._segments)
        return self._with(_tiered(kept, segment), all_lengths)

    def renumbered(self, rows: Ints, n: int) -> TextIndex:
        """A new value of n rows, in which row i of this one is ``rows[i]``, distinct, or is gone for -1."""
        segments = self._segments
        if not np.array_equal(rows, np.arange(self.n)):
            segments = (_merged(segments, rows),)
        lengths = np.zeros(n, np.int32)
        lengths[rows[rows >= 0]] = self.lengths[rows >= 0]
        return self._with(tuple(segment for segment in segments if segment.rows.size), lengths)

    def _with(self, segments: tuple[_Segment, ...], lengths: NDArray[np.int32]) -> TextIndex:
        value = TextIndex.__new__(TextIndex)
        value._vocabulary = self._vocabulary
        value._segments = segments
        value.lengths = lengths
        value.n = len(lengths)
        return value

    def _segment(self, rows: Ints, texts: Sequence[str | None]) -> tuple[_Segment, NDArray[np.int32]]:
        """The occurrences of some texts, and how many words of each text are indexed."""
        vocabulary = self._vocabulary
        split, look_up = vocabulary.analyser.words, vocabulary.__getitem__
        found = [_NO_INTS]
        sizes = np.zeros(len(texts), np.int64)
        with vocabulary.lock:
            for at, text in enumerate(texts):
                if text:
                    words = split(text)
                    sizes[at] = len(words)
                    found.append(np.fromiter(map(look_up, words), np.int64, len(words)))
        entries = np.concatenate(found)
        owners = np.repeat(np.arange(len(texts)), sizes)
        shapes = [vocabulary.shapes[-2 - entry] for entry in entries[entries < _NO_TERM].tolist()]
        widths = np.ones(len(entries), np.int64)
        widths[entries < _NO_TERM] = [shape.width for shape in shapes]
        starts = np.append(0, np.cumsum(widths))
        firsts = np.cumsum(sizes) - sizes
        positions = starts[:-1] - np.repeat(starts[firsts], sizes)
        lengths = np.bincount(owners, widths * (entries != _NO_TERM), len(texts)).astype(np.int32)
        if shapes or (entries == _NO_TERM).any():
            counts = (entries != _NO_TERM).astype(np.int64)
            counts[entries < _NO_TERM] = [len(shape.numbers) for shape in shapes]
            entries, owners, positions = (np.repeat(array, counts) for array in (entries, owners, positions))
            several = entries < _NO_TERM
            entries[several] = np.fromiter(chain.from_iterable(shape.numbers for shape in shapes), np.int64)
            positions[several] += np.fromiter(chain.from_iterable(shape.offsets for shape in shapes), np.int64)
        return _sorted(entries, rows[owners], positions), lengths

    # -- search -------------------------------------------------------------------------------------------------------

    def statistics(self, alive: Bools | None = None) -> Statistics:
        """Of the rows that have a text and are alive ((n,) bool; all without one)."""
        lengths = self.lengths if alive is None else self.lengths[alive[: self.n]]
        texts = int(np.count_nonzero(lengths))
        return Statistics(texts, float(lengths.sum(dtype=np.int64)) / texts if texts else 0.0)

    def scores(
        self, phrase: Phrase, statistics: Statistics, alive: Bools | None = None, mask: Bools | None = None
    ) -> tuple[Ints, Scores]:
        """(m,) rows that hold the phrase and satisfy the (n,) mask, ascending, and their (m,) BM25 scores.

        How rare a term is, is judged among the rows that are alive, whatever the mask.
        """
        rows, found, _ = self.weighed(phrase, statistics, alive, mask)
        return rows, found

    def weighed(
        self, phrase: Phrase, statistics: Statistics, alive: Bools | None = None, mask: Bools | None = None
    ) -> tuple[Ints, Scores, float]:
        """``scores``, and what a text of average length scores that holds the phrase once."""
        occurrences = [self._occurrences(word, alive) for _, word in phrase.words]
        holders = [_counted(rows) for rows, _ in occurrences]
        weight = sum(_rarity(len(rows), statistics.texts) for rows, _ in holders)
        if not holders or any(rows.size == 0 for rows, _ in holders):
            return np.empty(0, np.int64), np.empty(0, np.float64), weight
        rows, counts = holders[0]
        if len(occurrences) > 1:
            rows, counts = _together(occurrences, [offset for offset, _ in phrase.words], phrase.slop)
        if mask is not None:
            kept = mask[rows]
            rows, counts = rows[kept], counts[kept]
        length = self.lengths[rows] / (statistics.average or 1.0)
        damping = SATURATION * (1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * length)
        return rows, weight * counts * (SATURATION + 1.0) / (counts + damping), weight

    def rows_with(self, phrase: Phrase) -> Bools:
        """(n,) bool, the caller's own: the rows that hold the phrase, dead ones too."""
        found, _ = self.scores(phrase, Statistics(self.n, 1.0))
        out = np.zeros(self.n, np.bool_)
        out[found] = True
        return out

    def _occurrences(self, word: Word, alive: Bools | None) -> tuple[Ints, Ints]:
        """Rows and positions where the word stands."""
        wanted = self._vocabulary.of(word)
        rows: list[Ints] = [np.empty(0, np.int64)]
        positions: list[Ints] = [np.empty(0, np.int64)]
        for segment in self._segments if wanted.size else ():
            picks = _picks(segment, wanted)
            found = segment.rows[picks]
            places = segment.positions[picks]
            if segment.gone is not None:
                stay = ~segment.gone[found]
                found, places = found[stay], places[stay]
            rows.append(found.astype(np.int64))
            positions.append(places.astype(np.int64))
        all_rows, all_positions = np.concatenate(rows), np.concatenate(positions)
        if alive is not None:
            living = alive[all_rows]
            all_rows, all_positions = all_rows[living], all_positions[living]
        return all_rows, all_positions


def _rarity(holders: int, texts: int) -> float:
    """Lucene's inverse document frequency: positive however frequent a term is."""
    return float(np.log1p((texts - holders + 0.5) / (holders + 0.5)))


def _counted(rows: Ints) -> tuple[Ints, Ints]:
    """The distinct rows in ascending order, and how often each comes."""
    if (rows[1:] < rows[:-1]).any():
        rows = np.sort(rows, kind="stable")
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    return rows[starts], np.diff(starts, append=len(rows))


def _together(occurrences: Sequence[tuple[Ints, Ints]], offsets: Sequence[int], slop: int) -> tuple[Ints, Ints]:
    """Rows where all words stand at their distances, within ``slop``, and how often each does."""
    keys = [
        _counted((rows << _POSITION_BITS) + positions - offset + _LONGEST_PHRASE)[0]
        for (rows, positions), offset in zip(occurrences, offsets, strict=True)
    ]
    starts = np.unique(np.concatenate(keys)) if slop else min(keys, key=len)
    for key in keys:
        at = np.searchsorted(key, starts)
        inside = at < len(key)
        starts = starts[inside]
        starts = starts[key[at[inside]] <= starts + slop]
    return _counted(starts >> _POSITION_BITS)


def edit_distances(words: Sequence[str], target: str) -> Ints:
    """(m,) edits (insertions, deletions, substitutions, swaps of neighbours) between each word and the target."""
    if not words:
        return np.empty(0, np.int64)
    lengths = np.array([len(word) for word in words], np.int64)
    width = max(1, int(lengths.max()))
    letters = np.array(words, dtype=f"<U{width}").view(np.uint32).reshape(len(words), width)
    before_last = last = np.tile(np.arange(width + 1), (len(words), 1))
    for i, letter in enumerate(target, 1):
        now = np.empty_like(last)
        now[:, 0] = i
        for j in range(1, width + 1):
            changed = last[:, j - 1] + (letters[:, j - 1] != ord(letter))
            best = np.minimum(np.minimum(last[:, j], now[:, j - 1]) + 1, changed)
            if i > 1 and j > 1:
                swapped = (letters[:, j - 2] == ord(letter)) & (letters[:, j - 1] == ord(target[i - 2]))
                best = np.where(swapped, np.minimum(best, before_last[:, j - 2] + 1), best)
            now[:, j] = best
        before_last, last = last, now
    distances: Ints = last[np.arange(len(words)), lengths]
    return distances


# -- segments ---------------------------------------------------------------------------------------------------------


def _sorted(numbers: Ints, rows: Ints | Positions, positions: Ints | Positions) -> _Segment:
    # A stable sort keeps the positions of a row in order, and is fast on what is sorted in parts.
    order = np.argsort((numbers << 32) | rows, kind="stable")
    ordered = numbers[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    offsets = np.append(starts, ordered.size).astype(np.int64)
    rows, positions = rows[order].astype(np.int32, copy=False), positions[order].astype(np.int32, copy=False)
    return _Segment(ordered[starts], offsets, rows, positions, _level(rows.size))


def _picks(segment: _Segment, wanted: Ints) -> Ints | slice:
    """Where the occurrences of the wanted terms lie in a segment."""
    places = np.searchsorted(segment.terms, wanted)
    there = places < segment.terms.size
    places = places[there][segment.terms[places[there]] == wanted[there]]
    lows, highs = segment.offsets[places], segment.offsets[places + 1]
    if len(places) == 1:
        return slice(int(lows[0]), int(highs[0]))
    sizes = highs - lows
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    picks: Ints = np.arange(total) + np.repeat(lows - (ends - sizes), sizes)
    return picks


def _tiered(segments: tuple[_Segment, ...], added: _Segment) -> tuple[_Segment, ...]:
    """Adds a segment, and merges the last ones where eight of them are no larger than its class: a search meets few
    segments, and an occurrence is merged a logarithmic number of times."""
    if added.rows.size == 0:
        return segments
    grown = (*segments, added)
    while len(grown) >= _FAN and max(segment.level for segment in grown[-_FAN:]) <= grown[-1].level:
        grown = (*grown[:-_FAN], _merged(grown[-_FAN:]))
    return grown


def _merged(segments: tuple[_Segment, ...], renamed: Ints | None = None) -> _Segment:
    """renamed: the new number of each row, -1 where it is left out."""
    numbers, rows, positions = [_NO_INTS], [_NO_ROWS], [_NO_ROWS]
    for segment in segments:
        spread = np.repeat(segment.terms, np.diff(segment.offsets))
        stay = slice(None) if segment.gone is None else ~segment.gone[segment.rows]
        numbers.append(spread[stay])
        rows.append(segment.rows[stay])
        positions.append(segment.positions[stay])
    all_numbers, all_rows, all_positions = np.concatenate(numbers), np.concatenate(rows), np.concatenate(positions)
    if renamed is not None:
        all_rows = renamed[all_rows].astype(np.int32)
        kept = all_rows >= 0
        all_numbers, all_rows, all_positions = all_numbers[kept], all_rows[kept], all_positions[kept]
    return _sorted(all_numbers, all_rows, all_positions)


def _without(segment: _Segment, rows: Ints, n: int) -> _Segment:
    gone = np.zeros(n, dtype=np.bool_)
    if segment.gone is not None:
        gone[: segment.gone.size] = segment.gone
    gone[rows] = True
    return _Segment(segment.terms, segment.offsets, segment.rows, segment.positions, segment.level, gone)


def _level(occurrences: int) -> int:
    """The size class: each is eight times the one below."""
    return max(occurrences, 1).bit_length() // 3
