"""The console in a real browser: how soon it shows something, and how smooth its table and its map are to move.

Run: python benchmarks/console.py [--points 100000] [--soon 50000] [--seconds 6] [--scale 1]

Rows are 384 numbers with metadata. "First paint" is the browser's own first-contentful-paint of a page, by a visitor
who never came before and by one who did. "Answered" is the request as a client sees it; "drawn" is from opening the
page's address, its code in the cache or not, to the first picture with all points. Frames are the intervals between
calls of requestAnimationFrame while a mouse drags, a wheel turns or the table scrolls; "draw" is what the page does in
one of them. Chromium draws without a GPU here, on the same cores as the server.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _clients import KEY, PinyonServer
from _workload import Workload, say

from pinyon import Pinecone, ServerlessSpec

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "console"))
from browsing import chromium, scrolled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BATCH = 5_000
REPEATS = 5
RECORD = """() => {
    window.frames = [];
    let last;
    const canvas = document.querySelector('canvas.above');
    const step = (now) => {
        if (last !== undefined) window.frames.push([now - last, Number(canvas.dataset.milliseconds)]);
        last = now;
        window.recording = requestAnimationFrame(step);
    };
    window.recording = requestAnimationFrame(step);
}"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
STOP = "() => { cancelAnimationFrame(window.recording); return window.frames; }"


def fill(folder: Path, name: str, work: Workload) -> None:
    """Writes the rows in this process; the server opens them afterwards."""
    with Pinecone(path=str(folder)) as pc:
        pc.create_index(name, dimension=work.dimension, metric="cosine", spec=ServerlessSpec("aws", "us-east-1"))
        index = pc.Index(name)
        for start in range(0, work.rows, BATCH):
            part = slice(start, start + BATCH)
            columns = {key: column[part] for key, column in work.columns.items()}
            index.upsert(vectors=work.base[part], ids=work.ids[part], metadata=columns)


def bench_paint(browser: Browser, url: str, paths: dict[str, str]) -> None:
    for name, path in paths.items():
        first, again = [], []
        for _ in range(REPEATS):
            with browser.new_context() as context:
                page = context.new_page()
                page.add_init_script(f"sessionStorage.setItem('pinyon.key', '{KEY}')")
                for times in (first, again):
                    page.goto(f"{url}/console{path}")
                    page.wait_for_load_state("networkidle")
                    times.append(page.evaluate(PAINT))
        say(f"  {name:9s} first paint median {np.median(first):.0f} ms, again {np.median(again):.0f} ms (bar 1,000 ms)")


def bench_table(page: Page, rows: int) -> None:
    page.goto(page.url.replace("/map", "/browse"))
    page.locator(f".virtual[aria-rowcount='{rows}']").wait_for(timeout=120_000)
    for distance in (120, 400):
        times = np.array(scrolled(page, distance, 300))
        say(
            f"  table     {rows:,} records, {distance} px a frame   between frames p50 {np.median(times):.1f} ms, "
            f"p95 {np.quantile(times, 0.95):.1f} ms"
        )


def bench_request(server: PinyonServer, name: str) -> None:
    body = {"colour": "category"}
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        answer = server.call("POST", f"/indexes/{name}/pinyon/map", body)
        times.append(time.perf_counter() - begin)
    say(f"  answered  {len(answer['ids']):8,} points   median {np.median(times):.2f} s   first {times[0]:.2f} s")


def bench_opening(page: Page, url: str, points: int) -> None:
    times = []
    for _ in range(REPEATS):
        page.goto(url.partition("/console")[0] + "/livez")
        begin = time.perf_counter()
        page.goto(url)
        page.wait_for_selector(f"canvas.above[data-points='{points}']")
        times.append(time.perf_counter() - begin)
    bar = " (bar 3 s at 50,000)" if points == 50_000 else ""
    say(f"  drawn     {points:8,} points   median {np.median(times):.2f} s   first {times[0]:.2f} s{bar}")


def bench_frames(page: Page, seconds: float) -> None:
    box = page.locator(".map-canvas").bounding_box()
    assert box is not None
    cx, cy = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(turn: int) -> None:
        page.mouse.move(cx + 120 * np.sin(turn / 25), cy + 90 * np.cos(turn / 18))

    def wheel(turn: int) -> None:
        page.mouse.wheel(0, -40 if turn // 60 % 2 == 0 else 40)

    for name, act in (("dragging", drag), ("zooming", wheel)):
        page.mouse.move(cx, cy)
        if act is drag:
            page.mouse.down()
        page.evaluate(RECORD)
        begin, turn = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds:
            act(turn)
            turn += 1
        frames = np.array(page.evaluate(STOP))
        page.mouse.up()
        told(name, frames)


def told(name: str, frames: Any) -> None:
    (between, draw), (between95, draw95) = np.quantile(frames, [0.5, 0.95], axis=0)
    say(
        f"  {name:9s} {len(frames):5,} frames   between frames p50 {between:.1f} ms, p95 {between95:.1f} ms"
        f"   draw p50 {draw:.1f} ms, p95 {draw95:.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--soon", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--scale", type=float, default=1.0, help="device pixels per CSS pixel")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above) / "data"
        folder.mkdir()
        sizes = sorted({wanted.soon, wanted.points})
        for size in sizes:
            work = Workload.load(size, 1)
            fill(folder, f"points-{size}", work)
        with PinyonServer(folder) as server, chromium() as browser:
            server.settle()
            url = f"http://127.0.0.1:{server.port}"
            names = {
                "indexes": "/",
                "browse": f"/indexes/points-{sizes[0]}/browse",
                "map": f"/indexes/points-{sizes[0]}/map",
            }
            bench_paint(browser, url, names)
            say(f"Map of {work.dimension} dimensions, {work.origin}")
            page = browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=wanted.scale)
            page.add_init_script(f"sessionStorage.setItem('pinyon.key', '{KEY}')")
            for size in sizes:
                bench_request(server, f"points-{size}")
                bench_opening(page, f"{url}/console/indexes/points-{size}/map", size)
            across, down = page.locator("canvas.above").evaluate("one => [one.width, one.height]")
            say(f"Moving {sizes[-1]:,} points on {across} x {down} pixels")
            bench_frames(page, wanted.seconds)
            bench_table(page, sizes[-1])


if __name__ == "__main__":
    main()
