"""What all pages share: the way around, themes, languages, the key, and a server that goes away."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from console.browsing import Visit, visit
from sdk.places import Serving


def test_the_indexes_are_listed_with_their_size_and_contract(visitor: Visit) -> None:
    page = visitor.go("/")
    row = page.get_by_role("row").filter(has_text="points")
    expect(row).to_contain_text("20,000")
    expect(row).to_contain_text("cosine")
    visitor.check_accessible()


def test_everything_is_a_few_keystrokes_away(visitor: Visit) -> None:
    page = visitor.go("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("films map")
    expect(page.get_by_role("option", name="Map of films")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/indexes/films/map")


def test_language_and_theme_are_remembered(visitor: Visit) -> None:
    page = visitor.go("/")
    page.get_by_label("Language").select_option("ko")
    page.get_by_label("테마").select_option("dark")
    expect(page.get_by_role("heading", level=1)).to_have_text("인덱스")
    assert page.evaluate("[localStorage['pinyon.language'], localStorage['pinyon.theme']]") == ["ko", "dark"]
    assert page.evaluate("document.documentElement.lang") == "ko"


def test_who_has_no_key_is_asked_for_one_and_goes_on_where_they_were(browser: Browser, server: Serving) -> None:
    with visit(browser, server.url) as visitor:
        page = visitor.go("/")
        page.get_by_role("textbox", name="API key").fill("wrong")
        page.get_by_role("button", name="Use this key").click()
        expect(page.get_by_role("dialog")).to_contain_text("API key")
        page.get_by_role("textbox", name="API key").fill(server.key)
        page.get_by_role("button", name="Use this key").click()
        expect(page.get_by_role("row").filter(has_text="films")).to_be_visible()


def test_no_page_is_wider_than_a_phone(browser: Browser, server: Serving) -> None:
    with visit(browser, server.url, server.key, width=360) as visitor:
        for path in ("/", "/indexes/films", "/indexes/hostile/browse", "/operate", "/ask", "/nowhere"):
            page = visitor.go(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
