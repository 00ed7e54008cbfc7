"""``docs/errors.md`` and the tree of errors say the same."""

from __future__ import annotations

import pytest

import pinyon.errors
import pinyon.exceptions
from docs.documents import ROOT, read, table
from pinyon.errors import PinyonError

ERRORS = ROOT / "docs" / "errors.md"


def tree(root: type[PinyonError] = PinyonError) -> list[type[PinyonError]]:
    return [cls for cls in vars(pinyon.errors).values() if isinstance(cls, type) and issubclass(cls, root)]


def built_in(cls: type[PinyonError]) -> str:
    return next((base.__name__ for base in cls.__bases__ if not issubclass(base, PinyonError)), "")


def test_the_table_holds_every_class_with_its_code_and_status() -> None:
    wanted = [
        {
            "class": cls.__name__,
            "under": "" if cls is PinyonError else cls.__bases__[0].__name__,
            "code": cls.code,
            "status": str(cls.status),
            "also a": "" if cls is PinyonError else built_in(cls),
        }
        for cls in tree()
    ]
    assert list(table(ERRORS, "class", "under", "code", "status", "also a")) == wanted


def test_every_class_has_a_way_out() -> None:
    rows = list(table(ERRORS, "class", "when", "what to do"))
    assert [row["class"] for row in rows] == [cls.__name__ for cls in tree() if cls is not PinyonError]
    assert all(row["when"] and row["what to do"] for row in rows)


def test_the_names_of_the_sdks_are_what_the_table_says() -> None:
    described = {name.strip(): row["is"] for row in table(ERRORS, "name", "is") for name in row["name"].split(",")}
    actual = {name: getattr(pinyon.exceptions, name).__name__ for name in pinyon.exceptions.__all__}
    raised = {cls.__name__ for cls in tree()}
    assert {name: cls for name, cls in actual.items() if cls in raised and name != cls} == described


@pytest.mark.parametrize("name", pinyon.exceptions.__all__)
def test_every_exception_name_is_mentioned(name: str) -> None:
    assert f"`{name}`" in read(ERRORS) or name in read(ERRORS).replace(",", " ").split()
