"""The cache of embeddings: the same text costs nothing a second time, and nothing depends on it."""

from __future__ import annotations

import multiprocessing
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import apsw
import numpy as np
import pytest

from pinyon.app.model_files import CACHE, cached
from pinyon.errors import InvalidRequestError
from pinyon.models.embedding_cache import CachedEmbedder, EmbeddingCache, cached_by
from pinyon.types import Embedder, Floats, Metric, Picture, PictureEmbedder


class Counter:
    """An embedder of lengths, which counts what it is asked for."""

    name = "lengths"
    dimension = 4
    metric: Metric = "cosine"

    def __init__(self, identity: str = "lengths/1") -> None:
        self.identity = identity
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        self.asked += texts
        shift = 0.5 if input_type == "query" else 0.0
        return np.array([[len(text) + shift, text.count("a"), 1, 2] for text in texts], np.float32).reshape(-1, 4)


@pytest.fixture
def cache(tmp_path: Path) -> EmbeddingCache:
    return EmbeddingCache(tmp_path / CACHE, 1_000_000)


def test_a_text_is_embedded_once(cache: EmbeddingCache) -> None:
    counter = Counter()
    embedder = CachedEmbedder(counter, cache)
    texts = ["a", "bb", "a", "한국어", ""]
    first = embedder.embed(texts)
    assert counter.asked == ["a", "bb", "한국어", ""]
    np.testing.assert_array_equal(first, Counter().embed(texts))
    second = embedder.embed([*texts, "new"])
    assert counter.asked[4:] == ["new"]
    np.testing.assert_array_equal(second[:5], first)
    assert (second.dtype, embedder.hits, embedder.misses) == (np.float32, 5, 6)
    assert embedder.embed([]).shape == (0, 4)
    assert isinstance(embedder, Embedder)
    assert (embedder.identity, embedder.dimension) == (counter.identity, 4)


def test_what_was_cached_is_there_for_the_next_process(cache: EmbeddingCache) -> None:
    CachedEmbedder(Counter(), cache).embed(["a", "b"])
    cache.close()
    counter = Counter()
    CachedEmbedder(counter, EmbeddingCache(cache.file, 1_000_000)).embed(["b", "a"])
    assert counter.asked == []


def test_another_model_another_kind_of_input_and_another_text_are_not_mixed_up(cache: EmbeddingCache) -> None:
    first, second = Counter("one"), Counter("two")
    CachedEmbedder(first, cache).embed(["a"])
    passages = CachedEmbedder(second, cache).embed(["a"])
    queries = CachedEmbedder(second, cache).embed(["a"], input_type="query")
    assert (first.asked, second.asked) == (["a"], ["a", "a"])
    assert not np.array_equal(passages, queries)


def test_the_oldest_go_when_the_cache_is_full(tmp_path: Path) -> None:
    row = 4 * 4 + 8 + 64
    cache = EmbeddingCache(tmp_path / CACHE, 10 * row)
    for start in range(0, 100, 5):
        CachedEmbedder(Counter(), cache).embed([f"text {number}" for number in range(start, start + 5)])
    counter = Counter()
    CachedEmbedder(counter, cache).embed([f"text {number}" for number in range(90, 100)])
    assert counter.asked == []
    counter = Counter()
    CachedEmbedder(counter, EmbeddingCache(cache.file, 0)).embed(["text 99", "text 3"])
    assert counter.asked == ["text 3"]
    with apsw.Connection(str(cache.file)) as connection:
        assert connection.execute("SELECT count(*) FROM embedding").get == 0, "and nothing stays of a cache of no size"


def test_a_damaged_row_is_computed_anew(cache: EmbeddingCache) -> None:
    expected = CachedEmbedder(Counter(), cache).embed(["a", "b"])
    with apsw.Connection(str(cache.file)) as connection:
        connection.execute("UPDATE embedding SET vector = zeroblob(24) WHERE at = 1")
    for asked in (["a"], []):
        counter = Counter()
        np.testing.assert_array_equal(CachedEmbedder(counter, cache).embed(["a", "b"]), expected)
        assert counter.asked == asked


@pytest.mark.filterwarnings("default")
def test_a_file_that_is_no_cache_costs_the_speed_only(cache: EmbeddingCache) -> None:
    cache.file.write_bytes(b"not a database" * 100)
    counter = Counter()
    embedder = CachedEmbedder(counter, cache)
    with pytest.warns(UserWarning, match=r"embeddings\.cache' cannot be used .*Delete the file"):
        embedder.embed(["a"])
    embedder.embed(["a"])
    assert counter.asked == ["a", "a"]
    assert cache.file.read_bytes().startswith(b"not a database")


