"""EfficientNet-Lite0, a classifier of pictures into the 1,000 classes of ImageNet, in NumPy.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019, in the Lite
variant of its authors (tensorflow/tpu, efficientnet/lite): no squeeze-and-excitation, ReLU6, 224 pixels. Names of the
tensors are those of the package ``efficientnet-lite-pytorch``.

A picture goes through alone, as (rows, columns, channels): 1 x 1 convolutions are products of matrices, and a depthwise
convolution is one multiplication of whole rows for every place of its kernel. Batch normalisation is a part of the
weights. A picture needs about 0.4 * 10^9 multiplications: 20 ms on one core of a busy AMD EPYC,
where PyTorch 2.13 took 28 (medians of CPU time).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pinyon.errors import MissingExtraError
from pinyon.types import Floats, Picture

__all__ = ["FEATURES", "SIZE", "EfficientNetLite0", "prepared"]

SIZE = 224
"""Height and width of what the network sees, in pixels."""
LAST = 1_280
"""Numbers that the layer of the classes sees."""
STAGES = ((1, 3, 1, 1), (2, 3, 2, 6), (2, 5, 2, 6), (3, 3, 2, 6), (3, 5, 1, 6), (4, 5, 2, 6), (1, 3, 1, 6))
"""Of each stage: blocks, size of the kernel, stride of the first block, channels inside per channel outside."""
EARLIER = (4, 7, 10, 14, 15)
"""The last blocks of the five last stages."""
FEATURES = LAST + 40 + 80 + 112 + 192 + 320
EPSILON = 1e-3
"""Of the batch normalisation, as in training."""
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
BAND = 1 << 15
"""Numbers of the rows that a depthwise convolution works on at a time, so that they stay in the cache."""


def prepared(picture: Picture) -> Floats:
    """(224, 224, 3) float32 as the network was trained: whole on a white square, less the mean, by the deviation.

    Raises MissingExtraError without Pillow.
    """
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError('pictures need the package "pillow": pip install "pinyon[pictures]"') from None
    height, width = picture.pixels.shape[:2]
    side = max(height, width)
    scale = SIZE / side
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(picture.pixels).resize(size, Image.Resampling.BICUBIC)
    square = Image.new("RGB", (SIZE, SIZE), "white")
    square.paste(small, ((SIZE - size[0]) // 2, (SIZE - size[1]) // 2))
    return (np.asarray(square, np.float32) / np.float32(255) - MEAN) / DEVIATION


@dataclass(frozen=True, slots=True)
class _Pointwise:
    """A 1 x 1 convolution: weight (channels in, channels out), bias (channels out,)."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        """(h, w, channels in) -> (h, w, channels out)."""
        out: Floats = x.reshape(-1, x.shape[2]) @ self.weight
        out += self.bias
        return out.reshape(*x.shape[:2], -1)


@dataclass(frozen=True, slots=True)
class _Depthwise:
    """A convolution of each channel with a kernel of its own: weight (k, k, channels), bias (channels,)."""

    weight: Floats
    bias: Floats
    stride: int

    def __call__(self, x: Floats) -> Floats:
        """(h, w, channels) -> (h / stride, w / stride, channels), rounded up, through ReLU6."""
        size, stride, channels = len(self.weight), self.stride, x.shape[2]
        high, wide = -(-x.shape[0] // stride), -(-x.shape[1] // stride)
        padded = _padded(x, size, stride)
        # Every stride-th column, side by side: what a place of the kernel meets is then one piece of each row.
        phases = [np.ascontiguousarray(padded[:, p::stride]).reshape(len(padded), -1) for p in range(stride)]
        kernel = np.tile(self.weight, (1, 1, wide))
        bias = np.tile(self.bias, wide)
        out = np.empty((high, wide * channels), np.float32)
        rows = max(1, BAND // out.shape[1])
        product = np.empty((rows, out.shape[1]), np.float32)
        for top in range(0, high, rows):
            band = out[top : top + rows]
            band[:] = bias
            for i in range(size):
                first = top * stride + i
                for j in range(size):
                    left = j // stride * channels
                    seen = phases[j % stride][first : first + len(band) * stride : stride, left : left + out.shape[1]]
                    band += np.multiply(seen, kernel[i, j], out=product[: len(band)])
            np.clip(band, 0.0, 6.0, out=band)
        return out.reshape(high, wide, channels)


@dataclass(frozen=True, slots=True)
class _Block:
    """An inverted bottleneck: widen, convolve each channel, narrow; add what came in where the shape is the same."""

    expand: _Pointwise | None
    depthwise: _Depthwise
    project: _Pointwise

    def __call__(self, x: Floats) -> Floats:
        wide = x if self.expand is None else _relu6(self.expand(x))
        out = self.project(self.depthwise(wide))
        if out.shape == x.shape:
            out += x
        return out


class EfficientNetLite0:
    """The network with its weights. Any number of threads may call it at once.

    tensors: by name, float32, as PyTorch lays them out; nothing of them is kept.
    """

    def __init__(self, tensors: Mapping[str, Floats]) -> None:
        stem, self._stem_bias = _folded(tensors, "_conv_stem", "_bn0")
        self._stem = np.ascontiguousarray(stem.transpose(2, 3, 1, 0).reshape(-1, len(stem)))
        self._blocks = list(_blocks(tensors))
        self._head = _pointwise(tensors, "_conv_head", "_bn1")
        self._classes = np.ascontiguousarray(tensors["_fc.weight"].T)
        self._class_bias = tensors["_fc.bias"].copy()

    def features(self, x: Floats) -> Floats:
        """(224, 224, 3) of ``prepared`` -> (2024,) float32: what the layer of the classes sees, 1,280 numbers, and the
        means of the 744 channels that the five last stages give, which say more of colours and textures."""
        x = self._stemmed(x)
        means = []
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number in EARLIER:
                means.append(x.mean(axis=(0, 1)))
        found: Floats = np.concatenate([_relu6(self._head(x)).mean(axis=(0, 1)), *means])
        return found

    def logits(self, features: Floats) -> Floats:
        """(..., 2024) -> (..., 1000) float32: logarithms of the odds of the classes, up to a constant."""
        found: Floats = features[..., :LAST] @ self._classes + self._class_bias
        return found

    def _stemmed(self, x: Floats) -> Floats:
        """(224, 224, 3) -> (112, 112, 32): the full 3 x 3 convolution at the beginning."""
        padded = _padded(x, 3, 2)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))[::2, ::2]
        rows = windows.transpose(0, 1, 3, 4, 2).reshape(-1, len(self._stem))
        out = _relu6(rows @ self._stem + self._stem_bias)
        return out.reshape(*windows.shape[:2], -1)


def _relu6(x: Floats) -> Floats:
    return np.clip(x, 0.0, 6.0, out=x)


def _padded(x: Floats, size: int, stride: int) -> Floats:
    """(h, w, c) with zeros around it as TensorFlow's SAME puts them: the odd one below and to the right."""
    more = [max((-(-n // stride) - 1) * stride + size - n, 0) for n in x.shape[:2]]
    out = np.zeros((x.shape[0] + more[0], x.shape[1] + more[1], x.shape[2]), np.float32)
    out[more[0] // 2 : more[0] // 2 + x.shape[0], more[1] // 2 : more[1] // 2 + x.shape[1]] = x
    return out


def _folded(tensors: Mapping[str, Floats], convolution: str, norm: str) -> tuple[Floats, Floats]:
    """Weight (out, in, k, k) and bias (out,) of a convolution and the batch normalisation after it."""
    scale = tensors[f"{norm}.weight"] / np.sqrt(tensors[f"{norm}.running_var"] + np.float32(EPSILON))
    bias = tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * scale
    return tensors[f"{convolution}.weight"] * scale[:, None, None, None], bias


def _pointwise(tensors: Mapping[str, Floats], convolution: str, norm: str) -> _Pointwise:
    weight, bias = _folded(tensors, convolution, norm)
    return _Pointwise(np.ascontiguousarray(weight[:, :, 0, 0].T), bias)


def _blocks(tensors: Mapping[str, Floats]) -> Iterator[_Block]:
    number = 0
    for repeats, size, stride, ratio in STAGES:
        for repeat in range(repeats):
            at = f"_blocks.{number}."
            expand = None if ratio == 1 else _pointwise(tensors, f"{at}_expand_conv", f"{at}_bn0")
            weight, bias = _folded(tensors, f"{at}_depthwise_conv", f"{at}_bn1")
            kernel = np.ascontiguousarray(weight[:, 0].transpose(1, 2, 0))
            assert kernel.shape[:2] == (size, size), "the digest of the weights is known"
            depthwise = _Depthwise(kernel, bias, stride if repeat == 0 else 1)
            yield _Block(expand, depthwise, _pointwise(tensors, f"{at}_project_conv", f"{at}_bn2"))
            number += 1
