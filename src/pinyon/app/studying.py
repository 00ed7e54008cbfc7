"""Studies as a person asks for them: with a set of vectors when none is named, and going on where one was cut short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pinyon.errors import InvalidRequestError
from pinyon.studies import Source, Study, Watch, again, conduct, differences
from pinyon.studies.measuring import REPEATS, TOP_K
from pinyon.studies.results import RESULTS
from pinyon.studies.values import Parameter

__all__ = ["GENERATED", "Repeated", "Request", "default_folder", "repeat", "run"]

GENERATED = (20_000, 64)
"""Rows and dimension of the set that is drawn when no vectors are named: small enough to watch."""


@dataclass(frozen=True, slots=True)
class Request:
    """A study. options: its lists; what is None or left out has its default. out: the folder of the results."""

    name: str
    out: Path
    source: Source | None = None
    options: Mapping[str, Sequence[Parameter] | None] = field(default_factory=dict)
    k: int | None = None
    repeats: int | None = None

    @property
    def recorded(self) -> bool:
        """Whether it names a folder with results and says nothing else."""
        lists = any(values for values in self.options.values())
        said = self.source is not None or self.k is not None or self.repeats is not None or lists
        return not said and (self.out / RESULTS).exists()


@dataclass(frozen=True, slots=True)
class Repeated:
    """A recorded study, the same study now, and what of the recall differs: nothing, where all is well."""

    old: Study
    new: Study
    differences: list[str]


def run(request: Request, watch: Watch | None = None) -> Study:
    """Conduct the study that is asked for; results are in its folder after every row.

    A folder that holds an unfinished study, when nothing else is said, goes on with the settings recorded there.
    Raises the errors of ``studies.conduct``, and InvalidRequestError when the folder holds a study of another name.
    """
    if request.recorded:
        recorded = Study.read(request.out).settings
        if recorded.study != request.name:
            raise InvalidRequestError(f"{request.out} holds a study of {recorded.study}, not of {request.name}")
        if recorded.source is not None:
            k, repeats = recorded.k, recorded.repeats
            return conduct(
                request.name, recorded.source, recorded.options, k=k, repeats=repeats, out=request.out, watch=watch
            )
    return conduct(
        request.name,
        request.source or Source(generate=GENERATED),
        request.options,
        k=TOP_K if request.k is None else request.k,
        repeats=REPEATS if request.repeats is None else request.repeats,
        out=request.out,
        watch=watch,
    )


def repeat(results: Path, out: Path, watch: Watch | None = None) -> Repeated:
    """Conduct a recorded study again. Raises NotFoundError, FormatError, FailedPreconditionError."""
    old = Study.read(results)
    new = again(old, out=out, watch=watch)
    return Repeated(old, new, differences(old, new))


def default_folder(name: str) -> Path:
    """A folder of its own in the working directory."""
    return Path(f"study-{name}-{datetime.now():%Y%m%d-%H%M%S}")
