"""How questions are answered, and how long each stage takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

from pinyon.errors import InvalidRequestError
from pinyon.types import ChatMessage

__all__ = ["Settings", "recent_of", "timed"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How questions are answered.

    top_k: passages that are retrieved. sources: those of them that the answer may be made from. threshold: the least
    evidence (0..1) that is answered; the default is where the questions of ``benchmarks/rag.py`` part best.
    max_tokens, temperature, seed: of the generation. sentences: of an answer, at most; the model is asked to keep to
    it. neighbours: whether the text around a passage in its section is given too. brief: for tiny models: they read the
    few best sentences and write one; what they write counts only if it says what the source says, else the source is
    quoted. writes_korean: False for a model that did not learn it: what is asked in Korean is then answered by quoting
    the sources, and the model is not asked. turns: messages of a conversation that a model reads again, the last ones.
    instructions: what answers should be like, from whoever the documents belong to; a tiny model is told nothing of it.
    """

    top_k: int = 20
    sources: int = 5
    threshold: float = 0.6
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    sentences: int = 4
    neighbours: bool = True
    brief: bool = False
    writes_korean: bool = True
    turns: int = 6
    instructions: str = ""

    def __post_init__(self) -> None:
        limits = {
            **{"top_k": (1, 1_000), "sources": (1, 100), "max_tokens": (16, 100_000)},
            **{"sentences": (1, 50), "turns": (0, 100)},
        }
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise InvalidRequestError(f"{name} must be a whole number from {least} to {most:,}, got {value!r:.80}")
        if not 0.0 <= self.threshold <= 1.0:
            raise InvalidRequestError(f"threshold must be 0 to 1, got {self.threshold!r:.80}")


@contextmanager
def timed(times: dict[str, float], stage: str) -> Iterator[None]:
    """Adds the milliseconds of the block to its stage."""
    started = perf_counter()
    try:
        yield
    finally:
        times[stage] = times.get(stage, 0.0) + (perf_counter() - started) * 1e3


def recent_of(history: Sequence[ChatMessage], settings: Settings) -> list[ChatMessage]:
    """The messages of a conversation that are read again."""
    return list(history[-settings.turns :]) if settings.turns else []
