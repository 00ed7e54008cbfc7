"""Pictures from prompts, in the shape of OpenAI's Images API, by the models that were described for this server."""

from __future__ import annotations

import time

from pinyon.engine.records import count_tokens
from pinyon.errors import MissingExtraError, NotFoundError
from pinyon.server.bodies import json_object
from pinyon.server.dispatch import GONE
from pinyon.server.http import Answer, Request, Route
from pinyon.server.routes.openai import described_as
from pinyon.server.service import Service
from pinyon.types import ImageGenerator, Usage
from pinyon.wire.openai_fields import UnknownModelError
from pinyon.wire.openai_images import images_body, read_images


def generate_images(service: Service, request: Request) -> Answer:
    asked = read_images(json_object(service, request))
    generator = _generator(service, asked.model)
    pictures = generator.generate_pictures(asked.prompt, count=asked.count, size=asked.size, quality=asked.quality)
    service.count_usage(asked.model, Usage(count_tokens([asked.prompt]), 0))
    service.count_pictures(asked.model, len(pictures))
    return GONE if request.is_gone() else Answer(images_body(pictures, int(time.time())))


def _generator(service: Service, name: str) -> ImageGenerator:
    described_as(service, name, "image")
    try:
        return service.models.image_generator(name)
    except (MissingExtraError, NotFoundError) as error:
        raise UnknownModelError(name, error.message) from None


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/images/generations",
        generate_images,
        "inference",
        "openai",
        "openai_generate_images",
        "Pictures from a prompt",
        tags=("openai",),
        slow=True,
    ),
)
