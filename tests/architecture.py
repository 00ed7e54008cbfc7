"""The walls of the house, as data: who may import whom, what is forbidden, and which sizes are allowed.

A room is a module or package directly under ``pinyon``; ``__init__`` is the package root itself.
"""

from __future__ import annotations

ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "limits": set(),
    "exceptions": {"errors"},  # the SDKs' exception names, for `from pinyon.exceptions import ...`
    "types": {"errors"},
    "distance": {"errors", "types", "limits"},
    "filters": {"errors", "types", "limits"},
    "storage": {"errors", "types", "limits"},
    "index": {"errors", "types", "distance"},
    "engine": {"errors", "types", "limits", "distance", "filters", "storage", "index"},
    "studies": {"errors", "types", "distance", "index", "engine"},
    "pinecone": {"errors", "exceptions", "types", "limits", "engine"},
    "wire": {"errors", "types", "limits", "filters"},
    "console": set(),
    "server": {"errors", "types", "limits", "engine", "wire", "console"},
    "models": {"errors", "types"},
    "pictures": {"errors", "types"},
    "rag": {"errors", "types"},
    "evaluation": {"errors", "types"},
    "agents": {"errors", "types"},
}
ROOMS["app"] = set(ROOMS)
ROOMS["__init__"] = {"errors", "exceptions", "types", "app"}
ROOMS["cli"] = {"app"}

DEFERRED: dict[str, set[str]] = {"cli": {*ROOMS}}
"""What a room may import inside functions and for type checking only, beyond its row above."""

EAGER: dict[str, set[str]] = {
    "cli": {"rich", "typer"},
    "index": {"numpy"},
}
EAGER_ANYWHERE = {"apsw", "numpy", "orjson"}
"""Third-party packages that may be imported at module level. All others load inside the function that needs them."""

LAZY: dict[str, set[str]] = {
    "server.http1": {"httptools"},
    "server.http1_exchange": {"httptools"},
    "server.http2": {"h2"},
    "server.http2_goodbye": {"h2"},
    "server.calls": set(),
    "server.metrics": {"prometheus_client"},
    "server.recall": {"prometheus_client"},
    "server.certificates": {"trustme"},
    "wire.protobuf": {"google"},
    "wire.grpc": set(),
}
"""Modules that are themselves imported inside functions only, and what they may then import at module level."""

FORBIDDEN_MODULES = {
    "cloudpickle",
    "dill",
    "joblib",
    "marshal",
    "pickle",
    "requests",
    "shelve",
    "sqlite3",
    "urllib.request",
}
"""Formats that run code when read, the network, and the SQLite that the interpreter happens to bring."""

FORBIDDEN_CALLS = {"eval", "exec", "print"}
MAY_PRINT = {"cli"}

LINES_PER_FUNCTION = 70
LINES_PER_MODULE = 600

LONG_FUNCTIONS: dict[str, str] = {}
"""``module:qualified.name`` -> why it is better whole."""

LONG_MODULES: dict[str, str] = {
    "pinyon.types": "one page has every value and every Protocol that crosses rooms, and nobody looks for them in two",
}
"""``module`` -> why it is better whole."""
