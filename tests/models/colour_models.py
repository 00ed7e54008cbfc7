"""Models of a world of three colours, small enough that every figure can be checked by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Generator as Pieces
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any, Literal

import numpy as np

from pinyon.models import MODELS, ModelRegistry
from pinyon.models.generation import TextStream, check_request
from pinyon.pictures import read_picture
from pinyon.types import ChatMessage, Floats, GeneratedPicture, Generation, Metric, Picture, Usage

COLOURS = ("red", "green", "blue")


class Colours:
    """A PictureEmbedder. The vector of a text is how often it names each colour, that of a picture its mean colour."""

    name, dimension, identity = "colours", 3, "colours 1"
    metric: Metric = "cosine"

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        return np.asarray([[text.count(colour) for colour in COLOURS] for text in texts], np.float32).reshape(-1, 3)

    def embed_pictures(self, pictures: Sequence[Picture]) -> Floats:
        return np.asarray([one.pixels.mean(axis=(0, 1)) for one in pictures], np.float32).reshape(-1, 3)


@dataclass
class Names:
    """A Generator that sees: it names the strongest colour, with a seed or without. asked: every conversation.
    errors: raised instead, one a request, first come first served."""

    name: str = "names"
    identity: str = "names 1"
    context_tokens: int = 1000
    asked: list[ChatMessage] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(
        self, messages: Sequence[ChatMessage], *, max_tokens: int, temperature: float = 0.0, seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Generation:  # fmt: skip
        check_request(messages, max_tokens, temperature, stop, sees=True)
        self.asked.append(messages[-1])
        if self.errors:
            raise self.errors.pop(0)
        mean = messages[-1].pictures[0].pixels.mean(axis=(0, 1))

        def write(stream: TextStream) -> Pieces[str]:
            yield f"all {COLOURS[int(mean.argmax())]}"
            stream.usage, stream.finish_reason = Usage(1000, 2), "stop"

        return TextStream(write)


@dataclass
class Paints:
    """An ImageGenerator: a plain picture in the mixture of the colours that the prompt names. asked: every prompt, and
    seed. errors: raised instead, in order; None among them raises nothing. size: by default 4 x 4."""

    name: str = "paints"
    identity: str = "paints 1"
    asked: list[tuple[str, int | None]] = field(default_factory=list)
    errors: list[BaseException | None] = field(default_factory=list)

    def generate_pictures(
        self, prompt: str, *, count: int = 1, size: tuple[int, int] | None = None, quality: str | None = None,
        seed: int | None = None,
    ) -> Sequence[GeneratedPicture]:  # fmt: skip
        self.asked.append((prompt, seed))
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        (mixed,) = Colours().embed([prompt])
        colour = tuple(round(255 * float(one)) for one in mixed / max(mixed.max(), 1))
        return [GeneratedPicture(plain_file(colour, size or (4, 4)), "image/png", seed)] * count


def plain_file(colour: tuple[int, ...], size: tuple[int, int] = (4, 4)) -> bytes:
    """A PNG of one colour."""
    from PIL import Image

    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def colour_registry() -> ModelRegistry:
    """A registry with the three models, and all that Pinyon knows."""
    usual: dict[str, Any] = {"modules": (), "base": "", "settings": None, "package": "", "digest": "", "dimensions": ()}
    base = replace(MODELS["use-multilingual"], modality="multimodal", **usual)
    home = "models.colour_models"
    own = [
        replace(base, name="colours", dimension=3, dimensions=(3,), metrics=("cosine",), loader=f"{home}:Colours"),
        replace(base, name="names", type="generate", tasks=("generate",), metrics=(), loader=f"{home}:Names"),
        replace(base, name="paints", type="image", tasks=("image",), metrics=(), loader=f"{home}:Paints"),
    ]
    return ModelRegistry(
        {**MODELS, **{one.name: one for one in own}}, reader=lambda data, name: read_picture(data, name=name)
    )


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
