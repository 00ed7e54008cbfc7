"""Zero-shot classification over an embedder small enough to check by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest

from pinyon.errors import InvalidRequestError
from pinyon.models.zero_shot import ZeroShot, calibrate, confusion_report, probabilities
from pinyon.types import Floats, Metric, Picture, PictureEmbedder

WORDS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "빨강": (1, 0, 0), "초록": (0, 1, 0)}


class Colours:
    """A picture's vector is its mean colour; a text's is the colour that it names, plus 1 everywhere for a photo."""

    name, dimension, identity = "colours", 3, "colours 1"
    metric: Metric = "cosine"

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        rows = [
            np.sum([WORDS[word] for word in WORDS if word in text], axis=0) + ("photo" in text or "사진" in text)
            for text in texts
        ]
        return np.asarray(rows, np.float32).reshape(-1, 3)

    def embed_pictures(self, pictures: Sequence[Picture]) -> Floats:
        return np.asarray([one.pixels.mean(axis=(0, 1)) for one in pictures], np.float32).reshape(-1, 3)


class Scaled(Colours):
    logit_scale = 2.0


def plain(*colour: int) -> Picture:
    return Picture(np.full((2, 2, 3), colour, np.uint8))


def test_probabilities_are_those_worked_out_by_hand() -> None:
    judge = ZeroShot(Colours(), ["red", "green"], templates=["{}"], temperature=0.5)
    # The picture's direction is (3, 4, 0) / 5: cosines .6 and .8, divided by .5 they are 1.2 and 1.6.
    [row] = judge.probabilities([plain(30, 40, 0)])
    np.testing.assert_allclose(judge.cosines([plain(30, 40, 0)]), [[0.6, 0.8]], atol=1e-7)
    np.testing.assert_allclose(row, [1 / (1 + math.exp(0.4)), 1 / (1 + math.exp(-0.4))], atol=1e-7)
    [[first, second]] = judge.best([plain(30, 40, 0)])
    assert (first[0], second[0]) == ("green", "red")
    assert first[1] == pytest.approx(row[1])
    assert judge.best([plain(30, 40, 0)], most=1) == [(first,)]
    assert isinstance(Colours(), PictureEmbedder)


def test_the_vectors_of_the_templates_are_averaged_as_directions() -> None:
    judge = ZeroShot(Colours(), ["red", "green"], templates=["{}", "a photo of {}"])
    mean = np.array([1, 0, 0]) + np.array([2, 1, 1]) / math.sqrt(6)
    np.testing.assert_allclose(judge.label_vectors[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_a_korean_label_is_written_into_korean_templates() -> None:
    judge = ZeroShot(Colours(), ["빨강", "초록", "blue"])
    assert "빨강 사진" in judge.prompts("빨강")
    assert "a photo of a blue." in judge.prompts("blue")
    assert not any("photo" in prompt for prompt in judge.prompts("초록"))
    assert [best[0][0] for best in judge.best([plain(200, 10, 10), plain(0, 90, 5), plain(1, 2, 99)])] == [
        "빨강", "초록", "blue",
    ]  # fmt: skip


def test_braces_in_a_label_are_text_and_nothing_else() -> None:
    assert ZeroShot(Colours(), ["{0.__class__}", "b{}d"], templates=["a {}"]).prompts("b{}d") == ("a b{}d",)


def test_the_temperature_is_given_or_the_model_s_or_that_of_clip() -> None:
    labels = ["red", "green"]
    assert ZeroShot(Colours(), labels, temperature=0.3).temperature == 0.3
    assert ZeroShot(Scaled(), labels).temperature == 0.5
    assert ZeroShot(Colours(), labels).temperature == 0.01


def test_no_picture_has_no_probabilities() -> None:
    judge = ZeroShot(Colours(), ["red", "green", "blue"])
    assert judge.probabilities([]).shape == (0, 3)
    assert judge.best([]) == []


def test_vectors_that_were_embedded_before_give_the_same() -> None:
    judge = ZeroShot(Colours(), ["red", "green"])
    pictures = [plain(30, 40, 0), plain(9, 1, 0)]
    np.testing.assert_array_equal(judge.cosines_of(Colours().embed_pictures(pictures)), judge.cosines(pictures))
    with pytest.raises(InvalidRequestError, match=r"shape \(2, 4\), but must have \(n, 3\)"):
        judge.cosines_of(np.ones((2, 4), np.float32))


def test_calibration_finds_the_temperature_that_the_answers_were_drawn_with(rng: np.random.Generator) -> None:
    cosines = rng.uniform(-0.2, 0.4, (20_000, 5))
    truth = [rng.choice(5, p=row) for row in probabilities(cosines, 0.07)]
    found = calibrate(cosines, truth, before=0.01)
    assert found.temperature == pytest.approx(0.07, rel=0.05)
    assert not found.at_bound
    assert found.error < 0.02 < found.error_before
    assert found.loss < found.loss_before


def test_calibration_is_the_least_loss_of_all_temperatures(rng: np.random.Generator) -> None:
    cosines, truth = rng.uniform(-1, 1, (40, 3)), rng.integers(0, 3, 40)
    truth[:30] = cosines[:30].argmax(axis=1)
    found = calibrate(cosines, truth, before=1.0)

    def loss(temperature: float) -> float:
        return float(-np.log(probabilities(cosines, temperature)[np.arange(40), truth]).mean())

    tried = [loss(temperature) for temperature in np.geomspace(1e-2, 99, 4_000)]
    assert found.loss == pytest.approx(loss(found.temperature))
    assert found.loss <= min(tried) + 1e-9
    assert found.loss_before == pytest.approx(loss(1.0))


def test_calibration_says_when_no_temperature_is_best() -> None:
    always_right = calibrate(np.array([[0.9, 0.1], [0.2, 0.8]]), [0, 1], before=0.01)
    assert always_right.at_bound
    assert always_right.temperature == pytest.approx(1e-4)
    assert always_right.loss_before == pytest.approx(0, abs=1e-20)
    always_wrong = calibrate(np.array([[0.9, 0.1], [0.2, 0.8]]), [1, 0], before=0.01)
    assert always_wrong.at_bound
    assert always_wrong.temperature == pytest.approx(100)
    # Off by .8 and .6, divided by .0001: no such probability can be written as a number, but its logarithm can.
    assert calibrate(np.array([[0.9, 0.1], [0.2, 0.8]]), [1, 0], before=1e-4).loss_before == pytest.approx(7_000)


def test_the_calibration_error_is_the_distance_of_confidence_and_hits() -> None:
    # Two pictures, each with probability .9 for the first label, of which one is right: |.9 - .5|.
    cosine = math.log(9)
    found = calibrate(np.array([[cosine, 0.0], [cosine, 0.0]]), [0, 1], before=1.0)
    assert found.error_before == pytest.approx(0.4)
    assert found.loss == pytest.approx(math.log(2), abs=1e-3)


def test_the_confusion_report_counts_as_one_would() -> None:
    truth = ["cat", "cat", "cat", "dog", "dog", "owl"]
    given = ["cat", "cat", "dog", "dog", "cat", "dog"]
    found = confusion_report(["cat", "dog", "owl", "fox"], truth, given)
    assert found.counts == ((2, 1, 0, 0), (1, 1, 0, 0), (0, 1, 0, 0), (0, 0, 0, 0))
    cat, dog, owl, fox = found.by_label
    assert (cat.precision, cat.recall, cat.pictures) == (2 / 3, 2 / 3, 3)
    assert (dog.precision, dog.recall, dog.pictures) == (1 / 3, 1 / 2, 2)
    assert (owl.precision, owl.recall, owl.pictures) == (None, 0.0, 1)
    assert (fox.precision, fox.recall, fox.pictures) == (None, None, 0)
    assert (found.accuracy, found.pictures) == (0.5, 6)


def test_the_interval_of_the_accuracy_is_that_of_a_bootstrap_over_pictures() -> None:
    truth, given = ["a"] * 200, ["a"] * 150 + ["b"] * 50
    found = confusion_report(["a", "b"], truth, given)
    hits = np.arange(200) < 150
    rng = np.random.default_rng(7)
    drawn = [hits[rng.integers(0, 200, 200)].mean() for _ in range(4_000)]
    np.testing.assert_allclose(found.interval, np.quantile(drawn, (0.025, 0.975)), atol=0.006)
    assert found == confusion_report(["a", "b"], truth, given), "the seed is fixed"
    assert confusion_report(["a", "b"], ["a"], ["a"]).interval == (1.0, 1.0)


@pytest.mark.parametrize(
    ("labels", "more", "said"),
    [
        (["red"], {}, "at least two texts"),
        ("red", {}, "at least two texts"),
        (["red", ""], {}, r"labels\[1\] is '', but must be a text"),
        (["red", "red"], {}, r"labels\[1\] is 'red', which is there already"),
        (["red", "green"], {"templates": ["a photo"]}, r"'a photo' has no \{\}"),
        (["red", "green"], {"templates": []}, "at least one text"),
        (["red", "green"], {"templates": "{}"}, "must be a list"),
        (["red", "green"], {"temperature": 0.0}, "must be a number above 0, got 0.0"),
        (["red", "green"], {"temperature": math.inf}, "must be a number above 0, got inf"),
    ],
)
def test_labels_templates_and_temperatures_that_cannot_be_are_refused(
    labels: list[str], more: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        ZeroShot(Colours(), labels, **more)  # type: ignore[arg-type]


def test_truth_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match=r"shape \(0, 2\)"):
        calibrate(np.empty((0, 2)), [], before=1.0)
    with pytest.raises(InvalidRequestError, match="whole numbers of 0 to 1"):
        calibrate(np.ones((1, 2)), [2], before=1.0)
    with pytest.raises(InvalidRequestError, match="NaN or infinity"):
        calibrate(np.array([[1.0, math.nan]]), [0], before=1.0)
    with pytest.raises(InvalidRequestError, match=r"given\[0\] is 'c', but must be one of a, b"):
        confusion_report(["a", "b"], ["a"], ["c"])
    with pytest.raises(InvalidRequestError, match="truth has 1 labels and given 2"):
        confusion_report(["a", "b"], ["a"], ["a", "b"])