def test_the_cache_is_private_and_holds_no_text(cache: EmbeddingCache) -> None:
    CachedEmbedder(Counter(), cache).embed(["a very secret sentence"])
    cache.close()
    assert cache.file.stat().st_mode & 0o077 == 0
    assert b"secret" not in cache.file.read_bytes()


def _embed_from(file: Path, start: int) -> None:
    embedder = CachedEmbedder(Counter(), EmbeddingCache(file, 1_000_000))
    for number in range(start, start + 40):
        embedder.embed([f"text {number}"])


def test_processes_share_a_cache(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_embed_from, args=(tmp_path / CACHE, start)) for start in (0, 20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    counter = Counter()
    CachedEmbedder(counter, EmbeddingCache(tmp_path / CACHE, 1_000_000)).embed([f"text {n}" for n in range(60)])
    assert counter.asked == []


def _open_at(file: Path, moment: float) -> None:
    warnings.simplefilter("error")
    while time.time() < moment:
        pass
    EmbeddingCache(file, 1_000_000).keep({b"key": np.ones(4, np.float32)})


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_processes_that_make_the_file_at_the_same_moment_wait_for_each_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for turn in range(12):
        moment = time.time() + 0.05
        both = [context.Process(target=_open_at, args=(tmp_path / str(turn), moment)) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert [one.exitcode for one in both] == [0, 0]


def test_it_is_off_unless_a_size_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter()
    monkeypatch.delenv("PINYON_EMBEDDING_CACHE", raising=False)
    assert cached(counter, tmp_path) is counter
    for off in ("0", "off", " "):
        monkeypatch.setenv("PINYON_EMBEDDING_CACHE", off)
        assert cached(counter, tmp_path) is counter
    monkeypatch.setenv("PINYON_EMBEDDING_CACHE", "2 GB")
    assert f"{tmp_path / CACHE!s}', most_bytes=2000000000" in repr(cached(counter, tmp_path))
    assert cached(counter, None) is counter
    monkeypatch.setenv("PINYON_EMBEDDING_CACHE", "much")
    with pytest.raises(InvalidRequestError, match="PINYON_EMBEDDING_CACHE is 'much', but must be a size"):
        cached(counter, tmp_path)


class Painter(Counter):
    """It takes pictures too, and counts what it is shown."""

    shown = 0

    def embed_pictures(self, pictures: Sequence[Picture]) -> Floats:
        self.shown += len(pictures)
        return np.array([[one.pixels.mean(), *one.pixels.shape] for one in pictures], np.float32)


def grey(level: int, digest: str = "", size: int = 4) -> Picture:
    return Picture(np.full((size, 6, 3), level, np.uint8), digest)


def test_a_picture_is_embedded_once(cache: EmbeddingCache) -> None:
    painter = Painter()
    embedder = cached_by(painter, cache)
    assert isinstance(embedder, PictureEmbedder)
    pictures = [grey(1, "sha256:a"), grey(2, "sha256:b"), grey(1, "sha256:a"), grey(3)]
    first = embedder.embed_pictures(pictures)
    assert painter.shown == 3
    np.testing.assert_array_equal(first, Painter().embed_pictures(pictures))
    np.testing.assert_array_equal(embedder.embed_pictures(pictures), first)
    assert (painter.shown, embedder.hits, embedder.misses) == (3, 4, 4)
    assert embedder.embed_pictures([]).shape == (0, 4)
    embedder.embed(["sha256:a"])
    assert painter.asked == ["sha256:a"]


def test_a_file_that_was_read_in_another_size_and_other_pixels_without_a_file_are_other_pictures(
    cache: EmbeddingCache,
) -> None:
    painter = Painter()
    embedder = cached_by(painter, cache)
    assert isinstance(embedder, PictureEmbedder)
    embedder.embed_pictures([grey(1, "sha256:a"), grey(1, "sha256:a", size=8), grey(1), grey(2), grey(2, size=8)])
    assert painter.shown == 5


def test_an_embedder_of_texts_takes_no_pictures_behind_a_cache_either(cache: EmbeddingCache) -> None:
    assert not isinstance(cached_by(Counter(), cache), PictureEmbedder)
