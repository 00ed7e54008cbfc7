"""Index kinds as settings: which there are, what each can be told, and how that is written.

One table serves every way to say it: the dictionary ``index={"kind": "hnsw", "m": 16, "recall": 0.95}``, and the line
``hnsw m 16 recall 0.95`` of the command line and of the tag ``pinyon-index``, which clients of a server set. The line
needs no other characters than a tag may hold.

A dictionary or line with a kind says everything about the kind: parameters that it leaves out are the usual ones.
Without a kind it changes the parameters that it names. An index with the tag has the settings that the tag says.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

import numpy as np

from pinyon.errors import InvalidRequestError, MissingExtraError
from pinyon.filters.show import shown
from pinyon.index import symqg
from pinyon.index.symqg import DEGREES
from pinyon.types import DEFAULT_RECALL, IndexKind, IndexSpec

TAG: Final = "pinyon-index"
"""Key of the tag whose value is a line of settings."""

EXAMPLE: Final = "hnsw m 16 ef_construction 200 recall 0.95"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A whole number from ``least`` to ``most``, or one of ``choices``.

    default: what holds when it is not given; None when the engine chooses. usual: the same in words.
    """

    meaning: str
    default: int | str | None
    usual: str
    least: int = 1
    most: int = 1
    choices: tuple[int, ...] | tuple[str, ...] = ()


PARAMETERS: Final[Mapping[IndexKind, Mapping[str, Parameter]]] = {
    "auto": {},
    "flat": {},
    "scan": {},
    "hnsw": {
        "m": Parameter("links of a row to others", 16, "16", 2, 128),
        "ef_construction": Parameter("rows looked at to find the links of a new one", 200, "200", 8, 2_000),
        "ef_search": Parameter("rows that a search keeps in view", None, "chosen by the recall target", 1, 10_000),
    },
    "ivf": {
        "nlist": Parameter("clusters", None, "chosen by size", 1, 65_536),
        "nprobe": Parameter("clusters that a search reads", None, "chosen by the recall target", 1, 65_536),
        "codes": Parameter("how rows are kept in the clusters", "pq4", "pq4", choices=("pq4", "float32")),
    },
    "symqg": {
        "degree": Parameter("links of a row to others", 32, "32", choices=DEGREES),
        "ef_construction": Parameter("rows looked at to find the links of a row", 100, "100", 32, 2_000),
        "ef_search": Parameter("rows that a search keeps in view", None, "chosen by the recall target", 1, 10_000),
    },
}
"""Kind -> name -> parameter."""

KINDS: Final = tuple(PARAMETERS)


def value_of(spec: IndexSpec, name: str) -> int | str | None:
    """A parameter of the spec's kind: as fixed, else its default; None when the engine is to choose."""
    return spec.parameters.get(name, PARAMETERS[spec.kind][name].default)


# -- saying it --------------------------------------------------------------------------------------------------------


def configured(spec: IndexSpec, given: Mapping[str, Any]) -> IndexSpec:
    """``spec`` with the settings that ``given`` names, checked; a tag that says them is rewritten.

    Raises InvalidRequestError.
    """
    if not isinstance(given, Mapping):
        _refuse(f'index must be a dictionary such as {{"kind": "hnsw", "m": 16, "recall": 0.95}}: got {shown(given)}.')
    parameters = dict(given) if "kind" in given else {**spec.parameters, **given}
    kind = parameters.pop("kind", spec.kind)
    recall = parameters.pop("recall", spec.recall_target)
    changed = check_kind(replace(spec, kind=kind, parameters=parameters, recall_target=recall))
    return replace(changed, tags={**spec.tags, TAG: line_of(changed)}) if TAG in spec.tags else changed


def settings_of(spec: IndexSpec) -> dict[str, Any]:
    """The settings as ``configured`` takes them: what was fixed, and nothing else."""
    return {"kind": spec.kind, **spec.parameters, "recall": spec.recall_target}


def plain(spec: IndexSpec) -> IndexSpec:
    """``spec`` with the settings of an index about which nothing was said."""
    return replace(spec, kind="auto", parameters={}, recall_target=DEFAULT_RECALL)


def line_of(spec: IndexSpec) -> str:
    """The settings as ``read_line`` reads them; the usual recall is left out."""
    recall = [] if spec.recall_target == DEFAULT_RECALL else [f"recall {spec.recall_target}"]
    return " ".join([spec.kind, *(f"{name} {value}" for name, value in spec.parameters.items()), *recall])


def read_line(text: str) -> dict[str, Any]:
    """``"hnsw m 16 recall 0.95"`` as ``{"kind": "hnsw", "m": 16, "recall": 0.95}``. The kind may be left out.

    Raises InvalidRequestError when it cannot be read; whether the settings are good is for ``check_kind`` to say.
    """
    words = text.split()
    found: dict[str, Any] = {"kind": words.pop(0)} if words and words[0] in KINDS else {}
    names, values = words[::2], words[1::2]
    if not (found or words) or len(names) > len(values) or "kind" in names or "=" in text:
        _refuse(
            f"Index settings {shown(text)} are not understood. Write a kind ({', '.join(KINDS)}), then names and "
            f"values with spaces between them: {EXAMPLE!r}."
        )
    for name, value in zip(names, values, strict=True):
        if name in found:
            _refuse(f"{shown(name)} is said twice in the index settings {shown(text)}. Say it once.")
        found[name] = _number(value)
    return found


