"""Models that users describe in a TOML file.

    [models.kr-sbert]
    provider = "sentence-transformers"
    hub = "snunlp/KR-SBERT-V40K-klueNLI-augSTS"
    languages = ["ko"]

Every key is checked. Relative paths are relative to the file. Keys are the fields of the provider's settings
(``settings.py``) and those of ``COMMON``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.models.describing import described
from pinyon.models.descriptions import ModelInfo
from pinyon.models.families import FAMILIES, Family
from pinyon.types import Metric, ModelType

__all__ = ["COMMON", "read_models"]

COMMON: Mapping[str, Any] = {
    "description": str,
    "dimension": int,
    "languages": tuple[str, ...],
    "license": str,
    "max_tokens": int,
    "metric": Metric,
    "provider": str,
    "task": ModelType,
}
"""Keys that every model may have, and their types."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PATHS = {"folder", "path", "text_folder", "tokenizer"}
_MAY_BE_ZERO = {"context_tokens", "guidance", "retries", "steps", "threads", "truncate_dim"}
_ONLY_EMBED = ("dimension", "max_tokens", "metric")


def read_models(file: Path, taken: Collection[str] = (), store: Path | None = None) -> dict[str, ModelInfo]:
    """The models of a file by name. taken: names that are in use. store: where pulled models are.

    Raises NotFoundError without the file, InvalidRequestError, which names the file, the model and the key.
    """
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFoundError(f"there is no file of models {str(file)!r}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"{file} is not valid TOML: {error}") from None
    unknown = [key for key in read if key != "models"]
    tables = read.get("models", {})
    if unknown or not isinstance(tables, dict):
        raise InvalidRequestError(f"{file}: {(unknown or ['models'])[0]!r} is not a table [models.NAME] of a model")
    found = {}
    for name, table in tables.items():
        if not _NAME.fullmatch(name):
            raise InvalidRequestError(
                f"{file}: a model cannot be named {name!r:.120}: use up to 100 letters, digits, '.', '_' and '-'"
            )
        if name in taken:
            raise InvalidRequestError(f"{file}: the name {name!r} is taken by another model: choose another one")
        if not isinstance(table, dict):
            raise InvalidRequestError(f"{file}: {name!r} is not a table [models.{name}]")
        found[name] = _model(file, name, table, store)
    return found


def _model(file: Path, name: str, table: Mapping[str, Any], store: Path | None) -> ModelInfo:
    where = f"{file}: [models.{name}]"
    family = _family(where, table)
    task = _task(where, family, table)
    part = family.parts[task]
    kinds = {**COMMON, **_kinds(part.settings)}
    for key in table:
        _refuse_unknown(where, key, kinds, family, task)
    values = {key: _value(where, key, kinds[key], value) for key, value in table.items()}
    if task != "embed":
        for key in _ONLY_EMBED:
            if key in values:
                raise InvalidRequestError(f"{where} is for {task}: it has no {key}, leave it out")
    common = {key: values.pop(key) for key in COMMON if key in values}
    for key in _PATHS & values.keys():
        if not values[key].startswith("package:"):
            values[key] = str(file.parent / Path(values[key]).expanduser())
    if "store" in {field.name for field in fields(part.settings)}:
        values["store"] = str(store or "")
    required = {field.name for field in fields(part.settings) if field.default is field.default_factory}
    missing = sorted(required - values.keys() - (family.defaults or {}).keys())
    if missing:
        raise InvalidRequestError(f"{where} lacks the key {missing[0]!r}")
    try:
        return described(name, family, task, values, common=common, origin=str(file))
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{file}: {error}") from None


def _family(where: str, table: Mapping[str, Any]) -> Family:
    provider = table.get("provider")
    if provider is None:
        raise InvalidRequestError(f"{where} lacks the key 'provider': one of {', '.join(FAMILIES)}")
    if not isinstance(provider, str) or provider not in FAMILIES:
        raise InvalidRequestError(
            f"{where} provider is {provider!r:.80}, but must be one of {', '.join(FAMILIES)}"
            f"{_suggestion(str(provider), FAMILIES)}"
        )
    return FAMILIES[provider]


def _task(where: str, family: Family, table: Mapping[str, Any]) -> ModelType:
    tasks = tuple(family.parts)
    given = table.get("task", tasks[0] if len(tasks) == 1 else None)
    if given is None:
        raise InvalidRequestError(f"{where} lacks the key 'task': {family.name} can {', '.join(tasks)}")
    if given not in tasks:
        raise InvalidRequestError(f"{where} task is {given!r:.80}, but {family.name} can only {', '.join(tasks)}")
    chosen: ModelType = given
    return chosen


def _kinds(settings: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(settings)
    return {field.name: hints[field.name] for field in fields(settings) if not field.metadata.get("internal")}


def _refuse_unknown(where: str, key: str, kinds: Mapping[str, Any], family: Family, task: str) -> None:
    if key in kinds:
        return
    if key in ("api_key", "key", "token", "apikey"):
        raise InvalidRequestError(
            f"{where} {key!r}: keys are not kept in files. Put it into an environment variable and write "
            "api_key_env = 'NAME_OF_THE_VARIABLE'"
        )
    raise InvalidRequestError(
        f"{where} has the unknown key {key!r:.80}{_suggestion(key, kinds)}. "
        f"A model of {family.name} for {task} may have: {', '.join(sorted(kinds))}"
    )


def _value(where: str, key: str, kind: Any, value: Any) -> Any:
    """The value if it is of the kind. Raises InvalidRequestError."""
    if get_origin(kind) is Literal:
        allowed = get_args(kind)
        if value not in allowed:
            raise InvalidRequestError(f"{where} {key} is {value!r:.80}, but must be one of {', '.join(allowed)}")
        return value
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise InvalidRequestError(f"{where} {key} must be a list of texts, such as ['ko', 'en']")
        return tuple(value)
    kind = next((one for one in get_args(kind) if one is not type(None)), kind)
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        words = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
        raise InvalidRequestError(f"{where} {key} must be {words[kind]}, got {type(value).__name__}")
    if kind in (int, float):
        least = 0 if key in _MAY_BE_ZERO else 1 if kind is int else 0.001
        if not least <= value <= 2**31:
            raise InvalidRequestError(f"{where} {key} is {value}, but must be at least {least}")
        return kind(value)
    return value


def _suggestion(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
