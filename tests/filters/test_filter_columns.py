"""Columns: the mask equals the oracle whatever was appended, replaced, settled and reloaded."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pinyon.errors import CorruptionError, InvalidRequestError
from pinyon.filters import And, Columns, Compare, Exists, In, Node, Or, decode_metadata, encode_metadata, matches, parse
from pinyon.limits import DEFAULT

KEY = bytes(range(32))
Stored = bytes | None

# Few values, so that a filter often tells what a row holds from what it held before.
_fields = st.sampled_from(["a", "b"])
_strings = st.sampled_from(["", "x", "값", "1"])
_numbers = st.one_of(st.integers(-1, 1), st.sampled_from([0.5, -0.0, -1e300, 2**53, 2**53 + 1, 2**64 - 1]))
_scalars = st.one_of(_strings, _numbers, st.booleans())
_values = st.one_of(_scalars, st.lists(_strings, max_size=3))
_metadata = st.fixed_dictionaries({}, optional={"a": _values, "b": _values})
_stored = _metadata.map(lambda metadata: encode_metadata(metadata, DEFAULT, record_id="r"))
_leaves = st.one_of(
    st.builds(Compare, _fields, st.sampled_from(["$eq", "$ne"]), _scalars),
    st.builds(Compare, _fields, st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), _numbers),
    st.builds(In, _fields, st.lists(_scalars, max_size=4).map(tuple), st.booleans()),
    st.builds(Exists, _fields, st.booleans()),
)


def _joins(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(children, max_size=3).map(tuple)
    return st.one_of(st.builds(And, several), st.builds(Or, several))


_trees: st.SearchStrategy[Node] = st.recursive(_leaves, _joins, max_leaves=8)
_steps = st.one_of(
    st.tuples(st.just("append"), st.lists(_stored, min_size=1, max_size=8)),
    st.tuples(st.just("replace"), st.lists(st.tuples(st.integers(0, 10), _stored), max_size=6)),
    st.tuples(st.just("mask"), _trees),
    st.tuples(st.just("settle"), st.none()),
    st.tuples(st.just("reload"), st.none()),
)


def _expected(node: Node, rows: list[Stored]) -> list[bool]:
    return [matches(node, decode_metadata(raw)) for raw in rows]


def _take(columns: Columns, rows: list[Stored], step: tuple[str, Any]) -> tuple[Columns, list[Stored]]:
    name, argument = step
    if name == "append":
        return columns.append(argument), rows + argument
    if name == "replace" and rows:
        edits = [(row % len(rows), raw) for row, raw in argument]
        after = list(rows)
        for row, raw in edits:
            after[row] = raw
        return columns.replace(np.array([row for row, _ in edits], dtype=np.int64), [raw for _, raw in edits]), after
    if name == "mask":
        assert columns.mask(argument).tolist() == _expected(argument, rows)
    if name == "settle":
        columns.settle()
    if name == "reload":
        return Columns.from_arrays(columns.to_arrays(), KEY), rows
    return columns, rows


# Five trees an example: 2,000 trees in the default profile of 100 examples, 200,000 in the nightly one of 2,000.
_EXAMPLES = settings().max_examples * (4 if settings().max_examples <= 100 else 20)


@settings(max_examples=_EXAMPLES)
@given(
    st.lists(_stored, max_size=8),
    st.lists(_steps, min_size=1, max_size=10),
    st.lists(_trees, min_size=5, max_size=5),
)
def test_the_mask_equals_the_oracle_after_any_history(
    base: list[Stored], steps: list[tuple[str, Any]], trees: list[Node]
) -> None:
    columns, rows = Columns.empty(KEY).append(base), base
    columns.settle()
    history = [(columns, rows)]
    for step in steps:
        columns, rows = _take(columns, rows, step)
        history.append((columns, rows))
    for node in trees:
        assert columns.mask(node).tolist() == _expected(node, rows)
    for older, its_rows in history:
        assert older.n == len(its_rows)
        assert older.mask(trees[0]).tolist() == _expected(trees[0], its_rows)


def _records(n: int, seed: int = 0) -> list[Stored]:
    chance = random.Random(seed)
    made: list[Stored] = []
    for i in range(n):
        record: dict[str, Any] = {"category": f"c{chance.randrange(20)}", "year": chance.randrange(1980, 2026)}
        record["tags"] = chance.sample([f"t{j}" for j in range(50)], chance.randrange(0, 4))
        if chance.random() < 0.01:
            record["rare"] = chance.random() < 0.5
        made.append(encode_metadata(record if i % 17 else None, DEFAULT, record_id=str(i)))
    return made


FILTERS: list[dict[str, Any]] = [
    {"category": "c3"},
    {"year": {"$gte": 2010}},
    {"year": {"$lt": 1981}},
    {"category": "c3", "year": {"$gte": 2010}},
    {"tags": {"$in": ["t1", "t2", "no"]}},
    {"tags": {"$nin": ["t1", "t2"]}},
    {"category": {"$ne": "c3"}},
    {"rare": {"$exists": True}},
    {"rare": {"$exists": False}, "tags": {"$exists": True}},
    {"$or": [{"rare": True}, {"year": 2000}]},
    {"category": "none", "year": {"$gte": 0}},
    {},
]


def test_a_large_namespace_folds_by_itself_and_stays_right() -> None:
    rows = _records(12_000)
    columns = Columns.empty(KEY)
    nodes = [parse(filter, DEFAULT) for filter in FILTERS]
    for start in range(0, len(rows), 1_500):
        columns = columns.append(rows[start : start + 1_500])
        columns.mask(nodes[start // 1_500])
    fresh = _records(2_000, seed=1)
    chosen = np.random.default_rng(0).choice(len(rows), size=len(fresh), replace=False)
    columns = columns.replace(chosen, fresh)
    for row, raw in zip(chosen.tolist(), fresh, strict=True):
        rows[row] = raw
    for _ in range(2):  # the second round answers from what the first has cached, then from the folded base
        for node in nodes:
            assert columns.mask(node).tolist() == _expected(node, rows)
        columns.settle()


@pytest.mark.parametrize("filter", FILTERS, ids=str)
def test_a_replaced_row_of_the_base_answers_for_its_new_metadata_alone(filter: dict[str, Any]) -> None:
    rows = _records(2_000)
    columns = Columns.empty(KEY).append(rows)
    columns.settle()
    fresh = _records(1_000, seed=2)
    columns = columns.replace(np.arange(1_000), fresh)
    node = parse(filter, DEFAULT)
    assert columns.mask(node).tolist() == _expected(node, fresh + rows[1_000:])
    again = columns.replace(np.arange(500), [None] * 500)
    assert again.mask(node).tolist() == _expected(node, [None] * 500 + fresh[500:] + rows[1_000:])


def test_a_mask_belongs_to_the_caller() -> None:
    columns = Columns.empty(KEY).append([b'{"a":1}', b'{"b":1}'])
    for filter in ({"a": {"$exists": True}}, {"a": {"$gte": 0}}, {"a": 1}, {}):
        node = parse(filter, DEFAULT)
        before = columns.mask(node)
        before[:] = False
        assert columns.mask(node).any()


def test_many_threads_on_one_unread_value_agree() -> None:
    rows = _records(4_000)
    columns = Columns.empty(KEY)
    for start in range(0, len(rows), 100):
        columns = columns.append(rows[start : start + 100])
    nodes = [parse(filter, DEFAULT) for filter in FILTERS]
    expected = [_expected(node, rows) for node in nodes]
    gate = threading.Barrier(9)
    wrong: list[int] = []

    def read(turn: int) -> None:
        gate.wait()
        for i in range(len(nodes)):
            at = (i + turn) % len(nodes)
            if columns.mask(nodes[at]).tolist() != expected[at]:
                wrong.append(at)

    def settle() -> None:
        gate.wait()
        columns.settle()

    threads = [threading.Thread(target=read, args=(turn,)) for turn in range(8)] + [threading.Thread(target=settle)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_an_older_value_read_is_not_read_again_by_its_successors() -> None:
    old = Columns.empty(KEY).append([b'{"a":1}'] * 3)
    new = old.append([b'{"a":2}'])
    old.settle()
    assert new.mask(parse({"a": {"$lte": 1}}, DEFAULT)).tolist() == [True, True, True, False]
    assert new._held.base is old._held.base  # type: ignore[union-attr]


def test_a_hundred_thousand_single_appends_neither_recurse_nor_stall() -> None:
    columns = Columns.empty(KEY)
    for _ in range(100_000):
        columns = columns.append([b'{"a":1}'])
    assert np.count_nonzero(columns.mask(parse({"a": 1}, DEFAULT))) == 100_000
    for _ in range(100_000):
        columns = columns.append([None])
    del columns


def test_equal_strings_have_one_digest_and_another_key_has_others() -> None:
    one = Columns.empty(KEY).append([b'{"a":"x"}', b'{"a":["x","y"]}']).to_arrays()["strings"]
    other = Columns.empty(bytes(16)).append([b'{"a":"x"}', b'{"a":["x","y"]}']).to_arrays()["strings"]
    assert len(set(one.tolist())) == 2
    assert not set(one.tolist()) & set(other.tolist())


def test_the_arrays_are_plain_numbers_that_may_be_read_only() -> None:
    rows = _records(500)
    arrays = Columns.empty(KEY).append(rows).to_arrays()
    for array in arrays.values():
        assert array.dtype.kind in "iuf"
        array.flags.writeable = False
    again = Columns.from_arrays(arrays, KEY)
    grown = again.append(rows[:50]).replace([0, 7], [None, rows[3]])
    after = [None, *rows[1:7], rows[3], *rows[8:], *rows[:50]]
    for filter in FILTERS:
        node = parse(filter, DEFAULT)
        assert again.mask(node).tolist() == _expected(node, rows)
        assert grown.mask(node).tolist() == _expected(node, after)
    assert {name: array.tobytes() for name, array in again.to_arrays().items()} == {
        name: array.tobytes() for name, array in arrays.items()
    }


def _damaged(name: str, change: Any) -> dict[str, NDArray[Any]]:
    arrays = Columns.empty(KEY).append(_records(50)).to_arrays()
    arrays[name] = change(arrays[name].copy())
    return arrays


def _set(index: Any, value: Any) -> Any:
    def change(array: NDArray[Any]) -> NDArray[Any]:
        array[index] = value
        return array

    return change


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        _damaged("header", _set(0, 99)),
        _damaged("header", _set(1, 10)),
        _damaged("header", _set(1, -1)),
        _damaged("header", _set(2, 0)),
        _damaged("header", lambda array: array[:2]),
        _damaged("rows", _set(0, -1)),
        _damaged("rows", lambda array: array[:-1]),
        _damaged("rows", lambda array: array.astype(np.int64)),
        _damaged("strings", lambda array: array[:-1]),
        _damaged("numbers", lambda array: np.append(array, 1.0)),
        _damaged("layout", _set((0, 0), 77)),
        _damaged("layout", _set((0, 1), 9)),
        _damaged("layout", _set((0, 2), -5)),
        _damaged("layout", lambda array: array[:, :2]),
        _damaged("names", _set(0, 0xFF)),
        _damaged("fields", _set(0, 99)),
        _damaged("fields", _set(0, -1)),
    ],
)
def test_damaged_arrays_are_refused(arrays: dict[str, NDArray[Any]]) -> None:
    with pytest.raises(CorruptionError, match="delete the cache"):
        Columns.from_arrays(arrays, KEY)


def test_arrays_of_another_key_are_refused() -> None:
    arrays = Columns.empty(KEY).append(_records(5)).to_arrays()
    with pytest.raises(CorruptionError, match="another key"):
        Columns.from_arrays(arrays, bytes(32))


@pytest.mark.parametrize("size", [0, 15, 65])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(InvalidRequestError, match=f"16 to 64 bytes, got {size}"):
        Columns.empty(bytes(size))


def test_rows_that_do_not_exist_cannot_be_replaced() -> None:
    columns = Columns.empty(KEY).append([None, None])
    for rows in ([2], [-1], [0, 5]):
        with pytest.raises(InvalidRequestError, match="there are 2 rows"):
            columns.replace(rows, [None] * len(rows))
    with pytest.raises(InvalidRequestError, match="1 rows cannot take 2 metadata"):
        columns.replace([0], [None, None])
    assert columns.replace([], []) is columns
    assert columns.append([]) is columns


def test_of_a_row_replaced_twice_the_last_counts() -> None:
    columns = Columns.empty(KEY).append([None]).replace([0, 0], [b'{"a":1}', b'{"a":2}'])
    assert columns.mask(parse({"a": 2}, DEFAULT)).tolist() == [True]
    assert columns.mask(parse({"a": 1}, DEFAULT)).tolist() == [False]


def test_damaged_metadata_bytes_are_named_and_the_value_stays_usable_before_them() -> None:
    good = Columns.empty(KEY).append([b'{"a":1}'])
    bad = good.append([b'{"a":'])
    for _ in range(2):
        with pytest.raises(CorruptionError, match="pinyon repair"):
            bad.mask(parse({"a": 1}, DEFAULT))
    assert good.mask(parse({"a": 1}, DEFAULT)).tolist() == [True]


def test_stored_values_of_a_foreign_type_exist_and_equal_nothing() -> None:
    rows: list[Stored] = [b'{"a":null}', b'{"a":{"b":1}}', b'{"a":[1,"x",null]}', b'{"a":[]}']
    columns = Columns.empty(KEY).append(rows)
    for filter in ({"a": {"$exists": True}}, {"a": {"$ne": "x"}}, {"a": 1}, {"a": "x"}, {"a": {"$gte": 0}}):
        node = parse(filter, DEFAULT)
        assert columns.mask(node).tolist() == _expected(node, rows)


def test_bytes_counts_arrays_and_what_waits_to_be_read() -> None:
    columns = Columns.empty(KEY).append([b'{"a":1}', None])
    assert columns.nbytes >= len(b'{"a":1}')
    columns.settle()
    assert columns.nbytes == 8 + 4
