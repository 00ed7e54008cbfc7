"""Takes the pictures of docs/console.md: every page in both themes and both languages, from a server with sample data.

Run ``python docs/make_screens.py`` where Chromium is. Four views of a page become one picture.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "console"
sys.path.insert(0, str(ROOT / "tests"))

from PIL import Image  # noqa: E402

from console.browsing import chromium, visit  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = {
    "indexes": "/",
    "overview": "/indexes/points",
    "browse": "/indexes/films/browse",
    "search": "/indexes/films/search?q=a+bird+that+learns+to+read",
    "proof": "/indexes/points/proof",
    "map": "/indexes/points/map?colour=cluster",
    "studies": "/studies",
    "backups": "/backups",
    "ask": "/ask/library",
    "operate": "/operate",
    "tour": "/tour",
}
VIEWS = (("en", "light"), ("en", "dark"), ("ko", "light"), ("ko", "dark"))
WIDTH = 800
"""Pixels of one view in the picture."""


def act(page: Page, name: str, study: Path) -> None:
    """What somebody would do first on a page."""
    if name == "search":
        page.locator("[data-main-search]").press("Enter")
    elif name == "studies":
        page.locator("input[type=file]").set_input_files(study / "results.json")
    elif name == "ask":
        page.locator("textarea[data-main-search]").fill("When does a pinyon pine bear its first seeds?")
        page.locator("textarea[data-main-search]").press("Enter")
        page.wait_for_timeout(12_000)
    page.wait_for_timeout(2_500)


def shoot(url: str, study: Path) -> None:
    with chromium() as browser:
        for name, path in PAGES.items():
            shots = []
            for language, theme in VIEWS:
                with visit(browser, url, language=language, theme=theme) as visitor:
                    visitor.go(path)
                    act(visitor.page, name, study)
                    shots.append(Image.open(io.BytesIO(visitor.page.screenshot())).convert("RGB"))
            save(shots, TARGET / f"{name}.webp")
            sys.stdout.write(f"{name}\n")


def save(shots: list[Image.Image], path: Path) -> None:
    """Two by two, at a smaller size."""
    small = [shot.resize((WIDTH, shot.height * WIDTH // shot.width), Image.Resampling.LANCZOS) for shot in shots]
    height = small[0].height
    sheet = Image.new("RGB", (2 * WIDTH, 2 * height))
    for place, shot in enumerate(small):
        sheet.paste(shot, (place % 2 * WIDTH, place // 2 * height))
    path.parent.mkdir(exist_ok=True)
    sheet.save(path, quality=72, method=6)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        measured = ("hnsw", "--generate", "5000x32", "--query-count", "100", "--repeats", "1", "--out", study)
        subprocess.run([sys.executable, "-m", "pinyon.cli", "study", *measured], check=True, capture_output=True)
        command = [sys.executable, "-m", "pinyon.cli", "--data", f"{folder}/data", "--json", "serve", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            try:
                subprocess.run([sys.executable, ROOT / "tests" / "console" / "seed.py", url], check=True)
                shoot(url, study)
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
