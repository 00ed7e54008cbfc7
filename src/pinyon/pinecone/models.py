"""What the control operations answer: index definitions, backups, embedding models and embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar, overload

from pinyon.errors import InvalidRequestError
from pinyon.pinecone.results import Fields, Pagination
from pinyon.pinecone.view import View, describe, frame, html_table, lines
from pinyon.types import EmbedSpec, IndexSpec

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

    def __repr__(self) -> str:
        shown = describe(self, ("name", "dimension", "metric", "vector_type", "deletion_protection", "tags"))
        return shown if self._spec.embed is None else f"{shown[:-1]}, embed={self._spec.embed.model!r})"

    @property
    def kind(self) -> str:
        """How vectors are searched: auto, flat or scan."""
        return self._spec.kind

    @property
    def recall_target(self) -> float:
        return self._spec.recall_target


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
    """An embedding model. ``dimension`` is the length of its vectors, ``max_batch_size`` the texts of one request."""

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
    vector_type: str
    default_dimension: int

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


class EmbedUsage(Fields):
    """``total_tokens``: words between spaces. Tokenizers differ and are not asked; nothing is billed here."""

    __slots__ = _fields = ("total_tokens",)
    total_tokens: int


class EmbeddingsList(Listing[Embedding]):
    """Embeddings in the order of the inputs; ``array`` holds them as (n, d) float32."""

    def __init__(self, model: str, array: Any, tokens: int) -> None:
        super().__init__([Embedding(row) for row in array])
        self.array = array
        self.model = model
        self.vector_type = "dense"
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
        return frame([item.to_dict() for item in self.data], ("values",))

    def __repr__(self) -> str:
        return lines(f"EmbeddingsList(model={self.model!r}, data=", self.data)

    def _repr_html_(self) -> str:
        return html_table(
            f"{len(self)} embeddings of {self.model}", ("values",), [(item.values,) for item in self.data]
        )


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
