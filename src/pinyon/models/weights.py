"""Where the files of a model are, whether they may be read, and their digest.

Weights are read from safetensors, ONNX and GGUF only: a pickle runs code when it is read.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.models.settings import HubSettings

__all__ = ["check_safe", "digest", "hub_folder", "pulled_name", "resolve"]

PACKAGE = "package:"
WEIGHTS = (".safetensors", ".onnx", ".gguf")
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".h5", ".msgpack")
_PART_OF_IDENTITY = (*WEIGHTS, ".json", ".txt", ".model", ".jinja", ".onnx_data")
_NO_PART = {"data_config.json", "train_config.json", "README.txt"}


def resolve(name: str, path: str) -> Path:
    """The file or folder that a path of a description means. Raises NotFoundError. name: of the model, for the message.

    ``package:NAME/FILE`` lies in an installed package, which is found without being imported.
    """
    if path.startswith(PACKAGE):
        package, _, inner = path.removeprefix(PACKAGE).partition("/")
        spec = importlib.util.find_spec(package)
        folders = [] if spec is None else list(spec.submodule_search_locations or ())
        found = Path(folders[0]) / inner if folders else Path(inner)
    else:
        found = Path(path).expanduser()
    if not found.exists():
        raise NotFoundError(f"model {name!r}: there is no {str(found)!r}; correct its path, or install it again")
    return found


def pulled_name(hub: str, revision: str = "") -> str:
    """The folder of a pulled model inside the store."""
    return hub.replace("/", "--") + (f"@{revision.replace('/', '--')}" if revision else "")


def hub_folder(name: str, settings: HubSettings) -> Path:
    """The folder with a model's files: its own, a pulled one, or one in the hub's cache. Nothing is downloaded.

    Raises NotFoundError, which says how to get the model, and InvalidRequestError for weights that are not read.
    """
    if settings.folder:
        folder = resolve(name, settings.folder)
        if not folder.is_dir():
            raise NotFoundError(f"model {name!r}: {str(folder)!r} is a file, but must be the folder of a model")
    else:
        folder = _pulled(name, settings)
    check_safe(name, folder)
    return folder


def _pulled(name: str, settings: HubSettings) -> Path:
    if settings.store:
        folder = Path(settings.store) / pulled_name(settings.hub, settings.revision)
        if folder.is_dir():
            return folder
    if importlib.util.find_spec("huggingface_hub") is not None:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        try:
            return Path(snapshot_download(settings.hub, revision=settings.revision or None, local_files_only=True))
        except LocalEntryNotFoundError:
            pass
    raise NotFoundError(
        f"model {name!r}: {settings.hub!r} is not on this machine, and nothing is downloaded unasked: "
        f"pinyon models pull {name if name.endswith(':' + settings.hub) else 'st:' + settings.hub}"
    )


def check_safe(name: str, folder: Path) -> None:
    """Raises InvalidRequestError unless every part of the model has weights that can be read without running code."""
    if not _with_suffix(folder, WEIGHTS):
        pickles = sorted(path.name for path in _with_suffix(folder, PICKLES))
        what = f"only {pickles[0]!r}, a format that can run code when it is read" if pickles else "no weights"
        raise InvalidRequestError(
            f"model {name!r}: {str(folder)!r} holds {what}. Needed is safetensors, ONNX or GGUF: "
            "convert it where you trust it, with save_pretrained(..., safe_serialization=True)"
        )
    for part in {path.parent for path in _with_suffix(folder, PICKLES)}:
        beside = part == folder or any(path.suffix in WEIGHTS for path in part.iterdir())
        if not beside:
            raise InvalidRequestError(
                f"model {name!r}: its part {part.name!r} has weights only in a format that can run code when it is "
                "read. Convert it where you trust it, with save_pretrained(..., safe_serialization=True)"
            )
    config = folder / "config.json"
    if config.is_file() and "auto_map" in _object(config):
        raise InvalidRequestError(f"model {name!r}: {str(config)!r} asks to run code of its own, which is never done")
    modules = folder / "modules.json"
    if modules.is_file():
        kinds = [str(one.get("type", "")) for one in json.loads(modules.read_text("utf-8")) if isinstance(one, dict)]
        foreign = [kind for kind in kinds if not kind.startswith("sentence_transformers.")]
        if foreign:
            raise InvalidRequestError(
                f"model {name!r}: {str(modules)!r} asks for {foreign[0]!r:.100}, which is no part of "
                "sentence-transformers: code of models is never run"
            )


def _object(file: Path) -> dict[str, object]:
    read = json.loads(file.read_text("utf-8"))
    return read if isinstance(read, dict) else {}


def _with_suffix(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in suffixes and path.is_file()]


def digest(*parts: Path) -> str:
    """``sha256:`` and 16 hexadecimal digits over files, and over what matters in folders: weights, tokenizer, settings.

    Names count relative to the folder, so that a copy elsewhere is the same model. Of one file alone the digits are
    the first of its SHA-256.
    """
    if len(parts) == 1 and parts[0].is_file():
        with parts[0].open("rb") as stream:
            return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()[:16]}"
    whole = hashlib.sha256()
    for part in parts:
        for inner, file in _files(part):
            with file.open("rb") as stream:
                whole.update(inner.encode() + b"\0" + hashlib.file_digest(stream, "sha256").digest())
    return f"sha256:{whole.hexdigest()[:16]}"


def _files(part: Path) -> Iterable[tuple[str, Path]]:
    if part.is_file():
        return [("", part)]
    chosen = [
        (path.relative_to(part).as_posix(), path)
        for path in part.rglob("*")
        if path.suffix in _PART_OF_IDENTITY and path.name not in _NO_PART and path.is_file()
    ]
    return sorted((inner, path) for inner, path in chosen if not any(p.startswith(".") for p in inner.split("/")))
