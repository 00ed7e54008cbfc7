"""Whether a model can be used as things are, and what is missing otherwise. Loads no model and asks no endpoint."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from pinyon.errors import PinyonError
from pinyon.models.descriptions import ModelInfo, missing_modules
from pinyon.models.weights import hub_folder, resolve

__all__ = ["state_of"]


def state_of(info: ModelInfo) -> tuple[str, str]:
    """(state, what to do): "ready", "endpoint" (nothing is known before it is asked), "not installed", "no key",
    "no file" or "not usable"."""
    if missing_modules(info):
        return "not installed", info.install
    settings: Any = info.settings
    variable = getattr(settings, "api_key_env", "")
    if variable and not os.environ.get(variable):
        return "no key", f"set the environment variable {variable}"
    if hasattr(settings, "base_url"):
        return "endpoint", f"asks {urlsplit(settings.base_url).netloc}"
    try:
        if hasattr(settings, "hub"):
            hub_folder(info.name, settings)
        elif hasattr(settings, "path"):
            resolve(info.name, settings.path)
    except LookupError as error:
        return "no file", str(error)
    except PinyonError as error:
        return "not usable", str(error)
    return "ready", ""
