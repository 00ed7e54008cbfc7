"""What the readers of OpenAI's API share: parameters of a request by name, and how one that cannot be is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn

import orjson

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.filters.show import shown

LABELS: Final = frozenset({"user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier", "store"})
"""They change no answer."""


class ParameterError(InvalidRequestError):
    """A parameter that cannot be as it is. param: its name. reason: OpenAI's code, or None."""

    def __init__(self, message: str, param: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.reason = reason


class UnknownModelError(NotFoundError):
    def __init__(self, name: str, hint: str) -> None:
        super().__init__(f"The model {shown(name)} does not exist here. {hint}")
        self.param = "model"
        self.reason = "model_not_found"


def only(body: Mapping[str, Any], known: frozenset[str] | set[str]) -> None:
    unknown = sorted(body.keys() - known)
    if unknown:
        refuse_unknown(unknown[0])


def refuse_unknown(name: str) -> NoReturn:
    raise ParameterError(f"There is no parameter {shown(name)} here.", name[:60], "unknown_parameter")


def model_of(body: Mapping[str, Any]) -> str:
    name = body.get("model")
    if type(name) is not str or not name:
        wrong("model", name, "the name of a model")
    return name


def flag(body: Mapping[str, Any], name: str, where: str = "") -> bool:
    value = body.get(name)
    if value is not None and type(value) is not bool:
        wrong(where + name, value, "true or false")
    return bool(value)


def whole(body: Mapping[str, Any], name: str, least: int) -> int | None:
    value = body.get(name)
    if value is not None and (type(value) is not int or value < least):
        wrong(name, value, f"a whole number from {least} on")
    return value


def wrong(param: str, value: Any, wanted: str) -> NoReturn:
    if value is None:
        raise ParameterError(f"{param} is missing: it must be {wanted}.", param, "missing_required_parameter")
    raise ParameterError(f"{param} must be {wanted}, got {shown(value)}.", param, "invalid_value")


def only_usual(body: Mapping[str, Any], known: Mapping[str, tuple[Any, ...]]) -> None:
    """Refuses a parameter that has none of the values that it may have."""
    for name, usual in known.items():
        value = body.get(name)
        if value is not None and not any(
            value == one and isinstance(value, bool) == isinstance(one, bool) for one in usual
        ):
            allowed = " or ".join(orjson.dumps(one).decode() for one in usual)
            raise ParameterError(
                f"{name} is {shown(value)}, and no model here can do that. Leave it out, or at {allowed}.",
                name,
                "unsupported_parameter",
            )
