"""The page and the plots: whole in themselves, harmless whatever an index is called, and useful without matplotlib."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib", reason="plots need it")
pytest.importorskip("faiss", reason="graphs are faiss's")

from pinyon import studies
from pinyon.studies import Row, Source, Study, drawing, findings, plots
from pinyon.studies.plans import PLANS

HOSTILE = """</title><script>alert("x")</script><img src=//evil.example/x onerror='alert(1)'>&"""


@pytest.fixture(scope="module")
def measured() -> dict[str, Study]:
    source = Source(generate=(400, 8), query_count=20)
    return {
        "growth": studies.growth(source, rows=[200, 400], repeats=1),
        "hnsw": studies.hnsw(source, m=[4, 16], repeats=1),
        "ivf": studies.ivf(source, nlist=[4, 8], nprobe=[1, 8], repeats=1),
        "filter": studies.filters(source, selectivity=[0.5, 0.1], ef_search=[16], repeats=1),
        "quantise": studies.quantise(source, codes=["fp16", "pq4"], width=[4], repeats=1),
    }


class Page(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_of(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PLANS)
def test_a_saved_study_is_complete(tmp_path: Path, measured: dict[str, Study], name: str) -> None:
    assert measured[name].save(tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "plot.png",
        "plot.svg",
        "report.html",
        "results.csv",
        "results.json",
    ]
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    ElementTree.parse(tmp_path / "plot.svg")
    page = page_of(tmp_path)
    assert any(tag == "svg" for tag, _ in page.elements)
    assert "What the figures show" in page.texts
    assert sum(tag == "tr" for tag, _ in page.elements) >= 1 + len(measured[name].rows)
    said = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["findings"]
    assert said == {one: findings.sentences(measured[name], one) for one in ("en", "ko")}
    assert all(said.values())
    assert Study.read(tmp_path) == measured[name]


@pytest.mark.parametrize("name", PLANS)
def test_a_page_asks_for_nothing_from_elsewhere(tmp_path: Path, measured: dict[str, Study], name: str) -> None:
    measured[name].save(tmp_path)
    page = page_of(tmp_path)
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object", "image"}
    asked = [value for _, attributes in page.elements for key, value in attributes.items() if key in ("src", "href")]
    assert [value for value in asked if value and not value.startswith("#")] == []
    references = [
        v for _, a in page.elements for k, v in a.items() if k == "xlink:href" and v and not v.startswith("#")
    ]
    assert references == []
    assert "@import" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_page_follows_light_and_dark(tmp_path: Path, measured: dict[str, Study]) -> None:
    measured["hnsw"].save(tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "color-scheme: light dark" in text
    assert "currentColor" in text
    assert drawing.INK not in text
    assert not re.search(r"fill: ?(#ffffff|white)", text[text.index("<svg") :])


def test_a_hostile_name_is_text_and_nothing_else(tmp_path: Path, measured: dict[str, Study]) -> None:
    study = measured["hnsw"]
    source = Source(database="/data", index=HOSTILE, namespace="<b>", queries=HOSTILE)
    hostile = replace(study, settings=replace(study.settings, source=source))
    hostile = hostile.with_row(Row("flat", {}, error=HOSTILE))
    hostile.save(tmp_path)
    page = page_of(tmp_path)
    assert not {tag for tag, _ in page.elements} & {"script", "img", "b"}
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
    assert any("<script>alert" in text for text in page.texts)
    assert HOSTILE not in (tmp_path / "plot.svg").read_text(encoding="utf-8")


def test_without_matplotlib_there_is_a_page_with_the_table_and_a_word_on_plots(
    tmp_path: Path, measured: dict[str, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    remarks = measured["hnsw"].save(tmp_path)
    assert remarks == ["no plots: they need matplotlib, pip install 'pinyon[study]'"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "results.csv", "results.json"]
    page = page_of(tmp_path)
    assert any(tag == "td" for tag, _ in page.elements)
    assert remarks[0] in page.texts


def test_without_figures_there_is_no_plot(measured: dict[str, Study]) -> None:
    assert plots.draw(replace(measured["hnsw"], rows=()), "en") is None


def test_equal_figures_give_equal_plots(measured: dict[str, Study]) -> None:
    one, other = plots.draw(measured["ivf"], "en"), plots.draw(measured["ivf"], "en")
    assert one == other


@pytest.fixture
def fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """matplotlib's list of fonts, as it was afterwards; without any that has Korean letters, nor any in the system."""
    from matplotlib import font_manager

    monkeypatch.setattr(font_manager, "findSystemFonts", lambda *_, **__: [])
    listed = font_manager.fontManager.ttflist
    before = list(listed)
    drawing.korean_font.cache_clear()
    while (name := drawing.korean_font()) is not None:
        listed[:] = [one for one in listed if one.name != name]
        drawing.korean_font.cache_clear()
    yield listed
    listed[:] = before
    drawing.korean_font.cache_clear()
    font_manager.fontManager._findfont_cached.cache_clear()  # type: ignore[attr-defined]


def test_without_a_korean_font_plots_are_labelled_in_english_and_say_so(
    tmp_path: Path, measured: dict[str, Study], fonts: list[object]
) -> None:
    remarks = measured["hnsw"].save(tmp_path, "ko")
    assert remarks == ["그림의 글자는 영어입니다: 이 시스템에서 한글 글꼴을 찾지 못했습니다"]
    text = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert "ms per query" in text
    assert "구축(초)" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_with_a_korean_font_plots_are_labelled_in_korean(
    tmp_path: Path, measured: dict[str, Study], fonts: list[object]
) -> None:
    from matplotlib import font_manager

    font_manager.fontManager.addfont(korean(tmp_path / "korean.ttf"))
    drawing.korean_font.cache_clear()
    assert drawing.korean_font() == "Boxes KR"
    assert measured["hnsw"].save(tmp_path / "out", "ko") == []
    text = (tmp_path / "out" / "plot.svg").read_text(encoding="utf-8")
    assert "<!-- 재현율 -->" in text
    assert "ms per query" not in text


def test_a_korean_font_that_was_installed_after_matplotlib_made_its_list_is_found(
    tmp_path: Path, fonts: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib import font_manager

    (tmp_path / "gone.ttf").write_bytes(b"no font")
    found = [str(tmp_path / "gone.ttf"), str(korean(tmp_path / "korean.ttf"))]
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda *_, **__: found)
    drawing.korean_font.cache_clear()
    assert drawing.korean_font() == "Boxes KR"
    assert font_manager.findfont("Boxes KR", fallback_to_default=False) == found[1]


def korean(path: Path) -> Path:
    """A font in which every Korean syllable is a box, each of its own width."""
    builder = pytest.importorskip("fontTools.fontBuilder").FontBuilder(1000, isTTF=True)
    pen_type = pytest.importorskip("fontTools.pens.ttGlyphPen").TTGlyphPen
    syllables = {code: f"u{code:04X}" for code in range(0xAC00, 0xD7A4)}
    names = [".notdef", *syllables.values()]
    glyphs, widths = {}, {}
    for at, name in enumerate(names):
        pen = pen_type(None)
        for step, point in enumerate(((0, 0), (400 + at % 400, 0), (400, 700), (0, 700))):
            (pen.lineTo if step else pen.moveTo)(point)
        pen.closePath()
        glyphs[name], widths[name] = pen.glyph(), (1000, 0)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap(syllables)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(widths)
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Boxes KR", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(path)
    return path
