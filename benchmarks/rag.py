"""Whether questions to documents are answered rightly, with citations that hold the answer, and refused where need be.

English: questions about the docstrings of this Python's standard library, as `pinyon demo` indexes them; those that
thresholds, weights and prompts were chosen with, and the judged ones, of other modules. Korean: a short handbook, and
KorQuAD where it is (--data FOLDER, --korquad N questions), each question also with its paragraph withheld, so that it
should be refused.

An answer is right if it holds the facts that were written down with the question, and one cited span holds them too.
How much that asks is told by how often the answers to the other questions would pass ("by chance").

Run: python benchmarks/rag.py [--model smollm2] [--index DIRECTORY] [--threshold 0.6] [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import process_time

from _rag_questions import (
    DEVELOPMENT,
    DEVELOPMENT_UNANSWERABLE,
    JUDGED,
    JUDGED_UNANSWERABLE,
    KOREAN,
    KOREAN_TEXT,
    KOREAN_UNANSWERABLE,
    Question,
)

from pinyon.app.assistant import assistant
from pinyon.app.corpus import standard_library
from pinyon.app.ingest import DEFAULT_MODEL, Request, embedder_of, ingest, model_spec
from pinyon.app.ingestor import Entry, Group, Ingestor, Summary
from pinyon.engine import Database, Index
from pinyon.rag import Answer, Assistant, Citation

ENGLISH_INDEX = "python-docs"
"""As `pinyon demo` names it, so that its directory can be used: --index pinyon-demo."""


@dataclass
class Tally:
    """Counts over one set of questions. unresolved: citations whose span is not the quoted text of the record."""

    asked: int = 0
    right: int = 0
    cited: int = 0
    generated: int = 0
    refused: int = 0
    citations: int = 0
    unresolved: int = 0
    texts: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Quiet:
    def begin(self, label: str, total: int, unit: str) -> None: ...
    def advance(self, done: int, written: int) -> None: ...
    def stopped(self) -> bool:
        return False


def resolves(index: Index, citation: Citation) -> bool:
    """Whether the record that a citation names has the quoted text at these offsets."""
    record = index.fetch("", [citation.id], include_values=False).get(citation.id)
    if record is None or record.metadata is None:
        return False
    text = str(record.metadata["text"])
    start, end = record.metadata.get("start"), record.metadata.get("end")
    offset = 0 if start is None else int(start) - (len(text) - (int(end) - int(start)))  # type: ignore[arg-type]
    return text[citation.start - offset : citation.end - offset] == citation.quote


def ask(made: Assistant, index: Index, questions: Sequence[Question], verbose: bool) -> Tally:
    tally = Tally()
    for question in questions:
        started = process_time()
        answer = made.ask(question.text)
        tally.seconds.append(process_time() - started)
        spans = any(question.answered_by(one.quote) for one in answer.citations)
        right = question.answered_by(answer.text) and spans and not answer.refused
        tally.asked += 1
        tally.texts.append(answer.text)
        tally.right += right
        tally.cited += spans
        tally.generated += answer.outcome == "generated"
        tally.refused += answer.refused
        tally.citations += len(answer.citations)
        tally.unresolved += sum(not resolves(index, one) for one in answer.citations)
        if verbose and not right:
            show(question.text, answer)
    return tally


def show(question: str, answer: Answer) -> None:
    print(f"    {question} -> {answer.text[:160]} (evidence {answer.evidence.strength:.2f})")


def by_chance(questions: Sequence[Question], texts: Sequence[str]) -> float:
    """Share of the pairs of a question and the answer to another one that would pass for right."""
    passed = [
        one.answered_by(text)
        for at, one in enumerate(questions)
        for place, text in enumerate(texts)
        if place != at and one.text != questions[place].text
    ]
    return sum(passed) / max(1, len(passed))


def told(name: str, questions: Sequence[Question], tally: Tally) -> None:
    print(
        f"{name:36} right with citation {tally.right:3} of {tally.asked}; cited span holds it {tally.cited:3}; "
        f"written by the model {tally.generated:3}, quoted {tally.asked - tally.generated - tally.refused:3}, refused "
        f"{tally.refused:3}; citations {tally.citations:3}, unresolved {tally.unresolved}; "
        f"{statistics.median(tally.seconds):.2f} CPU-s a question; by chance {by_chance(questions, tally.texts):.1%}"
    )


def refusals(name: str, made: Assistant, questions: Sequence[str], verbose: bool) -> None:
    answers = [made.ask(question) for question in questions]
    print(f"{name:36} refused {sum(one.refused for one in answers):3} of {len(answers)}")
    for one in answers:
        if verbose and not one.refused:
            show(one.question, one)


@contextmanager
def english(folder: Path | None) -> Iterator[Index]:
    """The index of the standard library: a demo's, or made here."""
    with tempfile.TemporaryDirectory() as made, Database(folder or Path(made)) as database:
        if not database.has_index(ENGLISH_INDEX):
            database.create_index(model_spec(ENGLISH_INDEX, DEFAULT_MODEL))
            index = database.index(ENGLISH_INDEX)
            entries = [Entry(one.id, one.metadata, one.text) for one in standard_library()]
            Ingestor(index, embedder=embedder_of(index.spec), progress=lambda done, written: None).run(
                Group(entries[at : at + 256], at) for at in range(0, len(entries), 256)
            )
        yield database.index(ENGLISH_INDEX)


