"""``docs/study.md`` shows what the command prints: times are of their machine, all else is compared."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

pytest.importorskip("faiss", reason="graphs are faiss's")

from docs.documents import ROOT, blocks, read, table
from pinyon.cli.main import app
from pinyon.studies.plans import PLANS, plan_of, resolve

PAGE = ROOT / "docs" / "study.md"
EXACT = ("kind", "m", "index MB")
ROWS = 100_000


def parsed(text: str) -> tuple[str, list[dict[str, str]], list[str]]:
    """The line on the data, the rows of the table by column, and the lines below."""
    data, head, *rest = text.rstrip("\n").split("\n")
    names = re.split(r"\s{2,}", head.strip())
    cells = [re.split(r"\s{2,}", line.strip()) for line in rest[: rest.index("")]]
    return data, [dict(zip(names, line, strict=True)) for line in cells], rest[rest.index("") + 1 :]


def shape(line: str) -> str:
    """A sentence without its figures and without what depends on them."""
    return re.sub(r"\d+(\.\d+)?", "#", re.sub(r" \(the machine had .*?\)", "", line))


def test_the_run_on_the_page_is_what_the_command_prints(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))
    block = blocks(PAGE, "console")[0]
    assert block.output is not None
    line = block.text.strip().removeprefix("$ pinyon ")
    printed = CliRunner().invoke(app, line.split())
    assert printed.exit_code == 0, printed
    said_data, said, said_below = parsed(block.output)
    data, rows, below = parsed(printed.stdout)
    assert data == said_data
    assert [[row[name] for name in EXACT] for row in rows] == [[row[name] for name in EXACT] for row in said]
    for row, was in zip(rows, said, strict=True):
        assert row.keys() == was.keys()
        for name in ("R@1", "R@10"):
            # Another processor may round otherwise, and link a graph otherwise.
            assert float(row[name]) == pytest.approx(float(was[name]), abs=0.02), (row, was)
    assert below[0] == said_below[0]
    assert shape(below[1]).startswith("With m from # to #, R@# rises from # to #, the index grows from # to # MB")
    assert len(below) == len(said_below)


def test_the_lists_of_the_page_are_those_of_the_studies() -> None:
    rows = list(
        table(
            PAGE,
            "study",
            "compares",
            "lists that vary, with what they are by default",
            "usual value while another varies",
        )
    )
    assert [row["study"] for row in rows] == list(PLANS)
    for row in rows:
        options = resolve(plan_of(row["study"]), {}, ROWS)
        said = re.findall(r"--([a-z-]+) ([\w.,]+)", row["lists that vary, with what they are by default"])
        for name, values in said:
            if values != "a":  # growth says it in words
                assert ",".join(map(str, options[name.replace("-", "_")])) == values, name
        plan = plan_of(row["study"])
        for name, value in re.findall(r"(\w+) (\d+)", row["usual value while another varies"]):
            default = plan.options[name].default
            assert default is not None
            assert default(ROWS) == int(value), name


def test_the_page_names_every_kind_of_file() -> None:
    text = read(PAGE)
    assert [suffix for suffix in (".npy", ".fvecs", ".bvecs", ".ivecs", ".hdf5") if suffix not in text] == []
