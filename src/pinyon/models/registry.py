"""Finds models by name and builds each one once."""

from __future__ import annotations

import builtins
import importlib
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from pinyon.errors import InvalidRequestError, MissingExtraError, NotFoundError
from pinyon.models.aliases import ALIASES, Alias
from pinyon.models.describing import AD_HOC, described_ad_hoc, is_ad_hoc
from pinyon.models.descriptions import MODELS, ModelInfo, missing_modules, missing_package
from pinyon.types import Embedder, Generator, ImageGenerator, ModelType, Picture, Reranker, SparseEmbedder

__all__ = ["ModelRegistry"]

_NOUNS = {"rerank": "a reranker", "generate": "a generator of text", "image": "a generator of pictures"}


class ModelRegistry:
    """The models by name or alias, and those that a name such as ``st:FOLDER`` describes by itself. Thread-safe; a
    model is built once, so its weights load once.

    ``get``, ``sparse``, ``reranker``, ``generator`` and ``image_generator`` raise NotFoundError for an unknown name,
    and for an alias whose model is not installed; MissingExtraError for a local model whose package is not installed;
    InvalidRequestError for a model of another type. Weights load at the first use of what they give.

    more: further models by name, asked for once, at the first look-up; its errors are those of that look-up.
    store: the folder with pulled models. ad_hoc: says of a name that describes itself whether it may be used.
    reader: makes a picture of the bytes of a file and a name for messages. fetcher: gives the file of a picture at an
    address, and takes a name for messages; without one none is fetched.
    """

    def __init__(
        self,
        models: Mapping[str, ModelInfo] = MODELS,
        aliases: Mapping[str, Alias] | None = None,
        *,
        more: Callable[[], Mapping[str, ModelInfo]] = dict,
        store: Path | None = None,
        ad_hoc: Callable[[str], bool] = lambda name: True,
        reader: Callable[[bytes, str], Picture] | None = None,
        fetcher: Callable[[str, str], bytes] | None = None,
    ) -> None:
        self._given = dict(models)
        self._more = more
        self._store = store
        self._ad_hoc = ad_hoc
        self._reader = reader
        self._fetcher = fetcher
        aliases = ALIASES if aliases is None else aliases
        self._aliases = {name: alias for name, alias in aliases.items() if set(alias.targets.values()) <= models.keys()}
        self._built: dict[ModelInfo, Any] = {}
        self._lock = threading.RLock()

    @cached_property
    def _models(self) -> dict[str, ModelInfo]:
        return {**self._given, **self._more()}

    def with_more(self, more: Callable[[], Mapping[str, ModelInfo]], store: Path | None) -> ModelRegistry:
        """A registry with further models, which shares those that are built."""
        return self._sharing(more=more, store=store)

    def guarded(self, ad_hoc: Callable[[str], bool]) -> ModelRegistry:
        """A registry for callers who may not name any file or endpoint: only names that ``ad_hoc`` agrees to."""
        return self._sharing(ad_hoc=ad_hoc)

    def fetching(self, fetcher: Callable[[str, str], bytes]) -> ModelRegistry:
        """A registry that fetches pictures with ``fetcher``."""
        return self._sharing(fetcher=fetcher)

    def _sharing(self, **changed: Any) -> ModelRegistry:
        own = {"more": self._more, "store": self._store, "ad_hoc": self._ad_hoc, "fetcher": self._fetcher}
        made = ModelRegistry(self._given, self._aliases, reader=self._reader, **{**own, **changed})
        made._built, made._lock = self._built, self._lock
        return made

    def stands_for(self, name: str) -> str:
        """The local model that an alias means; "" for what is no alias."""
        alias = self._aliases.get(name)
        return "" if alias is None else alias.default

    def list(self) -> builtins.list[ModelInfo]:
        """Every known model and alias, installed or not, by name."""
        return [self.describe(name) for name in sorted({*self._models, *self._aliases})]

    def describe(self, name: str, task: ModelType | None = None) -> ModelInfo:
        """Raises NotFoundError for an unknown name. task: what a name is for that could be several things."""
        alias = self._aliases.get(name)
        if alias is not None:
            return alias.describe(self._models[alias.default])
        if name in self._models:
            return self._models[name]
        if is_ad_hoc(name):
            if self._ad_hoc(name):
                return described_ad_hoc(name, task, self._store)
            raise NotFoundError(
                f"no model is named {name!r:.200} here: whoever runs this database may describe it in models.toml"
            )
        known = ", ".join(sorted({*self._models, *self._aliases})) or "none"
        prefixes = ", ".join(sorted(AD_HOC))
        raise NotFoundError(
            f"no model is named {name!r:.200}; available: {known}; or a name that begins with {prefixes}"
        )

    def get(self, name: str, dimension: int | None = None) -> Embedder:
        """The embedder of a name that gives ``dimension`` numbers, by default the name's own dimension.

        An alias without a local model of that dimension is a NotFoundError.
        """
        _expect(self.describe(name, "embed"), "embed", "dense")
        embedder = cast(Embedder, self._model(name, "embed", dimension))
        if dimension is not None and embedder.dimension != dimension:
            raise InvalidRequestError(f"Model {name} gives {embedder.dimension} numbers a vector, not {dimension}.")
        return embedder

    def sparse(self, name: str) -> SparseEmbedder:
        """The sparse embedder of a name."""
        _expect(self.describe(name, "embed"), "embed", "sparse")
        return cast(SparseEmbedder, self._model(name, "embed"))

    def reranker(self, name: str) -> Reranker:
        """The reranker of a name."""
        _expect(self.describe(name, "rerank"), "rerank", "dense")
        return cast(Reranker, self._model(name, "rerank"))

    def generator(self, name: str) -> Generator:
        """The generator of a name."""
        _expect(self.describe(name, "generate"), "generate", "dense")
        return cast(Generator, self._model(name, "generate"))

    def image_generator(self, name: str) -> ImageGenerator:
        """The generator of pictures of a name."""
        _expect(self.describe(name, "image"), "image", "dense")
        return cast(ImageGenerator, self._model(name, "image"))

    def read_picture(self, data: bytes, name: str) -> Picture:
        """The picture in the bytes of a file; name: for messages. Raises what ``reader`` does, and MissingExtraError
        where the registry has none."""
        if self._reader is None:
            raise MissingExtraError(
                f"{name!r}: this registry has nothing that reads pictures. Use the one that Pinyon makes, with pip "
                'install "pinyon[pictures]", or make yours with reader=, for example pinyon.pictures.read_picture.'
            )
        return self._reader(data, name)

    def fetch_picture(self, url: str, name: str) -> bytes | None:
        """The file of a picture at an address; None where the registry has no fetcher. Raises what ``fetcher`` does."""
        return None if self._fetcher is None else self._fetcher(url, name)

    def _model(self, name: str, task: ModelType, dimension: int | None = None) -> Any:
        alias = self._aliases.get(name)
        if alias is None:
            return self._build(self.describe(name, task))
        target = self._models[alias.target(dimension)]
        try:
            return self._build(target)
        except MissingExtraError as error:
            raise NotFoundError(f"Model {name} not found: it stands for {target.name} here, and {error}") from None

    def _build(self, info: ModelInfo) -> Any:
        with self._lock:
            if info not in self._built:
                if missing_modules(info):
                    raise missing_package(info)
                module, _, name = info.loader.partition(":")
                make = getattr(importlib.import_module(module), name)
                parts = [self._base(info)] if info.base else []
                made = make(*parts, info) if parts or info.settings is not None else make()
                if info.provider == "llm":  # it is nothing but its base, which another registry may know differently
                    return made
                self._built[info] = made
            return self._built[info]

    def _base(self, info: ModelInfo) -> Any:
        return self.generator(info.base) if info.provider == "llm" else self._build(self._models[info.base])


def _expect(info: ModelInfo, kind: ModelType, vector_type: str) -> None:
    if info.type == kind and (kind != "embed" or info.vector_type == vector_type):
        return
    is_ = _NOUNS.get(info.type, f"a model of {info.vector_type} vectors")
    wanted = _NOUNS.get(kind, f"a model of {vector_type} vectors")
    raise InvalidRequestError(f"Model {info.name} is {is_}, and {wanted} is needed here.")
