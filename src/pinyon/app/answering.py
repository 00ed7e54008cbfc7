"""How a server's assistants read files and answer: parsers, the embedder of their index, and a model that writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pinyon import engine
from pinyon.app.assistant import DEFAULT_GENERATOR, IndexRetriever, usual_settings
from pinyon.app.documents import chunk_records
from pinyon.app.ingest import DEFAULT_MODEL
from pinyon.app.ingestor import Group, Ingestor, check_model
from pinyon.app.model_files import cached
from pinyon.engine.embedding import embedder_for
from pinyon.errors import CorruptionError, FailedPreconditionError, InvalidRequestError, NotFoundError
from pinyon.models.endpoint import estimated_tokens
from pinyon.rag import Assistant, Citation, Passage, Sentence, Settings, Source
from pinyon.rag.documents import digest_of, parse
from pinyon.rag.parsed import UnreadableError
from pinyon.rag.passages import segment_of
from pinyon.rag.streaming import AnswerStream
from pinyon.server.answering import Chat, Library, Piece, Reference, Reply, Snippet, Snippets, StoredFile, Upload
from pinyon.types import (
    ChatMessage,
    Embedder,
    EmbedSpec,
    FinishReason,
    Generation,
    Generator,
    IndexSpec,
    Models,
    Usage,
)

__all__ = ["Answering"]

_HOSTED: Final = re.compile(r"(?:gpt|chatgpt|o\d|claude|gemini)(?:[-.:]|$)")
"""Models that Pinecone's assistants name. Which one a caller asks for says nothing about this server."""
_CONTEXT_TOP_K: Final = 16
_CONTEXT_TOKENS: Final = 2_048
_CHUNK_TOKENS: Final = 130
"""Of a chunk, about; an estimate is made of the snippet that comes of it."""
_IN_ONE: Final = 1_000
"""Ids in one condition."""
_OFF: Final = "off"


