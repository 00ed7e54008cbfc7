"""The search playground: what it finds, how it says so, and that the code it shows does the same."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page, expect

from console.browsing import Visit, visit
from console.hostile import TEXTS
from pinyon.models.descriptions import MODELS, missing_modules
from sdk.places import Serving, environment

QUOTES = (
    "\"it's\" 'one' \\ $HOME `id` $(id) !! %s\n--x </script> 소년이 부엉이에게 \u202e\u200b👩‍👩‍👧 a boy teaches an owl"
)
"""A text that no careless quoting survives."""


def search_for(visitor: Visit, index: str, **settings: str) -> Page:
    return visitor.go(f"/indexes/{index}/search?{urlencode(settings)}")


def hits(page: Page) -> Locator:
    return page.locator("ol.search-hits > li")


def ids(page: Page) -> list[str]:
    return page.locator("ol.search-hits .search-id").all_inner_texts()


@pytest.fixture
def api(server: Serving, loopback: None) -> Iterator[Callable[..., Any]]:
    """``api("POST", path, body)``: the answer of the API itself."""
    headers = {"X-Pinecone-Api-Version": "2025-10", "Api-Key": server.key}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:

        def call(method: str, path: str, body: Any = None, content: str | None = None, **parameters: Any) -> Any:
            answer = client.request(method, path, json=body, content=content, params=parameters)
            assert answer.is_success, answer.text
            return answer.json() if answer.content else None

        yield call


def test_a_text_finds_what_says_the_same_and_marks_its_words(visitor: Visit) -> None:
    page = search_for(visitor, "films")
    for text, word in (("the boy and an owl", "owl"), ("부엉이에게 글을 가르치는 소년", "부엉이")):
        page.get_by_label("Text to search for").fill(text)
        page.keyboard.press("Enter")
        expect(hits(page).first.locator("mark", has_text=word)).to_be_visible()
        expect(hits(page)).to_have_count(10)
        expect(page.get_by_role("status").filter(has_text="10 results")).to_be_visible()
    page.wait_for_url("**q=*")  # so that it can be shared
    plan = page.locator(".search-plan")
    expect(plan).to_contain_text("320 of 320 records match")
    for stage in ("filter", "search", "fetch records"):
        expect(plan.get_by_role("listitem").filter(has_text=stage)).to_contain_text("ms")
    assert plan.locator(".search-bar > span").count() == plan.get_by_role("listitem").count() >= 3
    page.get_by_text("This search as code").click()
    visitor.check_accessible()


@pytest.mark.nightly  # reading Korean words takes seconds at first
def test_a_link_shows_its_results_at_once(visitor: Visit, api: Callable[..., Any]) -> None:
    query = {"top_k": 1, "inputs": {"text": "owl"}, "mode": "hybrid"}
    api("POST", "/indexes/films/records/namespaces/__default__/search", {"query": query})
    page = search_for(visitor, "films", q="boy owl", mode="hybrid", fusion="weighted", weight="0.9", k="3")
    expect(hits(page)).to_have_count(3)
    expect(hits(page).first).to_contain_text("meaning")
    expect(hits(page).first).to_contain_text("words")
    assert page.get_by_label("Weight of the words").input_value() == "0.9"
    expect(page.locator(".search-plan")).to_contain_text("weight 0.9")


def test_a_record_finds_its_neighbours_and_leads_to_them(visitor: Visit) -> None:
    page = search_for(visitor, "points", by="id", id="point-00007", k="5")
    expect(hits(page)).to_have_count(5)
    assert ids(page)[0] == "point-00007"
    link = hits(page).nth(1).get_by_role("link", name="point-")
    assert f"/indexes/points/browse?id={ids(page)[1]}" in str(link.get_attribute("href"))


def test_a_vector_is_pasted_or_read_from_a_file(visitor: Visit, api: Callable[..., Any], tmp_path: Path) -> None:
    record = api("GET", "/indexes/points/vectors/fetch", ids="point-00042")["vectors"]["point-00042"]
    found = api("POST", "/indexes/points/query", {"topK": 10, "vector": record["values"]})["matches"]
    page = search_for(visitor, "points", by="vector")
    page.get_by_role("textbox", name="Vector").fill(", ".join(map(str, record["values"])))
    page.get_by_role("button", name="Search").click()
    expect(hits(page)).to_have_count(10)
    assert ids(page) == [match["id"] for match in found]
    assert "vector" not in page.url.replace("by=vector", "")
    file = tmp_path / "vector.json"
    file.write_text(json.dumps({"values": api("GET", "/indexes/points/vectors/fetch", ids="point-01000")["vectors"]}))
    page.get_by_label("choose a file").set_input_files(file)
    expect(page.get_by_text("neither a list of numbers nor JSON")).to_be_visible()
    file.write_text(json.dumps([0.5] * 64))
    page.get_by_label("choose a file").set_input_files(file)
    page.get_by_role("button", name="Search").click()
    expect(hits(page).first).not_to_contain_text("point-00042")


WRONG = (
    ("1, 2, 3", "3 numbers; this index has 64."),
    (", ".join(["0.1"] * 63 + ["NaN"]), "Number 64 is too large for float32, infinite or NaN: NaN"),
    ("[0.1, near, 0.3]", "Number 2 is not a number: near"),
    ("[[1, 2]]", "This is neither a list of numbers"),
    (", ".join(["0.123456"] * 20_000), "20,000 numbers; this index has 64."),
)


def test_what_is_no_vector_of_the_index_is_told_before_it_is_sent(visitor: Visit) -> None:
    page = search_for(visitor, "points", by="vector")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/query") else None)
    box = page.get_by_role("textbox", name="Vector")
    for given, told in WRONG:
        box.fill(given)
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text(told)).to_be_visible()
        assert (box.input_value(), box.get_attribute("aria-invalid"), sent) == (given, "true", [])


def test_sparse_values_find_the_largest_products(visitor: Visit, api: Callable[..., Any]) -> None:
    names = [f"word-{row}" for row in range(200)]
    stored = {
        name: dict(zip(record["sparseValues"]["indices"], record["sparseValues"]["values"], strict=True))
        for start in range(0, 200, 100)
        for name, record in api("GET", "/indexes/words/vectors/fetch", ids=names[start : start + 100])[
            "vectors"
        ].items()
    }
    terms = list(stored["word-17"])[:4]
    scores = {name: np.float32(sum(values.get(term, 0.0) for term in terms)) for name, values in stored.items()}
    expected = sorted((name for name in scores if scores[name] > 0), key=lambda name: (-scores[name], name))
    page = search_for(visitor, "words", by="sparse", sparse=", ".join(f"{term}:1" for term in terms), k="3")
    expect(hits(page).first).to_be_visible()
    assert ids(page) == expected[:3]


def test_a_filter_and_the_fields_to_show_are_kept_to(visitor: Visit) -> None:
    page = search_for(visitor, "films", q="two sisters", filter='{"topic": "sea"}', fields="text,topic", k="7")
    expect(hits(page)).to_have_count(7)
    for text in hits(page).all_inner_texts():
        assert "sea" in text
        assert "rating" not in text
    expect(page.locator(".search-plan")).to_contain_text("40 of 320 records match")


@pytest.mark.nightly
def test_results_are_reranked_by_a_model(visitor: Visit) -> None:
    page = search_for(visitor, "films", q="a ship at sea", k="4")
    expect(hits(page)).to_have_count(4)
    page.get_by_label("Rerank by").select_option("bge-reranker-v2-m3")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status").filter(has_text="moved since the last search")).to_be_visible()
    page.get_by_text("This search as code").click()
    expect(page.get_by_role("region", name="Results").locator("pre")).to_contain_text("bge-reranker-v2-m3")


@pytest.fixture
def coded(api: Callable[..., Any]) -> Iterator[None]:
    """An index whose usual search is approximate: 6,000 random rows, of which codes propose candidates."""
    rows = np.random.default_rng(3).standard_normal((6_000, 48)).round(3).tolist()
    spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
    tags = {"pinyon-index": "scan"}
    api("POST", "/indexes", {"name": "coded", "dimension": 48, "metric": "cosine", "spec": spec, "tags": tags})
    for start in range(0, 6_000, 1_000):
        vectors = [{"id": f"row-{row}", "values": rows[row]} for row in range(start, start + 1_000)]
        api("POST", "/indexes/coded/vectors/upsert", {"vectors": vectors})
    body = {"topK": 10, "id": "row-1", "rerankDepth": 10, "explain": True}
    for _ in range(400):
        if api("POST", "/indexes/coded/query", body)["plan"]["kind"] == "scan":
            break
        time.sleep(0.1)
    else:
        raise AssertionError("there are no codes after 40 seconds")
    yield
    api("DELETE", "/indexes/coded")


@pytest.mark.nightly
def test_an_approximate_search_stands_beside_an_exact_one(visitor: Visit, coded: None, api: Callable[..., Any]) -> None:
    page = search_for(visitor, "coded", by="id", id="row-1", compare="1", depth="10", **{"b.exact": "1"})
    a, b = page.get_by_role("region", name="Results of A"), page.get_by_role("region", name="Results of B")
    expect(a.locator(".search-plan")).to_contain_text("approximate")
    expect(b.locator(".search-plan")).to_contain_text("exact search was asked for")
    body = {"topK": 10, "id": "row-1"}
    near, exact = (
        {match["id"] for match in api("POST", "/indexes/coded/query", body | more)["matches"]}
        for more in ({"rerankDepth": 10}, {"exact": True})
    )
    common = len(near & exact)
    assert common < 10, "ten candidates are too few"
    expect(b.get_by_role("status")).to_contain_text(f"overlap@10: {common} of 10")
    expect(b.get_by_text("only here")).to_have_count(10 - common)
    visitor.check_accessible()


def test_two_settings_stand_side_by_side(visitor: Visit) -> None:
    page = search_for(visitor, "films", q="a painter and the sea", compare="1", **{"b.rerank": "bge-reranker-v2-m3"})
    a, b = page.get_by_role("region", name="Results of A"), page.get_by_role("region", name="Results of B")
    expect(a.get_by_role("listitem").filter(has_text="film-")).to_have_count(10)
    expect(b.get_by_role("status")).to_contain_text("overlap@10: 10 of 10")  # other places, the same records
    moved = [*b.locator(".search-hit.moved .badge").all_inner_texts()]
    places = [region.locator(".search-id").all_inner_texts() for region in (a, b)]
    assert len(moved) == sum(one != other for one, other in zip(*places, strict=True)) > 0


def code(page: Page, language: str) -> str:
    """What the copy button gives."""
    shown = page.get_by_role("region", name="Results").locator(".search-code")
    if shown.get_attribute("open") is None:
        shown.locator("summary").click()
    shown.get_by_role("tab", name=language).click()
    shown.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied").first).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == shown.locator("pre").inner_text()
    return str(copied)


def done(command: list[str], server: Serving, **more: str) -> str:
    variables = os.environ | {"PINECONE_API_KEY": server.key, "PINYON_DATA": str(server.data)} | more
    run = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


QUERIES = {
    "text": ("films", {"q": QUOTES, "filter": '{"year": {"$gte": 1960}}'}),
    "sparse": ("words", {"by": "sparse", "sparse": "17:0.5, 204:1.2, 300:1"}),
}
MORE = {
    "words": ("films", {"q": QUOTES, "mode": "lexical"}),
    "both": ("films", {"q": "two sisters by the sea", "mode": "hybrid", "fusion": "weighted", "weight": "0.3"}),
    "record": ("points", {"by": "id", "id": "point-00007"}),
}
NAMES = [*QUERIES, *(pytest.param(name, marks=pytest.mark.nightly) for name in MORE)]


@pytest.mark.parametrize("name", NAMES)
def test_the_exported_code_finds_the_same(visitor: Visit, server: Serving, name: str) -> None:
    index, settings = (QUERIES | MORE)[name]
    page = search_for(visitor, index, k="4", **settings)
    expect(hits(page).first).to_be_visible()
    shown = ids(page)
    answer = json.loads(done(["bash", "-c", code(page, "curl")], server))
    found = answer["matches"] if "matches" in answer else answer["result"]["hits"]
    assert [hit.get("id", hit.get("_id")) for hit in found] == shown
    python = environment("sdk10")
    told = "print([hit.id for hit in (answer.matches if hasattr(answer, 'matches') else answer.result.hits)])"
    printed = done([str(python), "-c", f"{code(page, 'Python')}\n{told}"], server)
    assert printed.splitlines()[-1] == str(shown)


@pytest.mark.nightly
@pytest.mark.parametrize("name", [*QUERIES, *MORE])
def test_the_exported_command_finds_the_same(visitor: Visit, server: Serving, name: str) -> None:
    index, settings = (QUERIES | MORE)[name]
    page = search_for(visitor, index, k="4", **settings)
    expect(hits(page).first).to_be_visible()
    pinyon = 'pinyon() { "$PYTHON" -m pinyon.cli "$1" --json "${@:2}"; }'
    printed = done(["bash", "-c", f"{pinyon}\n{code(page, 'CLI')}"], server, PYTHON=sys.executable)
    assert [match["id"] for match in json.loads(printed)["matches"]] == ids(page)


def test_hostile_texts_stay_texts(visitor: Visit) -> None:
    page = search_for(visitor, "hostile", by="id", id="large", k="30")
    expect(hits(page).filter(has_text=TEXTS[0]).first).to_be_visible()
    expect(hits(page).filter(has_text="long long").first).to_be_visible()
    assert page.locator("ol.search-hits img, ol.search-hits svg, ol.search-hits iframe, ol.search-hits b").count() == 0
    page.get_by_text("This search as code").click()
    search_for(visitor, "films", q=TEXTS[1], filter=json.dumps({"topic": {"$ne": TEXTS[0]}}), k="2")
    expect(hits(page)).to_have_count(2)
    page.get_by_text("This search as code").click()
    expect(page.locator(".search-code pre")).to_contain_text(TEXTS[1])


def test_a_server_that_does_not_answer_costs_nothing_that_was_typed(visitor: Visit) -> None:
    page = search_for(visitor, "films")
    page.route("**/search", lambda route: route.abort())
    page.get_by_label("Text to search for").fill("the owl")
    page.get_by_label("Fields to show").fill("text")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    assert page.get_by_label("Text to search for").input_value() == "the owl"
    page.unroute("**/search")
    page.get_by_role("button", name="Try again").click()
    expect(hits(page)).to_have_count(10)
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.nightly
def test_what_the_server_refuses_is_told_in_its_words(visitor: Visit) -> None:
    page = search_for(visitor, "films", q="owl", k="20000")
    expect(page.get_by_role("alert")).to_contain_text("top_k")
    page.get_by_role("spinbutton", name="Results").fill("3")
    page.keyboard.press("Enter")
    expect(hits(page)).to_have_count(3)


@pytest.mark.nightly
def test_it_searches_as_one_types_only_when_told_to(visitor: Visit) -> None:
    page = search_for(visitor, "films")
    page.get_by_label("Search as I type").check()
    page.get_by_label("Text to search for").press_sequentially("the owl")
    expect(hits(page)).to_have_count(10)


@pytest.mark.nightly
def test_an_index_whose_model_reads_text_only_says_what_pictures_need(visitor: Visit) -> None:
    page = search_for(visitor, "films")
    page.get_by_role("tab", name="Image").click()
    expect(page.get_by_text("reads text only")).to_be_visible()


@pytest.mark.skipif(bool(missing_modules(MODELS["picture-words"])), reason=f"needs {MODELS['picture-words'].install}")
def test_a_picture_finds_its_own_record_alone_and_with_a_text(visitor: Visit, api: Callable[..., Any]) -> None:
    embed = {"model": "picture-words", "field_map": {"text": "text"}}
    api("POST", "/indexes/create-for-model", {"name": "photos", "cloud": "aws", "region": "us-east-1", "embed": embed})
    files = {}
    for name, box in (("disc", (40, 30, 120, 110)), ("bar", (0, 60, 160, 70))):
        image, file = Image.new("RGB", (160, 120), "white"), io.BytesIO()
        ImageDraw.Draw(image).ellipse(box, fill="navy")
        image.save(file, "PNG")
        files[name] = file.getvalue()
    small = {"thumbnail": "data:image/png;base64," + b64encode(files["disc"]).decode()}
    records = [{"_id": name, "image": b64encode(data).decode(), **small} for name, data in files.items()]
    lines = "\n".join(json.dumps(record) for record in records)
    api("POST", "/indexes/photos/records/namespaces/__default__/upsert", content=lines)
    page = search_for(visitor, "photos", by="image")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_label("Picture", exact=True).set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": files["bar"]}
    )
    expect(page.get_by_alt_text("The picture to search by")).to_be_visible()
    page.get_by_role("button", name="Search", exact=True).click()
    expect(hits(page).first).to_contain_text("1.0000")
    assert ids(page) == ["bar", "disc"]
    expect(page.locator("img.thumbnail")).to_have_count(3)
    page.get_by_label("And a text, if you like").fill("a bar")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(hits(page).first).not_to_contain_text("1.0000")
    visitor.check_accessible()
    api("DELETE", "/indexes/photos")


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("index", "settings"),
    [("films", {"q": "소년이 부엉이에게", "compare": "1"}), ("hostile", {"by": "id", "id": "large"})],
)
def test_it_fits_a_phone(browser: Browser, server: Serving, index: str, settings: dict[str, str]) -> None:
    with visit(browser, server.url, server.key, language="ko", width=360) as visitor:
        page = search_for(visitor, index, **settings)
        expect(hits(page).first).to_be_visible()
        page.get_by_text("이 검색을 코드로 보기").first.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
