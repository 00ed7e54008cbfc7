"""Reads a server's settings: from a file, from the environment, from flags. Each wins over the one before.

A setting has a dotted name: ``port``, ``requests.body_bytes``, ``limits.top_k``. In a file the part before the dot is a
table; in the environment it is ``PINYON_REQUESTS_BODY_BYTES``.
"""

from __future__ import annotations

import os
import tomllib
import types
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from pinyon.engine.budget import read_size
from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.limits import Limits
from pinyon.server.settings import PINECONE_LIMITS, PRESET, RequestLimits, Settings

FILE: Final = "pinyon.toml"
PREFIX: Final = "PINYON_"
PRESETS: Final[Mapping[str, RequestLimits]] = {"default": RequestLimits(), "pinecone": PINECONE_LIMITS}
_TABLES: Final[Mapping[str, type]] = {"limits": Limits, "requests": RequestLimits}
_MAY_BE_ZERO: Final = {"port", "threads", "slow_query_ms", "requests.requests_per_second", "limits.write_wait"}
_NOT_OURS: Final = {"data", "config"}
"""``PINYON_DATA`` and ``PINYON_CONFIG`` say where to look, and are read by whoever calls."""


def load(
    data: Path | None = None,
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings of a server. data: its directory, where ``pinyon.toml`` is read if there is one.

    file: another one to read instead. flags: by dotted name; None means that it was not given.
    Raises InvalidRequestError for an unknown name, with a suggestion, and for a value that does not fit; NotFoundError
    for a file that is not there.
    """
    if file is None and data is not None and (data / FILE).is_file():
        file = data / FILE
    given = {
        "file": {} if file is None else _from_file(file),
        "environment": _from_environment(os.environ if environment is None else environment),
        "flag": {name: value for name, value in (flags or {}).items() if value is not None},
    }
    found = {name: value for values in given.values() for name, value in values.items()}
    if data is not None:
        found["data"] = data
    return replace(build(found), sources={name: source for source, values in given.items() for name in values})


def build(values: Mapping[str, Any]) -> Settings:
    """Settings of values by dotted name; ``limits`` names a set of limits, which single values then change."""
    kinds = names()
    preset = str(values.get(PRESET, "default"))
    if preset not in PRESETS:
        raise InvalidRequestError(f"There are no limits {preset!r:.80}. There are: {', '.join(PRESETS)}.")
    given: dict[str, dict[str, Any]] = {"": {}, **{table: {} for table in _TABLES}}
    for name, value in values.items():
        if name == PRESET:
            continue
        if name not in kinds:
            raise InvalidRequestError(f"There is no setting {name!r:.80}.{_suggestion(name, kinds)}")
        table, _, inner = name.rpartition(".")
        given[table][inner] = _checked(name, kinds[name], value)
    settings = replace(Settings(), requests=replace(PRESETS[preset], **given["requests"]), **given[""])
    return replace(settings, limits=replace(settings.limits, **given["limits"]))


def names() -> dict[str, Any]:
    """Every setting by its dotted name, with its type."""
    top = get_type_hints(Settings)
    found = {one.name: top[one.name] for one in fields(Settings) if one.name not in (*_TABLES, "sources")}
    for table, kind in _TABLES.items():
        hints = get_type_hints(kind)
        found |= {f"{table}.{one.name}": hints[one.name] for one in fields(kind)}
    return found


# -- sources ----------------------------------------------------------------------------------------------------------


def _from_file(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFoundError(f"There is no settings file {file}.") from None
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequestError(f"{file} is not valid TOML: {error}.") from None
    if read.get("keys") and os.name == "posix" and file.stat().st_mode & 0o077:
        warnings.warn(f"{file} holds keys and others can read it: chmod 600 {file}", stacklevel=3)
    found: dict[str, Any] = {}
    for name, value in read.items():
        if not isinstance(value, dict):
            found[name] = _beside(file, name, value)
            continue
        if name not in _TABLES:
            raise InvalidRequestError(f"{file} has no use for a table [{name}].{_suggestion(name, _TABLES)}")
        found |= {PRESET if (name, one) == (PRESET, "preset") else f"{name}.{one}": set for one, set in value.items()}
    unknown = [name for name in found if name != PRESET and name not in names()]
    if unknown:
        raise InvalidRequestError(f"{file}: there is no setting {unknown[0]!r:.80}.{_suggestion(unknown[0], names())}")
    return found


def _beside(file: Path, name: str, value: Any) -> Any:
    """Paths in a file are relative to it."""
    if name == "tls" and value == "auto":
        return value
    if name in {"data", "tls", "import_roots"}:
        several = value.split(",") if name == "tls" and isinstance(value, str) else value
        if isinstance(several, list):
            return [str(file.parent / str(one).strip()) for one in several]
        return str(file.parent / str(value))
    return value


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """What is set of our variables. One that looks like a misspelt name is refused; others belong to somebody else."""
    known = {PREFIX + name.replace(".", "_").upper(): name for name in (*names(), PRESET)}
    found = {}
    for variable, value in environment.items():
        name = known.get(variable)
        if name is not None and name not in _NOT_OURS:
            found[name] = value
        elif name is None and variable.startswith(PREFIX) and variable.removeprefix(PREFIX).lower() not in _NOT_OURS:
            close = get_close_matches(variable, known, n=1, cutoff=0.85)
            if close:
                raise InvalidRequestError(f"There is no variable {variable:.80}. Did you mean {close[0]}?")
    return found


# -- values -----------------------------------------------------------------------------------------------------------


def _checked(name: str, kind: Any, value: Any) -> Any:
    found = _converted(name, kind, value)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        least = 0 if name in _MAY_BE_ZERO else 1 if isinstance(found, int) else 0.001
        if not least <= found or (name == "port" and found > 65_535):
            raise _bad(name, value, f"at least {least}" if name != "port" else "0 to 65535")
    return found


def _converted(name: str, kind: Any, value: Any) -> Any:
    if name == "tls":
        return _tls(value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        if value not in arguments:
            error = _bad(name, value, f"one of {', '.join(arguments)}")
            raise InvalidRequestError(error.message + _suggestion(str(value), arguments))
        return value
    if origin is tuple:
        items = [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value
        if not isinstance(items, Sequence) or not all(isinstance(one, (str, Path)) and str(one) for one in items):
            raise _bad(name, value, "a list of texts")
        return tuple(arguments[0](one) for one in items)
    if isinstance(kind, types.UnionType):
        kind = arguments[0]
    if kind is Path:
        return Path(value).expanduser()
    if kind is bool:
        return _flag(name, value)
    return _number(name, kind, value) if kind in (int, float) else str(value)


def _tls(value: Any) -> tuple[Path, Path] | Literal["auto"] | None:
    """ "auto", "off", or the paths of a certificate and its key."""
    if value in ("auto", "off", ""):
        return "auto" if value == "auto" else None
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or len(parts) != 2:
        raise _bad("tls", value, "auto, off, or CERTIFICATE,KEY")
    return Path(str(parts[0]).strip()).expanduser(), Path(str(parts[1]).strip()).expanduser()


def _flag(name: str, value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    found = value if isinstance(value, bool) else words.get(str(value).lower())
    if found is None:
        raise _bad(name, value, "true or false")
    return found


def _number(name: str, kind: type, value: Any) -> int | float:
    if isinstance(value, str):
        size = read_size(value)
        if kind is int and size is not None:
            return size
        try:
            return kind(value)  # type: ignore[no-any-return]
        except ValueError:
            raise _bad(name, value, "a number" + (", or a size such as 16MiB" if kind is int else "")) from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (kind is int and isinstance(value, float)):
        raise _bad(name, value, "a whole number" if kind is int else "a number")
    return kind(value)  # type: ignore[no-any-return]


def _bad(name: str, value: Any, wanted: str) -> InvalidRequestError:
    shown = "what was given" if name == "keys" else f"{value!r:.80}"
    return InvalidRequestError(f"The setting {name} must be {wanted}, and is {shown}.")


def _suggestion(name: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if not close:
        ends = [one for one in known if one.rpartition(".")[2] == name]
        close = ends[:1]
    return f" Did you mean {close[0]!r}?" if close else ""
