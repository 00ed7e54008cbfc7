"""Generations of vectors: the one that the records have, and another that is being made or was kept.

Both lie in the table ``vector``. The vector of a record has the record's ord as its key in one generation and the ord
plus ``HALF`` in the other; ``meta`` says which is which. So a switch from one to the other changes a few rows of
``meta`` and none of the vectors, and a file that never was re-embedded holds none of all this.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, TypeAlias, TypeGuard
from zlib import crc32

import apsw

from pinyon.storage.scan import scan
from pinyon.types import EmbedSpec, IndexSpec

HALF: Final = 1 << 61
"""What is added to an ord to give the key of its vector, in one of two generations. No ord ever comes near it."""

OFFSET: Final = "coalesce((SELECT value FROM meta WHERE key = 'offset'), 0)"
"""SQL: what is added to an ord to give the key of the vector that the record has."""
NUMBER: Final = "coalesce((SELECT value FROM meta WHERE key = 'generation'), 1)"
"""SQL: the number of the generation that the records have."""

OtherState: TypeAlias = Literal["building", "kept", "leaving"]
KEYS: Final = ("generation", "offset", "embed", "other", "last_generation")
"""Keys of ``meta`` that a file has once a second generation was begun."""
_STATES: Final = ("building", "kept", "leaving")


@dataclass(frozen=True, slots=True)
class Other:
    """The generation that searches do not use: it is being made, it was kept for a way back, or its rows are being
    deleted. embed: the model of its vectors."""

    number: int
    state: OtherState
    embed: EmbedSpec


@dataclass(frozen=True, slots=True)
class Generations:
    """What ``meta`` says. number, offset, embed: of the vectors that the records have; embed is None where nothing was
    re-embedded yet, and the catalog tells the model. last: the highest number that was ever given."""

    number: int = 1
    offset: int = 0
    embed: EmbedSpec | None = None
    other: Other | None = None
    last: int = 1

    @property
    def other_offset(self) -> int:
        return HALF - self.offset

    def dimension(self, of_spec: int | None) -> int | None:
        """Numbers in a vector of a record. of_spec: what the definition of the index says; None for a sparse one."""
        return of_spec if self.embed is None else self.embed.dimension


def as_stored(spec: IndexSpec, stored: Generations) -> IndexSpec:
    """The definition with the model that made the vectors of the file: where they disagree, the file is right."""
    embed = stored.embed
    if embed is None or (spec.embed is not None and _model(spec.embed) == _model(embed)):
        return spec
    return bound_to(spec, embed)


def bound_to(spec: IndexSpec, embed: EmbedSpec) -> IndexSpec:
    """The definition with another model, also where an index of documents names it beside its text field."""
    schema, field = spec.schema, embed.field_map["text"]
    if schema is not None and field in schema and "embed" in schema[field]:
        parts = {"model": embed.model, "dimension": embed.dimension}
        schema = {**schema, field: {**schema[field], "embed": {**schema[field]["embed"], **parts}}}
    return replace(spec, dimension=embed.dimension, embed=embed, schema=schema)


def _model(embed: EmbedSpec) -> tuple[str, str, int | None]:
    return embed.model, embed.identity, embed.dimension


def read_generations(connection: apsw.Connection) -> Generations:
    """Raises ValueError when ``meta`` cannot mean anything."""
    marks = ", ".join("?" * len(KEYS))
    found: Any = connection.execute(f"SELECT key, value FROM meta WHERE key IN ({marks})", KEYS).fetchall()
    return parse_generations(dict(found))


def parse_generations(meta: Mapping[str, Any]) -> Generations:
    """Raises ValueError on anything that no release writes."""
    number, offset = meta.get("generation", 1), meta.get("offset", 0)
    last = meta.get("last_generation", 1)
    if not (_counts(number) and _counts(last)) or offset not in (0, HALF):
        raise ValueError(f"generation {number!r}, offset {offset!r}, last_generation {last!r}")
    embed = None if meta.get("embed") is None else embed_from_json(meta["embed"])
    other = None if meta.get("other") is None else _other(meta["other"])
    if max(number, 0 if other is None else other.number) > last or (other is not None and other.number == number):
        raise ValueError(f"generation {number} of {last}, and {other}")
    return Generations(number, offset, embed, other, last)


def recovered(connection: apsw.Connection, dimension: int | None) -> Generations:
    """``read_generations``, and what the vectors themselves tell where ``meta`` is damaged. dimension: of the catalog.

    What it says of the other generation is lost when it cannot be read: its vectors are then nobody's.
    """
    with suppress(ValueError, apsw.CorruptError, UnicodeDecodeError):
        stored = read_generations(connection)
        if _plausible(connection, stored):
            return stored
    found = {key: _value(connection, key) for key in KEYS}
    embed, other = None, None
    with suppress(ValueError):
        embed = embed_from_json(found["embed"])
    size = 4 * ((dimension if embed is None else embed.dimension) or 0)
    banks = {offset: _bank(connection, offset, size) for offset in (0, HALF)}
    with suppress(ValueError):
        other = _other(found["other"])
    claims = []
    for bank, (count, its_number) in banks.items():
        free = other is None or its_number != other.number
        said = free, its_number == (found["generation"] or 1), bank == (found["offset"] or 0)
        claims.append((count > 0, *said, count, its_number, bank))
    *_, number, offset = max(claims)
    if other is not None and other.number == number:
        other = None
    numbers = [number, found["last_generation"], 1 if other is None else other.number, *(n for _, n in banks.values())]
    return Generations(number, offset, embed, other, max(n for n in numbers if _counts(n)))


def write_generations(connection: apsw.Connection, stored: Generations) -> None:
    """What ``read_generations`` reads; nothing of it where there never was a second generation."""
    connection.executemany("DELETE FROM meta WHERE key = ?", [(key,) for key in KEYS])
    if stored == Generations():
        return
    pairs: list[tuple[str, int | str]] = [
        ("generation", stored.number),
        ("offset", stored.offset),
        ("last_generation", stored.last),
    ]
    if stored.embed is not None:
        pairs.append(("embed", embed_to_json(stored.embed)))
    if stored.other is not None:
        pairs.append(("other", other_to_json(stored.other)))
    connection.executemany("INSERT INTO meta(key, value) VALUES(?, ?)", pairs)


def _plausible(connection: apsw.Connection, stored: Generations) -> bool:
    """Whether vectors of that number lie where the records are said to have theirs, or there are no vectors at all."""
    if stored == Generations() and not connection.execute("SELECT 1 FROM vector WHERE ord >= ?", (HALF,)).get:
        return True
    own = connection.execute(
        "SELECT 1 FROM vector WHERE ord >= ? AND ord < ? AND generation = ? LIMIT 1",
        (stored.offset, stored.offset + HALF, stored.number),
    ).get
    return bool(own or not connection.execute("SELECT 1 FROM vector").get)


def _value(connection: apsw.Connection, key: str) -> Any:
    with suppress(apsw.CorruptError, UnicodeDecodeError):
        return connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).get
    return None


def _bank(connection: apsw.Connection, offset: int, size: int) -> tuple[int, int]:
    """(vectors of so many bytes there, the generation of most of these); of as many as can be read."""
    sql = (
        f"SELECT ord - {offset}, generation, length(data) FROM vector "
        f"WHERE ord >= ? + {offset} AND ord < {offset + HALF} ORDER BY ord"
    )
    found = Counter(
        generation
        for _, generation, length in scan(connection, sql, None, "vector")
        if length == size and _counts(generation)
    )
    return found.total(), found.most_common(1)[0][0] if found else 1


def _counts(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and 1 <= value < HALF


def _other(text: object) -> Other:
    fields = _object(text)
    number, state = fields.get("generation"), fields.get("state")
    if state not in _STATES or not _counts(number):
        raise ValueError(f"{text!r:.200} is no generation")
    return Other(number, state, _embed(fields.get("embed")))


def other_to_json(other: Other) -> str:
    return _sealed({"generation": other.number, "state": other.state, "embed": asdict(other.embed)})


def embed_to_json(embed: EmbedSpec) -> str:
    return _sealed(asdict(embed))


def embed_from_json(text: object) -> EmbedSpec:
    """Raises ValueError."""
    return _embed(_object(text))


def _sealed(body: Mapping[str, Any]) -> str:
    """A JSON object with the CRC-32 of all but ``crc``: SQLite would not notice a flipped bit."""
    return _compact({**body, "crc": crc32(_compact(body).encode())})


def _object(text: object) -> dict[str, Any]:
    found = json.loads(text) if isinstance(text, str) else None
    if not isinstance(found, dict) or found.pop("crc", None) != crc32(_compact(found).encode()):
        raise ValueError(f"{text!r:.80} does not match its checksum")
    return found


def _compact(body: Mapping[str, Any]) -> str:
    return json.dumps(body, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _embed(fields: Any) -> EmbedSpec:
    try:
        embed = EmbedSpec(**fields)
    except TypeError as error:
        raise ValueError(f"the model {fields!r:.200} cannot be read ({error})") from error
    if not isinstance(embed.dimension, int) or not isinstance(embed.field_map.get("text"), str):
        raise ValueError(f"the model {fields!r:.200} has no dimension or no text field")
    return embed
