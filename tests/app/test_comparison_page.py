"""The page of a comparison: whole in itself, in two languages, and nothing of what it is told is markup."""

from __future__ import annotations

import base64
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL", reason='needs pip install "pinyon[pictures]"')

from models.colour_models import plain_file
from pinyon.app.compare_figures import Prices, figures
from pinyon.app.compare_report import SHOWN, page, save
from pinyon.app.compare_words import CELLS, HEADS, REASONS, REPORT
from pinyon.app.compared import ORIGINAL, Compared, Description, Found, Outcome, Way
from pinyon.app.describing import Spent
from pinyon.pictures import read_picture
from pinyon.rag.files import Skipped
from pinyon.types import Usage

HOSTILE = "</p><script>alert('x')</script><img src=x onerror=alert(1)>\"'&"
SETTINGS = {"index": "prompts", "namespace": "", "model": "colours 1", "seed": 7}
SPENT = Spent(1.5, Usage(1000, 20))


class Page(HTMLParser):
    """elements: (tag, attributes). texts: what a reader sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def one(folder: Path, name: str = "cat", **given: object) -> Compared:
    """A picture with (a), (b) and (c), where (d) could not be drawn."""
    home = folder / name
    home.mkdir(parents=True)
    for file in (ORIGINAL, "b.png", "c.png"):
        (home / file).write_bytes(plain_file((200, 100, 0)))
    (home / "result.json").write_bytes(b"{}")
    ways = {
        "b": Way("a description", 0.5, "b.png", 0.75, "paints", 7, spent=SPENT),
        "c": Way("its prompt", 0.625, "c.png", 0.875, "paints", 7, "a changed prompt"),
        "d": Way("a prompt", 0.25, missing="not drawn: refused", failed=True),
    }
    compared = Compared(
        f"/photos/{name}.png", "sha256:0", name, "its prompt", True, 2, (Found("p1", "a prompt", 0.25),),
        Description("a description", "names", True, SPENT), ways, {"embed": 0.25, "search": 0.25}, "",
    )  # fmt: skip
    return replace(compared, **given)  # type: ignore[arg-type]


def shown(outcome: Outcome, folder: Path, language: str = "en", prices: Prices | None = None) -> Page:
    return Page(page(outcome, figures(outcome.pictures), folder, prices or Prices(), language))


def test_the_page_tells_the_scores_times_and_costs(tmp_path: Path) -> None:
    outcome = Outcome((one(tmp_path),), (Skipped(Path("x.png"), "broken"),), SETTINGS)
    found = shown(outcome, tmp_path, prices=Prices(2.0, 10.0, 0.04))
    for told in (
        "rank of its prompt: 2", "picture 0.750, text 0.500", "picture 0.875, text 0.625", "text 0.250",
        "left out: not drawn: refused", "the model drew from: a changed prompt", "descriptions (cut off at the limit",
        "1,000 + 20", "0.0022", "0.04", "(d) from the prompt found: not drawn: refused (1 of 1)", "x.png: broken",
        "One picture is no evaluation", "R@1 0.000", "R@3 1.000", "MRR 0.500", "seed: 7",
    ):  # fmt: skip
        assert told in found.text, told
    # One description, and two pictures.
    assert "0.0822" in found.text


def test_the_page_holds_its_pictures_and_asks_for_nothing(tmp_path: Path) -> None:
    outcome = Outcome((one(tmp_path),), (), SETTINGS)
    text = page(outcome, figures(outcome.pictures), tmp_path, Prices(), "en")
    found = Page(text)
    assert not {tag for tag, _ in found.elements} & {"script", "link", "iframe", "object", "svg"}
    sources = [attributes["src"] or "" for tag, attributes in found.elements if tag == "img"]
    assert len(sources) == 3
    for source in sources:
        kind, _, data = source.partition(";base64,")
        assert kind == "data:image/webp"
        assert read_picture(base64.b64decode(data, validate=True), name="a").pixels.shape == (4, 4, 3)
    assert not [1 for _, attributes in found.elements if "href" in attributes]
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in text
    assert "color-scheme: light dark" in text
    assert 'lang="en"' in text


def test_nothing_that_is_told_becomes_markup(tmp_path: Path) -> None:
    hostile = {way: Way(HOSTILE, 0.5, model=HOSTILE, drawn_from=HOSTILE, missing=HOSTILE) for way in "bcd"}
    compared = one(
        tmp_path, path=HOSTILE, prompt=HOSTILE, found=(Found(HOSTILE, HOSTILE, 1.0),), ways=hostile,
        description=Description(HOSTILE, HOSTILE),
    )  # fmt: skip
    settings = dict.fromkeys(SETTINGS, HOSTILE)
    outcome = Outcome((compared,), (Skipped(Path(HOSTILE), HOSTILE),), settings)
    for language in ("en", "ko"):
        found = shown(outcome, tmp_path, language)
        assert "script" not in {tag for tag, _ in found.elements}
        assert [a for tag, a in found.elements if tag == "img" and not (a["src"] or "").startswith("data:")] == []
        assert not [key for _, attributes in found.elements for key in attributes if key.startswith("on")]
        assert "alert('x')" in found.text


def test_the_page_is_korean_where_that_is_asked_for(tmp_path: Path) -> None:
    ways = {"b": Way(missing="no model that describes pictures was named"), "c": Way(), "d": Way("x", 0.5)}
    found = shown(Outcome((one(tmp_path, ways=ways),), (), SETTINGS), tmp_path, "ko")
    assert "네 그림의 비교" in found.text
    assert "없음: 설명하는 모델을 지정하지 않음" in found.text
    assert "left out" not in found.text
    assert found.elements[0] == ("html", {"lang": "ko"})


def test_every_text_is_there_in_both_languages() -> None:
    for words in (CELLS, HEADS, REPORT):
        assert [key for key, texts in words.items() if set(texts) != {"en", "ko"}] == []
    assert all(REASONS.values())


def test_many_pictures_are_counted_and_the_first_are_shown(tmp_path: Path) -> None:
    first = one(tmp_path)
    outcome = Outcome(tuple(replace(first, path=f"{n}.png") for n in range(SHOWN + 5)), (), SETTINGS)
    found = shown(outcome, tmp_path)
    assert sum(tag == "section" for tag, _ in found.elements) == SHOWN
    assert f"The first {SHOWN} are shown" in found.text
    assert f"Pictures: {SHOWN + 5}, against" in found.text
    assert "One picture" not in found.text
    assert "another original" not in found.text
    counted = figures(outcome.pictures, np.eye(len(outcome.pictures), dtype=np.float32))
    assert (
        "another original (chance) 0.000 0.000 – 0.000 105"
        in Page(page(outcome, counted, tmp_path, Prices(), "en")).text
    )


def test_a_run_without_a_picture_has_a_page_too(tmp_path: Path) -> None:
    found = shown(Outcome((), (), SETTINGS, interrupted=True), tmp_path)
    assert "The run was interrupted" in found.text
    assert "There is nothing to count." in found.text


def test_a_picture_that_somebody_deleted_leaves_an_empty_place(tmp_path: Path) -> None:
    compared = one(tmp_path)
    (tmp_path / "cat" / "b.png").unlink()
    (tmp_path / "cat" / "c.png").write_bytes(b"no picture")
    outcome = Outcome((compared,), (), SETTINGS)
    assert save(outcome, figures(outcome.pictures), tmp_path, Prices(), "en") == []
    assert sum(tag == "img" for tag, _ in shown(outcome, tmp_path).elements) == 1
