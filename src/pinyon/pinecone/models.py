"""What the control operations answer: index definitions, backups, embedding models and embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar, overload

from pinyon.engine import kinds
from pinyon.errors import InvalidRequestError
from pinyon.pinecone.results import Fields, Pagination
from pinyon.pinecone.view import View, describe, frame, html_table, lines
from pinyon.types import EmbedSpec, IndexSpec, SparseValues

T = TypeVar("T", bound=View)

HOST_SUFFIX = ".pinyon.localhost"
"""An index's ``host`` is its name and this suffix. Nothing listens there: ``Index(host=...)`` reads the name back."""


def host_of(name: str) -> str:
    return name + HOST_SUFFIX


def name_of(host: str) -> str:
    """The index that a ``host`` of ``describe_index`` stands for."""
    name, suffix, rest = host.removeprefix("https://").removeprefix("http://").partition(HOST_SUFFIX)
    if not suffix or rest.strip("/") or not name:
        raise InvalidRequestError(
            f"host {host!r} is not an index of this database: a host is what describe_index(name).host gives, "
            f"such as {host_of('llm-book')!r}. Use Index(name) instead."
        )
    return name


class Settings(dict[str, Any]):
    """A dictionary whose keys are attributes too, at every depth: ``model.spec.serverless.region``."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            value = self[name]
        except KeyError:
            raise AttributeError(f"{name!r}: the keys here are {', '.join(self) or 'none'}.") from None
        return Settings(value) if isinstance(value, dict) else value

    def to_dict(self) -> dict[str, Any]:
        return dict(self)


class IndexStatus(Fields):
    __slots__ = _fields = ("ready", "state")
    ready: bool
    state: str


_READY = IndexStatus(True, "Ready")


class IndexModel(View):
    """The definition of an index. ``dimension`` is None when sparse; ``deletion_protection`` enabled or disabled."""

    __slots__ = ("_spec",)
    _fields: ClassVar[tuple[str, ...]] = (
        "name",
        "dimension",
        "metric",
        "vector_type",
        "host",
        "spec",
        "status",
        "deletion_protection",
        "tags",
        "embed",
        "index",
    )

    def __init__(self, spec: IndexSpec) -> None:
        self._spec = spec

    @property
    def name(self) -> str:
        return self._spec.name

    @property
    def dimension(self) -> int | None:
        return self._spec.dimension

    @property
    def metric(self) -> str:
        return self._spec.metric

    @property
    def vector_type(self) -> str:
        return self._spec.vector_type

    @property
    def host(self) -> str:
        return host_of(self._spec.name)

    @property
    def spec(self) -> Settings:
        """What was said about cloud and region at creation."""
        return Settings(self._spec.deployment)

    @property
    def status(self) -> IndexStatus:
        return _READY

    @property
    def deletion_protection(self) -> str:
        return "enabled" if self._spec.deletion_protection else "disabled"

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._spec.tags)

    @property
    def embed(self) -> Settings | None:
        """The model that the index embeds text with, or None."""
        return None if self._spec.embed is None else _embed_settings(self._spec.embed)

    @property
    def index(self) -> Settings:
        """How it is searched, as ``create_index`` takes it: ``{"kind": "hnsw", "m": 32, "recall": 0.99}``."""
        return Settings(kinds.settings_of(self._spec))

    def __repr__(self) -> str:
        shown = describe(self, ("name", "dimension", "metric", "vector_type", "deletion_protection", "tags"))
        embed = "" if self._spec.embed is None else f", embed={self._spec.embed.model!r}"
        index = "" if kinds.plain(self._spec) == self._spec else f", index={dict(self.index)}"
        return f"{shown[:-1]}{embed}{index})"


def _embed_settings(embed: EmbedSpec) -> Settings:
    return Settings(
        model=embed.model,
        identity=embed.identity,
        dimension=embed.dimension,
        metric=embed.metric,
        vector_type=embed.vector_type,
        field_map=dict(embed.field_map),
        read_parameters=dict(embed.read_parameters),
        write_parameters=dict(embed.write_parameters),
    )


class Listing(Generic[T]):
    """A list of results: iterate, index, ``len``, ``names()``; ``pages()`` and ``to_list()`` as SDK 10 paginates."""

    _name: ClassVar[str] = "name"
    _columns: ClassVar[tuple[str, ...]] = ("name",)

    def __init__(self, items: Sequence[T], pagination: Pagination | None = None) -> None:
        self.data = list(items)
        self.pagination = pagination

    def names(self) -> list[str]:
        return [item[self._name] for item in self.data]

    def to_list(self) -> list[T]:
        return list(self.data)

    def pages(self) -> Iterator[Listing[T]]:
        yield self

    @property
    def items(self) -> list[T]:
        return self.data

    def __iter__(self) -> Iterator[T]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    @overload
    def __getitem__(self, key: int) -> T: ...
    @overload
    def __getitem__(self, key: slice) -> list[T]: ...
    @overload
    def __getitem__(self, key: str) -> list[T]: ...
    def __getitem__(self, key: int | slice | str) -> T | list[T]:
        if isinstance(key, str):
            if key not in self._keys():
                raise KeyError(f"{key!r}: this list has the keys {', '.join(self._keys())}.")
            return self.data
        return self.data[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self.data if key in self._keys() else default

    def _keys(self) -> tuple[str, ...]:
        return ("data",)

    def to_dict(self) -> dict[str, Any]:
        return {self._keys()[0]: [item.to_dict() for item in self.data]}

    def to_pandas(self) -> Any:
        return frame([{c: item[c] for c in self._columns} for item in self.data], self._columns)

    def __repr__(self) -> str:
        return lines(f"{type(self).__name__}(", self.data)

    def _repr_html_(self) -> str:
        rows = [[item[column] for column in self._columns] for item in self.data]
        return html_table(f"{len(rows)} in all", self._columns, rows)


class IndexList(Listing[IndexModel]):
    """The indexes of a database, by name."""

    _columns = ("name", "dimension", "metric", "vector_type", "deletion_protection", "tags")

    @property
    def indexes(self) -> list[IndexModel]:
        return self.data

    def _keys(self) -> tuple[str, ...]:
        return ("indexes",)


class ModelInfo(Fields):
    """A model. ``type`` is "embed" or "rerank"; ``default_dimension`` is the length of its vectors, None when they are
    sparse or when it gives none. ``max_batch_size``: texts of one request."""

    __slots__ = _fields = (
        "model",
        "short_description",
        "type",
        "vector_type",
        "default_dimension",
        "supported_dimensions",
        "supported_metrics",
        "modality",
        "max_batch_size",
        "max_sequence_length",
        "provider_name",
        "supported_parameters",
    )
    model: str
    type: str
    vector_type: str | None
    default_dimension: int | None

    @property
    def name(self) -> str:
        return self.model

    def __repr__(self) -> str:
        return describe(self, ("model", "type", "vector_type", "default_dimension", "short_description"))


class ModelInfoList(Listing[ModelInfo]):
    _name = "model"
    _columns = ("model", "type", "vector_type", "default_dimension", "short_description")

    @property
    def models(self) -> list[ModelInfo]:
        return self.data

    def _keys(self) -> tuple[str, ...]:
        return ("models",)


class Embedding(View):
    """One embedded text; ``values`` is a list of floats."""

    __slots__ = ("_values",)
    _fields: ClassVar[tuple[str, ...]] = ("values", "vector_type")

    def __init__(self, values: Any) -> None:
        self._values = values

    @property
    def values(self) -> list[float]:
        values: list[float] = self._values.tolist()
        return values

    @property
    def vector_type(self) -> str:
        return "dense"


class SparseEmbedding(View):
    """One embedded text: ``sparse_values`` belong to ``sparse_indices``."""

    __slots__ = ("_sparse",)
    _fields: ClassVar[tuple[str, ...]] = ("sparse_values", "sparse_indices", "vector_type")

    def __init__(self, sparse: SparseValues) -> None:
        self._sparse = sparse

    @property
    def sparse_values(self) -> list[float]:
        values: list[float] = self._sparse.values.tolist()
        return values

    @property
    def sparse_indices(self) -> list[int]:
        indices: list[int] = self._sparse.indices.tolist()
        return indices

    @property
    def vector_type(self) -> str:
        return "sparse"


class EmbedUsage(Fields):
    """``total_tokens``: words between spaces. Tokenizers differ and are not asked; nothing is billed here."""

    __slots__ = _fields = ("total_tokens",)
    total_tokens: int


class EmbeddingsList(Listing[Any]):
    """Embeddings in the order of the inputs; ``array`` holds dense ones as (n, d) float32."""

    def __init__(self, model: str, array: Any, tokens: int, vector_type: str = "dense") -> None:
        super().__init__([(SparseEmbedding if vector_type == "sparse" else Embedding)(row) for row in array])
        self.array = array
        self.model = model
        self.vector_type = vector_type
        self.usage = EmbedUsage(tokens)

    def __getitem__(self, key: Any) -> Any:
        return getattr(self, key) if key in ("model", "vector_type", "usage") else super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in ("data", "model", "vector_type", "usage") else default

    def to_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "vector_type": self.vector_type,
            "data": [item.to_dict() for item in self.data],
            "usage": self.usage.to_dict(),
        }

    def to_pandas(self) -> Any:
        return frame([item.to_dict() for item in self.data], self._columns_shown)

    @property
    def _columns_shown(self) -> tuple[str, ...]:
        return ("sparse_indices", "sparse_values") if self.vector_type == "sparse" else ("values",)

    def __repr__(self) -> str:
        return lines(f"EmbeddingsList(model={self.model!r}, data=", self.data)

    def _repr_html_(self) -> str:
        return html_table(
            f"{len(self)} embeddings of {self.model}",
            self._columns_shown,
            [tuple(getattr(item, name) for name in self._columns_shown) for item in self.data],
        )


class RankedDocument(Fields):
    """``index``: place among the documents that were given. ``document`` is None when none were asked back."""

    __slots__ = _fields = ("index", "score", "document")
    index: int
    score: float
    document: Settings | None


class RerankUsage(Fields):
    """``rerank_units``: one for every hundred documents. Nothing is billed here."""

    __slots__ = _fields = ("rerank_units",)
    rerank_units: int


class RerankResult(Listing[RankedDocument]):
    """Documents, best first."""

    def __init__(self, model: str, data: list[RankedDocument], units: int) -> None:
        super().__init__(data)
        self.model = model
        self.usage = RerankUsage(units)

    def __getitem__(self, key: Any) -> Any:
        return getattr(self, key) if key in ("model", "usage") else super().__getitem__(key)

    def to_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "data": [item.to_dict() for item in self.data],
            "usage": self.usage.to_dict(),
        }

    def to_pandas(self) -> Any:
        return frame([item.to_dict() for item in self.data], RankedDocument._fields)

    def __repr__(self) -> str:
        return lines(f"RerankResult(model={self.model!r}, data=", self.data)


def page_of(
    items: Sequence[T], key: Callable[[T], str], limit: int | None, token: str | None
) -> tuple[list[T], str | None]:
    """The page of ``items`` after the one whose key is ``token``, and the token of the next page (None: no more)."""
    start = 0
    if token is not None:
        start = next((at + 1 for at, item in enumerate(items) if key(item) == token), -1)
        if start < 0:
            raise InvalidRequestError(
                f"pagination_token {token!r} is not one of this list. Start again without a token."
            )
    stop = len(items) if limit is None else start + limit
    page = list(items[start:stop])
    return page, key(page[-1]) if page and stop < len(items) else None
