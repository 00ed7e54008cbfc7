"""Fetches a model from the hub, when its user names one: only weights that run no code, and what belongs to them."""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pinyon.errors import (
    FailedPreconditionError,
    InvalidRequestError,
    MissingExtraError,
    ModelUnavailableError,
    NotFoundError,
    StorageFullError,
)
from pinyon.models.weights import check_safe, pulled_name

__all__ = ["INSTALL", "RECORD", "Pulled", "pull"]

INSTALL = 'pip install "pinyon[hub]"'
RECORD = ".pinyon.json"
"""In the folder of a pulled model: where it came from. It does not count for the model's digest."""
_BESIDE = {".json", ".txt", ".model", ".jinja", ".md"}
_KINDS = (".safetensors", ".onnx", ".gguf")
_POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Pulled:
    """folder: where the model is now. revision: the commit that it is of. bytes: of all its files."""

    hub: str
    revision: str
    folder: Path
    files: tuple[str, ...]
    bytes: int


def pull(
    hub: str,
    store: Path,
    *,
    revision: str = "",
    pattern: str = "",
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Pulled:
    """Fetches ``organisation/name`` into a folder of the store. A model that is there is replaced when all has come.

    pattern: of the files with weights, such as ``*Q4_K_M.gguf``, where a model has them in several forms.
    progress: called with (bytes there, bytes in all). HF_ENDPOINT names another hub, HF_TOKEN a key for it.
    Raises MissingExtraError, NotFoundError, FailedPreconditionError (no permission), ModelUnavailableError (no
    connection), InvalidRequestError (no weights that are read here), StorageFullError.
    """
    try:
        import huggingface_hub
    except ImportError:
        raise MissingExtraError(f"pulling models needs the package huggingface_hub: {INSTALL}") from None
    endpoint = os.environ.get("HF_ENDPOINT") or None
    with _told(hub):
        found = huggingface_hub.HfApi(endpoint).model_info(hub, revision=revision or None, files_metadata=True)
    sizes = {one.rfilename: int(one.size or 0) for one in found.siblings or ()}
    files = _chosen(hub, sorted(sizes), pattern)
    total = sum(sizes[name] for name in files)
    target = store / pulled_name(hub, revision)
    partial = target.with_name(target.name + ".partial")
    partial.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(partial).free < total:
        raise StorageFullError(f"{hub} has {total:,} bytes, and {str(partial)!r} has no room for them: free some")
    with _told(hub), _watched(partial, total, progress):
        for name in files:
            huggingface_hub.hf_hub_download(hub, name, revision=found.sha, local_dir=partial, endpoint=endpoint)
    shutil.rmtree(partial / ".cache", ignore_errors=True)
    check_safe(hub, partial)
    record = {"hub": hub, "revision": found.sha, "asked": revision, "files": files}
    (partial / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    if target.exists():
        shutil.rmtree(target)
    partial.rename(target)
    return Pulled(hub, str(found.sha), target, tuple(files), total)


def _chosen(hub: str, names: Sequence[str], pattern: str) -> list[str]:
    """The files to fetch: weights of one kind, the first of safetensors, ONNX and GGUF, and what belongs to a model."""
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name:
            raise InvalidRequestError(f"{hub} has a file {name!r:.200}, whose name leads out of its folder")
    wanted = [name for name in names if not pattern or fnmatch.fnmatch(name, pattern)]
    weights: list[str] = []
    for kind in _KINDS:
        weights = weights or [name for name in wanted if name.endswith(kind)]
    if "model_index.json" in names and not pattern:
        weights = _of_pipeline(weights)
    if not weights:
        what = f" that match {pattern!r}" if pattern else ""
        there = ", ".join(name for name in names if PurePosixPath(name).suffix not in _BESIDE)[:300] or "none"
        raise InvalidRequestError(
            f"{hub} has no weights in safetensors, ONNX or GGUF{what}, and other formats can run code when they are "
            f"read. Its files: {there}"
        )
    if len(weights) > 1 and weights[0].endswith((".gguf", ".onnx")):
        raise InvalidRequestError(
            f"{hub} has its weights {len(weights)} times: choose one with --file, such as --file {weights[0]!r}. "
            f"There are: {', '.join(weights)[:600]}"
        )
    data = [name for name in names if name == f"{weights[0]}_data"]
    beside = [name for name in names if PurePosixPath(name).suffix in _BESIDE or "LICENSE" in name.upper()]
    return [*beside, *weights, *data]


def _of_pipeline(weights: Sequence[str]) -> list[str]:
    """Of a repository of diffusers: the weights of its parts, without those of all parts in one file beside them, and
    without smaller variants (``model.fp16.safetensors``) of what is there whole."""
    parts = [name for name in weights if "/" in name]
    return [name for name in parts if _whole(name) == name or _whole(name) not in parts]


def _whole(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(path.name.split(".")[0] + path.suffix))


@contextmanager
def _watched(folder: Path, total: int, progress: Callable[[int, int], object]) -> Iterator[None]:
    """Tells how much of the folder is there while the block runs, and at its end."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_POLL_SECONDS):
            progress(min(_bytes(folder), total), total)

    watcher = threading.Thread(target=watch, name="pinyon-pull", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
    progress(total, total)


def _bytes(folder: Path) -> int:
    found = 0
    for path in folder.rglob("*"):
        try:
            found += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # it was renamed meanwhile
            continue
    return found


@contextmanager
def _told(hub: str) -> Iterator[None]:
    """Errors of the hub as ours."""
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError:
        raise FailedPreconditionError(
            f"{hub} is given to those only who agreed to its terms: agree on its page and set HF_TOKEN"
        ) from None
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.EntryNotFoundError) as error:
        raise NotFoundError(f"the hub has no {hub!r}, or not for you: {_first_line(error)}") from None
    except errors.HFValidationError as error:
        raise InvalidRequestError(f"{hub!r} is no name of the hub: {_first_line(error)}") from None
    except (errors.HfHubHTTPError, errors.OfflineModeIsEnabled, OSError, *_connection_errors()) as error:
        raise ModelUnavailableError(
            f"the hub does not answer for {hub!r} ({_first_line(error)}). Without a connection, copy the model's "
            "folder here by other means and name the folder"
        ) from None


def _connection_errors() -> tuple[type[Exception], ...]:
    """What the HTTP client that the library came with raises; its releases have had three of them."""
    clients = (sys.modules.get(name) for name in ("httpx", "httpx2"))
    return tuple(client.HTTPError for client in clients if client is not None)


def _first_line(error: Any) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
