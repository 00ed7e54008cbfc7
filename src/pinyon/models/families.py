"""The providers that a user can name, as data: what they can do, what they need, and which class of ours does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pinyon.models import settings
from pinyon.models.descriptions import PICTURE_WORDS
from pinyon.types import Modality, ModelType

__all__ = ["FAMILIES", "Family", "Part"]


@dataclass(frozen=True, slots=True)
class Part:
    """One task of a provider. loader: ``module:class``, called with a description. settings: what it is told.
    modality: what it takes."""

    loader: str
    settings: type[Any]
    modality: Modality = "text"


@dataclass(frozen=True, slots=True)
class Family:
    """modules: what must be importable; install: the command that makes it so. parts: by task, the usual one first."""

    name: str
    source: str
    parts: Mapping[ModelType, Part]
    modules: tuple[str, ...] = ()
    install: str = ""
    defaults: Mapping[str, Any] | None = None
    """Settings that differ from those of the class."""


_ENDPOINT: dict[ModelType, Part] = {
    "embed": Part("pinyon.models.endpoint_embedder:EndpointEmbedder", settings.EmbedEndpoint),
    "generate": Part("pinyon.models.endpoint_generator:EndpointGenerator", settings.ChatEndpoint, "multimodal"),
    "rerank": Part("pinyon.models.endpoint_reranker:EndpointReranker", settings.RerankEndpoint),
}

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "clip",
            "transformers, for pictures and texts",
            {"embed": Part("pinyon.models.clip:ClipEmbedder", settings.ClipSettings, "multimodal")},
            ("torch", "transformers", "PIL"),
            'pip install "pinyon[clip]"',
        ),
        Family(
            "diffusers",
            "diffusers",
            {"image": Part("pinyon.models.diffusion:DiffusionPictures", settings.DiffusionSettings)},
            ("diffusers", "torch", "transformers", "PIL"),
            'pip install "pinyon[diffusers]"',
        ),
        Family(
            "gguf",
            "a GGUF file",
            {"generate": Part("pinyon.models.gguf:GgufGenerator", settings.GgufSettings)},
            ("xllamacpp",),
            'pip install "pinyon[gguf]"',
        ),
        Family(
            "llm",
            "a language model that judges",
            {"rerank": Part("pinyon.models.llm_reranker:LlmReranker", settings.LlmRerankSettings)},
        ),
        Family(
            "ollama",
            "Ollama",
            _ENDPOINT,
            ("httpx",),
            'pip install "pinyon[endpoint]"',
            {"base_url": "http://127.0.0.1:11434/v1", "ollama": True},
        ),
        Family(
            "onnx",
            "an ONNX file",
            {"embed": Part("pinyon.models.onnx:OnnxEmbedder", settings.OnnxSettings)},
            ("onnxruntime", "tokenizers"),
            'pip install "pinyon[onnx]"',
        ),
        Family(
            "open-clip",
            "open_clip",
            {"embed": Part("pinyon.models.open_clip:OpenClipEmbedder", settings.OpenClipSettings, "multimodal")},
            ("torch", "open_clip", "PIL"),
            'pip install "pinyon[open-clip]"',
        ),
        Family(
            "openai",
            "an OpenAI-compatible endpoint",
            {**_ENDPOINT, "image": Part("pinyon.models.endpoint_images:EndpointImages", settings.ImageEndpoint)},
            ("httpx",),
            'pip install "pinyon[endpoint]"',
        ),
        Family(
            "picture-words",
            "picture-words with a map learned from pictures with captions",
            {
                "embed": Part(
                    "pinyon.models.picture_words:PictureWords", settings.PictureWordsSettings, modality="multimodal"
                )
            },
            PICTURE_WORDS.modules,
            PICTURE_WORDS.install,
        ),
        Family(
            "sentence-transformers",
            "sentence-transformers",
            {
                "embed": Part("pinyon.models.sentence:SentenceEmbedder", settings.SentenceSettings),
                "rerank": Part("pinyon.models.sentence:CrossReranker", settings.CrossSettings),
            },
            ("sentence_transformers",),
            'pip install "pinyon[sentence-transformers]"',
        ),
        Family(
            "transformers",
            "transformers",
            {"generate": Part("pinyon.models.causal:CausalGenerator", settings.TransformersSettings)},
            ("torch", "transformers"),
            'pip install "pinyon[transformers]"',
        ),
        Family(
            "vision",
            "transformers that see",
            {"generate": Part("pinyon.models.vision:VisionGenerator", settings.VisionSettings, "multimodal")},
            ("torch", "transformers", "PIL"),
            'pip install "pinyon[transformers,pictures]"',
        ),
    )
}
