"""``picture-words``: pictures in the space of a text model, by words and by what captions teach."""

from __future__ import annotations

import dataclasses
import json
import tarfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from models.drawn import COLOURS, FORMS, Drawn, drawn
from pinyon.errors import AlreadyExistsError, InvalidRequestError, ModelUnavailableError, NotFoundError
from pinyon.models import MODELS, ModelRegistry
from pinyon.models import picture_words as module
from pinyon.models.descriptions import missing_modules
from pinyon.models.files import read_models
from pinyon.models.picture_map import PictureMap, fitted
from pinyon.models.picture_words import NAMES, PictureWords, fit_pictures
from pinyon.models.weights import resolve
from pinyon.pictures import read_picture
from pinyon.types import Floats, Picture, PictureEmbedder

INFO = MODELS["picture-words"]


@pytest.fixture(scope="module")
def registry() -> ModelRegistry:
    if missing_modules(INFO):
        pytest.skip(f"picture-words is not installed: {INFO.install}")
    return ModelRegistry()


@pytest.fixture(scope="module")
def model(registry: ModelRegistry) -> PictureWords:
    found = registry.get("picture-words")
    assert isinstance(found, PictureWords)
    return found


@pytest.fixture(scope="module")
def taught(model: PictureWords) -> tuple[PictureMap, list[Drawn]]:
    """A map learned from drawings, four of each form and colour, and one more of each that it has not seen."""
    made = [drawn(form, colour, place) for form in FORMS for colour in COLOURS for place in range(5)]
    known = [one for one in made if one.place < 4]
    captioned = ((one.picture, [one.english, one.korean]) for one in known)
    return fit_pictures(model, captioned), [one for one in made if one.place == 4]


def test_it_takes_pictures_and_texts_and_says_what_it_is(model: PictureWords) -> None:
    assert isinstance(model, PictureEmbedder)
    assert not isinstance(ModelRegistry().get("use-multilingual"), PictureEmbedder)
    assert (model.name, model.dimension, model.metric) == ("picture-words", 512, "cosine")
    assert INFO.modality == "multimodal"
    assert "stand-in" in INFO.short_description
    assert "1,000 kinds of things" in INFO.short_description


def test_texts_are_those_of_the_text_model(model: PictureWords, registry: ModelRegistry) -> None:
    texts = ["a red circle", "빨간 동그라미", ""]
    np.testing.assert_array_equal(model.embed(texts), registry.get("use-multilingual").embed(texts))
    assert registry.get("use-multilingual").identity in model.identity


def test_vectors_of_pictures_are_unit_rows_in_their_order(model: PictureWords) -> None:
    pictures = [drawn(form, "red").picture for form in FORMS]
    vectors = model.embed_pictures(pictures)
    assert (vectors.shape, vectors.dtype) == ((len(FORMS), 512), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    for picture, vector in zip(pictures, vectors, strict=True):
        np.testing.assert_allclose(model.embed_pictures([picture])[0], vector, atol=1e-5)
    assert model.embed_pictures([]).shape == (0, 512)


def test_many_threads_may_embed_with_one_fresh_model(registry: ModelRegistry) -> None:
    fresh = PictureWords(registry.get("use-multilingual"), INFO)
    pictures = [drawn("circle", colour).picture for colour in list(COLOURS)[:3]]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fresh.embed_pictures(pictures), range(4)))
    for one in found[1:]:
        np.testing.assert_allclose(one, found[0], atol=1e-6)


def test_a_vector_is_the_mean_of_the_names_of_the_ten_most_probable_classes(
    model: PictureWords, registry: ModelRegistry
) -> None:
    names = json.loads(resolve("picture-words", NAMES).read_text(encoding="utf-8"))
    features = model.features([drawn("star", "yellow").picture])
    network = model._load().network
    odds = np.exp(network.logits(features[0]).astype(np.float64))
    best = sorted(range(len(names)), key=lambda row: -odds[row])[:10]
    words = registry.get("use-multilingual").embed([names[row] for row in best])
    expected = sum(odds[row] * vector for row, vector in zip(best, words, strict=True))
    np.testing.assert_allclose(model.words(features)[0], expected / np.linalg.norm(expected), atol=1e-5)
    np.testing.assert_array_equal(model.vectors(features), model.words(features))


@pytest.mark.parametrize(
    ("pictures", "why"),
    [
        (drawn("circle", "red").picture, "write \\[picture\\]"),
        ([b"a file"], r"pictures\[0\] is a bytes, but must be a Picture"),
        ([Picture(np.zeros((4, 4), np.uint8))], r"shape \(4, 4\)"),
        ([Picture(np.zeros((4, 4, 3), np.float32))], "type float32"),  # type: ignore[arg-type]
        ([Picture(np.zeros((0, 4, 3), np.uint8))], "none of them 0"),
        ([Picture(np.zeros((1, 500, 3), np.uint8))], "500 x 1 pixels: .* Crop it"),
    ],
)
def test_what_is_no_picture_is_refused(pictures: Sequence[Picture], why: str, model: PictureWords) -> None:
    with pytest.raises(InvalidRequestError, match=why):
        model.embed_pictures(pictures)


