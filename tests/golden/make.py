"""Makes a small data directory of known content: ``python tests/golden/make.py tests/golden/v<format>``.

What a release wrote, every later release must open. A directory is made once for each format of the data directory,
committed, and never made again; ``EXPECTED`` says what it holds, and ``test_golden.py`` compares. Change nothing here
that changes what is expected: a new format gets a directory of its own.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pinyon.engine import Database
from pinyon.types import EmbedSpec, IndexSpec, SparseValues


@dataclass(frozen=True)
class Held:
    """A record: dense values, sparse values as {index: weight}, metadata."""

    values: tuple[float, ...] | None = None
    sparse: dict[int, float] | None = None
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True)
class Golden:
    """An index. schemas: of the namespaces that were made explicitly."""

    spec: IndexSpec
    namespaces: dict[str, dict[str, Held]]
    schemas: dict[str, dict[str, Any] | None] = field(default_factory=dict)


POEMS = IndexSpec(
    "poems",
    4,
    "cosine",
    kind="flat",
    recall_target=0.95,
    deletion_protection=True,
    tags={"stage": "golden", "owner": "tests"},
    deployment={"serverless": {"cloud": "aws", "region": "us-east-1"}},
)
TERMS = IndexSpec("terms", None, "dotproduct", "sparse")
PASSAGES = IndexSpec(
    "passages",
    8,
    "cosine",
    embed=EmbedSpec(
        "use-multilingual",
        "use-multilingual@1:0123456789abcdef",
        8,
        "cosine",
        {"text": "chunk_text"},
        read_parameters={"input_type": "query"},
        write_parameters={"input_type": "passage"},
    ),
)


def _poem(number: int) -> Held:
    values = (1.0, number / 4, -1.5, 0.1 * number)
    if number % 5 == 0:
        return Held(values)
    return Held(
        values,
        metadata={
            "title": f"시 {number}번" if number % 2 else f"Poem {number}",
            "year": 1900 + number,
            "rating": number / 8,
            "classic": number % 3 == 0,
            "themes": ["sea", "달"] if number % 2 else ["mountain"],
        },
    )


def _term(number: int) -> Held:
    return Held(sparse={number: 0.5, number + 7: 1.25, 4_000_000_000: 0.125 * number}, metadata={"number": number})


def _passage(number: int) -> Held:
    values = tuple(0.25 * ((number * 7 + column * 3) % 11 - 5) + 0.125 for column in range(8))
    return Held(values, metadata={"chunk_text": f"문단 {number}: the quick brown fox", "page": number})


UPDATED = "poem-03"
DELETED = ("poem-07", "poem-08")
REPLACED = "poem-09"
TOUCHED = {"rating": 9.5, "note": "다시 읽음"}


def _poems() -> dict[str, Held]:
    poems = {f"poem-{number:02}": _poem(number) for number in range(1, 25)}
    for id_ in DELETED:
        del poems[id_]
    poems[REPLACED] = Held((0.5, 0.5, 0.5, -0.5), metadata={"title": "replaced"})
    poems[UPDATED] = Held(poems[UPDATED].values, metadata=(poems[UPDATED].metadata or {}) | TOUCHED)
    return poems


EXPECTED: dict[str, Golden] = {
    "poems": Golden(
        POEMS,
        {"": _poems(), "second": {"poem-01": _poem(1)}, "empty": {}},
        {"empty": {"fields": {"year": {"filterable": True}}}},
    ),
    "terms": Golden(TERMS, {"": {f"term-{number}": _term(number) for number in range(1, 11)}}),
    "passages": Golden(PASSAGES, {"": {f"passage-{number}": _passage(number) for number in range(1, 6)}}),
}

BACKUP = "weekly"
BACKUP_DESCRIPTION = "before the cleaning"
BACKED_UP = {
    "": {f"poem-{number:02}": _poem(number) for number in range(1, 25)},
    **{name: records for name, records in EXPECTED["poems"].namespaces.items() if name},
}
"""The poems as they were when the backup was made."""


def sparse_values(held: Held) -> SparseValues | None:
    if held.sparse is None:
        return None
    return SparseValues(np.array(list(held.sparse), np.uint32), np.array(list(held.sparse.values()), np.float32))


def make(path: Path) -> None:
    """Writes the data directory, step by step as a user would, and leaves no cache."""
    with Database(path) as database:
        for golden in EXPECTED.values():
            database.create_index(golden.spec)
            index = database.index(golden.spec.name)
            for name, schema in golden.schemas.items():
                index.create_namespace(name, schema)
            source = BACKED_UP if golden.spec == POEMS else golden.namespaces
            for name, records in source.items():
                if records:
                    index.upsert(
                        name,
                        list(records),
                        [held.values for held in records.values()],
                        sparse=[sparse_values(held) for held in records.values()],
                        metadata=[held.metadata for held in records.values()],
                    )
        database.create_backup("poems", name=BACKUP, description=BACKUP_DESCRIPTION)
        poems = database.index("poems")
        poems.delete("", DELETED)
        poems.upsert("", [REPLACED], [(0.5, 0.5, 0.5, -0.5)], metadata=[{"title": "replaced"}])
        poems.update("", UPDATED, set_metadata=TOUCHED)
    shutil.rmtree(path / "cache", ignore_errors=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
