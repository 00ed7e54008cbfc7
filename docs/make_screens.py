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

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "console"
sys.path.insert(0, str(ROOT / "tests"))

from PIL import Image  # noqa: E402

from console.browsing import chromium, visit  # noqa: E402

PAGES = {
    "indexes": "/",
    "overview": "/indexes/points",
    "browse": "/indexes/films/browse",
    "search": "/indexes/films/search?text=a+bird+that+learns&run=1",
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


def shoot(url: str) -> None:
    with chromium() as browser:
        for name, path in PAGES.items():
            shots = []
            for language, theme in VIEWS:
                with visit(browser, url, language=language, theme=theme) as visitor:
                    visitor.go(path)
                    visitor.page.wait_for_timeout(1_500)
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
        command = [sys.executable, "-m", "pinyon.cli", "--data", folder, "--json", "serve", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            try:
                subprocess.run([sys.executable, ROOT / "tests" / "console" / "seed.py", url], check=True)
                shoot(url)
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
