"""The proof page: what it says of recall is what the API itself says, query by query."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import APIRequestContext, Browser, Locator, Page, Route, expect

from console.browsing import Visit, visit
from console.hostile import TEXTS
from sdk.places import Serving

ROWS, NUMBERS, TOP_K = 4_500, 24, 10
BARE = "bare"


class Api:
    """The index ``lists``: searches of it read one of 60 lists, so that they miss something."""

    def __init__(self, requests: APIRequestContext) -> None:
        self.requests = requests

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.requests.post(path, data=body)
        assert answer.ok, answer.text()
        return answer.json()

    def make(self) -> None:
        spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
        tags = {"pinyon-index": "ivf nlist 60 nprobe 1 recall 0.99"}
        about = {"name": "lists", "dimension": NUMBERS, "metric": "cosine", "spec": spec, "tags": tags}
        self.post("/indexes", about)
        rows = np.round(np.random.default_rng(11).standard_normal((ROWS, NUMBERS)), 3).tolist()
        for start in range(0, ROWS, 500):
            vectors = [
                {"id": f"row-{row:04}", "values": rows[row], "metadata": {"part": row % 500, "even": row % 2 == 0}}
                for row in range(start, start + 500)
            ]
            self.post("/indexes/lists/vectors/upsert", {"vectors": vectors})
        bare = [{"id": f"bare-{row}", "values": rows[row]} for row in range(30)]
        self.post("/indexes/lists/vectors/upsert", {"vectors": bare, "namespace": BARE})
        until = time.monotonic() + 60
        while self.ask("row-0000")["plan"]["kind"] != "ivf":
            assert time.monotonic() < until, "the lists were not built"
            time.sleep(0.2)

    def ask(self, id_: str, *, exact: bool = False) -> Any:
        """The answer to a record that is asked for itself, and left out."""
        body = {"id": id_, "topK": TOP_K + 1, "exact": exact, "explain": True}
        found = self.post("/indexes/lists/query", body)
        others = [match["id"] for match in found["matches"] if match["id"] != id_][:TOP_K]
        return found | {"ids": others}

    def quality(self) -> Any:
        return self.post("/indexes/lists/describe_index_stats", {})["namespaces"]["__default__"]["quality"]


@pytest.fixture(scope="module")
def api(browser: Browser, server: Serving) -> Iterator[Api]:
    """Asked by the browser's process: tests themselves use no network."""
    headers = {"X-Pinecone-Api-Version": "2025-10", "Api-Key": server.key}
    context = browser.new_context(base_url=server.url, extra_http_headers=headers)
    made = Api(context.request)
    made.make()
    yield made
    made.requests.delete("/indexes/lists")
    context.close()


def section(page: Page, title: str) -> Locator:
    return page.locator("section").filter(has=page.get_by_role("heading", level=2, name=title))


def figure(part: Locator, name: str) -> Locator:
    """The value of a figure that stands with its name and its meaning."""
    return part.locator("dl > div").filter(has=part.page.get_by_text(name, exact=True)).locator("strong")


def outcomes(part: Locator) -> Locator:
    """The rows of a proof, one a query."""
    return part.get_by_role("region", name="Queries of the proof").locator("tbody tr")


def prove(page: Page, ids: list[str]) -> Locator:
    part = section(page, "Prove it now")
    part.get_by_label("Queries", exact=True).select_option("pasted")
    part.get_by_label("An id or a vector a line").fill("\n".join(ids))
    part.get_by_role("button", name="Prove it").click()
    expect(outcomes(part)).to_have_count(len(ids))
    expect(part.get_by_role("button", name="Cancel")).to_have_count(0)
    return part


