"""Another model for an index: all records get its vectors beside those that they have, and then all change at once.

While the new vectors are made, searches and writes go on with the old ones. A process that is killed leaves an index
that is whole, with the old model; what was made stays and is gone on with. After the switch the old vectors are kept,
so that the way back is another switch, until they are forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from pinyon.engine import checks
from pinyon.engine.comparing import Comparison, Question, check_questions, compared, sampled
from pinyon.engine.database import Database
from pinyon.engine.embedding import bound_model, describe_model, embed_spec, embedder_of
from pinyon.engine.index import Index
from pinyon.engine.pictures import is_digest
from pinyon.errors import (
    BusyError,
    FailedPreconditionError,
    InvalidRequestError,
    MissingExtraError,
    NotFoundError,
    StorageError,
)
from pinyon.filters import decode_metadata
from pinyon.storage import switching
from pinyon.storage.generations import Other, bound_to
from pinyon.storage.reading import View
from pinyon.storage.switching import Lacking
from pinyon.storage.values import StoredRow
from pinyon.storage.writing import Writer
from pinyon.types import Embedder, EmbedSpec, Floats, IndexSpec, Models

BATCH: Final = 256
"""Records that are embedded and stored at a time, if nothing else is said."""
FEW: Final = 256
"""Records that are embedded inside the transaction of the switch, while other writers wait."""
ROUNDS: Final = 20
"""Attempts to get there. When so many were written each time that more were left, writers wait for all of them."""
SAMPLE: Final = 200
"""Questions that are made of stored records, if nothing else is said."""
_SHOWN: Final = 10
_PAGE: Final = 4_096
_DROPPED: Final = 20_000

Progress = Callable[[int, int], None]
"""Called with (records done, records in all)."""
_Reader = Callable[[View, int, int, int], list[Lacking]]


@dataclass(frozen=True, slots=True)
class ReembedPlan:
    """What is to be done. left: records that have no vector of the new model yet, of ``records``."""

    index: str
    former: EmbedSpec
    model: EmbedSpec
    records: int
    namespaces: int
    left: int


@dataclass(frozen=True, slots=True)
class ReembedReport:
    """What was done. built: every record has a vector of the new model. switched_at: the LSN of the switch, None when
    the index still has its former model. comparison: None when nothing was compared."""

    plan: ReembedPlan
    built: bool = False
    comparison: Comparison | None = None
    switched_at: int | None = None


@contextmanager
def reembedding(database: Database, models: Models, name: str) -> Iterator[Reembedding]:
    """``with reembedding(...) as change:`` alone among all processes. Raises BusyError, NotFoundError."""
    index = database.index(name)
    with database.lease(f"reembed-{database.entry(name).uuid}") as mine:
        if not mine:
            raise BusyError(f"Index {name!r} is being re-embedded by somebody else. Wait for that, or stop it.")
        yield Reembedding(database, models, index)


class Reembedding:
    """The steps, each of which may be the last one for now. Use ``reembedding`` to make one."""

    def __init__(self, database: Database, models: Models, index: Index) -> None:
        self._database = database
        self._models = models
        self._index = index

    @property
    def other(self) -> Other | None:
        """The generation of vectors that searches do not use."""
        return self._index.read(lambda view: view.generations().other)

    # -- before -------------------------------------------------------------------------------------------------------

    def plan(self, model: str, dimension: int | None = None) -> ReembedPlan:
        """What it takes to give the index another model; changes nothing. dimension: of a model that has several.

        Raises InvalidRequestError, NotFoundError, and FailedPreconditionError for records without text, and where
        vectors of a third model are in the way.
        """
        spec = self._index.spec
        former = bound_model(spec, "reembed")
        new = self._wanted(spec, former, model, dimension)
        checks.check_spec(bound_to(spec, new), self._index.limits)
        other = self.other
        if other is not None and other.state != "leaving":
            if not _same(other.embed, new):
                raise self._in_the_way(other, model)
            new = other.embed
            left = self._index.read(switching.count_lacking)
        else:
            left = -1
        self._check_texts(new.field_map["text"])
        counts = self._index.read(lambda view: view.counts())
        total = sum(counts.values())
        return ReembedPlan(spec.name, former, new, total, len(counts), total if left < 0 else left)

    def _wanted(self, spec: IndexSpec, former: EmbedSpec, model: str, dimension: int | None) -> EmbedSpec:
        if former.vector_type != "dense":
            raise InvalidRequestError(
                f"Index {spec.name!r} holds sparse values of {former.model!r}. Only dense vectors can be re-embedded: "
                "create an index for the other model and write the records to it."
            )
        settings = {
            "model": model,
            "dimension": dimension,
            "metric": spec.metric,
            "field_map": {"text": former.field_map["text"]},
            "read_parameters": _without_dimension(former.read_parameters),
            "write_parameters": _without_dimension(former.write_parameters),
        }
        described = describe_model(self._models, model)
        new = embed_spec(self._models, settings)
        if {"image"} <= former.field_map.keys() & new.field_map.keys():
            new = replace(new, field_map=former.field_map)
        if new.vector_type != "dense" or spec.metric not in described.metrics:
            raise InvalidRequestError(
                f"Model {model!r} gives {new.vector_type} vectors for {', '.join(described.metrics)}, and index "
                f"{spec.name!r} holds dense ones for {spec.metric}. Choose another model."
            )
        if _same(former, new):
            raise InvalidRequestError(f"Index {spec.name!r} has the model {model!r} ({new.identity}) already.")
        return new

    def _in_the_way(self, other: Other, model: str) -> FailedPreconditionError:
        name = self._index.name
        if other.state == "kept":
            return FailedPreconditionError(
                f"Index {name!r} keeps vectors of its former model {other.embed.model!r}, and there is room for one "
                f"generation beside that of the records. Forget them first: pinyon reembed {name} --forget-old"
            )
        return FailedPreconditionError(
            f"Index {name!r} is half way to the model {other.embed.model!r} ({other.embed.identity}), not to {model!r}."
            f" Go on with pinyon reembed {name} --model {other.embed.model}, or drop what was made with --forget-old."
        )

    def _check_texts(self, field: str) -> None:
        """Every record that has no vector of the new model yet has a text to make it of."""
        missing: list[tuple[int, str]] = []
        total = 0
        for found in self._pages(_PAGE, switching.records if self.other is None else switching.lacking):
            total += len(found)
            missing += [(its.ns_id, its.row.id) for its in found if self._has_no_text_alone(its.row, field)]
        if missing:
            raise self._textless(missing, total, field)

    def _has_no_text_alone(self, row: StoredRow, field: str) -> bool:
        """Whether a record cannot be embedded again: for want of a text, or since a picture went into its vector."""
        image = bound_model(self._index.spec, "reembed").field_map.get("image")
        pictured = image is not None and is_digest((decode_metadata(row.metadata) or {}).get(image))
        return pictured or text_of(row, field) is None

    def _textless(self, missing: Sequence[tuple[int, str]], total: int, field: str) -> FailedPreconditionError:
        names = self._index.read(switching.namespace_names)
        shown = [f"{id_!r}" + (f" in {names[ns_id]!r}" if names.get(ns_id) else "") for ns_id, id_ in missing[:_SHOWN]]
        more = ", ..." if len(missing) > _SHOWN else ""
        pictures = ""
        if "image" in bound_model(self._index.spec, "reembed").field_map:
            pictures = ", or are of a picture, which is not kept"
        return FailedPreconditionError(
            f"{len(missing)} of {total} records of index {self._index.name!r} have no text in the field {field!r}"
            f"{pictures}, so no model can embed them: {', '.join(shown)}{more}. The index keeps its model. Give them a "
            "text (update with set_metadata, or upsert them again), or delete them, and start again."
        )

    # -- making -------------------------------------------------------------------------------------------------------

    def build(
        self,
        plan: ReembedPlan,
        *,
        progress: Progress = lambda done, total: None,
        stop: Callable[[], bool] = lambda: False,
        batch: int = BATCH,
    ) -> bool:
        """Gives every record a vector of the new model, batch by batch; False when ``stop`` said so.

        Searches and writes go on with the old model. What is written meanwhile is left for the switch.
        """
        other = self._begun(plan)
        embedder = self._embedder(other.embed)
        done = plan.records - plan.left
        progress(done, plan.records)
        for found in self._pages(batch):
            if stop():
                return False
            self._store(other, found, embedder)
            done += len(found)
            progress(min(done, plan.records), plan.records)
        return True

    def _begun(self, plan: ReembedPlan) -> Other:
        other = self.other
        if other is not None and other.state == "leaving":
            self.forget()
            other = None
        if other is None:
            with self._index.truth.write() as writer:
                other = switching.begin(writer, plan.former, plan.model)
        return other

    def _pages(self, size: int, read: _Reader = switching.lacking) -> Iterator[list[Lacking]]:
        """Of the records that there are now; what comes later is not waited for."""
        after, until = 0, self._index.read(switching.last_ord)
        while found := self._index.read(lambda view, after=after: read(view, after, until, size)):  # type: ignore[misc]
            yield found
            after = found[-1].row.ord

    def _embedder(self, embed: EmbedSpec) -> Embedder:
        embedder = embedder_of(self._models, embed.model, embed.dimension)
        if embedder.identity != embed.identity:
            raise FailedPreconditionError(
                f"Index {self._index.name!r} has vectors of {embed.identity!r} beside those of its records, and the "
                f"installed model is {embedder.identity!r}. Install that version, or forget those vectors with "
                f"pinyon reembed {self._index.name} --forget-old"
            )
        return embedder

    def _store(self, other: Other, found: Sequence[Lacking], embedder: Embedder) -> None:
        made = self._embedded(other, found, embedder)
        with self._index.truth.write() as writer:
            switching.fill(writer, other.number, found, made)

    def _embedded(self, other: Other, found: Sequence[Lacking], embedder: Embedder) -> Floats:
        field = other.embed.field_map["text"]
        texts = [text_of(its.row, field) for its in found]
        missing = [(its.ns_id, its.row.id) for its in found if self._has_no_text_alone(its.row, field)]
        if missing:
            raise self._textless(missing, len(found), field)
        ids = [its.row.id for its in found]
        made = embedder.embed([text or "" for text in texts], input_type="passage")
        return checks.check_vectors(made, ids, other.embed.dimension or 0)

    # -- comparing ----------------------------------------------------------------------------------------------------

    def namespace(self, name: str | None = None) -> str:
        """The namespace whose records are compared: by default the largest. Raises NotFoundError."""
        counts = self._index.read(lambda view: view.counts())
        if name is not None and name not in counts:
            raise self._index.memory.unknown_namespace(name)
        return name if name is not None else max(counts, key=lambda one: (counts[one], one), default="")

    def compare(self, namespace: str, questions: Sequence[Question] | None = None, sample: int = SAMPLE) -> Comparison:
        """How well both models find what is relevant among the records of a namespace, by exact search.

        questions: with the ids of relevant records; None makes some of stored records. Nothing is compared with the
        old model where it is not installed. Raises InvalidRequestError, FailedPreconditionError when none can be made.
        """
        other = self.other
        assert other is not None, "there are vectors of two models"
        embed = bound_model(self._index.spec, "reembed")
        of_records = questions is None
        if questions is None:
            questions = sampled(self._index, namespace, other.embed.field_map["text"], sample)
        former = None
        with suppress(NotFoundError, MissingExtraError, InvalidRequestError):
            installed = embedder_of(self._models, embed.model, embed.dimension)
            former = installed if installed.identity == embed.identity else None
        new = self._embedder(other.embed)
        return compared(self._index, namespace, questions, former, new, of_records=of_records)

    def check_questions(self, namespace: str, questions: Sequence[Question]) -> None:
        """Raises InvalidRequestError for a question without text, or without a relevant record in the namespace."""
        check_questions(self._index, namespace, questions)

    # -- switching ----------------------------------------------------------------------------------------------------

    def switch(self) -> int:
        """One transaction: every record has its vector of the other model, and the index is bound to that. Its LSN.

        Records that were written meanwhile are embedded first, the last few of them inside the transaction. Raises
        FailedPreconditionError when some have no text; the index is then as it was.
        """
        other = self.other
        if other is None or other.state == "leaving":
            raise FailedPreconditionError(f"Index {self._index.name!r} has no other vectors to switch to.")
        for attempt in range(ROUNDS):
            epoch, since = self._caught_up(other)
            lsn = self._switched(other, epoch, since, None if attempt == ROUNDS - 1 else FEW)
            if lsn is not None:
                break
        assert lsn is not None, "the last attempt takes what there is"
        self._index.memory.refresh()
        with suppress(StorageError):  # whoever opens the index next lets the catalog follow
            self._database.index(self._index.name)
        return lsn

    def _caught_up(self, other: Other) -> tuple[object, int]:
        """(epoch, LSN): every record that was not written after that LSN has a vector of the other model."""
        epoch, since = self._index.read(lambda view: (view.meta("epoch"), int(view.meta("lsn") or 0)))
        for found in self._pages(BATCH):
            self._store(other, found, self._embedder(other.embed))
        return epoch, since

    def _switched(self, other: Other, epoch: object, since: int, few: int | None) -> int | None:
        """The LSN of the switch; None when more than a few records have to be embedded before."""
        with self._index.truth.write() as writer:
            if writer.stored.other != other:
                raise FailedPreconditionError(f"Index {self._index.name!r} was changed by somebody else. Start again.")
            if writer.meta("epoch") != epoch:  # a repair may have dropped vectors of any record
                if few is not None:
                    return None
                since = 0
            found = switching.lacking_since(writer, since, -1 if few is None else few + 1)
            if few is not None and len(found) > few:
                return None
            self._finish(writer, other, found)
            switching.switch(writer, bound_model(self._index.spec, "reembed"))
        return writer.lsn

    def _finish(self, writer: Writer, other: Other, found: Sequence[Lacking]) -> None:
        if found:
            made = self._embedded(other, found, self._embedder(other.embed))
            stored = switching.fill(writer, other.number, found, made)
            assert stored == len(found), "nobody else writes inside of this transaction"

    def rollback(self) -> int:
        """Back to the model of before, in one transaction. Its LSN.

        Records that were written since are embedded by it first. Raises FailedPreconditionError with their number when
        it is not installed, and when nothing was kept.
        """
        other = self.other
        if other is None or other.state != "kept":
            raise FailedPreconditionError(
                f"Index {self._index.name!r} keeps no vectors of a former model, so there is no way back."
            )
        missing = self._index.read(switching.count_lacking)
        if missing:
            try:
                self._embedder(other.embed)
            except (NotFoundError, MissingExtraError, FailedPreconditionError, InvalidRequestError) as error:
                raise FailedPreconditionError(
                    f"{missing} record(s) of index {self._index.name!r} were written or changed since the switch and "
                    f"have no vector of {other.embed.identity!r}, which is not installed ({error}). Install it, or "
                    "stay with the model of now."
                ) from error
        return self.switch()

    def forget(self, progress: Progress = lambda done, total: None) -> Other:
        """Deletes the vectors that searches do not use: kept ones, and with them the way back, or half-made ones.

        Gives what they were. Raises FailedPreconditionError when there are none.
        """
        other = self.other
        if other is None:
            raise FailedPreconditionError(f"Index {self._index.name!r} has only the vectors that its records have.")
        with self._index.truth.write() as writer:
            switching.leave(writer)
        total = self._index.read(lambda view: sum(view.counts().values()))
        done, more = 0, True
        while more:
            with self._index.truth.write() as writer:
                more = switching.drop_some(writer, _DROPPED)
            done += _DROPPED
            progress(min(done, total), total)
        return other


def reembed(
    database: Database,
    models: Models,
    name: str,
    model: str,
    *,
    dimension: int | None = None,
    namespace: str | None = None,
    questions: Sequence[Question] | None = None,
    sample: int = SAMPLE,
    confirm: Callable[[ReembedReport], bool] = lambda report: True,
    progress: Progress = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
    dry_run: bool = False,
) -> ReembedReport:
    """Gives an index another model: makes the vectors, compares the models, asks ``confirm``, and switches.

    dimension: of a model that has several. namespace: whose records are compared, by default the largest. questions:
    with the ids of relevant records; else ``sample`` of them are made of stored records (0: nothing is compared).
    confirm: sees what was built and compared; when it says no, all stays as it is, and the next call goes on from here.
    stop: asked before each batch; True ends the call. dry_run: only checks and counts.

    Raises InvalidRequestError, NotFoundError, MissingExtraError, FailedPreconditionError (records without text, vectors
    of a third model) before anything is made, BusyError when somebody else is at it.
    """
    with reembedding(database, models, name) as change:
        place = change.namespace(namespace)
        plan = change.plan(model, dimension)
        if questions is not None:
            change.check_questions(place, questions)
        report = ReembedReport(plan)
        if dry_run or not change.build(plan, progress=progress, stop=stop):
            return report
        comparison = change.compare(place, questions, sample) if questions or (sample and plan.records) else None
        report = ReembedReport(plan, True, comparison)
        if not confirm(report):
            return report
        return ReembedReport(plan, True, comparison, change.switch())


def text_of(row: StoredRow, field: str) -> str | None:
    """The text that a record is embedded by; None when it has none."""
    text: Any = (decode_metadata(row.metadata) or {}).get(field)
    return text if isinstance(text, str) and text.strip() else None


def _same(one: EmbedSpec, other: EmbedSpec) -> bool:
    return (one.identity, one.dimension) == (other.identity, other.dimension)


def _without_dimension(parameters: Any) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if key != "dimension"}
