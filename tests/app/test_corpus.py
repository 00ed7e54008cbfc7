"""The demo's passages: real docstrings, cut to a size that embeds well, under names that last."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from pinyon.app.corpus import PASSAGE_CHARACTERS, Passage, standard_library
from pinyon.errors import NotFoundError
from pinyon.models import UseMultilingual


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    return list(standard_library())


def _passages_of(root: Path, files: dict[str, str]) -> list[Passage]:
    for name, source in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(textwrap.dedent(source), "utf-8")
    return list(standard_library(root))


def test_every_passage_of_this_python_has_an_id_of_its_own_in_ascii(passages: list[Passage]) -> None:
    ids = [passage.id for passage in passages]
    assert len(set(ids)) == len(ids)
    assert all(one.isascii() and 0 < len(one) <= 512 for one in ids)


def test_this_python_gives_about_ten_thousand_passages(passages: list[Passage]) -> None:
    assert 8_000 < len(passages) < 13_000


def test_passages_are_short_enough_for_one_topic(passages: list[Passage]) -> None:
    assert max(len(passage.text) for passage in passages) < 2 * PASSAGE_CHARACTERS + 400
    assert 150 < np.mean([len(passage.text) for passage in passages]) < PASSAGE_CHARACTERS


def test_another_process_finds_the_same_passages_in_the_same_order_and_imports_no_module(
    passages: list[Passage],
) -> None:
    code = (
        "import sys, hashlib; from pinyon.app.corpus import *\n"
        "print(hashlib.sha256(repr([*standard_library()]).encode()).hexdigest(), {'turtle', 'this'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.split() == [hashlib.sha256(repr(passages).encode()).hexdigest(), "set()"]


def test_known_names_are_found_and_described(passages: list[Passage]) -> None:
    by_id = {passage.id: passage for passage in passages}
    assert by_id["argparse"].metadata == {"module": "argparse", "qualname": "argparse", "kind": "module"}
    assert by_id["csv.Sniffer.sniff"].metadata == {"module": "csv", "qualname": "csv.Sniffer.sniff", "kind": "method"}
    assert by_id["shutil.copytree#2"].metadata["qualname"] == "shutil.copytree"
    assert by_id["datetime.timedelta"].metadata["kind"] == "class"
    assert by_id["shutil.copytree"].text.startswith("shutil copytree (src, dst, symlinks, ignore,")


def test_each_part_of_a_long_docstring_repeats_name_and_module_summary(tmp_path: Path) -> None:
    paragraphs = "\n\n".join(f"Paragraph {number}. " + "words " * 40 for number in range(5))
    source = f'"""Tools for parts."""\ndef long_one(a, *, b):\n    """{paragraphs}"""\n'
    module, *parts = _passages_of(tmp_path, {"parts.py": source})
    assert module == Passage(
        "parts", "parts\nTools for parts.", {"module": "parts", "qualname": "parts", "kind": "module"}
    )
    assert [part.id for part in parts] == ["parts.long_one", *(f"parts.long_one#{number}" for number in range(2, 6))]
    assert all(part.text.startswith("parts long one (a, b): Tools for parts.\n") for part in parts)
    assert " ".join(part.text.partition("\n")[2] for part in parts).split() == paragraphs.split()


def test_kinds_nesting_conditions_and_first_definitions(tmp_path: Path) -> None:
    source = '''
        try:
            import fast
        except ImportError:
            class Box:
                """A box."""
                def open(self, how):
                    """Open it."""
                    def helper():
                        """Out of reach."""
                @classmethod
                async def make(cls):
                    """Make it."""
        if fast:
            def twice():
                """First."""
        else:
            def twice():
                """Second."""
        def silent(): ...
        def blank():
            """  """
    '''
    found = _passages_of(tmp_path, {"deep/__init__.py": "", "deep/er.py": source})
    assert [(passage.id, passage.metadata["kind"]) for passage in found] == [
        ("deep.er.Box", "class"),
        ("deep.er.Box.open", "method"),
        ("deep.er.Box.make", "method"),
        ("deep.er.twice", "function"),
    ]
    assert found[1].text == "deep er Box open (how)\nOpen it."
    assert found[3].text.endswith("First.")


def test_private_modules_tests_and_other_projects_are_left_out(tmp_path: Path) -> None:
    doc = '"""Here."""\n'
    files = [
        "_hidden.py",
        "pkg/__init__.py",
        "pkg/_part.py",
        "pkg/test/__init__.py",
        "site-packages/x.py",
        "loose/y.py",
    ]
    assert [passage.id for passage in _passages_of(tmp_path, dict.fromkeys(files, doc))] == ["pkg", "pkg._part"]


def test_the_python_twin_of_a_c_module_speaks_for_it(tmp_path: Path) -> None:
    files = {
        "clock.py": "from _clock import *",
        "_pyclock.py": '"""Tells the time."""',
        "_pyother.py": '"""Private."""',
    }
    assert [passage.id for passage in _passages_of(tmp_path, files)] == ["clock"]


def test_what_cannot_be_parsed_or_written_as_unicode_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes(b'# coding: latin-1\n"""Caf\xe9."""\n')
    (tmp_path / "broken.py").write_bytes(b"def (:\n")
    (tmp_path / "bytes.py").write_bytes(b'"""\xff\xfe"""\n')
    files = {"lone.py": '"""Half \\ud800 a pair."""\nclass \ud55c\uae00:\n    """Hangul."""\n'}
    found = {passage.id: passage.text for passage in _passages_of(tmp_path, files)}
    assert found == {
        "latin": "latin\nCaf\u00e9.",
        "lone": "lone\nHalf ? a pair.",
        "lone.\\ud55c\\uae00": found["lone.\\ud55c\\uae00"],
    }


def test_a_python_without_its_sources_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="with the sources of the Python standard library"):
        list(standard_library(tmp_path / "absent"))


def test_questions_in_two_languages_find_the_right_module_among_the_first_three(passages: list[Passage]) -> None:
    questions = {
        "명령줄 인자를 어떻게 해석하나요?": "argparse",
        "How do I read a CSV file?": "csv",
        "두 날짜 사이의 차이를 계산하려면?": "datetime",
        "임시 파일을 만들고 싶어요": "tempfile",
        "run a function in a thread pool": "concurrent.futures",
    }
    use = UseMultilingual()
    asked = {module.partition(".")[0] for module in questions.values()}
    # Of the other modules every fourth passage is enough to get in the way.
    some = [
        passage
        for place, passage in enumerate(passages)
        if place % 4 == 0 or str(passage.metadata["module"]).partition(".")[0] in asked
    ]
    scores = use.embed(list(questions)) @ use.embed([passage.text for passage in some]).T
    best = np.argsort(-scores, axis=1)[:, :3]
    found = [{str(some[row].metadata["module"]) for row in rows} for rows in best]
    for (question, module), modules in zip(questions.items(), found, strict=True):
        assert any(f"{one}.".startswith(f"{module}.") for one in modules), (question, modules)