def test_recall_is_what_the_api_itself_says(api: Api, visitor: Visit) -> None:
    ids = [f"row-{row:04}" for row in range(0, ROWS, 180)]
    asked = {one: (api.ask(one)["ids"], api.ask(one, exact=True)["ids"]) for one in ids}
    found = {one: len(set(near) & set(exact)) for one, (near, exact) in asked.items()}
    assert 0 < sum(found.values()) < TOP_K * len(ids), "an index that misses nothing, or everything, proves nothing"

    page = visitor.go("/indexes/lists/proof")
    part = prove(page, ids)
    rows = [[cell.strip() for cell in row] for row in outcomes(part).evaluate_all(CELLS)]
    assert {row[0]: row[1] for row in rows} == {one: f"{count} / {TOP_K}" for one, count in found.items()}
    for name, _, _, _, way, missed in rows:
        near, exact = asked[name]
        assert way == "ivf"
        assert [one for one in missed.split(", ") if one] == [one for one in exact if one not in near]
    mean = sum(found.values()) / TOP_K / len(ids)
    assert figure(part, f"Recall@{TOP_K}").inner_text() == f"{100 * mean:.2f}".rstrip("0").rstrip(".") + "%"
    whole = sum(count == TOP_K for count in found.values())
    assert figure(part, "Found everything").inner_text() == f"{whole} of {len(ids)}"
    part.get_by_label("Only queries that missed something").check()
    expect(outcomes(part)).to_have_count(len(ids) - whole)
    address = outcomes(part).first.get_by_role("link").first.get_attribute("href") or ""
    assert address.startswith("/console/indexes/lists/search?by=id&id=row-")


CELLS = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"


def test_a_proof_may_be_of_the_records_that_match_a_filter(api: Api, visitor: Visit) -> None:
    few = {"part": {"$lt": 5}}  # 45 records
    page = visitor.go(f"/indexes/lists/proof?filter={quote(json.dumps(few))}")
    part = prove(page, ["row-0777"])
    expect(outcomes(part)).to_contain_text("10 / 10")
    expect(outcomes(part)).to_contain_text("gather")
    part.get_by_text("The API call").click()
    expect(part).to_contain_text('"$lt": 5')
    address = outcomes(part).get_by_role("link").first.get_attribute("href") or ""
    assert "filter=%7B%22part%22" in address


@pytest.mark.nightly
def test_queries_are_drawn_from_the_index_or_mixed_of_it(api: Api, visitor: Visit) -> None:
    page = visitor.go("/indexes/lists/proof?n=20&k=5")
    part = section(page, "Prove it now")
    part.get_by_role("button", name="Prove it").click()
    expect(outcomes(part)).to_have_count(20)
    expect(figure(part, "Recall@5")).to_be_visible()
    part.get_by_label("Queries", exact=True).select_option("mixtures")
    part.get_by_role("button", name="Prove it").click()
    expect(outcomes(part).first).to_contain_text("½ row-")
    expect(outcomes(part)).to_have_count(20)
    assert "ask=mixtures" in page.url


def test_a_proof_that_is_cancelled_keeps_what_it_found(api: Api, visitor: Visit) -> None:
    page = visitor.go("/indexes/lists/proof?n=200")
    asked = []

    def hold(route: Route) -> None:
        asked.append(route)
        if len(asked) <= 15:  # seven queries, and half of the eighth
            route.continue_()

    page.route("**/query", hold)
    part = section(page, "Prove it now")
    part.get_by_role("button", name="Prove it").click()
    expect(part.get_by_text("7 of 200")).to_be_visible()
    part.get_by_role("button", name="Cancel").click()
    expect(part.get_by_text("Cancelled after 7 of 200")).to_be_visible()
    expect(outcomes(part)).to_have_count(7)
    expect(figure(part, "Found everything")).to_contain_text("of 7")
    expect(part.get_by_role("button", name="Prove it")).to_be_enabled()


@pytest.mark.nightly
def test_recall_is_measured_for_filters_that_keep_fewer_and_fewer(api: Api, visitor: Visit) -> None:
    page = visitor.go("/indexes/lists/proof")
    part = section(page, "Recall against selectivity")
    part.get_by_role("button", name="Measure").click()
    expect(part.get_by_role("button", name="Cancel")).to_have_count(0, timeout=60_000)
    rows = part.locator("table").first.locator("tbody tr").evaluate_all(CELLS)
    matching = [int(row[1].replace(",", "")) for row in rows]
    assert rows[0][0] == "no filter"
    assert matching[0] == ROWS
    assert matching == sorted(matching, reverse=True)
    assert matching[-1] < ROWS / 100
    assert {"even = true", "even = false"} & {row[0] for row in rows}
    few = [row for row, count in zip(rows, matching, strict=True) if count <= ROWS * 0.02]
    assert [row[3] for row in few] == ["100%"] * len(few), "few rows are compared one by one"
    expect(part.locator("figure canvas")).to_have_count(2)


