"""The studies page: files of the command line become charts, nothing leaves the browser, and no file does harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

pytest.importorskip("faiss", reason="what is studied is faiss's")

from console.browsing import Visit, visit
from console.hostile import STRANGE, TEXTS
from pinyon import studies
from sdk.places import Serving


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Results as the command line writes them."""
    folder = tmp_path_factory.mktemp("studies")
    source = studies.Source(generate=(400, 8), query_count=20)
    made = {
        "hnsw": studies.hnsw(source, m=[4, 16], repeats=1),
        "filter": studies.filters(source, selectivity=[0.5, 0.1], ef_search=[16], repeats=1),
    }
    for name, study in made.items():
        study.save(folder / name)
    larger = studies.Source(generate=(5_000, 16), query_count=20)
    studies.tune(larger, recall=0.9, kinds=["flat", "scan"], repeats=1).save(folder / "tune")
    return {name: folder / name / "results.json" for name in made} | {"tune": folder / "tune" / "tuning.json"}


def opened(page: Page, *paths: Path) -> Locator:
    page.locator("input[type=file]").set_input_files(list(paths))
    panels = page.locator("section.study")
    expect(panels).to_have_count(len(paths))
    return panels


def column(panel: Locator, head: str) -> list[str]:
    heads = [text.strip(" ↑↓") for text in panel.locator("thead th").all_inner_texts()]
    rows = panel.locator("tbody tr").evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.innerText))")
    return [row[heads.index(head)] for row in rows]


def figures(page: Page) -> Locator:
    return page.locator("section.study .study-rows")


def test_a_study_shows_its_figures_and_what_they_say(files: dict[str, Path], visitor: Visit) -> None:
    found = json.loads(files["hnsw"].read_text())
    page = visitor.go("/studies")
    panel = opened(page, files["hnsw"]).first
    for sentence in found["findings"]["en"]:
        expect(panel).to_contain_text(sentence)
    shown = column(figures(page), "R@10")
    assert [float(text) for text in shown] == pytest.approx([row["recall_at_k"] for row in found["rows"]], abs=1e-4)
    expect(panel.locator("figure canvas")).to_have_count(2)
    panel.get_by_text("Settings").click()
    expect(panel).to_contain_text("source.generate")
    visitor.check_accessible()


@pytest.mark.nightly
def test_rows_are_sorted_by_any_column(files: dict[str, Path], visitor: Visit) -> None:
    page = visitor.go("/studies")
    opened(page, files["hnsw"])
    head = page.get_by_role("columnheader", name="index MB")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    up = [float(text) for text in column(figures(page), "index MB")]
    assert up == sorted(up)
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert [float(text) for text in column(figures(page), "index MB")] == up[::-1]


@pytest.mark.nightly
def test_charts_have_the_axes_that_one_chooses(files: dict[str, Path], visitor: Visit) -> None:
    page = visitor.go("/studies")
    panel = opened(page, files["hnsw"]).first
    panel.get_by_label("Across").first.select_option("m")
    panel.get_by_label("Up").first.select_option("build_seconds")
    chart = panel.locator("figure").first
    expect(chart).to_contain_text("build s by m")
    chart.get_by_text("The figures as a table").click()
    expect(chart.locator("tbody tr")).to_have_count(2)  # exact search has no m
    panel.get_by_label("Across").first.select_option("recall_at_k")
    expect(chart.locator("tbody tr")).to_have_count(3)
    flat = chart.get_by_role("button", name="flat")
    flat.click()
    expect(flat).to_have_attribute("aria-pressed", "false")
    panel.get_by_label("log").first.check()
    expect(chart.locator("canvas")).to_be_visible()


def test_a_tuning_marks_what_was_chosen(files: dict[str, Path], visitor: Visit) -> None:
    found = json.loads(files["tune"].read_text())
    page = visitor.go("/studies")
    panel = opened(page, files["tune"]).first
    chosen = panel.locator("tr.chosen")
    expect(chosen).to_have_count(1)
    expect(chosen).to_contain_text(found["best"]["index"])
    times = [float(text) for text in column(figures(page), "ms per query")]
    assert min(times) == pytest.approx(min(one["milliseconds"] for one in found["front"]), abs=1e-3)
    expect(panel.get_by_role("button", name="best trade-offs").first).to_be_visible()


def test_several_files_stand_side_by_side_and_none_leaves_the_browser(files: dict[str, Path], visitor: Visit) -> None:
    page = visitor.go("/studies")
    sent: list[str] = []

    def note(request: Request) -> None:
        sent.append(f"{request.method} {request.url}")

    page.on("request", note)
    opened(page, *files.values())
    expect(page.get_by_role("heading", name="All files together")).to_be_visible()
    expect(page.locator("section.study")).to_contain_text(["results.json", "results.json (2)", "tuning.json"])
    page.get_by_role("button", name="Close results.json (2)").click()
    expect(page.locator("section.study")).to_have_count(2)
    assert sent == []
    page.get_by_role("link", name="Operate").click()
    page.get_by_role("link", name="Studies").click()
    expect(page.locator("section.study")).to_have_count(2)


def test_a_broken_or_foreign_file_is_refused_with_what_is_wrong(
    tmp_path: Path, files: dict[str, Path], visitor: Visit
) -> None:
    page = visitor.go("/studies")
    opened(page, files["hnsw"])
    for number, (content, said) in enumerate(
        (
            ("{", "it is not JSON"),
            ('{"format": "something else"}', "its format is something else"),
            ('{"format": "pinyon study 9"}', "newer release"),
            ('{"format": "pinyon study 1", "settings": {"study": "hnsw"}, "rows": [{"kind": 3}]}', "rows[0].kind"),
            ('{"format": "pinyon tuning 1", "settings": {}}', "contract is missing"),
        )
    ):
        bad = tmp_path / f"bad-{number}.json"
        bad.write_text(content)
        page.locator("input[type=file]").set_input_files(bad)
        expect(page.get_by_role("alert")).to_contain_text(f"{bad.name}: ")
        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(page.locator("section.study")).to_have_count(1)


def test_a_hostile_file_is_text(tmp_path: Path, files: dict[str, Path], browser: Browser, server: Serving) -> None:
    harmful = [*TEXTS, *STRANGE]
    found: dict[str, Any] = json.loads(files["hnsw"].read_text())
    found["settings"]["study"] = TEXTS[0]
    found["settings"] |= {text: text for text in harmful}
    found["environment"] |= {text: {text: text} for text in harmful}
    found["findings"] = {"en": harmful, "ko": harmful}
    found["started"] = TEXTS[1]
    found["rows"] = [
        found["rows"][0] | {"kind": text, "parameters": {text: text, "__proto__": 1, "m": 4}, "error": error}
        for text in harmful
        for error in (None, text)
    ]
    file = tmp_path / f"{TEXTS[1]}.json".replace("/", " ")
    file.write_text(json.dumps(found))
    with visit(browser, server.url, server.key, width=360) as visitor:
        page = visitor.go("/studies")
        panel = opened(page, file).first
        for text in TEXTS:
            expect(panel.locator(".study-says")).to_contain_text(text)
        panel.get_by_text("Settings").click()
        panel.locator("figure .u-over").first.hover()
        assert not visitor.harmed()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        visitor.check_accessible()
