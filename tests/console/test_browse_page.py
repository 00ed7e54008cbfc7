"""Browsing: a long table, the filter, one record's metadata, deleting, exporting, and what others do meanwhile."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from console.browsing import Visit, scrolled, visit
from console.hostile import TEXTS
from console.seed import ascii_of
from sdk.places import Serving

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
SEA = {"$and": [{"topic": {"$eq": "sea"}}, {"year": {"$gte": 1990}}]}


@pytest.fixture
def api(server: Serving, loopback: None) -> Iterator[httpx.Client]:
    headers = {"Api-Key": server.key, "X-Pinecone-Api-Version": "2025-10"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        yield client


def _post(api: httpx.Client, path: str, body: Any) -> Any:
    answer = api.post(path, json=body)
    answer.raise_for_status()
    return answer.json() if answer.content else None


@pytest.fixture
def scratch(api: httpx.Client) -> Iterator[Callable[[str, list[dict[str, Any]]], str]]:
    """An index of two dimensions for one test, with these records."""
    made = []

    def make(name: str, vectors: list[dict[str, Any]]) -> str:
        spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
        _post(api, "/indexes", {"name": name, "dimension": 2, "metric": "cosine", "spec": spec})
        made.append(name)
        _post(api, f"/indexes/{name}/vectors/upsert", {"vectors": vectors})
        return name

    yield make
    for name in made:
        api.delete(f"/indexes/{name}")


def _birds(count: int) -> list[dict[str, Any]]:
    return [
        {"id": f"bird-{at:03}", "values": [1.0, at + 0.5], "metadata": {"kind": "jay" if at % 3 else "owl", "at": at}}
        for at in range(count)
    ]


def _stored(api: httpx.Client, index: str, id: str) -> dict[str, Any] | None:
    found = api.get(f"/indexes/{index}/vectors/fetch", params={"ids": id}).json()["vectors"]
    return found.get(id)


def _panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Record")


def _status(page: Page) -> Locator:
    return page.locator(".browse-status")


# -- the list ----------------------------------------------------------------------------------------------------------


def test_twenty_thousand_records_scroll_smoothly_and_are_read_where_they_are_in_sight(
    visitor: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    page = visitor.go("/indexes/points/browse")
    expect(_status(page)).to_contain_text("20,000 records")
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", "20000")
    times = np.array(scrolled(page, 400, 120))
    with capsys.disabled():
        figures = f"median {np.median(times):.1f}, 95 % {np.percentile(times, 95):.1f}, longest {times.max():.1f}"
        print(f"\n20,000 records, 400 px a frame: frame times in ms: {figures}")  # noqa: T201
    page.evaluate("document.querySelector('.virtual').scrollTop = 1e9")
    last = page.get_by_role("row").filter(has_text="point-19999")
    expect(last).to_be_visible()
    expect(last.get_by_role("cell").nth(2)).to_have_text(re.compile(r"c\d\d"))
    assert page.locator(".virtual-row").count() < 60


@pytest.mark.nightly
def test_columns_namespace_and_the_beginning_of_an_id_are_in_the_address(visitor: Visit) -> None:
    page = visitor.go("/indexes/films/browse")
    page.keyboard.press("/")
    page.keyboard.type("film-31")
    page.get_by_text("Columns").click()
    page.get_by_role("checkbox", name="rating").uncheck()
    expect(page.get_by_role("columnheader", name="rating")).to_have_count(0)
    expect(_status(page)).to_contain_text("10 records match")
    page.reload()
    expect(page.get_by_label("Id begins with")).to_have_value("film-31")
    expect(_status(page)).to_contain_text("10 records match")
    expect(page.get_by_role("columnheader", name="rating")).to_have_count(0)
    page.get_by_label("Id begins with").fill("이름")
    expect(page.get_by_role("alert")).to_contain_text("ASCII")
    visitor.go("/indexes/hostile/browse")
    page.get_by_label("Namespace").select_option(ascii_of("이름"))
    page.wait_for_url("**namespace=*")
    expect(_status(page)).to_contain_text("23 records")


@pytest.mark.nightly
def test_records_are_cards_on_a_phone_and_nothing_is_wider_than_the_screen(browser: Browser, server: Serving) -> None:
    with visit(browser, server.url, server.key, width=360) as visitor:
        for path in (
            "/indexes/films/browse",
            "/indexes/films/browse?view=table",
            "/indexes/films/browse?id=film-003",
            f"/indexes/hostile/browse?id={'x' * 400}",
            f"/indexes/films/browse?filter={quote(json.dumps(SEA))}",
        ):
            page = visitor.go(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        page = visitor.go("/indexes/films/browse")
        expect(page.locator(".record-card").first).to_contain_text("film-000")


@pytest.mark.parametrize(
    "path",
    [
        "films/browse?id=film-003",
        pytest.param("films/browse?view=cards", marks=pytest.mark.nightly),
        pytest.param(f"films/browse?filter={quote(json.dumps(SEA))}", marks=pytest.mark.nightly),
        pytest.param("hostile/browse", marks=pytest.mark.nightly),
    ],
)
def test_browsing_is_accessible(visitor: Visit, path: str) -> None:
    visitor.go(f"/indexes/{path}")
    visitor.check_accessible()


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["Add a record", "Export"])
def test_what_opens_above_the_page_is_accessible(visitor: Visit, name: str) -> None:
    page = visitor.go("/indexes/points/browse")
    page.get_by_role("button", name=name, exact=True).click()
    visitor.check_accessible()


# -- the filter --------------------------------------------------------------------------------------------------------


def test_a_filter_of_rows_finds_what_the_database_finds(visitor: Visit, api: httpx.Client) -> None:
    page = visitor.go("/indexes/films/browse")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("button", name="+ Condition").click()
    page.get_by_label("Field of condition 1").fill("topic")
    expect(_status(page)).to_contain_text("320 records")
    page.get_by_label("Value of condition 1", exact=True).fill("sea")
    page.get_by_label("Value of condition 1", exact=True).press("Enter")
    expect(_status(page)).to_contain_text("40 records match")
    page.get_by_role("button", name="+ Condition").click()
    page.get_by_label("Field of condition 2").fill("year")
    page.get_by_label("Comparison of condition 2").select_option("$gte")
    page.get_by_label("Value of condition 2", exact=True).fill("19x")
    expect(page.get_by_text("Condition 2: this is not a number")).to_be_visible()
    page.get_by_label("Value of condition 2", exact=True).fill("1990")
    body = {"filter": SEA, "limit": 1000}
    wanted = list(_post(api, "/indexes/films/vectors/fetch_by_metadata", body)["vectors"])
    expect(_status(page)).to_contain_text(f"{len(wanted)} records match")
    shown = page.locator(".virtual-row .record-open").all_inner_texts()
    assert shown == sorted(wanted)[: len(shown)]

    page.get_by_role("button", name="JSON").click()
    text = page.get_by_label("Filter as JSON")
    assert json.loads(text.input_value()) == {"topic": {"$eq": "sea"}, "year": {"$gte": 1990}}
    text.fill('{"topic": {"$inn": ["sea"]}}')
    expect(page.get_by_role("button", name="Line 1, column 12: there is no operator $inn")).to_be_visible()
    expect(_status(page)).to_contain_text(f"{len(wanted)} records match")
    text.fill('{"topic": {"$in": ["sea", "river"]}, "$or": [{"seen": true}, {"year": {"$lt": 1960}}]}')
    expect(_status(page)).not_to_contain_text(f" {len(wanted)} records")
    page.get_by_role("button", name="Conditions", exact=True).click()
    expect(page.get_by_role("button", name="Take out sea")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(_status(page)).to_contain_text("320 records")


# -- one record --------------------------------------------------------------------------------------------------------


def test_metadata_is_changed_field_by_field_and_a_field_is_removed(
    visitor: Visit, api: httpx.Client, scratch: Any
) -> None:
    index = scratch("edits", _birds(3))
    page = visitor.go(f"/indexes/{index}/browse")
    page.get_by_role("button", name="bird-001").click()
    panel = _panel(page)
    panel.get_by_label("Value of kind").fill("한글 🦉 <b>")
    panel.get_by_role("button", name="+ Field").click()
    panel.get_by_label("Name of field 3").fill("tags")
    panel.get_by_label("Type of tags").select_option("list")
    panel.get_by_label("Value of tags").fill("a\nb")
    panel.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    found = _stored(api, index, "bird-001")
    assert found is not None
    assert found["metadata"] == {"kind": "한글 🦉 <b>", "at": 1, "tags": ["a", "b"]}
    expect(page.get_by_role("row").filter(has_text="bird-001")).to_contain_text("한글 🦉 <b>")

    panel.get_by_role("button", name="Remove at").click()
    expect(panel).to_contain_text("writes the whole record again, with the vector it has")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("button", name="Save")).to_have_count(0)
    found = _stored(api, index, "bird-001")
    assert found is not None
    assert found["metadata"] == {"kind": "한글 🦉 <b>", "tags": ["a", "b"]}
    assert found["values"] == [1.0, 1.5]


def test_metadata_beyond_forty_kilobytes_is_refused_before_it_is_sent(visitor: Visit, api: httpx.Client) -> None:
    page = visitor.go("/indexes/hostile/browse?id=large")
    panel = _panel(page)
    before = _stored(api, "hostile", "large")
    panel.get_by_label("Value of text").fill("é" * 20_480)
    expect(panel.get_by_role("alert")).to_contain_text("40,960")
    expect(panel.get_by_role("button", name="Save")).to_be_disabled()
    assert _stored(api, "hostile", "large") == before
    panel.get_by_role("button", name="Undo my changes").click()
    expect(panel.get_by_role("alert")).to_have_count(0)


def test_changing_an_embedded_text_makes_a_new_vector(visitor: Visit, api: httpx.Client) -> None:
    before = _stored(api, "films", "film-319")
    assert before is not None
    page = visitor.go("/indexes/films/browse?id=film-319")
    panel = _panel(page)
    panel.get_by_label("Value of text").fill("Something else entirely: a quiet garden.")
    expect(panel).to_contain_text("gets a new vector")
    panel.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    after = _stored(api, "films", "film-319")
    assert after is not None
    assert after["metadata"] == before["metadata"] | {"text": "Something else entirely: a quiet garden."}
    assert after["values"] != before["values"]


def test_nothing_typed_is_lost_when_others_change_or_delete_the_record(
    visitor: Visit, api: httpx.Client, scratch: Any
) -> None:
    index = scratch("meanwhile", _birds(3))
    page = visitor.go(f"/indexes/{index}/browse?id=bird-000")
    panel = _panel(page)
    panel.get_by_label("Value of kind").fill("mine")
    _post(api, f"/indexes/{index}/vectors/update", {"id": "bird-000", "setMetadata": {"kind": "theirs"}})
    panel.get_by_role("button", name="Save").click()
    expect(panel).to_contain_text("Somebody changed kind meanwhile")
    expect(panel.get_by_label("Value of kind")).to_have_value("mine")
    found = _stored(api, index, "bird-000")
    assert found is not None
    assert found["metadata"]["kind"] == "theirs"
    panel.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    panel.get_by_label("Value of kind").fill("again mine")
    page.get_by_role("button", name="bird-001").click()
    _post(api, f"/indexes/{index}/vectors/update", {"id": "bird-000", "setMetadata": {"at": 99}})
    page.get_by_role("button", name="bird-000").click()
    expect(panel.get_by_label("Value of kind")).to_have_value("again mine")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_label("Value of at")).to_have_value("99")
    found = _stored(api, index, "bird-000")
    assert found is not None
    assert found["metadata"] == {"kind": "again mine", "at": 99}

    panel.get_by_label("Value of kind").fill("still mine")
    _post(api, f"/indexes/{index}/vectors/delete", {"ids": ["bird-000"]})
    panel.get_by_role("button", name="Save").click()
    expect(panel).to_contain_text("Somebody deleted this record meanwhile")
    expect(panel.get_by_label("Value of kind")).to_have_value("still mine")
    assert _stored(api, index, "bird-000") is None
    panel.get_by_role("button", name="Take it off the list").click()
    expect(page.get_by_role("button", name="bird-000")).to_have_count(0)


def test_a_record_is_added_and_an_id_that_is_taken_is_not_replaced_unasked(
    visitor: Visit, api: httpx.Client, scratch: Any
) -> None:
    index = scratch("adding", _birds(2))
    page = visitor.go(f"/indexes/{index}/browse")
    page.get_by_role("button", name="Add a record").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Id", exact=True).fill("부엉이/🦉?a=b")
    dialog.get_by_role("button", name="Use the encoded id").click()
    dialog.get_by_label("Vector", exact=True).fill("[1, 2, 3]")
    expect(dialog).to_contain_text("3 of 2 numbers")
    dialog.get_by_label("Vector", exact=True).fill("0.5 0.25")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(_status(page)).to_contain_text("3 records")
    stored = _stored(api, index, quote("부엉이/🦉?a=b", safe=""))
    assert stored is not None
    assert stored["values"] == [0.5, 0.25]

    page.get_by_role("button", name="Add a record").click()
    dialog.get_by_label("Id", exact=True).fill("bird-000")
    dialog.get_by_label("Vector", exact=True).fill("1, 1")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is a record with this id")
    first = _stored(api, index, "bird-000")
    assert first is not None
    assert first["values"] == [1.0, 0.5]


def test_a_vector_of_twenty_thousand_numbers_does_not_hold_up_the_page(
    visitor: Visit, api: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
    _post(api, "/indexes", {"name": "wide", "dimension": 20_000, "metric": "cosine", "spec": spec})
    rows = np.random.default_rng(3).standard_normal((3, 20_000)).round(4)
    vectors = [{"id": f"wide-{at}", "values": row.tolist()} for at, row in enumerate(rows)]
    _post(api, "/indexes/wide/vectors/upsert", {"vectors": vectors})
    page = visitor.go("/indexes/wide/browse")
    page.evaluate(
        "new PerformanceObserver(list => { window.tasks = [...(window.tasks ?? []), ...list.getEntries()"
        ".map(one => one.duration)] }).observe({type: 'longtask'})"
    )
    page.get_by_role("button", name="wide-1").click()
    panel = _panel(page)
    expect(panel).to_contain_text("20,000 numbers")
    panel.get_by_role("button", name="Show all").click()
    panel.get_by_role("button", name="As code").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Write it").click()
    expect(dialog).to_contain_text("19996 more")
    dialog.get_by_role("tab", name="Python").click()
    dialog.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    numbers = re.search(r"\[(-?[\d.]+, ){100}[^\]]*\]", copied)
    assert numbers is not None
    assert json.loads(numbers[0]) == rows[1].tolist()
    longest = max(page.evaluate("window.tasks ?? [0]"))
    with capsys.disabled():
        print(f"\na record of 20,000 numbers opened, shown whole and as code: longest task {longest:.0f} ms")  # noqa: T201
    api.delete("/indexes/wide")


@pytest.mark.nightly
def test_documents_are_changed_by_their_own_api(visitor: Visit, api: httpx.Client) -> None:
    headers = {"X-Pinecone-Api-Version": "2026-07"}
    schema = {"fields": {"body": {"type": "string", "full_text_search": {}}}}
    api.post("/indexes", json={"name": "papers", "schema": schema}, headers=headers).raise_for_status()
    documents = [{"_id": f"paper-{at}", "body": f"about owls {at}", "year": 1990 + at} for at in range(4)]
    _post(api, "/indexes/papers/namespaces/__default__/documents/upsert", {"documents": documents})
    page = visitor.go("/indexes/papers/browse?id=paper-1")
    panel = _panel(page)
    panel.get_by_label("Value of body").fill("about jays")
    panel.get_by_role("button", name="Remove year").click()
    panel.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    found = _stored(api, "papers", "paper-1")
    assert found is not None
    assert found["metadata"] == {"body": "about jays"}

    visitor.go(f"/indexes/papers/browse?filter={quote(json.dumps({'body': {'$match_all': 'owls'}}))}")
    expect(_status(page)).to_contain_text("3 records match")
    expect(page.get_by_label("Comparison of condition 1")).to_have_value("$match_all")
    page.get_by_role("checkbox", name="Choose paper-0").check()
    page.get_by_role("button", name="Delete those chosen").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(_status(page)).to_contain_text("2 records match")
    assert _stored(api, "papers", "paper-0") is None
    api.delete("/indexes/papers")


def test_what_was_chosen_or_typed_in_one_namespace_stays_there(visitor: Visit, api: httpx.Client, scratch: Any) -> None:
    index = scratch("spaces", _birds(2))
    _post(api, f"/indexes/{index}/vectors/upsert", {"vectors": _birds(2), "namespace": "other"})
    page = visitor.go(f"/indexes/{index}/browse?id=bird-000")
    panel = _panel(page)
    page.get_by_role("checkbox", name="Choose bird-001").check()
    panel.get_by_label("Value of kind").fill("typed here")
    expect(_status(page)).to_contain_text("1 chosen")
    page.get_by_label("Namespace").select_option("other")
    expect(_status(page)).not_to_contain_text("chosen")
    page.get_by_role("button", name="bird-000").click()
    expect(panel.get_by_label("Value of kind")).to_have_value("owl")
    page.get_by_label("Namespace").select_option("")
    page.get_by_role("button", name="bird-000").click()
    expect(panel.get_by_label("Value of kind")).to_have_value("typed here")


# -- deleting and exporting --------------------------------------------------------------------------------------------


def test_what_is_deleted_is_shown_first_and_counted_again(visitor: Visit, api: httpx.Client, scratch: Any) -> None:
    index = scratch("deletes", _birds(60))
    page = visitor.go(f"/indexes/{index}/browse")
    page.get_by_role("checkbox", name="Choose bird-001").check()
    page.get_by_role("checkbox", name="Choose bird-004").click(modifiers=["Shift"])
    expect(_status(page)).to_contain_text("4 chosen")
    page.get_by_role("button", name="Delete those chosen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_text([f"bird-00{at}" for at in (1, 2, 3, 4)])
    expect(dialog.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    dialog.get_by_label("Type 4 to confirm").fill("4")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(_status(page)).to_contain_text("56 records")
    expect(page.get_by_role("button", name="bird-002")).to_have_count(0)

    visitor.go(f"/indexes/{index}/browse?filter={quote(json.dumps({'kind': 'owl'}))}")
    page.get_by_role("button", name="Delete all that match").click()
    expect(dialog).to_contain_text("19 records match now")
    expect(dialog.get_by_role("listitem").first).to_have_text("bird-000")
    _post(api, f"/indexes/{index}/vectors/update", {"id": "bird-005", "setMetadata": {"kind": "owl"}})
    dialog.get_by_label(f"Type {index} to confirm").fill(index)
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("Meanwhile 20 match, not 19")
    expect(dialog).to_contain_text("20 records match now")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(_status(page)).to_contain_text("0 records match")
    left = api.get(f"/indexes/{index}/describe_index_stats").json()["totalVectorCount"]
    assert left == 36


def _exported(page: Page, folder: Path, format: str) -> Path:
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Format").select_option(format)
    with page.expect_download() as downloading:
        dialog.get_by_role("button", name="Export", exact=True).click()
    path = folder / downloading.value.suggested_filename
    downloading.value.save_as(path)
    expect(dialog.get_by_role("status")).to_contain_text("are in your downloads")
    dialog.get_by_role("button", name="Close").click()
    return path


def test_an_export_holds_what_the_api_gives(visitor: Visit, api: httpx.Client, tmp_path: Path) -> None:
    page = visitor.go("/indexes/hostile/browse")
    path = _exported(page, tmp_path, "jsonl")
    given: dict[str, Any] = {}
    for line in path.read_text().splitlines():
        record = json.loads(line)
        given[record["id"]] = record
    ids = [one["id"] for one in api.get("/indexes/hostile/vectors/list").json()["vectors"]]
    stored = api.get("/indexes/hostile/vectors/fetch", params=[("ids", id) for id in ids]).json()["vectors"]
    assert given == stored

    visitor.go(f"/indexes/films/browse?filter={quote(json.dumps(SEA))}")
    path = _exported(page, tmp_path, "csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = _post(api, "/indexes/films/vectors/fetch_by_metadata", {"filter": SEA, "limit": 1000})["vectors"]
    assert {row["id"]: (row["topic"], float(row["year"]), json.loads(row["tags"])) for row in rows} == {
        id: (its["metadata"]["topic"], its["metadata"]["year"], its["metadata"]["tags"]) for id, its in found.items()
    }


def test_a_spreadsheet_runs_nothing_of_an_export_and_a_long_one_can_be_stopped(
    visitor: Visit, tmp_path: Path, scratch: Any
) -> None:
    long = 2**53 + 1
    formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "plain", '"=1"']
    cells = [{"t": text, "n": -1, "long": long} for text in formulas]
    vectors = [{"id": f"={at}", "values": [1, 1], "metadata": its} for at, its in enumerate(cells)]
    index = scratch("formulas", vectors)
    page = visitor.go(f"/indexes/{index}/browse")
    path = _exported(page, tmp_path, "csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["t"] for row in rows] == [*(f"'{text}" for text in formulas[:5]), *formulas[5:]]
    assert all(row["id"].startswith("'=") and row["n"] == "-1" and row["long"] == str(long) for row in rows)

    visitor.go("/indexes/points/browse")
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Export", exact=True).click()
    expect(dialog.get_by_role("status")).to_contain_text("of 20,000 records")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_role("button", name="Export", exact=True)).to_be_enabled()
    expect(dialog.get_by_role("alert")).to_have_count(0)


# -- hostile texts, and a server that says no --------------------------------------------------------------------------


def test_texts_that_are_markup_stay_texts_wherever_they_are_shown(visitor: Visit) -> None:
    page = visitor.go("/indexes/hostile/browse")
    for text in TEXTS if NIGHTLY else TEXTS[:4]:
        page.goto(f"{visitor.url}/console/indexes/hostile/browse?{httpx.QueryParams(id=text)}")
        expect(_panel(page).get_by_role("heading", level=2)).to_have_text(text)
        expect(_panel(page).get_by_label("Value of text")).to_have_value(text)
    page.get_by_role("button", name="As code").click()
    page.get_by_role("dialog").get_by_role("button", name="Write it").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("button", name="+ Condition").click()
    page.get_by_label("Field of condition 1").fill(TEXTS[0])
    page.get_by_label("Value of condition 1", exact=True).fill(TEXTS[1])
    page.get_by_role("button", name="Cards").click()
    page.get_by_label("Namespace").select_option("<b>bold</b>")
    page.wait_for_load_state("networkidle")
    assert page.locator("main script, main iframe, main img, main b, main math").count() == 0
    assert not visitor.harmed()


def test_an_index_that_is_gone_is_told_with_a_way_back(visitor: Visit) -> None:
    page = visitor.go("/indexes/nowhere/browse")
    expect(page.get_by_role("alert").first).to_contain_text("not there")
    page.get_by_role("main").get_by_role("link", name="Indexes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Indexes")


@pytest.mark.nightly
def test_a_key_that_may_only_read_browses_and_is_told_what_it_may_not(
    browser: Browser, server: Serving, scratch: Any, api: httpx.Client
) -> None:
    import subprocess
    import sys

    index = scratch("readers", _birds(5))
    command = [sys.executable, "-m", "pinyon.cli", "--data", str(server.data), "--json"]
    made = subprocess.check_output([*command, "keys", "create", "reader", "--role", "ProjectViewer"])
    with visit(browser, server.url, json.loads(made)["key"]) as visitor:
        page = visitor.go(f"/indexes/{index}/browse?filter={quote(json.dumps({'kind': 'jay'}))}")
        expect(_status(page)).to_contain_text("3 records match")
        page.get_by_role("button", name="bird-001").click()
        panel = _panel(page)
        panel.get_by_label("Value of kind").fill("robin")
        panel.get_by_role("button", name="Save").click()
        expect(panel.get_by_role("alert")).to_contain_text("Your key may not do this")
        expect(panel.get_by_label("Value of kind")).to_have_value("robin")
    found = _stored(api, index, "bird-001")
    assert found is not None
    assert found["metadata"]["kind"] == "jay"
