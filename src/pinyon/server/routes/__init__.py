"""What the server answers over HTTP: a module for each resource, and every route of them all."""

from __future__ import annotations

import importlib
import pkgutil

from pinyon.server.http import Route


def _collected() -> tuple[Route, ...]:
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(route for name in modules for route in importlib.import_module(f"{__name__}.{name}").ROUTES)


ALL_ROUTES: tuple[Route, ...] = _collected()
