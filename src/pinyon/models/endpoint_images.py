"""Pictures of an OpenAI-compatible API: ``POST /images/generations``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Any

from pinyon.errors import InvalidRequestError, ModelUnavailableError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.drawing import check_drawing
from pinyon.models.endpoint import Endpoint
from pinyon.models.fetching import fetched
from pinyon.models.picture_files import MEDIA_TYPES, media_type
from pinyon.models.settings import ImageEndpoint
from pinyon.types import GeneratedPicture, Usage

__all__ = ["EndpointImages"]

BESIDE_PICTURES = 1_000_000
"""Bytes of an answer besides its pictures, at most."""


class EndpointImages:
    """Satisfies ``pinyon.types.ImageGenerator``. Every call may raise what ``endpoint.Endpoint`` does.

    An answer holds the pictures themselves, or addresses of them that are good for a while, which are fetched at once.
    """

    def __init__(self, info: ModelInfo) -> None:
        self._info = info
        self._settings: ImageEndpoint = info.settings
        self._endpoint = Endpoint(info.name, info.settings)
        self.name: str = info.name

    def __repr__(self) -> str:
        return f"EndpointImages({self.name!r}, model={self._settings.model!r}, host={self._endpoint.host!r})"

    @property
    def usage(self) -> Usage:
        """Tokens of all requests so far; many endpoints count none for pictures."""
        return self._endpoint.usage

    @property
    def retries(self) -> int:
        """Attempts so far that repeated one which failed."""
        return self._endpoint.retries

    @property
    def identity(self) -> str:
        """The name of the model and its host: an endpoint says nothing of its weights."""
        return f"{self._info.provider} {self._settings.model} at {self._endpoint.host}"

    def generate_pictures(
        self,
        prompt: str,
        *,
        count: int = 1,
        size: tuple[int, int] | None = None,
        quality: str | None = None,
        seed: int | None = None,
    ) -> Sequence[GeneratedPicture]:
        """As ``pinyon.types.ImageGenerator`` says. With a seed each picture is a request of its own, with ``seed``,
        ``seed`` + 1 and so on."""
        check_drawing(prompt, count, size, seed)
        if seed is not None and not self._settings.seeds:
            raise InvalidRequestError(
                f"model {self.name!r} takes no seed: leave it out, or say seeds = true in the model's description if "
                "its endpoint does"
            )
        body: dict[str, Any] = {"model": self._settings.model, "prompt": prompt}
        if size is not None:
            body["size"] = f"{size[0]}x{size[1]}"
        if quality:
            body["quality"] = quality
        if self._settings.response_format:
            body["response_format"] = self._settings.response_format
        made: list[GeneratedPicture] = []
        while len(made) < count:
            if seed is None:
                made += self._pictures(body | {"n": min(self._settings.batch_size, count - len(made))}, None)
            else:
                made += self._pictures(body | {"n": 1, "seed": seed + len(made)}, seed + len(made))
        return made

    def _pictures(self, body: dict[str, Any], seed: int | None) -> Iterator[GeneratedPicture]:
        # Base64 takes 4 bytes for 3.
        most = body["n"] * (self._settings.picture_bytes * 4 // 3 + 4) + BESIDE_PICTURES
        given = self._endpoint.post("/images/generations", body, most).get("data")
        if not isinstance(given, list) or len(given) != body["n"] or not all(isinstance(one, dict) for one in given):
            raise ModelUnavailableError(
                f"model {self.name!r}: {self._endpoint.host} answers, but not with {body['n']} picture(s). "
                f"Does {self._settings.model!r} make pictures?"
            )
        for one in given:
            data = self._data(one)
            kind = media_type(data)
            if not kind:
                raise ModelUnavailableError(
                    f"model {self.name!r}: {self._endpoint.host} answers, but not with a picture: it begins with "
                    f"{data[:16]!r}, and one of {', '.join(MEDIA_TYPES)} is expected"
                )
            drawn_from = one.get("revised_prompt")
            changed = isinstance(drawn_from, str) and drawn_from != body["prompt"]
            yield GeneratedPicture(data, kind, seed, drawn_from if changed else "")

    def _data(self, given: dict[str, Any]) -> bytes:
        """The file of one picture, from the answer or from where that says it is."""
        encoded, url = given.get("b64_json"), given.get("url")
        if not encoded and isinstance(url, str) and url.startswith("data:"):
            encoded = url.partition(",")[2]
        if isinstance(encoded, str) and encoded:
            try:
                data = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                raise ModelUnavailableError(
                    f"model {self.name!r}: {self._endpoint.host} answers with a picture that is no base64: "
                    f"{encoded[:40]!r}"
                ) from None
            if len(data) > self._settings.picture_bytes:
                raise ModelUnavailableError(
                    f"model {self.name!r}: {self._endpoint.host} answers with a picture of {len(data):,} bytes, and "
                    f"picture_bytes is {self._settings.picture_bytes:,}"
                )
            return data
        if not isinstance(url, str) or not url:
            raise ModelUnavailableError(
                f"model {self.name!r}: {self._endpoint.host} answers with neither b64_json nor url of a picture"
            )
        return fetched(self._endpoint, url, self._settings.picture_bytes)
