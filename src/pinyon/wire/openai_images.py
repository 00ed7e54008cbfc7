"""Pictures from prompts, in the shape of OpenAI's Images API."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from pinyon.types import GeneratedPicture
from pinyon.wire.openai_fields import LABELS, ParameterError, model_of, only, only_usual, whole, wrong

_KNOWN: Final = frozenset({"model", "prompt", "n", "size", "quality", "response_format"})
_USUAL: Final[Mapping[str, tuple[Any, ...]]] = {
    "background": ("auto",),
    "moderation": ("auto",),
    "partial_images": (0,),
    "stream": (False,),
}
"""What these parameters may be: no model here knows anything else."""
_PICTURES: Final = 10
_LONGEST_PROMPT: Final = 32_000
"""Characters, as OpenAI's own models take them."""
_SIDES: Final = (16, 8_192)
_SIZE: Final = re.compile(r"([1-9][0-9]{0,5})x([1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True)
class ImagesRequest:
    """size: (width, height) in pixels. size, quality: None for the model's own."""

    model: str
    prompt: str
    count: int
    size: tuple[int, int] | None
    quality: str | None


def read_images(body: Mapping[str, Any]) -> ImagesRequest:
    """Raises ParameterError."""
    only(body, _KNOWN | LABELS | _USUAL.keys())
    only_usual(body, _USUAL)
    prompt = body.get("prompt")
    if type(prompt) is not str or not prompt.strip():
        wrong("prompt", prompt, "a text that is not empty")
    if len(prompt) > _LONGEST_PROMPT:
        raise ParameterError(
            f"prompt has {len(prompt):,} characters; at most {_LONGEST_PROMPT:,} are allowed.", "prompt"
        )
    count = whole(body, "n", 1)
    if count is not None and count > _PICTURES:
        raise ParameterError(f"n is {count}, and at most {_PICTURES} pictures come of one request.", "n")
    quality = body.get("quality")
    if quality is not None and (type(quality) is not str or not quality):
        wrong("quality", quality, "a text that the model knows")
    _check_format(body.get("response_format"))
    wanted = None if quality == "auto" else quality
    return ImagesRequest(model_of(body), prompt, 1 if count is None else count, _size(body.get("size")), wanted)


def _size(given: Any) -> tuple[int, int] | None:
    if given is None or given == "auto":
        return None
    found = _SIZE.fullmatch(given) if type(given) is str else None
    least, most = _SIDES
    if found is None or not all(least <= int(side) <= most for side in found.groups()):
        wrong("size", given, f"auto, or width and height of {least} to {most} pixels, such as 1024x1024")
    return int(found[1]), int(found[2])


def _check_format(given: Any) -> None:
    if given == "url":
        raise ParameterError(
            "response_format is url, and this server keeps no pictures at addresses. Leave it out, or at b64_json: the "
            "picture is in data[0].b64_json.",
            "response_format",
            "unsupported_parameter",
        )
    if given not in (None, "b64_json"):
        wrong("response_format", given, "b64_json")


def images_body(pictures: Sequence[GeneratedPicture], created: int) -> bytes:
    """created: seconds since 1970. revised_prompt is there where the model drew from another prompt than it got."""
    data = [
        {"b64_json": b64encode(one.data).decode(), **({"revised_prompt": one.prompt} if one.prompt else {})}
        for one in pictures
    ]
    return orjson.dumps({"created": created, "data": data})
