"""How results are kept in files: JSON with a format, sheets, and no file that is half the old and half the new one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pinyon.errors import FormatError, NotFoundError


def write_text(path: Path, text: str) -> None:
    """Write a file that is the old or the new one whenever the process may end."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
    beside.replace(path)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def read_json(place: Path, name: str, form: str, owner: str) -> tuple[Path, dict[str, Any]]:
    """The file at ``place``, or the one called ``name`` in that folder, and its object of the format ``form``.

    owner: what wrote such files, "study" or "tuning". Raises NotFoundError, FormatError.
    """
    file = place / name if place.is_dir() else place
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFoundError(f"there is no {str(file)!r}: name the {name} of a {owner}") from None
    except ValueError as error:
        raise FormatError(f"{file} is not JSON ({error}): it was not written by a {owner}") from None
    if not isinstance(found, dict) or found.get("format") != form:
        said = found.get("format") if isinstance(found, dict) else None
        raise FormatError(f"{file} says its format is {said!r}, and not {form!r}: this release cannot read it")
    return file, found


def sheet(lines: Iterable[Mapping[str, Any]]) -> str:
    """Lines with the same names as CSV under a heading; "" without any."""
    made = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for line in lines:
        if writer is None:
            writer = csv.DictWriter(made, list(line))
            writer.writeheader()
        writer.writerow(line)
    return made.getvalue()