class Answering:
    """Satisfies ``pinyon.server.answering.Answerer``.

    generator: the model that writes where a caller names none, or one that only Pinecone has; "off" for none.
    data: the data directory, for the cache of embeddings.
    """

    def __init__(
        self, models: Models, *, generator: str = DEFAULT_GENERATOR, embedder: str = DEFAULT_MODEL, data: Path | None
    ) -> None:
        self._models = models
        self._generator = generator or DEFAULT_GENERATOR
        self._embedder = embedder
        self._data = data

    def check_generator(self) -> None:
        """That the model that was chosen can be one. Nothing is loaded. Raises InvalidRequestError, NotFoundError."""
        name = self._generator
        if name not in (_OFF, DEFAULT_GENERATOR) and "generate" not in self._models.describe(name).tasks:
            raise InvalidRequestError(f"Model {name!r} writes no text. {self._known()}")

    # -- files --------------------------------------------------------------------------------------------------------

    def definition(self, name: str, notes: Mapping[str, Any]) -> IndexSpec:
        embedder = self._models.get(self._embedder)
        embed = EmbedSpec(
            self._embedder, embedder.identity, embedder.dimension, embedder.metric, field_map={"text": "text"}
        )
        return IndexSpec(name, embedder.dimension, embedder.metric, embed=embed, notes=notes)

    def ingest(
        self, index: engine.Index, upload: Upload, *, stop: Callable[[], bool], progress: Callable[[float], None]
    ) -> bool:
        document = parse(_bytes_of(upload), upload.name, suffix=PurePosixPath(upload.name).suffix.lower())
        entries = chunk_records(document, prefix=f"{upload.id}#", source=upload.name, root=upload.id)
        if not entries:
            raise UnreadableError("holds no text" if document.text.strip() or upload.path.stat().st_size else "empty")
        if stop():
            return False
        progress(0.0)
        ingestor = Ingestor(
            index,
            embedder=cached(self._embedder_of(index), self._data),
            stop=stop,
            progress=lambda _, embedded: progress(embedded / len(entries)),
        )
        return not ingestor.run([Group(entries, 1, f"{upload.id}#", upload.id)]).interrupted

    def remove(self, index: engine.Index, id: str) -> None:
        index.delete_where("", {"root": {"$eq": id}})

    def _embedder_of(self, index: engine.Index) -> Embedder:
        embed = index.spec.embed
        assert embed is not None, "the index of an assistant has a model"
        embedder = self._models.get(embed.model, embed.dimension)
        check_model(index.spec, embedder)
        return embedder

    # -- answers ------------------------------------------------------------------------------------------------------

    def reply(self, library: Library, chat: Chat) -> Reply:
        name = self._chosen(chat.model)
        generator = _Metered(self._models.generator(name))
        system = [one.content for one in chat.messages if one.role == "system"]
        usual = usual_settings(self._models.describe(name))
        settings = replace(
            usual,
            temperature=chat.temperature,
            max_tokens=usual.max_tokens if chat.max_tokens is None else max(16, min(chat.max_tokens, 100_000)),
            sources=usual.sources if chat.top_k is None else chat.top_k,
            instructions="\n".join(filter(None, [library.instructions, *system])),
        )
        files = _Files(library)
        assistant = self._assistant(library, files, settings, chat, generator)
        history, question = _conversation(chat)
        return _Written(assistant.stream(question, history=history), generator, files)

    def context(self, library: Library, chat: Chat) -> Snippets:
        top_k = _CONTEXT_TOP_K if chat.top_k is None else chat.top_k
        files = _Files(library)
        tokens = _CONTEXT_TOKENS if chat.snippet_tokens is None else chat.snippet_tokens
        # Without a generator a question that refers to earlier ones is completed by the words of these.
        sized = replace(chat, top_k=top_k, snippet_tokens=tokens)
        assistant = self._assistant(library, files, replace(Settings(), sources=top_k), sized, None)
        history, question = _conversation(chat)
        found = assistant.context(question, history=history)
        snippets = tuple(one for source in found.sources if (one := _snippet(source, files, tokens)) is not None)
        return Snippets(snippets, Usage(sum(estimated_tokens(one.text) for one in snippets), 0))

    def _assistant(
        self, library: Library, files: _Files, settings: Settings, chat: Chat, generator: Generator | None
    ) -> Assistant:
        around = 1 if chat.snippet_tokens is None else max(1, (chat.snippet_tokens // _CHUNK_TOKENS - 1) // 2)
        return Assistant(
            _LibraryRetriever(library, files, self._models, around),
            generator,
            embedder=embedder_for(self._models, library.index.spec, "ask"),
            settings=replace(settings, top_k=max(settings.top_k, 2 * settings.sources)),
        )

    def _chosen(self, asked: str | None) -> str:
        """The model that writes. Raises InvalidRequestError for an unknown one, FailedPreconditionError for none."""
        if asked is not None:
            try:
                if "generate" in self._models.describe(asked).tasks:
                    return asked
                raise InvalidRequestError(f"Model {asked[:120]!r} writes no text. {self._known()}")
            except NotFoundError:
                if not _HOSTED.match(asked):
                    raise InvalidRequestError(f"Model {asked[:120]!r} is not known. {self._known()}") from None
        if self._generator == _OFF or not self._is_known(self._generator):
            raise FailedPreconditionError(
                "This server has no model that writes, so it can find snippets (POST .../context) but not answer. "
                "Start it with --generator MODEL; `pinyon models list` shows what there is."
            )
        return self._generator

    def _is_known(self, name: str) -> bool:
        try:
            self._models.describe(name)
        except NotFoundError:
            return False
        return True

    def _known(self) -> str:
        names = [model.name for model in self._models.list() if "generate" in model.tasks]
        return (
            f"Use one of {', '.join(names)}, or describe it in models.toml. Names of hosted models such as gpt-4o "
            "stand for this server's own."
        )


def _bytes_of(upload: Upload) -> bytes:
    try:
        data = upload.path.read_bytes()
    except OSError as error:
        raise CorruptionError(f"the bytes of the file cannot be read: {error.strerror or error}") from error
    if digest_of(data) != upload.digest:
        raise CorruptionError("the bytes of the file are not those that were uploaded: upload it again")
    return data


def _conversation(chat: Chat) -> tuple[list[ChatMessage], str]:
    """(what was said before, the question)."""
    said = [one for one in chat.messages if one.role != "system"]
    if not said or said[-1].role != "user":
        raise InvalidRequestError("the last message must be the user's question")
    return said[:-1], said[-1].content


class _Files:
    """The files behind the chunks of one answer, each looked up once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._found: dict[str, StoredFile | None] = {}

    def of(self, chunk: str) -> StoredFile | None:
        """By the id of a chunk; None for a file that is gone, or changed."""
        id = chunk.rpartition("#")[0]
        if id not in self._found:
            self._found[id] = None if id in self._library.unwanted else self._library.find(id)
        return self._found[id]


class _LibraryRetriever(IndexRetriever):
    """The chunks of the files that may be used. around: chunks on each side that belong to a snippet."""

    def __init__(self, library: Library, files: _Files, models: Models, around: int) -> None:
        super().__init__(library.index, models)
        self._library = library
        self._files = files
        self._around = around

    def retrieve(self, query: str, top_k: int, filter: Mapping[str, Any] | None = None) -> list[Passage]:
        wanted, unwanted = self._library.wanted, self._library.unwanted
        if wanted is not None and not wanted:
            return []
        conditions = [filter] if filter else []
        if wanted is not None:
            conditions.append({"$or": [{"root": {"$in": part}} for part in _parted(wanted)]})
        conditions += [{"root": {"$nin": part}} for part in _parted(unwanted)]
        found = super().retrieve(query, top_k, {"$and": conditions} if conditions else None)
        return [passage for passage in found if self._files.of(passage.id) is not None]

    def neighbours(self, passage: Passage, around: int | None = None) -> list[Passage]:
        return super().neighbours(passage, self._around if around is None else around)


def _parted(ids: Sequence[str]) -> list[list[str]]:
    """Lists as long as a condition may have."""
    return [list(ids[at : at + _IN_ONE]) for at in range(0, len(ids), _IN_ONE)]


def _snippet(source: Source, files: _Files, tokens: int) -> Snippet | None:
    """A passage with what stands around it, as far as there is room."""
    file = files.of(source.passage.id)
    if file is None:
        return None
    if estimated_tokens(source.text) > tokens:
        source = replace(source, segments=(segment_of(source.passage),))
    return Snippet(source.text, float(source.passage.score), file, source.pages)


# -- what is written --------------------------------------------------------------------------------------------------


class _Written:
    """An answer as it is written. Satisfies ``pinyon.server.answering.Reply``."""

    def __init__(self, stream: AnswerStream, generator: _Metered, files: _Files) -> None:
        self._stream = stream
        self._generator = generator
        self._files = files

    @property
    def model(self) -> str:
        return self._generator.name

    @cached_property
    def snippets(self) -> int:
        context = self._stream.context
        return len(context.sources) if context.evidence.enough else 0

    @property
    def usage(self) -> Usage:
        return self._generator.usage

    @property
    def finish_reason(self) -> FinishReason:
        """An answer that is complete before the model would have ended has ended well."""
        reason = self._stream.answer.finish_reason
        return "stop" if reason in (None, "cancelled") else reason

    def __iter__(self) -> Iterator[Piece]:
        return self

    def __next__(self) -> Piece:
        return self._piece(next(self._stream))

    def close(self) -> None:
        self._stream.close()

    def _piece(self, sentence: Sentence) -> Piece:
        references = tuple(one for each in sentence.citations if (one := self._reference(each)) is not None)
        return Piece(sentence.text, sentence.marked, references, sentence.before)

    def _reference(self, citation: Citation) -> Reference | None:
        file = self._files.of(citation.id)
        pages = () if citation.page is None else (citation.page,)
        return None if file is None else Reference(citation.number, file, pages, citation.quote)


class _Metered:
    """A generator that adds up what all its texts of one answer take. Satisfies ``types.Generator``."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._texts: list[_Counted] = []

    @property
    def name(self) -> str:
        return self._generator.name

    @property
    def identity(self) -> str:
        return self._generator.identity

    @property
    def context_tokens(self) -> int:
        return self._generator.context_tokens

    @property
    def usage(self) -> Usage:
        told = [text.told(self._generator) for text in self._texts]
        return Usage(sum(one.prompt_tokens for one in told), sum(one.completion_tokens for one in told))

    def count_tokens(self, text: str) -> int:
        return self._generator.count_tokens(text)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Generation:
        made = self._generator.generate(messages, max_tokens=max_tokens, temperature=temperature, seed=seed, stop=stop)
        counted = _Counted(made, messages)
        self._texts.append(counted)
        return counted


@dataclass(slots=True)
class _Counted:
    """A text as it is written, which remembers itself where its model does not tell what it took."""

    generation: Generation
    messages: Sequence[ChatMessage]
    written: str = ""

    @property
    def usage(self) -> Usage | None:
        return self.generation.usage

    @property
    def finish_reason(self) -> FinishReason | None:
        return self.generation.finish_reason

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        piece = next(self.generation)
        self.written += piece
        return piece

    def close(self) -> None:
        self.generation.close()

    def told(self, generator: Generator) -> Usage:
        """As the model counted it, or else as its tokenizer would."""
        if self.generation.usage is not None:
            return self.generation.usage
        prompt = sum(generator.count_tokens(one.content) for one in self.messages)
        return Usage(prompt, generator.count_tokens(self.written))