def test_weights_that_are_others_are_refused(
    registry: ModelRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.pth").write_bytes(resolve("picture-words", module.WEIGHTS).read_bytes()[:-4] + b"\0\0\0\1")
    monkeypatch.setattr(module, "WEIGHTS", str(tmp_path / "other.pth"))
    with pytest.raises(ModelUnavailableError, match="is not the file that was expected"):
        PictureWords(registry.get("use-multilingual"), INFO).embed_pictures([drawn("circle", "red").picture])


# -- maps -------------------------------------------------------------------------------------------------------------


def test_a_map_finds_what_words_alone_do_not(
    model: PictureWords, registry: ModelRegistry, taught: tuple[PictureMap, list[Drawn]], tmp_path: Path
) -> None:
    learned, unseen = taught
    learned.save(tmp_path / "drawings.npz")
    fitted_model = registry.get(f"picture-words:{tmp_path / 'drawings.npz'}")
    assert isinstance(fitted_model, PictureEmbedder)
    pictures = [one.picture for one in unseen]
    for texts in ([one.english for one in unseen], [one.korean for one in unseen]):
        before, after = (_first(one, texts, pictures) for one in (model, fitted_model))
        assert after >= 0.6
        assert after >= before + 0.3
    assert learned.pictures == len(FORMS) * len(COLOURS) * 4
    assert learned.recall["fitted"] > learned.recall["untrained"]


def _first(model: PictureEmbedder, texts: Sequence[str], pictures: Sequence[Picture]) -> float:
    """Share of the texts whose picture comes first."""
    best = (model.embed(texts) @ model.embed_pictures(pictures).T).argmax(axis=1)
    return float((best == np.arange(len(texts))).mean())


def test_a_model_with_a_map_is_another_model_and_its_texts_are_the_same(
    model: PictureWords, registry: ModelRegistry, taught: tuple[PictureMap, list[Drawn]], tmp_path: Path
) -> None:
    learned, unseen = taught
    learned.save(tmp_path / "one.npz")
    (tmp_path / "models.toml").write_text(
        '[models.mine]\nprovider = "picture-words"\npath = "one.npz"\nlanguages = ["ko"]\n', encoding="utf-8"
    )
    described = read_models(tmp_path / "models.toml")
    assert described["mine"].modality == "multimodal"
    mine = ModelRegistry({**MODELS, **described}).get("mine")
    named = registry.get(f"picture-words:{tmp_path / 'one.npz'}")
    assert isinstance(mine, PictureEmbedder)
    assert isinstance(named, PictureEmbedder)
    assert mine.identity == named.identity == f"{model.identity}, map {learned.digest}"
    picture = unseen[0].picture
    np.testing.assert_array_equal(mine.embed_pictures([picture]), named.embed_pictures([picture]))
    np.testing.assert_array_equal(mine.embed(["별"]), model.embed(["별"]))
    assert not np.allclose(mine.embed_pictures([picture]), model.embed_pictures([picture]), atol=0.1)


def test_a_map_comes_back_from_its_file_as_it_was(taught: tuple[PictureMap, list[Drawn]], tmp_path: Path) -> None:
    learned, _ = taught
    learned.save(tmp_path / "one.npz")
    again = PictureMap.load(tmp_path / "one.npz")
    assert (again.digest, again.made_for, again.pictures, again.recall) == (
        learned.digest,
        learned.made_for,
        learned.pictures,
        learned.recall,
    )
    np.testing.assert_array_equal(again.weights, learned.weights)
    with pytest.raises(AlreadyExistsError, match=r"one\.npz"):
        learned.save(tmp_path / "one.npz")
    with pytest.raises(NotFoundError, match="no folder"):
        learned.save(tmp_path / "absent" / "one.npz")


def _pickled(whole: dict[str, object]) -> dict[str, object]:
    return whole | {"weights": np.array([{"a": 1}], dtype=object)}


@pytest.mark.parametrize(
    "damage",
    [
        _pickled,
        lambda whole: {key: value for key, value in whole.items() if key != "scale"},
        lambda whole: whole | {"scale": np.ones(3, np.float32)},
        lambda whole: whole | {"weights": np.full((2_024, 512), np.nan, np.float32)},
        lambda whole: whole | {"mean": np.zeros(2_024)},
        lambda whole: whole | {"about": np.frombuffer(b"{}", np.uint8)},
    ],
    ids=["a pickle", "a part missing", "a shape", "no numbers", "a type", "nothing told"],
)
def test_a_file_that_is_no_map_is_refused(
    damage: Callable[[dict[str, object]], dict[str, object]],
    registry: ModelRegistry,
    taught: tuple[PictureMap, list[Drawn]],
    tmp_path: Path,
) -> None:
    taught[0].save(tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as good:
        np.savez(tmp_path / "bad.npz", **damage(dict(good)))  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match=r"bad\.npz' is no map that pinyon models fit-pictures wrote"):
        _ = registry.get(f"picture-words:{tmp_path / 'bad.npz'}").identity


def test_half_a_file_and_no_file_are_refused(taught: tuple[PictureMap, list[Drawn]], tmp_path: Path) -> None:
    taught[0].save(tmp_path / "good.npz")
    (tmp_path / "half.npz").write_bytes((tmp_path / "good.npz").read_bytes()[:100_000])
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("half.npz", "empty.npz"):
        with pytest.raises(InvalidRequestError, match=name):
            PictureMap.load(tmp_path / name)
    with pytest.raises(NotFoundError, match="pinyon models fit-pictures makes one"):
        PictureMap.load(tmp_path / "absent.npz")


def test_a_map_for_another_model_is_refused(
    registry: ModelRegistry, taught: tuple[PictureMap, list[Drawn]], tmp_path: Path
) -> None:
    dataclasses.replace(taught[0], made_for="picture-words/0").save(tmp_path / "old.npz")
    with pytest.raises(InvalidRequestError, match=r"was made for 'picture-words/0', .*: fit it again"):
        _ = registry.get(f"picture-words:{tmp_path / 'old.npz'}").identity


# -- learning ---------------------------------------------------------------------------------------------------------


def _some(seed: int, *shape: int) -> Floats:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_a_map_is_the_formula_worked_out_slowly() -> None:
    features = _some(0, 40, 6) * [1, 2, 3, 4, 5, 0.5] + 7
    texts = _some(1, 40, 5)
    made = fitted(features, texts[:, None], made_for="a", recall={})
    spread = features.std(axis=0)
    seen = (features - features.mean(axis=0)) / (spread + 0.1 * spread.mean())
    said = texts - texts.mean(axis=0)
    left, right = seen.T @ seen / 40, said.T @ said / 40
    left += 3 * np.trace(left) / 6 * np.eye(6)
    right += np.trace(right) / 5 * np.eye(5)
    expected = np.linalg.inv(left) @ (seen.T @ said / 40) @ np.linalg.inv(right)
    np.testing.assert_allclose(made.weights, expected, atol=1e-5)
    np.testing.assert_allclose(made.vectors(features), seen @ expected, atol=1e-4)
    assert (made.pictures, made.weights.dtype) == (40, np.float32)


def test_all_captions_of_a_picture_count_together_as_one_of_another() -> None:
    features, texts = _some(0, 30, 6), _some(1, 30, 5)
    once = fitted(features, texts[:, None], made_for="", recall={})
    thrice = [np.repeat(one[None], 3 if row % 2 else 1, axis=0) for row, one in enumerate(texts)]
    np.testing.assert_allclose(fitted(features, thrice, made_for="", recall={}).weights, once.weights, atol=1e-6)


def test_what_never_changed_among_the_pictures_does_no_harm() -> None:
    features = _some(0, 30, 6)
    features[:, 2] = 4.0
    made = fitted(features, _some(1, 30, 5)[:, None], made_for="", recall={})
    assert np.isfinite(made.vectors(features + 1)).all()
    same = fitted(np.ones((30, 6), np.float32), _some(1, 30, 5)[:, None], made_for="", recall={})
    assert np.isfinite(same.vectors(features)).all()


def test_too_few_pictures_and_pictures_without_captions_are_refused(model: PictureWords) -> None:
    one = drawn("circle", "red")
    with pytest.raises(InvalidRequestError, match="19 pictures are too few to learn from: at least 20"):
        fit_pictures(model, [(one.picture, [one.english])] * 19)
    with pytest.raises(InvalidRequestError, match="0 pictures are too few"):
        fit_pictures(model, [])
    with pytest.raises(InvalidRequestError, match="has no caption"):
        fit_pictures(model, [*[(one.picture, [one.english])] * 20, (one.picture, [])])
    with pytest.raises(InvalidRequestError, match="single string"):
        fit_pictures(model, [(one.picture, one.english)] * 20)


def test_a_few_equal_pictures_are_learned_without_a_measure(model: PictureWords) -> None:
    one = drawn("circle", "red")
    learned = fit_pictures(model, iter([(one.picture, [one.english])] * 20))
    assert (learned.pictures, learned.recall) == (20, {})
    assert np.isfinite(learned.weights).all()


def test_the_network_knows_things_in_clear_drawings(model: PictureWords, shared_data: Path) -> None:
    names = json.loads(resolve("picture-words", NAMES).read_text(encoding="utf-8"))
    expected = {"1fad6": "teapot", "1f9f8": "teddy bear", "1f3b8": "electric guitar", "1f9ee": "abacus"}
    with tarfile.open(shared_data / "emoji" / "twemoji64_png.tar") as tar:
        streams = [tar.extractfile(f"{one}.png") for one in expected]
        pictures = [read_picture(one.read(), name="an emoji") for one in streams if one is not None]
    logits = model._load().network.logits(model.features(pictures))
    assert [names[row.argmax()] for row in logits] == list(expected.values())