def _number(word: str) -> int | float | str:
    """A word that is no number stays a word."""
    for read in (int, float):
        with suppress(ValueError):
            return read(word)
    return word


# -- the tag ----------------------------------------------------------------------------------------------------------


def check_said_once(given: object, tags: Mapping[str, str] | None) -> None:
    """Refuses settings that one call gives in both ways."""
    if given is not None and tags is not None and TAG in tags:
        _refuse(f"Index settings are given twice, as index= and as the tag {TAG!r}. Leave one of them out.")


def retagged(spec: IndexSpec, tags: Mapping[str, str], said: Mapping[str, str] | None) -> IndexSpec:
    """``spec`` with other tags. said: those that the caller named; when the tag of the settings is among them, nothing
    of the former settings stays, whether it has a value now or goes."""
    return replace(plain(spec) if said is not None and TAG in said else spec, tags=tags)


def obeying_tag(spec: IndexSpec) -> IndexSpec:
    """``spec`` with the settings that its tag says; as it is without the tag.

    Raises InvalidRequestError for a bad line, and for a tag that contradicts settings that ``spec`` has already.
    """
    text = spec.tags.get(TAG)
    if not isinstance(text, str):
        return spec
    try:
        told = configured(replace(plain(spec), tags={}), read_line(text))
    except InvalidRequestError as error:
        _refuse(f"Tag {TAG!r}: {error}")
    if settings_of(spec) not in (settings_of(told), settings_of(plain(spec))):
        _refuse(
            f"Tag {TAG!r} is {shown(text)}, and the settings are {line_of(spec)!r}. Make them agree, or leave the tag "
            "out."
        )
    return replace(told, tags=spec.tags)


# -- checks -----------------------------------------------------------------------------------------------------------


def check_kind(spec: IndexSpec) -> IndexSpec:
    """``spec`` with its parameters as plain numbers and words in the order of the table. Raises InvalidRequestError."""
    if spec.kind not in KINDS:
        _refuse(f"Invalid value for index kind: {shown(spec.kind)}. Use one of {', '.join(KINDS)}.")
    if not isinstance(spec.parameters, Mapping):
        _refuse(f"parameters must be a dictionary such as {{'m': 16}}: got {shown(spec.parameters)}.")
    if spec.kind == "symqg" and not symqg.available():
        raise MissingExtraError(symqg.MISSING)
    known = PARAMETERS[spec.kind]
    for name in spec.parameters:
        if name not in known:
            _refuse_unknown(spec.kind, name)
    parameters = {
        name: _checked(spec.kind, name, known[name], spec.parameters[name]) for name in known if name in spec.parameters
    }
    nlist, nprobe = parameters.get("nlist"), parameters.get("nprobe")
    if isinstance(nlist, int) and isinstance(nprobe, int) and nprobe > nlist:
        _refuse(f"nprobe {nprobe} is more than nlist {nlist}, all the clusters. Use 1 to {nlist}, or leave it out.")
    return replace(spec, parameters=parameters, recall_target=_checked_recall(spec.recall_target))


def check_vectors_of_kind(spec: IndexSpec) -> None:
    """Refuses kinds for dense vectors in an index that has none."""
    if spec.vector_type == "sparse" and spec.kind not in ("auto", "flat"):
        _refuse(
            f"Index kind {spec.kind} is for dense vectors. Index {spec.name!r} has none, and its searches are exact: "
            "leave the kind out."
        )


def _refuse_unknown(kind: IndexKind, name: object) -> NoReturn:
    owners = [other for other in KINDS if name in PARAMETERS[other]]
    if not owners:
        _refuse(f"Index kind {kind} has no {shown(name)}. It takes {', '.join([*PARAMETERS[kind], 'recall'])}.")
    _refuse(
        f"Index kind {kind} has no {shown(name)}, which belongs to {' and '.join(owners)}. Say the kind that you want, "
        "or leave it out."
    )


def _checked(kind: IndexKind, name: str, parameter: Parameter, value: object) -> int | str:
    usual = f"or leave it out ({parameter.usual})"
    if isinstance(value, np.integer):
        value = int(value)
    if parameter.choices:
        choices = ", ".join(map(str, parameter.choices))
        if not isinstance(value, (int, str)) or isinstance(value, bool) or value not in parameter.choices:
            _refuse(f"{name} {shown(value)} of index kind {kind} is not possible. Use one of {choices}, {usual}.")
        return value
    reach = f"{parameter.least} to {parameter.most}"
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(f"{name} of index kind {kind} must be a whole number from {reach}: got {shown(value)}.")
    if not parameter.least <= value <= parameter.most:
        _refuse(f"{name} {shown(value)} of index kind {kind} is out of range. Use {reach}, {usual}.")
    return value


def _checked_recall(recall: Any) -> float:
    number = isinstance(recall, (int, float, np.number)) and not isinstance(recall, bool)
    if not number or not 0 < recall <= 1:
        _refuse(f"Recall target {shown(recall)} is out of range. Use a number above 0 and up to 1, such as 0.99.")
    return float(recall)


def _refuse(message: str) -> NoReturn:
    raise InvalidRequestError(message)