@contextmanager
def handbook() -> Iterator[Index]:
    """The Korean handbook, ingested as a file."""
    with tempfile.TemporaryDirectory() as made, Database(Path(made) / "data") as database:
        file = Path(made) / "안내서.md"
        file.write_text(KOREAN_TEXT, encoding="utf-8")
        ingest(database, Request("handbook", [file]), Quiet(), Summary())
        yield database.index("handbook")


@contextmanager
def korquad(file: Path, count: int) -> Iterator[tuple[Index, list[Question]]]:
    """All paragraphs of KorQuAD's development set, each a record, and evenly spread questions."""
    questions, entries = [], []
    for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            number = len(entries)
            entries.append(Entry(f"p{number}", {"title": article["title"], "paragraph": number}, paragraph["context"]))
            facts = [(one["question"], ((one["answers"][0]["text"],),)) for one in paragraph["qas"]]
            questions += [Question(text, fact, number) for text, fact in facts]
    with Database(":memory:") as database:
        database.create_index(model_spec("korquad", DEFAULT_MODEL))
        index = database.index("korquad")
        Ingestor(index, embedder=embedder_of(index.spec), progress=lambda done, written: None).run(
            [Group(entries, len(entries))]
        )
        yield index, questions[:: max(1, len(questions) // count)][:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--index", type=Path, help="a data directory that `pinyon demo` filled")
    parser.add_argument("--threshold", type=float)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--korquad", type=int, default=100)
    parser.add_argument("--verbose", action="store_true", help="show what is wrong")
    given = parser.parse_args()

    def over(index: Index) -> Assistant:
        made = assistant(index, model=given.model)
        if given.threshold is not None:
            made.settings = replace(made.settings, threshold=given.threshold)
        return made

    with english(given.index) as index:
        made = over(index)
        print(f"model {given.model}, embedder {DEFAULT_MODEL}, {index.count(''):,} passages; {made.settings}")
        sets = (
            ("English, development", DEVELOPMENT, DEVELOPMENT_UNANSWERABLE),
            ("English, judged", JUDGED, JUDGED_UNANSWERABLE),
        )
        for name, answerable, unanswerable in sets:
            told(name, answerable, ask(made, index, answerable, given.verbose))
            refusals(f"{name}, unanswerable", made, unanswerable, given.verbose)
    with handbook() as index:
        made = over(index)
        told("Korean handbook", KOREAN, ask(made, index, KOREAN, given.verbose))
        refusals("Korean, unanswerable", made, KOREAN_UNANSWERABLE, given.verbose)
    file = given.data / "korquad" / "KorQuAD_v1.0_dev.json"
    if file.is_file() and given.korquad:
        with korquad(file, given.korquad) as (index, questions):
            made = over(index)
            told("KorQuAD", questions, ask(made, index, questions, given.verbose))
            answers = [made.ask(one.text, filter={"paragraph": {"$ne": one.paragraph}}) for one in questions]
            refused = sum(one.refused for one in answers)
            print(f"{'KorQuAD, paragraph withheld':36} refused {refused:3} of {len(answers)}")


if __name__ == "__main__":
    main()
