"""Frozen values that cross room boundaries, and the Protocols that models satisfy.

Arrays in these values are read-only by convention: nobody writes into an array that they were handed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Metric: TypeAlias = Literal["cosine", "dotproduct", "euclidean"]
VectorType: TypeAlias = Literal["dense", "sparse"]
RecallLabel: TypeAlias = Literal["estimate", "measured", "exact"]
IndexKind: TypeAlias = Literal["auto", "flat", "scan", "ivf", "hnsw", "symqg"]
MetadataValue: TypeAlias = "str | int | float | bool | list[str]"
Metadata: TypeAlias = "dict[str, MetadataValue]"
Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Scores: TypeAlias = NDArray[np.float64]
Pixels: TypeAlias = NDArray[np.uint8]
SearchMode: TypeAlias = Literal["dense", "lexical", "hybrid"]
FusionMethod: TypeAlias = Literal["adaptive", "weighted", "rrf"]

ModelType: TypeAlias = Literal["embed", "rerank", "generate", "image"]
Modality: TypeAlias = Literal["text", "multimodal"]
Role: TypeAlias = Literal["system", "user", "assistant"]
FinishReason: TypeAlias = Literal["stop", "length", "content_filter", "cancelled"]

METRICS: tuple[Metric, ...] = ("cosine", "dotproduct", "euclidean")
DEFAULT_RECALL = 0.99
ASSISTANT_NOTE = "assistant_id"
"""The note of an index that holds the chunks of an assistant's files."""


@dataclass(frozen=True, slots=True)
class SparseValues:
    """A sparse vector: ``indices`` (nnz,) uint32 strictly increasing, ``values`` (nnz,) float32."""

    indices: NDArray[np.uint32]
    values: Floats


@dataclass(frozen=True, slots=True)
class Record:
    """One stored record as it is given back. ``metadata`` is None when the record has none."""

    id: str
    values: Floats | None = None
    sparse_values: SparseValues | None = None
    metadata: Metadata | None = None


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Checked, columnar input of one write; row i of every field belongs to ``ids[i]``. Ids are distinct.

    vectors: (n, d) float32 C-contiguous finite, or None in a sparse index.
    metadata: canonical JSON objects as UTF-8 bytes; None where a record has no metadata.
    """

    ids: Sequence[str]
    vectors: Floats | None
    sparse: Sequence[SparseValues | None] | None
    metadata: Sequence[bytes | None] | None


@dataclass(frozen=True, slots=True)
class EmbedSpec:
    """The embedding model that an index is bound to.

    model: as the caller named it, which may be an alias. identity: name, version and weight digest of the model, as
    ``Embedder.identity`` gave it at creation. dimension: None when its vectors are sparse.
    field_map: which metadata field holds the text, ``{"text": "<field>"}``; of a model that takes pictures also which
    field of a record holds its picture, ``{"text": ..., "image": "<field>"}``.
    """

    model: str
    identity: str
    dimension: int | None
    metric: Metric
    field_map: Mapping[str, str]
    vector_type: VectorType = "dense"
    read_parameters: Mapping[str, Any] = field(default_factory=dict)
    write_parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """The definition of an index, as the catalog keeps it. ``dimension`` is None for a sparse index."""

    name: str
    dimension: int | None
    metric: Metric
    vector_type: VectorType = "dense"
    kind: IndexKind = "auto"
    """How dense vectors are searched: auto (by size and contract), flat (always exact), scan, hnsw, ivf, symqg."""
    recall_target: float = DEFAULT_RECALL
    """Recall@10 that searches must reach (the quality contract)."""
    embed: EmbedSpec | None = None
    deletion_protection: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    deployment: Mapping[str, Any] = field(default_factory=dict)
    """What the caller said about cloud and region, kept and echoed: it has no effect here."""
    schema: Mapping[str, Any] | None = None
    """Fields of an index of documents, field name -> definition as the 2026-07 API writes it; None for vectors."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Further things that callers said and that are echoed without effect, such as ``cmek_id``."""
    parameters: Mapping[str, int | str] = field(default_factory=dict)
    """What was fixed of the kind: hnsw m, ef_construction, ef_search; ivf nlist, nprobe, codes; symqg degree,
    ef_construction, ef_search. The rest is usual."""

    @property
    def is_internal(self) -> bool:
        """Whether it holds what belongs to something else, such as the files of an assistant, and is no index of the
        user's: it is not listed, and goes with what it belongs to."""
        return ASSISTANT_NOTE in self.notes


