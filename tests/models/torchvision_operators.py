"""Lets torchvision be imported beside a PyTorch that its compiled library was not built for."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any


def with_operators() -> Any:
    """Where torchvision's library, which PyPI has for CUDA on Linux, cannot be loaded: declares the two operators that
    torchvision itself describes when imported. Nothing here calls them; pictures are scaled in Python. Keep the result,
    which undoes it when it goes."""
    import torch

    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return None
    try:
        for library in Path(found.origin).parent.glob("_C.*"):
            torch.ops.load_library(library)
    except OSError:
        declared = torch.library.Library("torchvision", "DEF")
        declared.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        declared.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return declared
    return None
