"""What it means when an endpoint refuses, and what its user can do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pinyon.errors import (
    ContextOverflowError,
    FailedPreconditionError,
    InvalidRequestError,
    ModelUnavailableError,
    NotFoundError,
    PinyonError,
    PromptRefusedError,
)
from pinyon.models.settings import EndpointSettings

__all__ = ["refused"]

_OVERFLOW = re.compile(
    r"context[ _](length|size|window)|maximum (context|input|sequence)|less than \d+ tokens"
    r"|too (many|large|long).{0,40}(token|input|sequence|batch)"
    r"|(token|input|sequence|prompt).{0,40}(too long|too large|exceed)"
    r"|exceed.{0,60}(token|context|length)",
    re.IGNORECASE,
)

_POLICY_CODES = {"content_filter", "content_policy_violation", "moderation_blocked"}
_POLICY = re.compile(r"(content|safety|usage|moderation)[ _](policy|policies|management|filter|system)", re.IGNORECASE)


def refused(name: str, settings: EndpointSettings, status: int, body: Mapping[str, Any], secret: str) -> PinyonError:
    """The error of an answer that is none. secret: what no message may repeat."""
    said, code = _said(body)
    if secret:
        said = said.replace(secret, "...")
    where = f"model {name!r}: {settings.base_url}"
    told = f" It says: {said}" if said else ""
    if status in (400, 403, 422) and (code in _POLICY_CODES or _POLICY.search(said)):
        return PromptRefusedError(f"{where} will not do that, by its rules: say it in other words.{told}")
    if status in (401, 403):
        return FailedPreconditionError(_about_the_key(where, settings) + told)
    if status in (400, 413, 422, 500) and (
        code in ("context_length_exceeded", "exceed_context_size_error") or _OVERFLOW.search(said)
    ):
        return ContextOverflowError(f"{where} takes no text as long as this one: shorten it.{told}")
    if status == 404:
        way = f"ollama pull {settings.model}" if settings.ollama else "correct model, or base_url up to and with /v1"
        return NotFoundError(f"{where} knows no model {settings.model!r}, or no such path: {way}.{told}")
    if status == 402 or "quota" in code:
        return ModelUnavailableError(f"{where} has no quota left for this key ({code or status}).{told}")
    if status == 429:
        return ModelUnavailableError(f"{where} has too many requests: send fewer at once, or wait.{told}")
    if status >= 500 or status in (408, 409, 425):
        return ModelUnavailableError(f"{where} failed with status {status}.{told}")
    return InvalidRequestError(f"{where} refuses the request with status {status}.{told}")


def _about_the_key(where: str, settings: EndpointSettings) -> str:
    if settings.api_key_env:
        return f"{where} refuses the key in the environment variable {settings.api_key_env}."
    hint = (
        "set OPENAI_API_KEY"
        if settings.base_url.startswith("https://api.openai.com/")
        else "name its variable with api_key_env"
    )
    return f"{where} wants a key: {hint}."


def _said(body: Mapping[str, Any]) -> tuple[str, str]:
    """(what the endpoint says, its code), in any of the shapes that are common; for the eye, one line and not long."""
    error = body.get("error", body)
    if not isinstance(error, Mapping):
        return _line(error), ""
    code = str(error.get("code") or error.get("type") or "")
    return _line(error.get("message") or error.get("detail") or body.get("message") or ""), code


def _line(text: Any) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())[:300]
