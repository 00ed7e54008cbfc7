"""Hybrid search by vectors and words, against scores worked out record by record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from pinyon.engine import Database, Index
from pinyon.engine.blending import read_fusion
from pinyon.errors import InvalidRequestError
from pinyon.index.analysis import AUTO, Analyser
from pinyon.index.text import Word
from pinyon.types import (
    METRICS,
    EmbedSpec,
    Floats,
    Fusion,
    IndexSpec,
    Match,
    Metric,
    Query,
    QueryResult,
    SparseValues,
    TextClause,
)
from words import places

D = 16
WORDS = ["가방", "나무", "다리", "라면", "마음", "바다", "add_argument", "parser", "shared"]
METHODS = (Fusion(), Fusion("weighted", weight=0.7), Fusion("weighted", weight=0.0), Fusion("rrf"), Fusion("rrf", 5.0))


class World:
    """Texts of a few words, and vectors that have nothing to do with them."""

    def __init__(self, rows: int, metric: Metric) -> None:
        rng = np.random.default_rng(rows)
        self.metric = metric
        self.texts = [" ".join(rng.choice(WORDS, rng.integers(1, 6))) for _ in range(rows)]
        self.vectors = rng.normal(size=(rows, D)).astype(np.float32)
        self.queries = rng.normal(size=(4, D)).astype(np.float32)

    def dense(self, query: Floats) -> np.ndarray[Any, np.dtype[np.float64]]:
        rows, wanted = self.vectors.astype(float), query.astype(float)
        if self.metric == "euclidean":
            return np.square(rows - wanted).sum(axis=1)
        products = rows @ wanted
        return products / np.linalg.norm(rows, axis=1) / np.linalg.norm(wanted) if self.metric == "cosine" else products

    def words(self, question: str) -> tuple[dict[int, float], float]:
        """(BM25 of the records that hold a word, what an average text scores that has each once)"""
        tokens = [Analyser(AUTO).tokens(text) for text in self.texts]
        average = sum(map(len, tokens)) / len(tokens)
        scores, most = dict[int, float](), 0.0
        for term in [term for terms in Analyser(AUTO).asked(question) for term in terms]:
            counts = [len(places(its, Word(term))) for its in tokens]
            holders = sum(map(bool, counts))
            rarity = math.log(1 + (len(tokens) - holders + 0.5) / (holders + 0.5))
            most += rarity
            for row, count in enumerate(counts):
                if count:
                    damped = count + 1.2 * (0.25 + 0.75 * len(tokens[row]) / average)
                    scores[row] = scores.get(row, 0.0) + rarity * count * 2.2 / damped
        return scores, most

    def blended(self, query: Floats, question: str, fusion: Fusion, among: list[int]) -> dict[int, float]:
        """The score of each record that may be returned. Every record is in the sample, for there are few."""
        dense, (words, most) = self.dense(query), self.words(question)
        sign = -1.0 if self.metric == "euclidean" else 1.0
        if fusion.method == "rrf":
            best = [sorted(among, key=lambda row: -sign * dense[row])]
            best.append(sorted((row for row in among if row in words), key=lambda row: (-words[row], row)))
            depth = max(fusion.depth, 1)
            ranks = [{row: rank for rank, row in enumerate(its[:depth], 1)} for its in best]
            return {
                row: sum(1 / (fusion.constant + r[row]) for r in ranks if row in r) for row in {*ranks[0], *ranks[1]}
            }
        unit = self.metric == "cosine"
        squares = float(np.square(self.vectors, dtype=float).sum())
        lengths = 1.0 if unit else float(np.linalg.norm(query)) * math.sqrt(squares / len(dense))
        usual = 0.08 * lengths
        usual *= 2.0 if self.metric == "euclidean" else 1.0
        deviation = math.sqrt((np.square(dense - dense.mean()).sum() + 32 * usual**2) / (len(dense) + 32))
        strangers = float(np.square(query, dtype=float).sum()) + squares / len(dense)  # euclidean, at right angles
        mean = (dense.sum() + 2 * (strangers if self.metric == "euclidean" else 0.0)) / (len(dense) + 2)
        share = {row: words.get(row, 0.0) / most if most else 0.0 for row in among}
        covered = max(share.values())
        trust = 2.8 * covered**1.5
        weight = trust / (1 + trust) if fusion.method == "adaptive" else fusion.weight
        return {
            row: (1 - weight) * sign * (dense[row] - mean) / (10 * deviation) + weight * share[row] for row in among
        }


def spec(metric: Metric, **settings: Any) -> IndexSpec:
    embed = EmbedSpec("words", "words/1/aaaa", D, metric, {"text": "body"})
    return IndexSpec("docs", D, metric, embed=embed, **settings)


def filled(database: Database, world: World, **settings: Any) -> Index:
    database.create_index(spec(world.metric, **settings))
    index = database.index("docs")
    metadata = [{"body": text, "n": row} for row, text in enumerate(world.texts)]
    index.upsert("", [str(row) for row in range(len(world.texts))], world.vectors, metadata=metadata)
    return index


def asked(index: Index, query: Floats, question: str, fusion: Fusion, top_k: int = 10, **settings: Any) -> QueryResult:
    clauses = (TextClause(question),)
    return index.query("", Query(top_k, vector=query, text=clauses, fusion=fusion, explain=True, **settings))


@pytest.fixture(params=METRICS)
def world(request: pytest.FixtureRequest) -> World:
    return World(300, request.param)


@pytest.fixture
def index(world: World) -> Iterator[Index]:
    with Database(":memory:") as database:
        yield filled(database, world)


@pytest.mark.parametrize("fusion", METHODS, ids=str)
@pytest.mark.parametrize("least", [0, 120, 295, 300])
def test_scores_are_those_of_every_record_one_by_one(index: Index, world: World, fusion: Fusion, least: int) -> None:
    for query, question in zip(
        world.queries, ["가방 나무", "add_argument", "shared 바다 나무 parser", "없는말"], strict=True
    ):
        among = list(range(least, len(world.texts)))
        found = asked(index, query, question, fusion, filter={"n": {"$gte": least}} if least else None)
        assert len(found.matches) == min(10, len(among))
        if not among:
            continue
        expected = world.blended(query, question, fusion, among)
        assert {int(match.id): match.score for match in found.matches} == pytest.approx(
            {int(match.id): expected[int(match.id)] for match in found.matches}, abs=2e-5
        )
        best = sorted(expected.values(), reverse=True)[: len(found.matches)]
        assert [match.score for match in found.matches] == pytest.approx(best, abs=2e-5)


@pytest.mark.parametrize("fusion", METHODS[:4:3], ids=str)
def test_explaining_shows_both_exact_scores_of_every_hit(index: Index, world: World, fusion: Fusion) -> None:
    query, question = world.queries[0], "나무 parser"
    dense, (words, _) = world.dense(query), world.words(question)
    found = asked(index, query, question, fusion)
    for match in found.matches:
        assert match.parts == pytest.approx(
            {"dense": dense[int(match.id)], "lexical": words.get(int(match.id), 0.0)}, rel=1e-4, abs=1e-5
        )
    assert found.plan is not None
    assert found.plan.kind == "hybrid"
    assert found.plan.fusion is not None
    assert found.plan.fusion["method"] == fusion.method
    plain = index.query("", Query(3, vector=query, text=(TextClause(question),), fusion=fusion))
    assert [match.parts for match in plain.matches] == [None] * 3
    assert [match.id for match in plain.matches] == [match.id for match in found.matches[:3]]


def test_words_that_no_record_has_leave_the_order_to_the_vectors(index: Index, world: World) -> None:
    for query in world.queries:
        by_vector = [match.id for match in index.query("", Query(20, vector=query)).matches]
        found = asked(index, query, "사전에없는말 nowhere", Fusion(), 20)
        assert [match.id for match in found.matches] == by_vector
        assert found.plan is not None
        assert found.plan.fusion == {"method": "adaptive", "weight": 0.0, "covered": 0.0}


def test_the_weight_of_words_follows_what_the_best_record_covers(index: Index, world: World) -> None:
    def weight(question: str) -> float:
        plan = asked(index, world.queries[0], question, Fusion()).plan
        assert plan is not None
        assert plan.fusion is not None
        return float(plan.fusion["weight"])

    assert weight("나무") > weight("나무 nowhere") > weight("나무 nowhere neither nor") > 0.0


def test_all_weight_on_words_still_fills_the_answer(index: Index, world: World) -> None:
    words, _ = world.words("add_argument")
    found = asked(index, world.queries[0], "add_argument", Fusion("weighted", weight=1.0), len(words) + 5)
    ids = [int(match.id) for match in found.matches]
    assert set(ids[: len(words)]) == set(words)
    assert len(ids) == len(words) + 5


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("fusion", METHODS, ids=str)
def test_a_handful_of_records_is_ranked_as_well(rows: int, fusion: Fusion) -> None:
    world = World(rows, "cosine")
    with Database(":memory:") as database:
        index = filled(database, world)
        found = asked(index, world.queries[0], world.texts[0], fusion)
        expected = world.blended(world.queries[0], world.texts[0], fusion, list(range(rows)))
        assert {int(match.id): match.score for match in found.matches} == pytest.approx(expected, abs=2e-5)
        assert all(math.isfinite(match.score) for match in found.matches)


def test_a_record_alone_scores_by_how_near_it_is() -> None:
    axes = np.eye(D, dtype=np.float32)
    with Database(":memory:") as database:
        database.create_index(spec("cosine"))
        index = database.index("docs")
        index.upsert("", ["only"], axes[:1], metadata=[{"body": "잣"}])
        near, far = (asked(index, axes[0] * x + axes[1], "전혀", Fusion()).matches[0].score for x in (9, 0.5))
    assert near > far > 0.0, "and not both as the mean, which each of them is"


def test_among_few_records_the_one_that_means_it_is_not_drowned_by_a_common_word() -> None:
    vectors = np.eye(D, dtype=np.float32)[:3]
    with Database(":memory:") as database:
        database.create_index(spec("cosine"))
        index = database.index("docs")
        texts = ["shared 가방 나무 다리", "shared 라면 마음 바다", "shared parser"]
        index.upsert("", ["a", "b", "c"], vectors, metadata=[{"body": text} for text in texts])
        found = asked(index, vectors[1], "shared 전혀 다른 무엇", Fusion())
        assert found.matches[0].id == "b"


def test_records_that_were_written_and_deleted_since_count_at_once(index: Index, world: World) -> None:
    before = asked(index, world.queries[0], "나무", Fusion()).matches
    index.delete("", [before[0].id])
    index.upsert("", ["new"], world.queries[:1], metadata=[{"body": "나무 나무", "n": 1_000}])
    after = asked(index, world.queries[0], "나무", Fusion()).matches
    assert after[0].id == "new"
    assert before[0].id not in {match.id for match in after}


# -- through codes ----------------------------------------------------------------------------------------------------

ROWS = 24_000


@pytest.fixture(scope="module")
def large() -> Iterator[tuple[Index, World]]:
    pytest.importorskip("faiss", reason="quantised search needs faiss")
    world = World(ROWS, "cosine")
    rng = np.random.default_rng(5)
    rare = rng.integers(0, ROWS, 300)
    for row in rare.tolist():
        world.texts[row] += f" rare{row % 7}"
    with Database(":memory:") as database:
        index = filled(database, world, kind="scan")
        assert index.ready(timeout=120)
        yield index, world


@pytest.mark.parametrize("fusion", METHODS[:3], ids=str)
@pytest.mark.parametrize("filter", [None, {"n": {"$gte": ROWS // 10}}], ids=["all", "filtered"])
def test_codes_find_the_best_by_both_and_score_them_exactly(
    large: tuple[Index, World], fusion: Fusion, filter: Mapping[str, Any] | None
) -> None:
    index, world = large
    hits = wanted = short = 0
    for query in world.queries:
        for question in ("rare3", "rare1 nowhere nothing never", "가방 나무 rare5"):
            found = asked(index, query, question, fusion, filter=filter)
            true = asked(index, query, question, fusion, filter=filter, exact=True)
            scores = {match.id: match.score for match in true.matches}
            assert all(scores.get(match.id, match.score) == match.score for match in found.matches)
            hits += sum(match.score >= true.matches[-1].score for match in found.matches)
            wanted += len(true.matches)
            assert found.plan is not None
            short += found.plan.candidates < found.plan.matching / 4
    assert hits / wanted >= 0.99
    assert short >= 6


def test_ranks_come_from_the_search_that_the_index_has(large: tuple[Index, World]) -> None:
    index, world = large
    found = asked(index, world.queries[0], "rare3", Fusion("rrf", depth=50))
    true = asked(index, world.queries[0], "rare3", Fusion("rrf", depth=50), exact=True)
    assert len({match.id for match in found.matches} & {match.id for match in true.matches}) >= 9
    assert found.plan is not None
    assert found.plan.fusion == {"method": "rrf", "constant": 60.0, "depth": 50}


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("rff", "'rff' is not one of adaptive, weighted, rrf"),
        ({"method": "rrf", "k": 5}, "unknown key.* k; it takes method, constant, weight and depth"),
        ({"weight": 1.5}, "weight of fusion must be a number from 0 to 1: got 1.5"),
        ({"weight": True}, "weight of fusion must be a number"),
        ({"method": "rrf", "constant": -1}, "constant of fusion must be a number from 0 to 10000: got -1"),
        ({"method": "rrf", "constant": math.nan}, "constant of fusion"),
        ({"method": "rrf", "depth": 0}, "depth of fusion must be a number from 1 to 10000: got 0"),
        ({"method": "rrf", "depth": 2.5}, "depth of fusion must be a whole number"),
        (7, "fusion must be a method"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: Any, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        read_fusion(given)


def test_settings_may_be_written_in_short() -> None:
    assert read_fusion("rrf") == Fusion("rrf")
    assert read_fusion({"weight": 0.3}) == Fusion("weighted", weight=0.3)
    assert read_fusion({"method": "rrf", "constant": 20, "depth": None}) == Fusion("rrf", 20)
    assert read_fusion({}) == Fusion()


def test_a_hybrid_search_needs_both_parts(index: Index, world: World) -> None:
    words, vector = (TextClause("나무"),), world.queries[0]
    for query in (
        Query(1, vector=vector, fusion=Fusion()),
        Query(1, text=words, fusion=Fusion()),
        Query(1, id="1", text=words, fusion=Fusion()),
        Query(1, vector=vector, text=words, sparse=SparseValues(np.array([1], np.uint32), vector[:1]), fusion=Fusion()),
    ):
        with pytest.raises(InvalidRequestError, match="needs a text and a vector"):
            index.query("", query)
    with pytest.raises(InvalidRequestError, match="cannot be combined with a vector"):
        index.query("", Query(1, vector=vector, text=words))


def test_a_sparse_index_has_no_dense_part_to_join(disk: Database) -> None:
    disk.create_index(IndexSpec("sparse", None, "dotproduct", "sparse"))
    query = Query(1, vector=[1.0], text=(TextClause("a"),), fusion=Fusion())
    with pytest.raises(InvalidRequestError, match="joins words and dense vectors"):
        disk.index("sparse").query("", query)


def test_matches_without_parts_are_as_they_were() -> None:
    assert Match("a", 1.0) == Match("a", 1.0, None, None, None, None)
