"""Descriptions of models that are not built in: from the keys of a file, and from names such as ``st:FOLDER``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pinyon.errors import InvalidRequestError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.families import FAMILIES, Family
from pinyon.types import METRICS, ModelType

__all__ = ["AD_HOC", "described", "described_ad_hoc", "is_ad_hoc"]

AD_HOC = {
    "clip:": "clip",
    "diffusers:": "diffusers",
    "gguf:": "gguf",
    "hf:": "transformers",
    "ollama:": "ollama",
    "onnx:": "onnx",
    "open-clip:": "open-clip",
    "openai:": "openai",
    "picture-words:": "picture-words",
    "st:": "sentence-transformers",
    "vlm:": "vision",
}
"""What a name begins with that needs no description, and the provider that it means."""

OPENAI_URL = "https://api.openai.com/v1"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def described(
    name: str,
    family: Family,
    task: ModelType,
    given: Mapping[str, Any],
    *,
    common: Mapping[str, Any] | None = None,
    origin: str = "ad hoc",
    tasks: tuple[ModelType, ...] = (),
) -> ModelInfo:
    """The description of a model. given: settings of the provider; common: what can be said of any model.

    Raises InvalidRequestError for settings that cannot be together.
    """
    part = family.parts[task]
    known = {field.name for field in fields(part.settings)}
    settings = part.settings(**{**{k: v for k, v in (family.defaults or {}).items() if k in known}, **given})
    _check(name, settings)
    said = dict(common or {})
    dimension: int = said.get("dimension", 0) or getattr(settings, "truncate_dim", 0)
    metric = said.get("metric", "cosine")
    return ModelInfo(
        name=name,
        type=task,
        vector_type="dense",
        dimension=dimension,
        metrics=(metric, *(one for one in METRICS if one != metric)) if task == "embed" else (),
        modality=part.modality if getattr(settings, "pictures", True) else "text",
        max_batch=1_024,
        max_tokens=said.get("max_tokens"),
        window_characters=0,
        languages=tuple(said.get("languages", ())),
        license=said.get("license", ""),
        package="",
        modules=family.modules,
        install=family.install,
        loader=part.loader,
        source=family.source,
        short_description=said.get("description", f"A model of {family.source}."),
        base=getattr(settings, "generator", "") or getattr(settings, "base", ""),
        dimensions=(dimension,) if dimension else (),
        provider=family.name,
        context_tokens=getattr(settings, "context_tokens", None) or None,
        settings=settings,
        origin=origin,
        tasks=tasks,
    )


def is_ad_hoc(name: str) -> bool:
    """Whether a name says by itself where its model is."""
    return name.startswith(tuple(AD_HOC))


def described_ad_hoc(name: str, task: ModelType | None, store: Path | None) -> ModelInfo:
    """What a name such as ``st:FOLDER`` means, for one of the tasks that it can have; by default the usual one.

    store: where pulled models are. Raises InvalidRequestError.
    """
    prefix, _, rest = name.partition(":")
    family = FAMILIES[AD_HOC[prefix + ":"]]
    tasks = tuple(family.parts)
    if not rest.strip():
        raise InvalidRequestError(f"the model name {name!r} ends after {prefix + ':'!r}: say which model")
    if task is not None and task not in tasks:
        raise InvalidRequestError(f"Model {name} is for {' or '.join(tasks)}, and one for {task} is needed here.")
    chosen: ModelType = tasks[0] if task is None else task
    return described(name, family, chosen, _ad_hoc_settings(family, rest, store), tasks=tasks)


def _ad_hoc_settings(family: Family, rest: str, store: Path | None) -> dict[str, Any]:
    if family.name in ("gguf", "onnx", "picture-words"):
        return {"path": str(Path(rest).expanduser())}
    if family.name == "openai":
        key = "OPENAI_API_KEY"
        url = os.environ.get("OPENAI_BASE_URL") or OPENAI_URL
        return {"model": rest, "base_url": url, "api_key_env": key if os.environ.get(key) else ""}
    if family.name == "ollama":
        return {"model": rest} | _ollama_url(os.environ.get("OLLAMA_HOST", ""))
    folder = Path(rest).expanduser()
    named = {"folder": str(folder)} if rest.startswith((".", "~")) or folder.is_absolute() or folder.is_dir() else {}
    return {"store": str(store or ""), **(named or {"hub": rest})}


def _ollama_url(host: str) -> dict[str, str]:
    """The variable that Ollama itself reads, which names a host with or without a scheme and a port."""
    if not host:
        return {}
    parts = urlsplit(host if "://" in host else f"http://{host}")
    name = "127.0.0.1" if parts.hostname in (None, "0.0.0.0") else parts.hostname
    return {"base_url": f"{parts.scheme}://{name}:{parts.port or 11434}/v1"}


def _check(name: str, settings: Any) -> None:
    where = f"model {name!r}:"
    if hasattr(settings, "hub"):
        if bool(settings.folder) == bool(settings.hub):
            raise InvalidRequestError(f"{where} give either folder, a path, or hub, a name such as 'organisation/name'")
        if settings.hub and not _HUB_NAME.fullmatch(settings.hub):
            raise InvalidRequestError(
                f"{where} {settings.hub!r} is neither a folder here nor a name of the hub such as 'organisation/name'"
            )
    if hasattr(settings, "text_hub"):
        if settings.text_folder and settings.text_hub:
            raise InvalidRequestError(f"{where} give either text_folder, a path, or text_hub, a name of the hub")
        if settings.text_hub and not _HUB_NAME.fullmatch(settings.text_hub):
            raise InvalidRequestError(
                f"{where} text_hub is {settings.text_hub!r}, which is no name of the hub such as 'organisation/name'"
            )
    if hasattr(settings, "base_url"):
        _check_endpoint(where, settings)


def _check_endpoint(where: str, settings: Any) -> None:
    # What is wrong here may be a secret in the wrong place, so that no message repeats it.
    if settings.api_key_env and not _VARIABLE.fullmatch(settings.api_key_env):
        raise InvalidRequestError(
            f"{where} api_key_env must be the name of an environment variable, such as 'OPENAI_API_KEY': "
            "the key itself belongs into that variable and in no file"
        )
    try:
        parts = urlsplit(settings.base_url)
        found = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise InvalidRequestError(f"{where} base_url is no address such as 'http://127.0.0.1:8000/v1'") from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidRequestError(
            f"{where} base_url must hold no user, password or query: name a key with api_key_env = 'A_VARIABLE'"
        )
    if not found:
        raise InvalidRequestError(f"{where} base_url is no address such as 'http://127.0.0.1:8000/v1'")
