"""What the providers are told, each as a frozen value; the keys of a model in ``models.toml`` are these fields.

None of them holds a secret: an API key is named by the environment variable that has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "ChatEndpoint",
    "ClipSettings",
    "CrossSettings",
    "DiffusionSettings",
    "EmbedEndpoint",
    "EndpointSettings",
    "GgufSettings",
    "HubSettings",
    "ImageEndpoint",
    "LlmRerankSettings",
    "OnnxSettings",
    "OpenClipSettings",
    "PictureWordsSettings",
    "RerankEndpoint",
    "SentenceSettings",
    "TransformersSettings",
    "VisionSettings",
]

Numbers = Literal["float32", "bfloat16", "float16"]
"""What the numbers of a model are held as; only float32 is fast on every CPU."""


def _internal(default: str = "") -> Any:
    """A field that Pinyon fills itself: no key of a file."""
    return field(default=default, metadata={"internal": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """Where the files of a model are: a folder of yours, or a model of the hub that was pulled.

    folder: path of the model's folder. hub: ``organisation/name``. revision: branch, tag or commit of ``hub``.
    threads: CPU threads, at most one per core; 0 chooses. store: the folder with what ``pinyon models pull`` fetched.
    """

    folder: str = ""
    hub: str = ""
    revision: str = ""
    threads: int = 0
    store: str = _internal()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceSettings(HubSettings):
    """An embedder of sentence-transformers.

    query_prefix, passage_prefix: written before every text; when left out the model's own prompts are used.
    truncate_dim: keep the first numbers of each vector only, for models that were trained for it.
    """

    batch_size: int = 32
    device: str = "cpu"
    normalize: bool = True
    passage_prefix: str | None = None
    query_prefix: str | None = None
    truncate_dim: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossSettings(HubSettings):
    """A cross-encoder of sentence-transformers, which scores pairs of query and document."""

    batch_size: int = 32
    device: str = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenClipSettings(HubSettings):
    """A model of open_clip, which puts pictures and texts into one space. batch_size: of either."""

    batch_size: int = 32
    device: str = "cpu"
    normalize: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSettings(OpenClipSettings):
    """A model of transformers that puts pictures and texts into one space, such as CLIP.

    text_folder, text_hub, text_revision: a model of sentence-transformers that takes the texts instead of the model's
    own half, and that was trained for the same space.
    """

    text_folder: str = ""
    text_hub: str = ""
    text_revision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformersSettings(HubSettings):
    """A causal language model of transformers. context_tokens: 0 takes the number of the model's own configuration."""

    context_tokens: int = 0
    device: str = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionSettings(TransformersSettings):
    """A model of transformers that writes of what it sees, such as LLaVA."""

    dtype: Numbers = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionSettings(HubSettings):
    """A pipeline of diffusers that makes pictures from texts.

    steps: of denoising, 0 takes the pipeline's own number. guidance: how closely the text is followed; the pipeline's
    own when left out, and 0 for models that were trained without. variant: a word in the names of the weights' files,
    such as fp16.
    """

    device: str = "cpu"
    dtype: Numbers = "float32"
    guidance: float | None = None
    steps: int = 0
    variant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxSettings:
    """An encoder in ONNX with a ``tokenizer.json``.

    path: the folder, or the .onnx file; ``package:NAME/FILE`` is a file of an installed package. tokenizer: the
    ``tokenizer.json`` where it lies elsewhere. pooling: how the vectors of the tokens become one.
    """

    path: str
    tokenizer: str = ""
    pooling: Literal["mean", "cls"] = "mean"
    normalize: bool = True
    passage_prefix: str = ""
    query_prefix: str = ""
    batch_size: int = 16
    threads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureWordsSettings:
    """``picture-words`` with a learned map. path: the file that ``pinyon models fit-pictures`` wrote."""

    path: str
    threads: int = 0
    base: str = _internal("use-multilingual")


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufSettings:
    """A language model in one GGUF file. path: as in ``OnnxSettings``. context_tokens: prompt and answer together."""

    path: str
    context_tokens: int = 4_096
    threads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSettings:
    """A model behind an OpenAI-compatible API.

    base_url: up to and with ``/v1``. api_key_env: the environment variable with the key, "" when none is needed.
    timeout: seconds without an answer. retries: further attempts after a status that may pass, such as 429; after a
    connection that failed there is one.
    allow_http: send the key to another machine unencrypted.
    """

    model: str
    base_url: str
    api_key_env: str = ""
    timeout: float = 60.0
    retries: int = 4
    allow_http: bool = False
    ollama: bool = field(default=False, metadata={"internal": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedEndpoint(EndpointSettings):
    """batch_size, batch_tokens: texts and (estimated) tokens of one request. truncate_dim: asks for shorter vectors."""

    batch_size: int = 256
    batch_tokens: int = 100_000
    normalize: bool = True
    passage_prefix: str = ""
    query_prefix: str = ""
    truncate_dim: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatEndpoint(EndpointSettings):
    """max_tokens_key: what the endpoint calls the longest answer; newer OpenAI models want max_completion_tokens.

    pictures: whether the model may be shown any; that it sees them only the endpoint knows. picture_side: pixels of a
    picture's longer side, at most: a larger one is made smaller before it is sent.
    """

    context_tokens: int = 8_192
    max_tokens_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    picture_side: int = 1_024
    pictures: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEndpoint(EndpointSettings):
    """``POST /images/generations``, as OpenAI has it.

    batch_size: pictures of one request; some models make one at a time. response_format: is asked for only where it is
    set here, since newer models refuse the question. seeds: whether the endpoint takes a seed, as OpenAI's does not.
    picture_bytes: of the largest picture that is accepted.
    """

    timeout: float = 300.0
    batch_size: int = 1
    picture_bytes: int = 50_000_000
    response_format: Literal["", "b64_json", "url"] = ""
    seeds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankEndpoint(EndpointSettings):
    """``POST /rerank`` as Cohere, Jina, vLLM and llama.cpp have it. batch_size: documents of one request."""

    batch_size: int = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmRerankSettings:
    """A language model that is asked for scores. generator: name of a model for generation.

    batch_size: documents of one question. characters: of each document that are shown.
    """

    generator: str
    batch_size: int = 8
    characters: int = 1_200
