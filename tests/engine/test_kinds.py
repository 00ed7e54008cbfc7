"""Index kinds as settings: said as a dictionary, as a line or by a tag, checked by one table, and kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.engine import Database
from pinyon.engine.kinds import (
    EXAMPLE,
    KINDS,
    PARAMETERS,
    TAG,
    configured,
    line_of,
    plain,
    read_line,
    settings_of,
    value_of,
)
from pinyon.errors import InvalidRequestError
from pinyon.limits import DEFAULT
from pinyon.types import DEFAULT_RECALL, IndexSpec, Query

D = 4
PLAIN = IndexSpec("films", D, "cosine")


def made(**settings: Any) -> IndexSpec:
    return configured(PLAIN, settings)


# -- the table --------------------------------------------------------------------------------------------------------


def test_a_definition_about_which_nothing_was_said_is_plain() -> None:
    assert plain(PLAIN) == PLAIN
    assert settings_of(PLAIN) == {"kind": "auto", "recall": DEFAULT_RECALL}
    assert line_of(PLAIN) == "auto"


def test_what_is_not_fixed_is_the_usual_or_left_to_the_engine() -> None:
    graph, clusters = made(kind="hnsw", m=32), made(kind="ivf")
    assert [value_of(graph, name) for name in ("m", "ef_construction", "ef_search")] == [32, 200, None]
    assert [value_of(clusters, name) for name in ("nlist", "nprobe", "codes")] == [None, None, "pq4"]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in PARAMETERS[kind]])
def test_a_parameter_takes_its_limits_and_nothing_beyond(kind: str, name: str) -> None:
    parameter = next(known[name] for each, known in PARAMETERS.items() if each == kind)
    for good in parameter.choices or (parameter.least, parameter.most):
        assert made(kind=kind, **{name: good}).parameters == {name: good}
    for bad in () if parameter.choices else (parameter.least - 1, parameter.most + 1):
        with pytest.raises(InvalidRequestError, match=rf"{name} {bad} .* {parameter.least} to {parameter.most}"):
            made(kind=kind, **{name: bad})
    assert parameter.default is None or parameter.default in (parameter.choices or range(1, 10_000))


def test_numbers_of_numpy_become_plain_ones() -> None:
    spec = made(kind="hnsw", m=np.int64(8), recall=np.float64(0.5))
    assert (type(spec.parameters["m"]), type(spec.recall_target)) == (int, float)
    assert spec == made(kind="hnsw", m=8, recall=0.5)


# -- changing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "hnsw m 32 ef_search 90 recall 0.95"),
        ({"ef_search": 100}, "hnsw m 32 ef_search 100 recall 0.95"),
        ({"recall": 0.9}, "hnsw m 32 ef_search 90 recall 0.9"),
        ({"recall": 0.99}, "hnsw m 32 ef_search 90"),
        ({"kind": "hnsw", "m": 8}, "hnsw m 8 recall 0.95"),
        ({"kind": "ivf", "codes": "float32", "nlist": 7}, "ivf nlist 7 codes float32 recall 0.95"),
        ({"kind": "auto", "recall": 1}, "auto recall 1.0"),
    ],
)
def test_a_kind_says_everything_about_itself_and_without_one_only_what_is_named_changes(
    change: dict[str, Any], expected: str
) -> None:
    spec = made(kind="hnsw", m=32, ef_search=90, recall=0.95)
    assert line_of(configured(spec, change)) == expected


def test_settings_can_be_given_back_as_they_were_told() -> None:
    spec = made(kind="ivf", nprobe=3, nlist=64, recall=0.9)
    assert settings_of(spec) == {"kind": "ivf", "nlist": 64, "nprobe": 3, "recall": 0.9}
    assert configured(PLAIN, settings_of(spec)) == spec


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "tree"}, "kind: 'tree'. Use one of auto, flat, scan, hnsw, ivf, symqg"),
        ({"kind": ["hnsw"]}, "['hnsw']"),
        ({"kind": None}, "None"),
        ({"m": 16}, "auto has no 'm', which belongs to hnsw"),
        ({"kind": "hnsw", "nlist": 16}, "hnsw has no 'nlist', which belongs to ivf"),
        ({"kind": "hnsw", "recal": 0.9}, "hnsw has no 'recal'. It takes m, ef_construction, ef_search, recall"),
        ({"kind": "flat", 5: 0.9}, "flat has no 5. It takes recall"),
        ({"kind": "hnsw", "m": 1}, "m 1 of index kind hnsw is out of range. Use 2 to 128, or leave it out (16)"),
        ({"kind": "hnsw", "m": 10**400}, "m <integer of 1,329 bits>"),
        ({"kind": "hnsw", "m": 16.0}, "m of index kind hnsw must be a whole number from 2 to 128: got 16.0"),
        ({"kind": "hnsw", "m": True}, "got True"),
        ({"kind": "hnsw", "m": "16"}, "got '16'"),
        ({"kind": "hnsw", "m": None}, "got None"),
        ({"kind": "hnsw", "ef_search": 0}, "Use 1 to 10000, or leave it out (chosen by the recall target)"),
        ({"kind": "ivf", "codes": "pq8"}, "codes 'pq8' of index kind ivf is not possible. Use one of pq4, float32"),
        ({"kind": "ivf", "codes": 4}, "codes 4"),
        ({"kind": "symqg", "degree": 40}, "degree 40 of index kind symqg is not possible. Use one of 32, 64, 96, 128"),
        ({"kind": "symqg", "degree": 32.0}, "degree 32.0"),
        ({"ef_search": 9}, "auto has no 'ef_search', which belongs to hnsw and symqg"),
        ({"kind": "ivf", "nlist": 8, "nprobe": 9}, "nprobe 9 is more than nlist 8, all the clusters. Use 1 to 8"),
        ({"recall": 0}, "Recall target 0 is out of range"),
        ({"recall": 1.01}, "1.01"),
        ({"recall": float("nan")}, "nan"),
        ({"recall": "0.9"}, "'0.9'"),
        ({"recall": True}, "True"),
        ({"recall": None}, "None"),
        ("hnsw", 'index must be a dictionary such as {"kind": "hnsw"'),
        (5, "got 5"),
    ],
)
def test_bad_settings_are_refused_with_the_value_the_limit_and_the_way_out(settings: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=re.escape(said)):
        configured(PLAIN, settings)


# -- lines ------------------------------------------------------------------------------------------------------------


def _values(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    known = next(found for name, found in PARAMETERS.items() if name == kind)
    each = {
        name: st.sampled_from(one.choices) if one.choices else st.integers(one.least, one.most)
        for name, one in known.items()
    }
    each["recall"] = st.floats(0, 1, exclude_min=True)
    return st.fixed_dictionaries({"kind": st.just(kind)}, optional=each)


@given(
    st.sampled_from(KINDS).flatmap(_values).filter(lambda found: found.get("nprobe", 1) <= found.get("nlist", 65_536))
)
def test_any_settings_survive_as_a_line_that_a_tag_may_hold(settings: dict[str, Any]) -> None:
    spec = configured(PLAIN, settings)
    line = line_of(spec)
    assert configured(PLAIN, read_line(line)) == spec
    assert len(line) <= DEFAULT.tag_value_length
    with Database(":memory:") as database:
        assert database.create_index(IndexSpec("films", D, "cosine", tags={TAG: line})).tags == {TAG: line}


def test_a_line_may_leave_out_the_kind_and_use_any_white_space() -> None:
    assert read_line(" recall   0.9 ") == {"recall": 0.9}
    assert read_line("hnsw\tm 16\nef_search 5") == {"kind": "hnsw", "m": 16, "ef_search": 5}
    assert line_of(configured(PLAIN, read_line(EXAMPLE))) == EXAMPLE


@pytest.mark.parametrize(
    "line", ["", "  ", "tree", "hnsw m=16", "m=16", "hnsw m", "hnsw 16", "hnsw m 16 recall", "kind hnsw"]
)
def test_a_line_that_cannot_be_read_is_shown_what_to_write(line: str) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"kind \(auto, flat, scan, hnsw, ivf, symqg\).*'hnsw m 16 ef_construction"
    ):
        read_line(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hnsw m 16 m 17", "'m' is said twice"),
        ("hnsw m sixteen", "got 'sixteen'"),
        ("hnsw m 1e3", "got 1000.0"),
        ("tree 16", "auto has no 'tree'"),
        ("hnsw:m 16", "auto has no 'hnsw:m'"),
        ("hnsw recall high", "Recall target 'high'"),
        ("hnsw m " + "9" * 5_000, "must be a whole number"),
    ],
)
def test_a_line_of_bad_settings_is_refused(line: str, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        configured(PLAIN, read_line(line))


# -- the tag ----------------------------------------------------------------------------------------------------------


def create(database: Database, tags: Mapping[str, str], **more: Any) -> IndexSpec:
    return database.create_index(IndexSpec("films", D, "cosine", tags=tags, **more))


def test_an_index_with_the_tag_is_what_the_tag_says(database: Database) -> None:
    spec = create(database, {"team": "a", TAG: "hnsw m 32 recall 0.95"})
    assert (spec.kind, spec.parameters, spec.recall_target) == ("hnsw", {"m": 32}, 0.95)
    assert spec.tags == {"team": "a", TAG: "hnsw m 32 recall 0.95"}
    assert database.describe_index("films") == spec == database.index("films").spec


def test_a_changed_tag_changes_everything_that_it_says(database: Database) -> None:
    create(database, {TAG: "hnsw m 32 recall 0.95"})
    changed = database.configure_index("films", tags={TAG: "ivf nlist 8"})
    assert settings_of(changed) == {"kind": "ivf", "nlist": 8, "recall": DEFAULT_RECALL}
    assert settings_of(database.configure_index("films", tags={TAG: "recall 0.9"})) == {"kind": "auto", "recall": 0.9}
    assert database.index("films").spec.recall_target == 0.9


def test_without_the_tag_an_index_is_plain_again(database: Database) -> None:
    create(database, {"team": "a", TAG: "hnsw m 32 recall 0.95"})
    changed = database.configure_index("films", tags={TAG: ""})
    assert changed == plain(changed)
    assert changed.tags == {"team": "a"}
    database.configure_index("films", index={"kind": "scan"})
    assert settings_of(database.configure_index("films", tags={TAG: ""}))["kind"] == "auto"


def test_other_tags_leave_the_settings_alone(database: Database) -> None:
    create(database, {TAG: "hnsw m 32"})
    for tags in ({"team": "b"}, {TAG: "hnsw m 32", "team": "c"}, {"team": ""}):
        assert settings_of(database.configure_index("films", tags=tags))["m"] == 32
    database.configure_index("films", tags={TAG: ""})
    database.configure_index("films", index={"kind": "flat"})
    assert database.configure_index("films", tags={"team": "d"}).kind == "flat"


def test_a_tag_that_is_there_follows_other_settings(database: Database) -> None:
    create(database, {TAG: "hnsw m 32", "team": "a"})
    changed = database.configure_index("films", index={"ef_search": 70, "recall": 0.9})
    assert changed.tags == {TAG: "hnsw m 32 ef_search 70 recall 0.9", "team": "a"}
    assert database.configure_index("films", tags={"team": "b"}).tags[TAG] == changed.tags[TAG]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hnsw m=16", "Tag 'pinyon-index': Index settings 'hnsw m=16' are not understood"),
        ("hnsw m 1", "Tag 'pinyon-index': m 1 of index kind hnsw is out of range. Use 2 to 128"),
        ("m 16", "auto has no 'm'"),
        ("tree", "kind (auto, flat"),
        (5, "Value 5 of tag 'pinyon-index'"),
        (None, "Value None of tag 'pinyon-index'"),
        ("hnsw" + " " * 130 + "m 16", "at most|up to 120"),
    ],
)
def test_a_bad_tag_is_refused_and_nothing_changes(database: Database, value: Any, said: str) -> None:
    pattern = said if "|" in said else re.escape(said)
    with pytest.raises(InvalidRequestError, match=pattern):
        create(database, {TAG: value})
    assert database.list_indexes() == []
    before = create(database, {TAG: "ivf nlist 8"})
    with pytest.raises(InvalidRequestError, match=pattern):
        database.configure_index("films", tags={TAG: value, "team": "a"})
    assert database.describe_index("films") == before


def test_settings_given_in_two_ways_must_agree(database: Database) -> None:
    with pytest.raises(InvalidRequestError, match=r"Tag 'pinyon-index' is 'ivf', and the settings are 'hnsw m 8'"):
        create(database, {TAG: "ivf"}, kind="hnsw", parameters={"m": 8})
    spec = create(database, {TAG: "hnsw m 8"}, kind="hnsw", parameters={"m": 8})
    with pytest.raises(InvalidRequestError, match=r"given twice, as index= and as the tag"):
        database.configure_index("films", tags={TAG: "ivf"}, index={"kind": "flat"})
    assert database.describe_index("films") == spec


# -- indexes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_of_any_kind_is_kept_and_answers(database: Database, kind: Any) -> None:
    rows = np.eye(D, dtype=np.float32)
    spec = database.create_index(IndexSpec("films", D, "cosine", kind=kind))
    index = database.index("films")
    index.upsert("", list("abcd"), rows)
    assert index.ready(timeout=60)
    assert index.query("", Query(2, vector=rows[1])).matches[0].id == "b"
    assert database.describe_index("films") == spec


def test_settings_survive_the_end_of_the_process(tmp_path: Path) -> None:
    with Database(tmp_path / "data") as database:
        spec = create(database, {TAG: "ivf nlist 8 nprobe 2 codes float32"})
    with Database(tmp_path / "data") as database:
        assert database.describe_index("films") == spec
        assert spec.parameters == {"nlist": 8, "nprobe": 2, "codes": "float32"}


@pytest.mark.parametrize("kind", ["scan", "hnsw", "ivf", "symqg"])
def test_kinds_of_dense_vectors_are_refused_where_there_are_none(database: Database, kind: Any) -> None:
    said = f"Index kind {kind} is for dense vectors. Index 'words' has none"
    with pytest.raises(InvalidRequestError, match=said):
        database.create_index(IndexSpec("words", None, "dotproduct", "sparse", kind))
    database.create_index(IndexSpec("words", None, "dotproduct", "sparse", "flat"))
    with pytest.raises(InvalidRequestError, match=said):
        database.configure_index("words", tags={TAG: kind})
    assert database.configure_index("words", tags={TAG: "auto"}).tags == {TAG: "auto"}


def test_parameters_that_are_no_dictionary_are_refused(database: Database) -> None:
    with pytest.raises(InvalidRequestError, match=r"parameters must be a dictionary such as \{'m': 16\}: got \['m'\]"):
        create(database, {}, kind="hnsw", parameters=["m"])


def test_a_restored_index_has_the_settings_of_its_source_or_of_the_tag_that_is_given(database: Database) -> None:
    spec = create(database, {TAG: "hnsw m 32"})
    backup = database.create_backup("films").id
    assert settings_of(database.restore_backup(backup, "same")) == settings_of(spec)
    assert settings_of(database.restore_backup(backup, "other", tags={TAG: "ivf nlist 4"}))["nlist"] == 4
    kept = database.restore_backup(backup, "kept", tags={"team": "a"})
    assert (settings_of(kept), kept.tags) == (settings_of(spec), {"team": "a"})
    with pytest.raises(InvalidRequestError, match="Tag 'pinyon-index'"):
        database.restore_backup(backup, "bad", tags={TAG: "hnsw m 1"})
    assert not database.has_index("bad")


# -- one query --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_query_may_ask_any_kind_for_any_effort(database: Database, kind: Any) -> None:
    database.create_index(IndexSpec("films", D, "cosine", kind=kind))
    index = database.index("films")
    index.upsert("", list("abcd"), np.eye(D, dtype=np.float32))
    usual = index.query("", Query(2, id="c"))
    for effort in ({"ef_search": 1}, {"nprobe": 65_536}, {"rerank_depth": 2}, {"ef_search": np.int32(10_000)}):
        assert index.query("", Query(2, id="c", **effort)) == usual


@pytest.mark.parametrize(
    ("effort", "said"),
    [
        ({"ef_search": 0}, "ef_search 0 is out of range. Use 1 to 10000, or leave it out"),
        ({"ef_search": 10_001}, "ef_search 10001"),
        ({"nprobe": 0}, "nprobe 0 is out of range. Use 1 to 65536"),
        ({"nprobe": 65_537}, "nprobe 65537"),
        ({"rerank_depth": 1}, "rerank_depth 1 is out of range. Use top_k (2) to 100000"),
        ({"rerank_depth": 100_001}, "rerank_depth 100001"),
        ({"ef_search": 10.0}, "ef_search must be a whole number up to 10000: got 10.0"),
        ({"nprobe": True}, "got True"),
        ({"rerank_depth": "9"}, "got '9'"),
    ],
)
def test_an_effort_that_cannot_be_is_refused(database: Database, effort: dict[str, Any], said: str) -> None:
    create(database, {})
    with pytest.raises(InvalidRequestError, match=re.escape(said)):
        database.index("films").query("", Query(2, vector=[1.0] * D, **effort))


@pytest.mark.parametrize("name", ["ef_search", "nprobe", "rerank_depth"])
def test_a_sparse_index_takes_no_effort_of_dense_kinds(database: Database, name: str) -> None:
    database.create_index(IndexSpec("words", None, "dotproduct", "sparse"))
    query: dict[str, Any] = {"sparse": {"indices": [1], "values": [1.0]}, name: 50}
    with pytest.raises(InvalidRequestError, match=f"{name} has no meaning for sparse index 'words'"):
        database.index("words").query("", Query(2, **query))
