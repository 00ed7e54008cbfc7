"""ask, chat: answers from an index, with numbered sources."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import Namespace, command
from pinyon.cli.errors import ERROR
from pinyon.cli.output import clean, milliseconds, snippet
from pinyon.cli.searching import Filter
from pinyon.cli.session import Session, complete_index, parse_object, suggestion

if TYPE_CHECKING:
    from pinyon.engine import Database, Index
    from pinyon.rag import Answer, Assistant, Citation, Context, Source
    from pinyon.types import ChatMessage

REFUSED_SOURCES = 3
LARGER = "an endpoint such as --model openai:NAME or --model ollama:NAME, or a larger file with --model gguf:FILE"

IndexOption = Annotated[
    str | None,
    typer.Option(
        "--index", "-i", metavar="INDEX", help="The index [default: the only one with a model].",
        autocompletion=complete_index,
    ),
]  # fmt: skip
TopK = Annotated[int | None, typer.Option("--top-k", "-k", metavar="N", help="Passages to retrieve [default: 20].")]
Model = Annotated[
    str, typer.Option("--model", "-m", metavar="NAME", help="What writes: see `models ls --task generate`.")
]
RerankModel = Annotated[
    str | None, typer.Option("--rerank", metavar="MODEL", help="Let this reranker order the passages.")
]
Threshold = Annotated[
    float | None, typer.Option("--threshold", metavar="0..1", help="Refuse where the evidence is weaker.")
]
Brief = Annotated[
    bool | None,
    typer.Option("--brief/--full", help="Few sentences to read and one to write; meant for tiny models."),
]


@command(
    "ask",
    section="Search",
    examples=(
        ("a question to the only index there is", 'pinyon ask "How do I ask for leave?"'),
        (
            "of a model behind an endpoint, which also answers in Korean",
            'pinyon ask "휴가는 어떻게 신청하나요?" --index docs --model ollama:qwen3:4b',
        ),
        ("what the answer would be made from, without a model that writes", 'pinyon ask "leave" --no-generate'),
        ("for a script", 'pinyon ask "How do I ask for leave?" --json'),
    ),
)
def ask(
    session: Session,
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="What to ask; - reads it from stdin.", show_default=False)
    ],
    index: IndexOption = None,
    namespace: Namespace = "",
    filter: Filter = None,
    top_k: TopK = None,
    model: Model = "smollm2",
    rerank: RerankModel = None,
    threshold: Threshold = None,
    brief: Brief = None,
    show_context: Annotated[bool, typer.Option("--show-context", help="Show the text of the sources, too.")] = False,
    no_generate: Annotated[bool, typer.Option("--no-generate", help="Only find: no answer is written.")] = False,
) -> None:
    """Answer a question from the documents of an index, with numbered sources.

    Every sentence is checked against the sources before it is shown. Where the evidence is too weak, the question is
    refused and the best sources are shown; that is no error.
    """
    condition = parse_object(filter, "--filter")
    asked = sys.stdin.read() if question == "-" else question
    with session.database(write=False) as database:
        chosen = _index(session, database, index)
        writer = None if no_generate else model
        assistant = _assistant(session, chosen, writer, namespace, rerank, _settings(top_k, threshold), brief)
        if writer is not None:
            _warn_of_language(session, writer, asked)
        if no_generate:
            context = assistant.context(asked, filter=condition)
            _show_found(session, context)
        else:
            context = _answer(session, assistant, asked, condition, show_context).context
        if not context.sources:
            session.check_namespace(chosen, namespace)


@command(
    "chat",
    section="Search",
    examples=(
        ("ask one question after another; /help tells what else there is", "pinyon chat --index docs"),
        ("with a model behind an endpoint", "pinyon chat --model openai:gpt-5-mini"),
    ),
)
def chat(
    session: Session,
    index: IndexOption = None,
    namespace: Namespace = "",
    filter: Filter = None,
    top_k: TopK = None,
    model: Model = "smollm2",
    rerank: RerankModel = None,
    threshold: Threshold = None,
    brief: Brief = None,
) -> None:
    """Ask questions one after another; each may refer to what was said before.

    /sources shows the last sources in full, /new forgets the conversation, /quit or Ctrl-D ends it. Ctrl-C stops an
    answer.
    """
    condition = parse_object(filter, "--filter")
    with session.database(write=False) as database:
        chosen = _index(session, database, index)
        assistant = _assistant(session, chosen, model, namespace, rerank, _settings(top_k, threshold), brief)
        failed = _Conversation(session, assistant, model, condition).run()
    if failed and not sys.stdin.isatty():
        raise typer.Exit(ERROR)


class _Conversation:
    """Lines from stdin and their answers. ``run`` tells whether any question failed."""

    def __init__(self, session: Session, assistant: Assistant, model: str, condition: dict[str, Any] | None) -> None:
        self._session, self._assistant, self._model, self._condition = session, assistant, model, condition
        self._history: list[ChatMessage] = []
        self._last: Answer | None = None
        self._warned = self._failed = False

    def run(self) -> bool:
        self._session.output.message("/help for help, /quit or Ctrl-D to end")
        while True:
            line = self._line()
            if line is None or line == "/quit":
                return self._failed
            if line.startswith("/"):
                self._command(line)
            elif line:
                self._ask(line)

    def _line(self) -> str | None:
        """The next line, "" after Ctrl-C, None at the end."""
        try:
            if sys.stdin.isatty():
                return input("> ").strip()
            line = sys.stdin.readline()
        except EOFError:
            self._session.output.message("")
            return None
        except KeyboardInterrupt:
            self._session.output.message("\n/quit or Ctrl-D ends the conversation")
            return ""
        return line.strip() if line else None

    def _command(self, line: str) -> None:
        output = self._session.output
        if line == "/new":
            self._history, self._last = [], None
            output.message("a new conversation")
        elif line == "/sources":
            if self._last is None:
                output.message("nothing was asked yet")
            else:
                _print_context(self._session, self._last.sources)
        else:
            output.message("/sources  the text of the last sources\n/new      forget the conversation\n/quit     end")

    def _ask(self, question: str) -> None:
        from pinyon.errors import PinyonError
        from pinyon.types import ChatMessage

        if not self._warned:
            self._warned = _warn_of_language(self._session, self._model, question)
        try:
            answer = _answer(self._session, self._assistant, question, self._condition, False, self._history)
        except PinyonError as error:
            self._failed = True
            self._session.output.error(error.code, str(error), ERROR)
            return
        except KeyboardInterrupt:
            self._session.output.message("\nstopped: this answer is not complete, and is forgotten")
            return
        self._last = answer
        if not answer.refused:
            said = "".join(one.before + one.text for one in answer.sentences)
            self._history += [ChatMessage("user", question), ChatMessage("assistant", said)]


# -- parts of both ----------------------------------------------------------------------------------------------------


def _index(session: Session, database: Database, name: str | None) -> Index:
    """The index that is named, or the only one with a model. Raises NotFoundError."""
    from pinyon.errors import NotFoundError

    if name is not None:
        return session.index(database, name)
    names = [spec.name for spec in database.list_indexes() if spec.embed is not None]
    if len(names) == 1:
        return database.index(names[0])
    if not names:
        raise NotFoundError(
            f"no index in {str(session.data)!r} has an embedding model: bring documents in with "
            "`pinyon ingest docs DIR`"
        )
    raise NotFoundError(f"there are several indexes: choose one with --index. {suggestion('', names)}")


def _settings(top_k: int | None, threshold: float | None) -> dict[str, Any]:
    return {key: value for key, value in (("top_k", top_k), ("threshold", threshold)) if value is not None}


def _assistant(
    session: Session,
    index: Index,
    model: str | None,
    namespace: str,
    rerank: str | None,
    settings: dict[str, Any],
    brief: bool | None,
) -> Assistant:
    from pinyon.app.assistant import assistant

    made = assistant(index, model=model, namespace=namespace, reranker=rerank, data=session.data)
    if brief is not None:
        settings = {**settings, "brief": brief}
    made.settings = replace(made.settings, **settings)
    return made


def _warn_of_language(session: Session, model: str, question: str) -> bool:
    """Says so on stderr if the model is known not to write the language of the question."""
    from pinyon.app import default_models
    from pinyon.app.assistant import writes_badly

    if not any("가" <= character <= "힣" for character in question):
        return False
    if not writes_badly(default_models(session.data), model, "ko"):
        return False
    session.output.warn(
        f"model {model!r} answers Korean badly, so that sentences of the sources are quoted instead. "
        f"For answers in Korean use {LARGER}."
    )
    return True


def _answer(
    session: Session,
    assistant: Assistant,
    question: str,
    condition: dict[str, Any] | None,
    show_context: bool,
    history: Sequence[ChatMessage] = (),
) -> Answer:
    """Answers and prints. With --json nothing is printed before the answer is complete."""
    from pinyon.app.assistant import answer_json, context_json
    from pinyon.errors import PinyonError

    if session.as_json:
        answer = assistant.ask(question, history=history, filter=condition)
        found = answer_json(answer)
        session.output.json(found | ({"context": context_json(answer.context)} if show_context else {}))
        return answer
    stream = assistant.stream(question, history=history, filter=condition)
    if show_context:
        _print_context(session, stream.context.sources)
    begun = False
    try:
        for sentence in stream:
            typer.echo(_lines(sentence.before) + clean(sentence.marked), nl=False)
            sys.stdout.flush()
            begun = True
    except PinyonError:
        if begun:
            typer.echo()
            session.output.message("the answer was cut off here: do not rely on it", "yellow")
        raise
    finally:
        stream.close()
    typer.echo()
    _print_sources(session, stream.answer)
    return stream.answer


def _lines(space: str) -> str:
    return "\n" * min(2, space.count("\n")) or (" " if space else "")


def _show_found(session: Session, context: Context) -> None:
    from pinyon.app.assistant import context_json

    if session.as_json:
        session.output.json(context_json(context))
        return
    _print_context(session, context.sources)
    session.output.message(_evidence(context), "dim")


def _print_sources(session: Session, answer: Answer) -> None:
    """Below an answer: what it cites; below a refusal: why, and what came nearest."""
    output = session.output
    output.line()
    if answer.refused:
        if answer.sources:
            output.line("nearest sources:", "dim")
        for source in answer.sources[:REFUSED_SOURCES]:
            output.line(f"  {_place(source)}")
            output.line(f"      {snippet(source.text)}", "dim")
        why = "nothing was found" if answer.reason == "no sources" else answer.reason
        output.message(f"refused: {why}; {_evidence(answer.context)}", "dim")
        return
    numbers = {source.number: source for source in answer.sources}
    for number in dict.fromkeys(one.number for one in answer.citations):
        output.line(_place(numbers[number]), "bold")
        for citation in (one for one in answer.citations if one.number == number):
            output.line(f"    {_span(citation)}")
    made = "the model wrote this" if answer.outcome == "generated" else "the sources are quoted"
    took = sum(answer.milliseconds.values())
    output.message(f"{made}; {_evidence(answer.context)}; {milliseconds(took)}", "dim")
    wrong = {key: count for key, count in _corrections(answer).items() if count}
    if wrong:
        told = ", ".join(f"{count} {key}" for key, count in wrong.items())
        output.message(f"taken out of what the model wrote, or marked: {told}", "dim")


def _corrections(answer: Answer) -> dict[str, int]:
    from dataclasses import asdict

    return asdict(answer.corrections)


def _evidence(context: Context) -> str:
    evidence = context.evidence
    return f"evidence {evidence.strength:.2f} (from {evidence.threshold:.2f} on questions are answered)"


def _place(source: Source) -> str:
    """``[1] guide/leave.md, page 3, Leave > Forms``."""
    parts = [source.name, f"page {source.page}" if source.page is not None else "", source.heading]
    return clean(f"[{source.number}] " + ", ".join(part for part in parts if part))


def _span(citation: Citation) -> str:
    return f"{citation.start}-{citation.end}: {snippet(citation.quote, 300)}"


def _print_context(session: Session, sources: Sequence[Source]) -> None:
    for source in sources:
        session.output.line(_place(source), "bold")
        for segment in source.segments:
            for line in segment.text.splitlines():
                session.output.line(f"    {clean(line)}", "dim")
        session.output.line()
