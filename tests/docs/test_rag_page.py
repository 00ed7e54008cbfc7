"""``docs/rag.md`` says what the code does: its numbers, its names and its commands' options."""

from __future__ import annotations

from dataclasses import fields

from docs.documents import ROOT, read
from pinyon.rag import Corrections, Evidence, Settings
from pinyon.rag import evidence as measure
from pinyon.rag.likeness import GOOD_COSINE

PAGE = read(ROOT / "docs" / "rag.md")


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    usual = Settings()
    assert f"({usual.threshold:g}, `--threshold`)" in PAGE
    assert f"`--top-k` passages ({usual.top_k})" in PAGE
    assert usual.sources == 5
    assert "repeat another are dropped; five stay" in PAGE
    covered, missed = measure._COVERED, measure._MISSED
    assert f"evidence = {covered:g} coverage + {1 - covered:g} similarity - {missed:g} absence" in PAGE
    assert f"over {GOOD_COSINE:g} and at most 1" in PAGE


def test_every_correction_and_measure_is_told() -> None:
    for name in (one.name for one in fields(Corrections)):
        assert f"`{name}`" in PAGE, name
    for name in ("coverage", "similarity", "absence"):
        assert name in {one.name for one in fields(Evidence)}
        assert f"`{name}`" in PAGE
