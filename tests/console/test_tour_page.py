"""The first visit: the tour makes its index, and every step happens on it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from conftest import NIGHTLY
from console.browsing import Visit, visit
from sdk.places import Serving

HEADERS = {"X-Pinecone-Api-Version": "2025-10"}
MAKE = "Make the index and write the texts"
DONE = "The index is there, with all 200 texts."
STEPS = (
    *("start", "meaning", "words", "filter", "recall", "map", "ask", "clean"),
    *("learn", "learn&lesson=metric", "learn&lesson=ef", "learn&lesson=filter"),
)


class Api:
    """The server beside the page; ``tour`` is gone before and after each test."""

    def __init__(self, server: Serving) -> None:
        self.http = httpx.Client(base_url=server.url, headers={**HEADERS, "Api-Key": server.key}, timeout=120)

    def count(self) -> int:
        return int(self.http.get("/indexes/tour/describe_index_stats").json()["totalVectorCount"])

    def is_there(self) -> bool:
        return self.http.get("/indexes/tour").status_code == 200

    def remove(self) -> None:
        self.http.delete("/indexes/tour")


@pytest.fixture
def api(server: Serving, loopback: None) -> Iterator[Api]:
    opened = Api(server)
    opened.remove()
    yield opened
    opened.remove()
    opened.http.close()


def make(page: Page, button: str = MAKE, done: str = DONE) -> None:
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text(done)).to_be_visible(timeout=60_000)


def forward(page: Page, step: str) -> None:
    page.get_by_role("button", name=f"Next: {step}").click()
    expect(page.get_by_role("heading", level=2, name=step)).to_be_focused()


def test_the_whole_tour(visitor: Visit, api: Api) -> None:
    page = visitor.go("/tour")
    expect(page.get_by_text("a small local model stands in for it")).to_be_visible()
    make(page)
    assert api.count() == 200

    forward(page, "Search by meaning")
    hits = page.get_by_role("list", name="Results").get_by_role("listitem")
    expect(hits).to_have_count(6)
    expect(hits.filter(has_text="뜨거운 국수")).to_have_count(1)
    expect(hits.filter(has_text="hot noodle soup")).to_have_count(1)
    page.get_by_label("Your question").fill("a train that leaves early")
    expect(hits.filter(has_text="KTX-417").first).to_be_visible()
    assert "q=a+train" in page.url

    forward(page, "Words, and hybrid")
    for column in ("By words", "Hybrid: both"):
        first = page.get_by_role("region", name=column).get_by_role("listitem").first
        expect(first).to_contain_text("섬의 해녀들은", timeout=60_000)  # the first time, a dictionary is read
        expect(first.locator("mark")).to_have_text("해녀")
    page.get_by_role("button", name="computer problem").click()
    expect(page.get_by_role("region", name="By words")).to_contain_text("Nothing was found")

    forward(page, "Filter")
    expect(page.get_by_text("The filter keeps 100 of 200 records (50%).")).to_be_visible()
    page.get_by_label("Topic").select_option("food")
    expect(page.get_by_text("The filter keeps 5 of 200 records (2.5%).")).to_be_visible()
    expect(page.locator("pre")).to_contain_text('"topic": {"$eq": "food"}')

    forward(page, "Recall, proved")
    expect(page.get_by_text("Recall of the first 10: 100%")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("200 of 200 records")).to_be_visible()

    forward(page, "Play and learn")
    expect(page.get_by_text("of 10 results are about it")).to_be_visible()
    lessons(page)
    visitor.check_accessible()

    forward(page, "See it on a map")
    expect(page.get_by_role("img", name="Map of the sample texts").locator("g")).to_have_count(200)
    expect(page.get_by_role("link", name="Open the whole map")).to_have_attribute("href", "/console/indexes/tour/map")
    forward(page, "Ask a document")
    forward(page, "Clean up")
    clean_up(page, api)


def lessons(page: Page) -> None:
    page.get_by_label("k, results asked for").fill("40")
    expect(page.get_by_text("of 40 results are about it")).to_be_visible()
    page.get_by_role("link", name="Metric", exact=True).click()
    page.get_by_label("Length of the marked text’s vector").fill("3")
    places = {"cosine": "place 8", "dot product": "place 1", "euclidean": "place 199"}
    for metric, place in places.items():
        expect(page.get_by_role("region", name=metric)).to_contain_text(f"the marked text: {place}")
    page.get_by_role("link", name="ef_search").click()
    page.get_by_label("ef_search, how many it remembers").fill("1")
    expect(page.get_by_text("found 0 of the 5 nearest")).to_be_visible()
    page.get_by_label("ef_search, how many it remembers").fill("60")
    expect(page.get_by_text("found 5 of the 5 nearest")).to_be_visible()
    page.get_by_role("link", name="Filter", exact=True).last.click()
    expect(page.get_by_role("heading", name="Filtered first: 6 results")).to_be_visible()


def clean_up(page: Page, api: Api) -> None:
    page.get_by_role("button", name="Delete the index “tour”").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_label("Type tour to confirm").fill("tour")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nothing is left to clean up")).to_be_visible()
    assert not api.is_there()


@pytest.mark.nightly
def test_a_tour_that_was_broken_off_goes_on_where_it_stopped(visitor: Visit, api: Api) -> None:
    page = visitor.page
    written: list[int] = []

    def break_off(route: object) -> None:
        written.append(1)
        route.abort() if len(written) == 4 else route.continue_()  # type: ignore[attr-defined]

    page.route("**/upsert", break_off)
    visitor.go("/tour?step=start").get_by_role("button", name=MAKE).click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    expect(page.get_by_text("An earlier visit stopped at 60 of 200 texts.")).to_be_visible()
    assert api.count() == 60
    visitor.go("/tour?step=filter")
    expect(page.get_by_text("This step needs the sample index.")).to_be_visible()
    page.get_by_role("link", name="Make it").click()
    make(page, "Write the remaining 140")
    assert (api.count(), len(written)) == (200, 4 + 7)


def test_another_index_of_that_name_is_not_written_to(visitor: Visit, api: Api) -> None:
    spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
    api.http.post("/indexes", json={"name": "tour", "dimension": 2, "metric": "cosine", "spec": spec})
    api.http.post("/indexes/tour/vectors/upsert", json={"vectors": [{"id": "mine", "values": [1, 0]}]})
    page = visitor.go("/tour?step=start")
    expect(page.get_by_text("this tour did not make it")).to_be_visible()
    expect(page.get_by_text("it cannot be searched by text")).to_be_visible()
    expect(page.get_by_role("button", name=MAKE)).to_have_count(0)
    assert api.count() == 1
    page.get_by_role("button", name="Delete it and begin anew").click()
    page.get_by_label("Type tour to confirm").fill("tour")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name=MAKE)).to_be_visible()


@pytest.mark.skipif(not NIGHTLY, reason="the rarer half of the test above")
def test_somebody_elses_index_of_texts_can_be_used_as_it_is(visitor: Visit, api: Api) -> None:
    embed = {"model": "multilingual-e5-large", "field_map": {"text": "text"}}
    body = {"name": "tour", "cloud": "aws", "region": "us-east-1", "embed": embed}
    api.http.post("/indexes/create-for-model", json=body).raise_for_status()
    path = "/indexes/tour/records/namespaces/__default__/upsert"
    line = '{"_id": "a", "text": "<img src=x onerror=window.__harmed=true> noodles"}'
    api.http.post(path, content=line, headers={"Content-Type": "application/x-ndjson"}).raise_for_status()
    page = visitor.go("/tour?step=start")
    page.get_by_role("button", name="Use it as it is").click()
    forward(page, "Search by meaning")
    expect(page.get_by_role("list", name="Results")).to_contain_text("<img src=x")
    visitor.go("/tour?step=clean").get_by_role("button", name="Delete the index").click()
    expect(page.get_by_role("dialog")).to_contain_text("This tour did not make that index")


@pytest.mark.nightly
def test_progress_is_remembered_and_arrow_keys_turn_the_page(visitor: Visit, api: Api) -> None:
    page = visitor.go("/tour")
    make(page)
    page.locator("body").press("ArrowRight")
    expect(page.get_by_role("heading", level=2, name="Search by meaning")).to_be_visible()
    page.get_by_label("Your question").press("ArrowRight")  # means the caret here
    page.get_by_role("heading", level=2, name="Search by meaning").press("ArrowRight")
    expect(page.get_by_role("heading", level=2, name="Words, and hybrid")).to_be_visible()
    visitor.go("/tour")
    expect(page.get_by_role("heading", level=2, name="Words, and hybrid")).to_be_visible()
    steps = page.get_by_role("navigation", name="Steps of the tour")
    expect(steps.locator(".done")).to_have_count(2)
    steps.get_by_role("link", name="Sample data").click()
    expect(page.get_by_text(DONE)).to_be_visible()


@pytest.mark.nightly
def test_key_steps_in_korean_on_a_phone(browser: Browser, server: Serving, api: Api) -> None:
    with visit(browser, server.url, server.key, language="ko", theme="dark", width=360) as visitor:
        page = visitor.go("/tour")
        make(page, "인덱스를 만들고 글 저장하기", "글 200개가 모두 저장된 인덱스가 있습니다.")
        page.get_by_role("button", name="다음: 의미로 검색").click()
        page.get_by_role("button", name="잠이 안 올 때").click()
        expect(page.get_by_role("list", name="결과")).to_contain_text("coffee keeps her awake")
        visitor.go("/tour?step=recall")
        expect(page.get_by_text("상위 10개의 재현율: 100%")).to_be_visible(timeout=30_000)
        page.goto(f"{server.url}/console/tour?step=words")
        expect(page.get_by_role("region", name="단어", exact=True)).to_contain_text("섬의 해녀들은", timeout=60_000)
        for step in STEPS if NIGHTLY else ("words", "filter", "learn&lesson=ef", "map"):
            visitor.go(f"/tour?step={step}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, step
            if NIGHTLY:
                visitor.check_accessible()
