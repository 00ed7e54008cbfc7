"""``docs/ecosystem.md``: versions as in the tests, switches and the one changed line as in the examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.documents import ROOT, blocks, read, table

PAGE = ROOT / "docs" / "ecosystem.md"
ROWS = list(table(PAGE, "Framework", "Install", "Version", "Pinecone SDK", "Example"))


def pinned(framework: str) -> dict[str, str]:
    """The packages of the environment in which the tests run a framework."""
    lock = read(ROOT / "tests" / "ecosystem" / f"{framework.lower()}.txt")
    return dict(re.findall(r"^([\w-]+)==([\w.]+)", lock, re.MULTILINE))


def example_of(row: dict[str, str]) -> str:
    [path] = re.findall(r"\((.*?)\)", row["Example"])
    return read(PAGE.parent / path)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["Framework"])
def test_the_versions_are_those_that_the_tests_run(row: dict[str, str]) -> None:
    versions = pinned(row["Framework"])
    assert versions[row["Install"]] == row["Version"]
    assert versions["pinecone"] == row["Pinecone SDK"]
    assert re.search(rf"pip install .*\b{row['Install']}\b", example_of(row))


def test_every_framework_of_the_tests_is_on_the_page() -> None:
    assert {row["Framework"].lower() for row in ROWS} == {
        path.stem for path in (ROOT / "tests" / "ecosystem").glob("*.txt")
    }


def test_the_examples_switch_off_what_the_page_says() -> None:
    switches = {
        row["Framework"]: row["Off with"] for row in table(PAGE, "Framework", "What it sends by itself", "Off with")
    }
    assert switches.keys() == {row["Framework"] for row in ROWS}
    for row in ROWS:
        name, _, value = switches[row["Framework"]].partition("=")
        assert name == "" or f'os.environ["{name}"] = "{value}"' in example_of(row)


def test_the_line_that_changes_for_the_sdk_is_a_line_of_the_practice() -> None:
    [diff] = blocks(PAGE, "diff")
    [old, new] = diff.text.splitlines()
    practice = read(ROOT / "examples" / "book_chapter_12.py")
    assert practice.count(f"\n{old[1:]}\n") == 1
    assert new[1:] == old[1:].replace("pinyon", "pinecone")


def test_its_commands_name_examples_that_there_are() -> None:
    said = {Path(name) for block in blocks(PAGE, "sh") for name in re.findall(r"python (\S+\.py)", block.text)}
    assert said == {Path("examples/langchain_rag.py"), Path("examples/book_chapter_12.py")}
    assert all((ROOT / name).is_file() for name in said)
