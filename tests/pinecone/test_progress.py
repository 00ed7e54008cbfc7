"""The progress bar: only when it is asked for, only on a terminal, never on standard output."""

from __future__ import annotations

import io
import sys

import pytest

from pinyon.pinecone import Index
from pinyon.pinecone.progress import progress
from pinyon.types import Floats


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_far_the_batches_are(
    index: Index, vectors: Floats, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    index.upsert(vectors, ids=[f"x{number}" for number in range(20)], batch_size=5)
    assert "Upserting" in screen.getvalue()
    assert "100%" in screen.getvalue()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("batch_size", "shown"), [(None, True), (5, False)])
def test_nothing_is_shown_without_batches_or_when_it_is_not_wanted(
    batch_size: int | None, shown: bool, index: Index, vectors: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    index.upsert(vectors, ids=[f"x{number}" for number in range(20)], batch_size=batch_size, show_progress=shown)
    assert screen.getvalue() == ""


def test_a_log_file_gets_no_bar(index: Index, vectors: Floats, capsys: pytest.CaptureFixture[str]) -> None:
    index.upsert(vectors, ids=[f"x{number}" for number in range(20)], batch_size=5)
    assert capsys.readouterr() == ("", "")


def test_the_write_goes_on_when_rich_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    with progress(True, 10) as advance:
        advance(10)
    assert isinstance(sys.stderr, Terminal)
    assert sys.stderr.getvalue() == ""
