"""A real browser on the console of a real server, and what every page is held to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def executable() -> str:
    """A Chromium of this machine. Skips the test where there is none."""
    named = os.environ.get("PINYON_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip("no browser: install Chromium (Debian: apt-get install chromium), or name one in PINYON_CHROMIUM")
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Playwright's loop occupies its thread for as long as this is open."""
    path = executable()
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)  # a machine that does much else besides
    flags = list(FLAGS)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium's sandbox cannot be had by the superuser
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One visitor's tab. ``problems``: what the browser complained of, and addresses beyond the server."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """A page of the console, ``go("/indexes/films/browse")``, once its first requests were answered."""
        self.page.goto(f"{self.url}/console{path}")
        self.page.wait_for_load_state("networkidle")
        return self.page

    def shot(self, path: Path) -> None:
        """A picture of the page, for people to look at."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, full_page=True)

    def violations(self) -> list[str]:
        """What axe-core finds of serious or critical impact, as readable lines."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    def check_accessible(self) -> None:
        """In both themes."""
        before = self.page.evaluate("document.documentElement.dataset.theme")
        for theme in ("light", "dark"):
            self.page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            assert self.violations() == []
        self.page.evaluate(
            "theme => { if (theme) document.documentElement.dataset.theme = theme;"
            " else delete document.documentElement.dataset.theme }",
            before,
        )

    def harmed(self) -> bool:
        """Whether a text of ``hostile.py`` was run as code."""
        return bool(self.page.evaluate("Boolean(window.__harmed)"))


_SCROLL = """async ([distance, frames]) => {
  const list = document.querySelector(".virtual");
  const times = [];
  let last = performance.now();
  for (let frame = 0; frame < frames; frame++) {
    list.scrollTop += distance;
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  return times.slice(1);
}"""


def scrolled(page: Page, distance: int, frames: int) -> list[float]:
    """Milliseconds between frames while the page's table moves by ``distance`` pixels in each."""
    times: list[float] = page.evaluate(_SCROLL, [distance, frames])
    return times


@contextmanager
def visit(
    browser: Browser, url: str, key: str = "", *, language: str = "en", theme: str = "light", width: int = 1280
) -> Iterator[Visit]:
    """A new visitor, who has a key or none. What the browser complains of fails the test at the end."""
    context: BrowserContext = browser.new_context(
        locale="ko-KR" if language == "ko" else "en-US",
        viewport={"width": width, "height": 860},
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
    )
    stored = {"pinyon.theme": theme, "pinyon.language": language}
    script = "".join(f"localStorage.setItem({name!r}, {value!r});" for name, value in stored.items())
    if key:
        script += f"sessionStorage.getItem('pinyon.key') ?? sessionStorage.setItem('pinyon.key', {key!r});"
    context.add_init_script(f"try {{ {script} }} catch {{}}")
    page = context.new_page()
    page.set_default_timeout(15_000)
    visitor = Visit(page, url)

    def watch(request: Any) -> None:
        if not request.url.startswith((url, "blob:", "data:")):
            visitor.problems.append(f"asked for {request.url}")

    page.on("request", watch)
    page.on("pageerror", lambda error: visitor.problems.append(f"error: {error}"))
    page.on("console", lambda said: visitor.problems.append(said.text) if _complaint(said) else None)
    try:
        yield visitor
        assert not visitor.harmed(), "a text was run as code"
        assert visitor.problems == []
    finally:
        context.close()


def _complaint(said: Any) -> bool:
    """Refused requests are shown by the page itself, and may be what a test is about."""
    return said.type in ("error", "warning") and "Failed to load resource" not in said.text
