"""An index with two generations of vectors, as the first release that knew them wrote it, is opened and can go back.

Made once by ``faults.reembed_worker.prepare(path, 12)``, ``reembed(..., "new", sample=0)`` and ``compact()``.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from pinyon.engine import Database
from pinyon.engine.reembedding import reembedding

if sys.platform == "win32":
    pytest.skip("the models of these tests come with tests that need fork", allow_module_level=True)

from faults.reembed_worker import NAME, examine, models

MADE = Path(__file__).parent / "reembedded"


def test_it_opens_goes_back_and_forth_and_forgets(tmp_path: Path) -> None:
    shutil.copytree(MADE, tmp_path / "data")
    with Database(tmp_path / "data") as database:
        index = database.index(NAME)
        assert index.stats().total == 24
        assert examine(database, index) == "new"
        with reembedding(database, models()[1], NAME) as change:
            change.rollback()
            assert examine(database, index) == "old"
            change.rollback()
            change.forget()
        assert examine(database, index) == "new"


def test_it_is_read_without_a_change(tmp_path: Path) -> None:
    shutil.copytree(MADE, tmp_path / "data")
    with Database(tmp_path / "data", read_only=True) as database:
        assert examine(database, database.index(NAME)) == "new"
