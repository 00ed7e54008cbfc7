"""The map of an index: what is drawn, and what pointers and keys choose, is what the API's coordinates say."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect

from console.browsing import Visit, visit
from sdk.places import Serving

Places = NDArray[np.float64]


@dataclass
class Points:
    """What the API says of a map. at: (n, 2) coordinates."""

    ids: list[str]
    at: Places
    values: list[Any]
    answer: dict[str, Any]


@pytest.fixture
def api(server: Serving, loopback: None) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"Api-Key": server.key}, timeout=60) as client:
        yield client


@pytest.fixture
def ask(api: httpx.Client) -> Callable[..., Points]:
    def map_of(index: str = "points", **body: Any) -> Points:
        answer = api.post(f"/indexes/{index}/pinyon/map", json={"colour": "cluster", **body}).json()
        return Points(answer["ids"], np.column_stack([answer["x"], answer["y"]]), answer["values"], answer)

    return map_of


@pytest.fixture
def points(ask: Callable[..., Points]) -> Points:
    return ask()


def canvas(page: Page, count: int = 20_000) -> Locator:
    """The map, once it shows so many points."""
    expect(page.locator(".map-canvas canvas.above")).to_have_attribute("data-points", str(count))
    return page.locator(".map-canvas")


def on_screen(page: Page, at: Places) -> Places:
    """(n, 2) coordinates -> (n, 2) CSS pixels from the corner of the map."""
    x, y, scale = map(float, str(page.locator("canvas.above").get_attribute("data-view")).split(","))
    size = page.locator(".map-canvas").evaluate("host => [host.clientWidth, host.clientHeight]")
    return np.asarray(np.array(size) / 2 + (at - [x, y]) * [scale, -scale])


def inside(line: Sequence[tuple[float, float]], at: Places) -> NDArray[np.bool_]:
    """Which of (n, 2) places a closed line holds: those that a ray crosses it from an odd number of times."""
    found = np.zeros(len(at), bool)
    for (ax, ay), (bx, by) in zip(line, [*line[1:], line[0]], strict=True):
        if ay != by:
            crossed = ((ay > at[:, 1]) != (by > at[:, 1])) & (at[:, 0] < (bx - ax) * (at[:, 1] - ay) / (by - ay) + ax)
            found ^= crossed
    return found


def draw(page: Page, line: Sequence[tuple[float, float]], *, shift: bool) -> list[tuple[float, float]]:
    """Drags along places on the screen. Returns them from the corner of the map."""
    box = page.locator(".map-canvas").bounding_box()
    assert box is not None
    if shift:
        page.keyboard.down("Shift")
    page.mouse.move(*line[0])
    page.mouse.down()
    for place in line[1:]:
        page.mouse.move(*place)
    page.mouse.up()
    if shift:
        page.keyboard.up("Shift")
    border = page.locator(".map-canvas").evaluate("host => [host.clientLeft, host.clientTop]")
    return [(x - box["x"] - border[0], y - box["y"] - border[1]) for x, y in line]


def chosen_ids(page: Page) -> list[str]:
    with page.expect_download() as caught:
        page.get_by_role("button", name="Ids (.txt)").click()
    return caught.value.path().read_text("utf-8").splitlines()


def middle(page: Page) -> tuple[int, int]:
    box = page.locator(".map-canvas").bounding_box()
    assert box is not None
    return round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2)


def lonely(page: Page, points: Points) -> int:
    """A point with nothing near it on the screen, away from the tools."""
    places = on_screen(page, points.at)
    edge = np.abs(places - np.median(places, axis=0)).sum(axis=1)
    for at in np.argsort(edge)[::-1][:200].tolist():
        apart = np.hypot(*(places - places[at]).T)
        if np.partition(apart, 1)[1] > 8 and places[at, 0] > 80 and places[at].min() > 10:
            return int(at)
    raise AssertionError("no point is alone")


def test_every_record_is_a_point_coloured_by_its_cluster(visitor: Visit, points: Points) -> None:
    page = visitor.go("/indexes/points/map")
    canvas(page)
    expect(page.get_by_label("Colour by")).to_have_value("field:cluster")
    expect(page.locator(".map-summary")).to_contain_text("20,000 points, every record")
    shares = [f"{100 * share:.1f}%" for share in points.answer["explained"]]
    expect(page.locator(".map-summary")).to_contain_text(f"{shares[0]} and {shares[1]} of the variance")
    counts = sorted(((points.values.count(name), name) for name in set(points.values)), key=lambda one: -one[0])
    legend = page.locator(".map-group label")
    expect(legend).to_have_count(13)
    for row, (count, _) in enumerate(counts[:12]):
        expect(legend.nth(row)).to_contain_text(str(count))
    expect(legend.nth(12)).to_contain_text("28 other values")
    visitor.check_accessible()


@pytest.mark.nightly
def test_the_colour_under_a_point_is_the_colour_of_its_group(visitor: Visit, points: Points) -> None:
    page = visitor.go("/indexes/points/map")
    canvas(page)
    own = np.flatnonzero([value == "c36" for value in points.values])
    swatch = page.locator(".map-group").filter(has_text="c36").locator(".swatch")
    colour = swatch.evaluate("swatch => getComputedStyle(swatch).backgroundColor")
    wanted = [int(part) for part in re.findall(r"\d+", colour)[:3]]

    # Also after a flight.
    page.emulate_media(reduced_motion="no-preference")
    scale = float(str(page.locator("canvas.above").get_attribute("data-view")).split(",")[2])
    page.get_by_role("button", name="Zoom out").click()
    page.wait_for_url("**view=**")
    assert float(str(page.locator("canvas.above").get_attribute("data-view")).split(",")[2]) == pytest.approx(
        scale / 1.6
    )
    seen: list[list[int]] = page.locator(".map-canvas canvas").first.evaluate(
        """(canvas, places) => {
            const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return places.map(([x, y]) => [...data.slice(4 * (y * width + x), 4 * (y * width + x) + 3)]);
        }""",
        np.floor(on_screen(page, points.at[own])).astype(int).tolist(),
    )
    assert np.median(np.abs(np.array(seen) - wanted).max(axis=1)) < 40


@pytest.mark.nightly
def test_groups_can_be_switched_off_and_looked_at_alone(visitor: Visit, points: Points) -> None:
    page = visitor.go("/indexes/points/map")
    canvas(page)
    page.get_by_role("checkbox", name="c36").uncheck()
    canvas(page, 20_000 - points.values.count("c36"))
    page.reload()
    canvas(page, 20_000 - points.values.count("c36"))
    page.locator(".map-group").filter(has_text="c01").hover()
    page.get_by_role("button", name="Only c01").click()
    canvas(page, points.values.count("c01"))
    page.get_by_role("button", name="Show all").click()
    canvas(page)


def test_what_lies_under_the_pointer_is_told_and_a_click_keeps_it(visitor: Visit, points: Points) -> None:
    page = visitor.go("/indexes/points/map")
    host = canvas(page)
    at = lonely(page, points)
    x, y = on_screen(page, points.at[at : at + 1])[0]
    host.hover(position={"x": x + 2, "y": y - 2})
    expect(page.locator(".map-card")).to_contain_text(points.ids[at])
    expect(page.locator(".map-card")).to_contain_text(points.values[at])
    expect(page.locator(".map-card")).to_contain_text("even")
    host.click(position={"x": x + 2, "y": y - 2})
    card = page.get_by_role("region", name="Record")
    expect(card).to_contain_text(points.ids[at])
    expect(card.get_by_text("part", exact=True)).to_be_visible()
    browse = card.get_by_role("link", name="Open in Browse").get_attribute("href")
    assert browse == f"/console/indexes/points/browse?id={points.ids[at]}"
    page.reload()
    expect(page.get_by_role("region", name="Record")).to_contain_text(points.ids[at])


def test_a_lasso_chooses_exactly_what_it_holds(visitor: Visit, points: Points) -> None:
    page = visitor.go("/indexes/points/map")
    canvas(page)
    cx, cy = middle(page)
    # A line with a dent, and through a crowd.
    line = [
        (
            round(cx + 150 * math.cos(angle) * (1 + 0.4 * math.sin(3 * angle))),
            round(cy + 130 * math.sin(angle) * (1 + 0.3 * math.cos(5 * angle))),
        )
        for angle in np.linspace(0, 2 * math.pi, 60, endpoint=False)
    ]
    drawn = draw(page, line, shift=True)
    held = np.flatnonzero(inside(drawn, on_screen(page, points.at)))
    expect(page.get_by_text(f"{len(held):,} points selected", exact=True)).to_be_visible()
    assert 500 < len(held) < 15_000
    assert chosen_ids(page) == [points.ids[at] for at in held]
    expect(page.get_by_role("heading", name=f"The {len(held):,} selected points")).to_be_visible()
    visitor.check_accessible()


@pytest.mark.nightly
def test_a_selection_becomes_a_filter_a_table_and_a_file(
    visitor: Visit, points: Points, ask: Callable[..., Points]
) -> None:
    page = visitor.go("/indexes/points/map")
    canvas(page)
    page.get_by_role("button", name="Rectangle").click()
    own = on_screen(page, points.at[[value == "c36" for value in points.values]])
    box = page.locator(".map-canvas").bounding_box()
    assert box is not None
    (left, top), (right, bottom) = own.min(axis=0) - 2, own.max(axis=0) + 2
    corners = [(box["x"] + left, box["y"] + top), (box["x"] + right, box["y"] + bottom)]
    draw(page, [(round(x), round(y)) for x, y in corners], shift=False)
    expect(page.locator(".map-told")).to_have_text('{"cluster":{"$eq":"c36"}}')
    with page.expect_download() as caught:
        page.get_by_role("button", name="Table (.csv)").click()
    lines = caught.value.path().read_text("utf-8").splitlines()
    assert lines[0] == "id,x,y,cluster"
    at = points.ids.index(lines[1].split(",")[0])
    assert lines[1] == f"{points.ids[at]},{points.answer['x'][at]},{points.answer['y'][at]},{points.values[at]}"
    link = page.get_by_role("link", name="Open in Browse").get_attribute("href")
    assert link == "/console/indexes/points/browse?filter=" + quote('{"cluster":{"$eq":"c36"}}').replace("/", "%2F")
    page.get_by_role("button", name="Filter the map by it").click()
    canvas(page, len(ask(filter={"cluster": "c36"}).ids))
    expect(page.locator(".map-summary")).to_contain_text("of 20,000")


def test_it_works_by_keyboard_alone(visitor: Visit, points: Points) -> None:
    page = visitor.go("/indexes/points/map")
    host = canvas(page)
    start = str(page.locator("canvas.above").get_attribute("data-view"))
    host.focus()
    for key in ("+", "+", "+", "+", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    expect(page.locator("canvas.above")).not_to_have_attribute("data-view", start)
    page.wait_for_url("**view=**")
    x, y, scale = map(float, str(page.locator("canvas.above").get_attribute("data-view")).split(","))
    before = list(map(float, start.split(",")))
    assert scale == pytest.approx(before[2] * 1.5**4)
    assert x < before[0]
    assert y > before[1]
    page.keyboard.press("s")
    width, height = host.evaluate("host => [host.clientWidth, host.clientHeight]")
    seen = on_screen(page, points.at)
    held = np.flatnonzero((seen >= 0).all(axis=1) & (seen <= [width, height]).all(axis=1))
    expect(page.get_by_text(f"{len(held):,} points selected", exact=True)).to_be_visible()
    assert chosen_ids(page) == [points.ids[at] for at in held]
    host.focus()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Nothing is selected")).to_be_visible()
    page.reload()
    canvas(page)
    again = list(map(float, str(page.locator("canvas.above").get_attribute("data-view")).split(",")))
    assert again == pytest.approx([x, y, scale], rel=1e-3)
    page.locator(".map-canvas").focus()
    page.keyboard.press("0")
    expect(page.locator("canvas.above")).to_have_attribute("data-view", start)
    page.keyboard.press("ArrowUp")
    expect(page.locator("canvas.above")).not_to_have_attribute("data-view", start)
    nearest = int(np.argmin(np.hypot(*(on_screen(page, points.at) - np.array([width, height]) / 2).T)))
    expect(page.locator(".map-card")).to_contain_text(points.ids[nearest])
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Record")).to_contain_text(points.ids[nearest])


@pytest.mark.nightly
def test_wheel_and_drag_keep_what_is_under_the_pointer(visitor: Visit, points: Points) -> None:
    page = visitor.go("/indexes/points/map")
    host = canvas(page)
    at = lonely(page, points)
    x, y = on_screen(page, points.at[at : at + 1])[0]
    host.hover(position={"x": x, "y": y})
    page.mouse.wheel(0, -400)
    page.wait_for_url("**view=**")
    assert on_screen(page, points.at[at : at + 1])[0] == pytest.approx([x, y], abs=1)
    page.mouse.down()
    box = host.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x - 60, box["y"] + y + 45, steps=4)
    page.mouse.up()
    page.wait_for_timeout(100)
    assert on_screen(page, points.at[at : at + 1])[0] == pytest.approx([x - 60, y + 45], abs=1)
    expect(page.get_by_role("region", name="Record")).to_have_count(0)


def test_two_fingers_zoom_around_their_middle(visitor: Visit, points: Points) -> None:
    page = visitor.go("/indexes/points/map")
    canvas(page)
    cx, cy = middle(page)
    browser = page.context.new_cdp_session(page)
    browser.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def touch(kind: str, *apart: int) -> None:
        fingers = [{"x": cx + side * one, "y": cy, "id": at} for one in apart for at, side in enumerate((-1, 1))]
        browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    before = on_screen(page, points.at)
    touch("touchStart", 40)
    for apart in (50, 65, 80):
        touch("touchMove", apart)
    touch("touchEnd")
    page.wait_for_url("**view=**")
    place = page.locator(".map-canvas").evaluate("host => [host.clientWidth / 2, host.clientHeight / 2]")
    assert on_screen(page, points.at) - place == pytest.approx((before - place) * 2, rel=0.02, abs=3)


def overlay(page: Page, places: Places) -> list[int]:
    """How much is drawn above the points at (n, 2) places on the screen: 0 to 255 each."""
    found: list[int] = page.locator("canvas.above").evaluate(
        """(canvas, places) => {
            const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const over = (x, y) => data[4 * (y * width + x) + 3];
            const near = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => [dx, dy]));
            return places.map(([x, y]) => Math.max(...near.map(([dx, dy]) => over(x + dx, y + dy))));
        }""",
        np.round(places).astype(int).tolist(),
    )
    return found


def test_a_record_has_lines_to_its_nearest(visitor: Visit, points: Points, api: httpx.Client) -> None:
    page = visitor.go("/indexes/points/map?panel=query")
    canvas(page)
    page.get_by_label("Id of a record").fill("point-00005")
    page.get_by_role("button", name="Show on the map").click()
    matches = api.post("/indexes/points/query", json={"id": "point-00005", "topK": 11}).json()["matches"]
    ids = [match["id"] for match in matches if match["id"] != "point-00005"][:10]
    rows = page.locator(".map-list tbody tr")
    expect(rows).to_have_count(10)
    assert [row.locator("button").inner_text() for row in rows.all()] == ids
    seen = on_screen(page, points.at)
    there = seen[[points.ids.index(one) for one in ids]]
    here = seen[points.ids.index("point-00005")]
    assert min(overlay(page, np.concatenate([there + np.array([5, 0]), (here + there) / 2]))) > 0
    visitor.check_accessible()


@pytest.mark.nightly
def test_a_text_is_placed_among_the_records(visitor: Visit, ask: Callable[..., Points], api: httpx.Client) -> None:
    page = visitor.go("/indexes/films/map?panel=query")
    canvas(page, 320)
    page.get_by_label("Text to place on the map").fill("a ship that never comes home")
    page.keyboard.press("Enter")
    expect(page.locator(".map-list tbody tr")).to_have_count(10)
    body = {
        "model": "multilingual-e5-large",
        "inputs": [{"text": "a ship that never comes home"}],
        "parameters": {"input_type": "query"},
    }
    vector = api.post("/embed", json=body).json()["data"][0]["values"]
    place = ask("films", colour="topic", vector=vector).answer["query"]
    assert overlay(page, np.array([*on_screen(page, np.array([place])), [400, 4]])) == [255, 0]


@pytest.mark.nightly
def test_duplicates_and_outliers_light_up(visitor: Visit, ask: Callable[..., Points]) -> None:
    page = visitor.go("/indexes/points/map?panel=odd")
    canvas(page)
    expect(page.get_by_role("button", name="Show 10,000 points")).to_be_visible()
    page.get_by_label("Points at most").select_option("2,000")
    canvas(page, 2_000)
    near = np.array(ask(limit=2_000, neighbours=True).answer["nearest"], float)
    slider = page.get_by_role("slider")
    slider.fill("0.8")
    limit = float(np.sort(near)[(len(near) - 1) // 2]) * 0.8**2
    expect(page.get_by_text(f"{int((near <= limit).sum())} records")).to_be_visible()
    row = page.locator(".map-list tbody tr").first
    expect(row.locator("button")).to_have_count(2)
    expect(row.locator("td").nth(2)).to_have_text(f"{near.min():.5f}".rstrip("0"))
    page.get_by_role("button", name="Outliers").click()
    expect(page.locator(".map-list tbody tr").first.locator("td").nth(1)).to_have_text(f"{near.max():.5f}".rstrip("0"))
    page.locator(".map-list tbody tr").first.get_by_role("button").click()
    expect(page.get_by_role("region", name="Record")).to_be_visible()
    visitor.check_accessible()


def test_hostile_texts_are_only_texts(visitor: Visit) -> None:
    page = visitor.go("/indexes/hostile/map")
    expect(page.locator(".map-summary")).to_contain_text("every record")
    for row in page.locator(".map-group").all():
        row.hover()
    page.locator(".map-row button").first.click()
    expect(page.get_by_role("region", name="Record")).to_be_visible()
    page.locator(".map-canvas").focus()
    page.keyboard.press("s")
    for name in ("Ids (.txt)", "Table (.csv)"):
        with page.expect_download() as caught:
            page.get_by_role("button", name=name).click()
        assert caught.value.path().stat().st_size > 100
    for at in range(page.get_by_label("Namespace").locator("option").count()):
        page.get_by_label("Namespace").select_option(index=at)
        expect(page.locator(".map-summary")).to_contain_text("every record")
    large = visitor.go("/indexes/hostile/map?record=large")
    expect(large.get_by_role("region", name="Record")).to_contain_text("long long long")


def test_a_sparse_index_says_that_it_has_no_map(visitor: Visit) -> None:
    page = visitor.go("/indexes/words/map")
    expect(page.get_by_role("heading", name="A sparse index has no map")).to_be_visible()
    visitor.check_accessible()


def test_what_the_server_refuses_is_told_and_can_be_mended(visitor: Visit) -> None:
    page = visitor.go("/indexes/points/map?filter=" + quote(json.dumps({"part": {"$gt": "ten"}})))
    expect(page.get_by_role("alert")).to_contain_text("$gt")
    page.get_by_role("button", name="Clear").click()
    canvas(page)
    page = visitor.go("/indexes/points/map?near=nobody&panel=query")
    expect(page.get_by_text("No record was found.")).to_be_visible()
    canvas(page)
    expect(visitor.go("/indexes/nothing/map").get_by_role("alert")).to_contain_text("nothing")


@pytest.mark.nightly
def test_a_server_that_went_away_is_asked_again(visitor: Visit) -> None:
    page = visitor.page
    page.route("**/pinyon/map", lambda route: route.abort())
    visitor.go("/indexes/points/map")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    page.unroute("**/pinyon/map")
    page.get_by_role("button", name="Try again").click()
    canvas(page)


@pytest.mark.nightly
def test_it_fits_a_phone(browser: Browser, server: Serving) -> None:
    with visit(browser, server.url, server.key, language="ko", theme="dark", width=360) as visitor:
        for path in ("?panel=query", "?record=point-00000"):
            page = visitor.go(f"/indexes/points/map{path}")
            canvas(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
        visitor.check_accessible()
