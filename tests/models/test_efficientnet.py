"""EfficientNet-Lite0 in NumPy gives what PyTorch gives."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from pinyon.models.descriptions import PICTURE_WORDS, missing_modules
from pinyon.models.efficientnet import FEATURES, LAST, STAGES, EfficientNetLite0, _Depthwise, prepared
from pinyon.models.picture_words import WEIGHTS, WEIGHTS_SHA256
from pinyon.models.torch_file import read_tensors
from pinyon.models.weights import resolve
from pinyon.types import Floats, Picture


@pytest.fixture(scope="module")
def tensors() -> dict[str, Floats]:
    if missing_modules(PICTURE_WORDS):
        pytest.skip(f"the weights are not installed: {PICTURE_WORDS.install}")
    return read_tensors(resolve("picture-words", WEIGHTS), WEIGHTS_SHA256)


@pytest.fixture(scope="module")
def waves() -> Floats:
    """Something to look at, (224, 224, 3), that is the same everywhere."""
    rows, columns = np.mgrid[0:224, 0:224].astype(np.float32)
    parts = [np.sin(rows / 9 + columns / 31), np.cos(columns / 7), np.sin(rows * columns / 900)]
    return np.stack(parts, axis=-1).astype(np.float32) * 2


def test_it_gives_what_the_reference_gave(tensors: dict[str, Floats], waves: Floats) -> None:
    # Printed by efficientnet-lite-pytorch 0.1.0 with torch 2.13 for the same weights and the same input.
    network = EfficientNetLite0(tensors)
    features = network.features(waves)
    logits = network.logits(features)
    assert (features.shape, features.dtype, logits.shape) == ((FEATURES,), np.float32, (1_000,))
    np.testing.assert_allclose(logits[:6], [0.08607, 3.01132, -0.4068, -1.92059, -2.99159, -0.61], atol=1e-3)
    assert logits.argsort()[::-1][:5].tolist() == [906, 783, 811, 78, 599]
    np.testing.assert_allclose(np.sort(logits)[::-1][:3], [8.23827, 6.6347, 6.38379], atol=1e-3)
    np.testing.assert_allclose(features[:8], [0, 0, 0, 0, 0.03279, 0, 0, 1.22948], atol=1e-3)
    assert features[:LAST].sum() == pytest.approx(196.02539, rel=1e-4)
    assert logits.sum() == pytest.approx(-78.19745, rel=1e-4)


@pytest.mark.torch
def test_it_gives_what_pytorch_gives_layer_by_layer(tensors: dict[str, Floats], waves: Floats) -> None:
    torch = pytest.importorskip("torch")
    flipped = np.ascontiguousarray(waves[::-1])
    network = EfficientNetLite0(tensors)
    for seen in (waves, flipped):
        logits, last = _by_torch(torch, tensors, seen)
        features = network.features(seen)
        np.testing.assert_allclose(features, last, atol=1e-3)
        np.testing.assert_allclose(network.logits(features), logits, atol=1e-3)


def _by_torch(torch: Any, tensors: Mapping[str, Floats], seen: Floats) -> tuple[Floats, Floats]:
    """Logits and features by torch's own layers, with batch normalisation as a layer."""
    functional = torch.nn.functional
    held = {name: torch.from_numpy(one) for name, one in tensors.items()}

    def layer(x: Any, convolution: str, norm: str, stride: int = 1, groups: int = 1) -> Any:
        weight = held[f"{convolution}.weight"]
        size = weight.shape[-1]
        more = [max((-(-n // stride) - 1) * stride + size - n, 0) for n in x.shape[2:]]
        x = functional.pad(x, (more[1] // 2, more[1] - more[1] // 2, more[0] // 2, more[0] - more[0] // 2))
        x = functional.conv2d(x, weight, stride=stride, groups=groups)
        names = ("running_mean", "running_var", "weight", "bias")
        return functional.batch_norm(x, *(held[f"{norm}.{name}"] for name in names), eps=1e-3)

    means, number = [], 0
    with torch.no_grad():
        x = functional.relu6(layer(torch.from_numpy(seen.transpose(2, 0, 1)[None].copy()), "_conv_stem", "_bn0", 2))
        for stage, (repeats, _, stride, ratio) in enumerate(STAGES):
            for repeat in range(repeats):
                at, before = f"_blocks.{number}.", x
                if ratio > 1:
                    x = functional.relu6(layer(x, f"{at}_expand_conv", f"{at}_bn0"))
                step = stride if repeat == 0 else 1
                x = functional.relu6(layer(x, f"{at}_depthwise_conv", f"{at}_bn1", step, x.shape[1]))
                x = layer(x, f"{at}_project_conv", f"{at}_bn2")
                x = x + before if x.shape == before.shape else x
                number += 1
            means += [x.mean((2, 3))[0]] if stage > 1 else []
        last = functional.relu6(layer(x, "_conv_head", "_bn1")).mean((2, 3))[0]
        logits = held["_fc.weight"] @ last + held["_fc.bias"]
    return logits.numpy(), torch.cat([last, *means]).numpy()


@pytest.mark.parametrize(("size", "stride", "high", "wide"), list(itertools.product((3, 5), (1, 2), (6, 7), (5, 40))))
def test_a_depthwise_convolution_is_the_sum_that_defines_it(size: int, stride: int, high: int, wide: int) -> None:
    random = np.random.default_rng(0)
    x, kernel = random.normal(size=(high, wide, 3)), random.normal(size=(size, size, 3))
    bias = random.normal(size=3)
    rows, columns = -(-high // stride), -(-wide // stride)
    # TensorFlow's SAME: what is missing is shared, and the odd one is below and to the right.
    top = max((rows - 1) * stride + size - high, 0) // 2
    left = max((columns - 1) * stride + size - wide, 0) // 2
    expected = np.empty((rows, columns, 3))
    for row, column in np.ndindex(rows, columns):
        total = bias.copy()
        for i, j in np.ndindex(size, size):
            at = row * stride + i - top, column * stride + j - left
            if 0 <= at[0] < high and 0 <= at[1] < wide:
                total += x[at] * kernel[i, j]
        expected[row, column] = total.clip(0, 6)
    layer = _Depthwise(kernel.astype(np.float32), bias.astype(np.float32), stride)
    np.testing.assert_allclose(layer(x.astype(np.float32)), expected, atol=1e-5)


def test_a_picture_is_seen_whole_in_the_middle_of_a_white_square() -> None:
    red = np.zeros((50, 100, 3), np.uint8)
    red[..., 0] = 255
    seen = prepared(Picture(red)) * [0.229, 0.224, 0.225] + [0.485, 0.456, 0.406]
    assert seen.shape == (224, 224, 3)
    np.testing.assert_allclose(seen[60:164], np.broadcast_to([1.0, 0.0, 0.0], (104, 224, 3)), atol=1e-6)
    np.testing.assert_allclose(seen[:56], 1.0, atol=1e-6)
    np.testing.assert_allclose(seen[168:], 1.0, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (90, 1), (224, 224), (700, 300)])
def test_a_picture_of_any_shape_fits(shape: tuple[int, int]) -> None:
    seen = prepared(Picture(np.full((*shape, 3), 255, np.uint8)))
    assert (seen.shape, seen.dtype) == ((224, 224, 3), np.float32)
    np.testing.assert_allclose(seen, np.broadcast_to(seen[0, 0], seen.shape), atol=1e-6)