@pytest.mark.nightly
def test_without_fields_there_is_no_filter_and_a_small_namespace_has_no_meter(api: Api, visitor: Visit) -> None:
    page = visitor.go(f"/indexes/lists/proof?namespace={BARE}")
    expect(section(page, "Recall against selectivity")).to_contain_text("No filter can be made")
    expect(section(page, "The contract's meter")).to_contain_text("There is nothing to measure here")
    part = section(page, "Prove it now")
    part.get_by_role("button", name="Prove it").click()
    expect(outcomes(part)).to_have_count(30)  # all that there are
    assert figure(part, f"Recall@{TOP_K}").inner_text() == "100%"


def test_the_meter_is_the_one_of_the_index(api: Api, visitor: Visit) -> None:
    page = visitor.go("/indexes/lists/proof")
    part = section(page, "The contract's meter")
    expect(figure(part, "Target")).to_have_text("99%")
    expect(figure(part, "How it searches")).to_have_text("ivf")
    expect(part.locator("figure canvas")).to_be_visible()
    shown = f"{api.quality()['recall']:.2%}".rstrip("0%").rstrip(".") + "%"
    expect(figure(part, "Recall")).to_have_text(shown, timeout=10_000)  # looked at again every few seconds


@pytest.mark.nightly
def test_requests_are_counted_as_the_server_counts_them(api: Api, visitor: Visit) -> None:
    page = visitor.go("/indexes/lists/proof")
    part = section(page, "How long requests take")
    expect(part.get_by_text("Where queries spend it")).to_be_visible()
    lines = api.requests.get("/metrics").text().splitlines()
    counted = [line for line in lines if line.startswith("pinyon_request_duration_seconds_count{")]
    upserts = sum(float(line.rpartition(" ")[2]) for line in counted if 'operation="upsert"' in line)
    part.get_by_label("Operation").select_option("upsert")
    assert figure(part, "Requests").inner_text() == f"{upserts:,.0f}"
    expect(figure(part, "p99")).to_contain_text("s")


def test_bad_queries_are_refused_before_anything_is_asked(api: Api, visitor: Visit) -> None:
    page = visitor.go("/indexes/lists/proof?ask=pasted")
    part = section(page, "Prove it now")
    field = part.get_by_label("An id or a vector a line")
    for text, said in (
        ("[1, 2, 3]", "has 3 numbers, and the index 24"),
        (str([0.5] * 20_000), "has 20,000 numbers, and the index 24"),
        ("row-0001\n[1, ", "Line 2 is not JSON"),
        ('["a"]', "Line 1 holds something that is no number"),
        ("  ", "Enter an id or a vector"),
    ):
        field.fill(text)
        part.get_by_role("button", name="Prove it").click()
        expect(part).to_contain_text(said)
        expect(field).to_have_value(text)
        expect(outcomes(part)).to_have_count(0)


@pytest.mark.nightly
def test_numbers_beyond_their_limits_are_told_at_once(api: Api, visitor: Visit) -> None:
    page = visitor.go("/indexes/lists/proof?n=5&k=0")
    part = section(page, "Prove it now")
    expect(part).to_contain_text("20 to 200")
    expect(part).to_contain_text("1 to 1000")
    expect(part.get_by_role("button", name="Prove it")).to_be_disabled()


def test_an_index_that_is_gone_is_told(visitor: Visit) -> None:
    page = visitor.go("/indexes/nowhere/proof")
    expect(page.get_by_role("alert").first).to_contain_text("not there")


@pytest.mark.nightly
def test_hostile_ids_are_texts(visitor: Visit) -> None:
    page = visitor.go("/indexes/hostile/proof")
    part = prove(page, list(TEXTS[:6]))
    expect(part).to_contain_text("<img src=x onerror=")
    assert not visitor.harmed()


@pytest.mark.parametrize("width", [360, 1280])
def test_everybody_can_use_the_page(api: Api, browser: Browser, server: Serving, width: int) -> None:
    with visit(browser, server.url, server.key, width=width) as visitor:
        page = visitor.go("/indexes/lists/proof")
        prove(page, ["row-0001", "row-0002"])
        visitor.check_accessible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