@dataclass(frozen=True, slots=True)
class Match:
    """One search hit. ``score`` follows the metric: cosine and dotproduct descend, euclidean (squared) ascends."""

    id: str
    score: float
    values: Floats | None = None
    sparse_values: SparseValues | None = None
    metadata: Metadata | None = None
    parts: Mapping[str, float] | None = None
    """Of a hybrid search by words that was to be explained: the ``dense`` score and the ``lexical`` one (BM25)."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """How a hybrid search joins a dense ranking and one by words.

    method: "adaptive" lets the words count as much as they cover of the query, "weighted" always ``weight``, "rrf"
    (reciprocal rank fusion) sums up 1 / (``constant`` + rank) over the ``depth`` best of each.
    """

    method: FusionMethod = "adaptive"
    constant: float = 60.0
    """0 to 10,000."""
    weight: float = 0.5
    """Of the words, 0 to 1."""
    depth: int = 100
    """1 to 10,000; never less than ``top_k``."""


@dataclass(frozen=True, slots=True)
class TextClause:
    """One full-text condition of a search, scored with BM25 in each of its fields; the scores are added.

    syntax: "text" takes every word of ``query`` as optional; "query_string" is the Lucene language, where a term may
    name its own field. fields: () means every full-text field of the index.
    """

    query: str
    fields: tuple[str, ...] = ()
    syntax: Literal["text", "query_string"] = "text"


@dataclass(frozen=True, slots=True)
class VectorClause:
    """Documents near to a vector: d numbers for a dense vector field, or ``{"indices", "values"}`` for a sparse one."""

    field: str
    values: Any
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class EmbedClause:
    """Documents near to a text, embedded by the model of the field; sparse: by its sparse model."""

    field: str
    query: str
    sparse: bool = False


ScoreClause: TypeAlias = TextClause | VectorClause | EmbedClause


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it is given back. Vectors among the fields are float32 arrays, sparse ones SparseValues."""

    id: str
    fields: Mapping[str, Any]
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A search. Give ``vector`` and/or ``sparse``, ``id`` alone, ``text`` alone, or ``text`` and ``vector`` with a
    ``fusion``. ``filter`` is the Pinecone filter object.

    vector: d numbers in any sequence. sparse: SparseValues, or anything with ``indices`` and ``values``.
    """

    top_k: int
    vector: Any = None
    sparse: Any = None
    id: str | None = None
    filter: Mapping[str, Any] | None = None
    include_values: bool = False
    include_metadata: bool = False
    exact: bool = False
    explain: bool = False
    text: tuple[TextClause, ...] = ()
    fusion: Fusion | None = None
    """How the scores of ``text`` and of ``vector`` are joined."""
    scan_factor: float | None = None
    """0.5 to 4: so many times the usual number of candidates is looked at first. No effect where codes are not used."""
    max_candidates: int | None = None
    """At most so many candidates of the codes are rescored, at the cost of recall; ``top_k`` to 100,000."""
    required: tuple[int, ...] = ()
    """Indices that the sparse values of a match must all hold."""
    ef_search: int | None = None
    """1 to 10,000: rows that a search of a graph (hnsw, symqg) keeps in view. No effect on other kinds; as in
    ``nprobe`` and ``rerank_depth``, None is what the index is set to or the contract needs, and a sparse index refuses
    a value."""
    nprobe: int | None = None
    """1 to 65,536: clusters that a search of an ivf index reads, at most all. No effect on other kinds."""
    rerank_depth: int | None = None
    """``top_k`` to 100,000: candidates that are rescored with float32. No effect where every row is scored."""


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """A search among records. Give exactly one of inputs (``text``, ``image`` or both), ``id`` and a vector
    (``vector``, ``sparse`` or both).

    image: as in ``ModelInput``; for indexes whose model takes pictures. With a text, the search is for both together.
    terms: words that the embedded text of every hit must hold; for sparse indexes with a model only.
    mode: what ``text`` is compared with: vectors ("dense": those of the index's model), words, or both; None is what
    the index says, else vectors. syntax: of ``text`` where it is searched by words, as in ``TextClause``. fusion: for
    the mode "hybrid"; None is what the index says, else the usual one.
    """

    top_k: int
    text: str | None = None
    vector: Any = None
    sparse: Any = None
    id: str | None = None
    filter: Mapping[str, Any] | None = None
    terms: tuple[str, ...] = ()
    exact: bool = False
    explain: bool = False
    mode: SearchMode | None = None
    fusion: Fusion | None = None
    syntax: Literal["text", "query_string"] = "text"
    image: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RerankRequest:
    """How the hits of a search are put in order anew.

    fields: what a hit is judged by, () meaning the text field of the index. top_n: hits that stay, None meaning all.
    query: what they are judged against, None meaning the text of the search.
    """

    model: str
    fields: tuple[str, ...] = ()
    top_n: int | None = None
    query: str | None = None


@dataclass(frozen=True, slots=True)
class RecallBand:
    """Recall of the checked queries whose filter keeps a certain share of the records. interval: 95 %."""

    recall: float
    interval: tuple[float, float]
    checked: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of the recall of dense and hybrid searches in a namespace, and what is done about it.

    Live queries are repeated exactly, a few at random; those that ask for ``exact`` or for an effort of their own are
    not among them. What was learned outlives the process, until the searches are other ones.
    """

    recall: float
    """Mean recall@top_k of the queries that were checked lately; before the first one what the build measured."""
    interval: tuple[float, float] | None
    """95 % confidence interval of ``recall``; None when nothing was checked yet."""
    label: RecallLabel
    """"exact" where every search scores every record, "measured" from 200 checked queries on, "estimate" before."""
    target: float
    holds: bool | None
    """Whether the contract holds: the lower end of the interval reaches the target. None while it is an estimate."""
    effort: float = 1.0
    """Work of a search, as a multiple of what stored vectors needed; above 64 every record is scored."""
    checked: int = 0
    """Queries that ``recall`` is the mean of."""
    exact_share: float = 1.0
    """Share of them that were answered exactly, and so needed no check."""
    expected: float | None = None
    """Mean of what approximate searches expect their own recall to be; the first to tell that queries have changed."""
    checks: int = 0
    """Queries checked since the namespace was loaded."""
    bands: Mapping[str, RecallBand] = field(default_factory=dict)
    """Of dense queries by the share of the records that the filter keeps: "all", "30-100%", "3-30%", "0-3%"; and of
    "hybrid" ones. Those that were seen."""
    built: Mapping[str, float] = field(default_factory=dict)
    """Recall@10 that the build measured on stored vectors, by kind of filter. It flatters: live queries are harder."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a query was answered. Stage times are milliseconds."""

    kind: str
    """"exact" (every row), "gather" (just the rows that match), "scan" (codes, then rerank), "ivf" (codes of some
    lists), "hnsw" and "symqg" (a graph), "sparse", "hybrid", "text" or "empty"."""
    reason: str
    records: int
    matching: int
    """Records that the filter keeps (all, without a filter)."""
    candidates: int
    """Rows rescored with the stored float32 vectors."""
    exact: bool
    milliseconds: Mapping[str, float]
    recall: float | None = None
    """1.0 for an exact answer, else the ``Quality.recall`` of the namespace, as are the next three. None for hybrid
    searches and those that set their own effort, which are not checked."""
    recall_interval: tuple[float, float] | None = None
    recall_label: RecallLabel | None = None
    effort: float = 1.0
    shortage: str = ""
    """What the memory budget keeps the namespace from, in words; "" when it keeps it from nothing."""
    fusion: Mapping[str, float | str] | None = None
    """Of a hybrid search by words: the ``method`` and its ``constant``, or the ``weight`` of the words and how much of
    the query the best record ``covered``."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    matches: tuple[Match, ...]
    namespace: str
    lsn: int
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """``count``: records written, changed or deleted. ``lsn``: this write's log sequence number."""

    count: int
    lsn: int


@dataclass(frozen=True, slots=True)
class NamespaceInfo:
    name: str
    record_count: int
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class IndexStats:
    namespaces: Mapping[str, int]
    dimension: int | None
    metric: Metric
    vector_type: VectorType
    total: int
    quality: Mapping[str, Quality] = field(default_factory=dict)
    """By namespace: of those that are in memory here and large enough for approximate search."""


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors. Implementations load their weights at first use, not at construction."""

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def metric(self) -> Metric: ...
    @property
    def identity(self) -> str:
        """Name, version and weight digest: two embedders with equal identities give equal vectors."""
        ...

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        """(n,) texts -> (n, dimension) float32."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture as models see it.

    pixels: (height, width, 3) uint8, sRGB, upright; what was transparent lies on white. digest: ``sha256:`` and 64
    hexadecimal digits of the bytes that it was read from, "" where there were none.
    """

    pixels: Pixels
    digest: str = ""


@runtime_checkable
class PictureEmbedder(Embedder, Protocol):
    """An embedder that takes pictures as well as texts, and whose vectors of both can be compared."""

    def embed_pictures(self, pictures: Sequence[Picture]) -> Floats:
        """(n,) pictures -> (n, dimension) float32."""
        ...


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What becomes one vector: a text, a picture, or both.

    image: a picture's file: bytes, their base64 as text, a data URL, or a path.
    """

    text: str | None = None
    image: Any = field(default=None, repr=False)


@runtime_checkable
class SparseEmbedder(Protocol):
    """Turns texts into sparse vectors."""

    @property
    def name(self) -> str: ...
    @property
    def identity(self) -> str:
        """Name and version: two embedders with equal identities give equal vectors."""
        ...

    def embed_sparse(
        self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage"
    ) -> list[SparseValues]:
        """(n,) texts -> n sparse vectors."""
        ...

    def tokens(self, text: str) -> dict[int, str]:
        """What the numbers of a text stand for: index -> token."""
        ...

    def terms(self, text: str) -> dict[int, str]:
        """The tokens that a text must share to hold the same words: no parts of words that have a token themselves."""
        ...


class ModelDescription(Protocol):
    """A model as a registry describes it. ``type`` is "embed", "rerank", "generate" or "image" (it makes pictures);
    only embedders have a dimension and metrics.

    modality: what it takes: "text", or "multimodal" where that is pictures as well.

    tasks: every type that the name can be used as; more than one where the model of an endpoint is named ad hoc.
    dimension: the default one, 0 when there is none or it is not known yet. dimensions: all that can be asked for, the
    default first.
    rank_fields: how many fields of a document a reranker judges at once.
    metrics: those that its vectors are meant for, the default first.
    """

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def tasks(self) -> tuple[str, ...]: ...
    @property
    def vector_type(self) -> VectorType: ...
    @property
    def dimension(self) -> int: ...
    @property
    def dimensions(self) -> tuple[int, ...]: ...
    @property
    def metrics(self) -> tuple[Metric, ...]: ...
    @property
    def modality(self) -> str: ...
    @property
    def max_batch(self) -> int: ...
    @property
    def rank_fields(self) -> int: ...
    @property
    def max_tokens(self) -> int | None: ...
    @property
    def source(self) -> str: ...
    @property
    def short_description(self) -> str: ...


class Models(Protocol):
    """A registry of models. Every method that takes a name raises NotFoundError for an unknown one, and
    InvalidRequestError for a model of another type.

    get: the embedder of a name that gives ``dimension`` numbers, by default the name's own.
    read_picture: the picture in the bytes of a file, in a size that models can use; name: for messages. Raises
    InvalidRequestError, with the reason, for bytes that are no picture; MissingExtraError.
    fetch_picture: the file of a picture at an address of http or https; None from a registry that fetches none, which
    is what it does unless it was told whom to ask: a caller's address might lead into the network behind this machine.
    Raises InvalidRequestError, with the reason, for one that it does not follow and for a file that cannot be had.
    """

    def get(self, name: str, dimension: int | None = None) -> Embedder: ...
    def sparse(self, name: str) -> SparseEmbedder: ...
    def reranker(self, name: str) -> Reranker: ...
    def generator(self, name: str) -> Generator: ...
    def image_generator(self, name: str) -> ImageGenerator: ...
    def read_picture(self, data: bytes, name: str) -> Picture: ...
    def fetch_picture(self, url: str, name: str) -> bytes | None: ...
    def describe(self, name: str) -> ModelDescription: ...
    def list(self) -> Sequence[ModelDescription]: ...


@runtime_checkable
class Reranker(Protocol):
    """Judges how well documents answer a query."""

    @property
    def name(self) -> str: ...

    def rerank(self, query: str, documents: Sequence[str]) -> Floats:
        """(n,) documents -> (n,) float32 scores in the order given, higher is better."""
        ...


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation. A system message comes first, if at all. Pictures, which only a user's turn may have
    and only some models see, come before its text."""

    role: Role
    content: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one generation, as the model counted them."""

    prompt_tokens: int
    completion_tokens: int


class Generation(Protocol):
    """A text as it is written: iterate for its pieces. ``close`` stops the work; so does dropping the object. A piece
    may be empty, while a long prompt is read: an occasion to stop.

    usage, finish_reason: None until the last piece was taken or the work was stopped. usage stays None where the model
    does not tell it. finish_reason: "stop" (the model ended, or a stop text came), "length", "content_filter",
    "cancelled" (closed early).
    """

    @property
    def usage(self) -> Usage | None: ...
    @property
    def finish_reason(self) -> FinishReason | None: ...
    def __iter__(self) -> Iterator[str]: ...
    def __next__(self) -> str: ...
    def close(self) -> None: ...


@runtime_checkable
class Generator(Protocol):
    """Writes text. Implementations load their weights at first use, not at construction."""

    @property
    def name(self) -> str: ...
    @property
    def identity(self) -> str:
        """Name, version and weight digest, as far as they can be known."""
        ...

    @property
    def context_tokens(self) -> int:
        """Tokens of prompt and answer together, at most."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of a text; an estimate that is rather too high where the model's tokenizer is out of reach."""
        ...

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Generation:
        """The answer to a conversation, in pieces. A stop text ends the answer and is not part of it.

        Raises InvalidRequestError for messages that cannot be; and, here or when pieces are taken,
        ContextOverflowError, MissingExtraError, NotFoundError, ModelUnavailableError.
        """
        ...


@dataclass(frozen=True, slots=True)
class GeneratedPicture:
    """A picture that a model made, as a file.

    media_type: such as image/png. seed: the one that it was made with, None where the model does not tell or take one.
    prompt: what the model drew from, where it changed what it was asked for; "" where it did not.
    """

    data: bytes
    media_type: str
    seed: int | None = None
    prompt: str = ""


@runtime_checkable
class ImageGenerator(Protocol):
    """Makes pictures from texts. Implementations load their weights at first use, not at construction."""

    @property
    def name(self) -> str: ...
    @property
    def identity(self) -> str:
        """Name, version and weight digest, as far as they can be known."""
        ...

    def generate_pictures(
        self,
        prompt: str,
        *,
        count: int = 1,
        size: tuple[int, int] | None = None,
        quality: str | None = None,
        seed: int | None = None,
    ) -> Sequence[GeneratedPicture]:
        """``count`` pictures. size: (width, height) in pixels, None for the model's own. quality: in the model's words.

        Raises InvalidRequestError for what the model does not take, PromptRefusedError where it will not draw that;
        MissingExtraError, NotFoundError, ModelUnavailableError.
        """
        ...
