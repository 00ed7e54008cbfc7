"""What an operator sees and does: metrics, keys and roles, logs, the audit log, settings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from conftest import NIGHTLY
from console.browsing import Visit, visit
from console.hostile import TEXTS
from sdk.places import Serving

pytestmark = pytest.mark.usefixtures("loopback")

VERSION = {"X-Pinecone-Api-Version": "2025-10"}
SECTIONS = ("", "/keys", "/logs", "/audit", "/slow", "/settings", "/models")


def asked(server: Serving, method: str, path: str, key: str, body: Any = None) -> httpx.Response:
    return httpx.request(method, f"{server.url}{path}", json=body, headers={**VERSION, "Api-Key": key}, timeout=60)


class Admin:
    """The admin API itself, beside the page."""

    def __init__(self, server: Serving) -> None:
        given = {"client_id": server.client_id, "client_secret": server.client_secret}
        answer = httpx.post(f"{server.url}/oauth/token", json={**given, "grant_type": "client_credentials"})
        headers = {**VERSION, "Authorization": f"Bearer {answer.json()['access_token']}"}
        self.http = httpx.Client(base_url=f"{server.url}/admin", headers=headers, timeout=60)
        self.project = self.http.get("/projects").json()["data"][0]["id"]
        self._made: list[str] = []

    def key(self, name: str, *roles: str) -> str:
        """The secret of a new key."""
        made = self.http.post(f"/projects/{self.project}/api-keys", json={"name": name, "roles": roles}).json()
        self._made.append(made["key"]["id"])
        return str(made["value"])

    def close(self) -> None:
        for id in self._made:
            self.http.delete(f"/api-keys/{id}")
        self.http.close()


@pytest.fixture
def admin(server: Serving, loopback: None) -> Iterator[Admin]:
    opened = Admin(server)
    yield opened
    opened.close()


def sign_in(page: Page, server: Serving, secret: str = "") -> None:
    page.get_by_role("button", name="Enter client id and secret").click()
    page.get_by_label("Client id").fill(server.client_id)
    page.get_by_label("Client secret").fill(secret or server.client_secret)
    page.get_by_role("button", name="Sign in").click()


# -- overview ---------------------------------------------------------------------------------------------------------


def test_every_metric_of_the_server_has_a_panel(visitor: Visit, server: Serving) -> None:
    asked(server, "POST", "/indexes/points/query", server.key, {"id": "point-00001", "topK": 3})
    page = visitor.go("/operate")
    expect(page.get_by_label("How the server is")).to_contain_text("ready")
    told = asked(server, "GET", "/metrics", server.key).text
    families = {
        name
        for name in re.findall(r"^# TYPE (\S+)", told, re.M)
        if not name.endswith("_created") and f"\n{name}" in told
    }
    expect(page.locator("[data-metric='pinecone_db_record_total']")).to_contain_text("20,000")
    panels = page.locator("[data-metric]").evaluate_all("all => all.map(one => one.dataset.metric)")
    assert families - set(panels) == set()
    visitor.check_accessible()


@pytest.mark.nightly
def test_requests_are_counted_while_one_watches(visitor: Visit, server: Serving) -> None:
    page = visitor.go("/operate")
    for _ in range(7):
        asked(server, "POST", "/indexes/points/query", server.key, {"id": "point-00001", "topK": 3})
    row = page.get_by_role("region", name="Requests by operation").get_by_role("row").filter(has_text="query")
    expect(row.first.get_by_role("cell").nth(1)).to_have_text("7")


# -- keys and roles ---------------------------------------------------------------------------------------------------


def test_a_key_is_created_changed_and_revoked_and_the_server_follows(visitor: Visit, server: Serving) -> None:
    page = visitor.go("/operate/keys")
    sign_in(page, server, "pnys_wrong")
    expect(page.get_by_role("alert")).to_contain_text("the client secret is wrong")
    page.get_by_label("Client secret").fill(server.client_secret)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("button", name="Create a key").click()
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Enter a name.")
    page.get_by_label("Name", exact=True).fill("for points")
    page.get_by_label("Limited to index").select_option("points")
    page.get_by_label("Expires").select_option("week")
    page.get_by_role("button", name="Create", exact=True).click()
    secret = page.locator("[data-secret]").inner_text()
    page.get_by_role("button", name="I have copied it").click()
    assert secret not in page.content()
    stored = page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    assert secret not in stored
    assert server.client_secret not in stored
    assert "pnyt_" not in stored

    query = {"id": "point-00001", "topK": 1}
    assert asked(server, "POST", "/indexes/points/query", secret, query).status_code == 200
    assert asked(server, "POST", "/indexes/films/query", secret, query).status_code == 403
    assert asked(server, "GET", "/indexes/points", secret).status_code == 403
    row = page.get_by_role("row").filter(has_text="for points")
    expect(row).to_contain_text("DataPlaneViewer")
    expect(row).to_contain_text("points")

    row.get_by_role("button", name="Change roles of for points").click()
    page.get_by_label("ControlPlaneViewer").check()
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("ControlPlaneViewer")
    assert asked(server, "GET", "/indexes/points", secret).status_code == 200

    row.get_by_role("button", name="Revoke for points").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Revoke")).to_be_disabled()
    dialog.get_by_label("Type for points to confirm").fill("for points")
    dialog.get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)
    assert asked(server, "GET", "/indexes/points", secret).status_code == 401


@pytest.mark.nightly
def test_service_accounts_and_hostile_names(visitor: Visit, server: Serving, admin: Admin) -> None:
    for number, text in enumerate(TEXTS):
        admin.key(f"{number} {text}"[:80], "DataPlaneViewer")
    page = visitor.go("/operate/keys")
    sign_in(page, server)
    expect(page.get_by_role("row").filter(has_text=f"0 {TEXTS[0]}")).to_have_count(1)
    page.get_by_role("button", name="Create a service account").click()
    page.get_by_label("Name", exact=True).fill(TEXTS[1])
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("[data-secret]")).to_have_count(2)
    parts = page.locator("[data-secret]").all_inner_texts()
    page.get_by_role("button", name="I have copied it").click()
    given = {"client_id": parts[0], "client_secret": parts[1], "grant_type": "client_credentials"}
    assert httpx.post(f"{server.url}/oauth/token", json=given).status_code == 200
    visitor.check_accessible()
    page.get_by_role("button", name=f"Delete {TEXTS[1]}").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(TEXTS[1])
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("row").filter(has_text=TEXTS[1]).filter(has_text=parts[0])).to_have_count(0)
    assert httpx.post(f"{server.url}/oauth/token", json=given).status_code == 401


def test_a_session_that_is_over_asks_for_the_secret_again(visitor: Visit, server: Serving, admin: Admin) -> None:
    made = admin.http.post(
        "/service-accounts",
        json={"name": "short", "role_bindings": [{"resource_type": "organization", "role": "OrgOwner"}]},
    ).json()
    page = visitor.go("/operate/keys")
    page.get_by_role("button", name="Enter client id and secret").click()
    page.get_by_label("Client id").fill(made["service_account"]["client_id"])
    page.get_by_label("Client secret").fill(made["client_secret"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Create a key").click()
    page.get_by_label("Name", exact=True).fill("late")
    admin.http.delete(f"/service-accounts/{made['service_account']['id']}")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="The session is over")).to_be_visible()


@pytest.mark.parametrize("section", ["/settings", "/logs", "/audit", "/slow"] if NIGHTLY else ["/settings"])
def test_a_viewer_is_told_which_role_may_look(browser: Browser, server: Serving, admin: Admin, section: str) -> None:
    key = admin.key("viewer", "ProjectViewer")
    with visit(browser, server.url, key) as visitor:
        page = visitor.go(f"/operate{section}")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("ProjectEditor")
        expect(alert).to_contain_text("ControlPlaneEditor")
        if section == "/settings":
            visitor.check_accessible()


@pytest.mark.nightly
def test_a_key_that_may_not_see_metrics_is_refused_once(browser: Browser, server: Serving, admin: Admin) -> None:
    key = admin.key("reader", "DataPlaneViewer")
    with visit(browser, server.url, key) as visitor:
        asked_for: list[str] = []
        visitor.page.on("request", lambda request: asked_for.append(request.url))
        page = visitor.go("/operate")
        expect(page.get_by_role("alert")).to_contain_text("ControlPlaneViewer")
        page.wait_for_timeout(2_600)  # longer than the page waits between two looks
        assert sum(url.endswith("/metrics") for url in asked_for) == 1


# -- logs, audit, settings, slow queries ------------------------------------------------------------------------------


def test_log_lines_appear_as_they_are_written(visitor: Visit, server: Serving) -> None:
    page = visitor.go("/operate/logs")
    asked(server, "GET", "/indexes", "wrong-key")
    log = page.get_by_role("list", name="Log")
    expect(log).to_contain_text("GET /indexes 401")
    page.get_by_label("Find in the lines").fill("indexes 401")
    expect(log.locator("mark").first).to_have_text("indexes 401")
    page.get_by_label("Level").select_option("error")
    expect(page.get_by_text("GET /indexes 401")).to_have_count(0)
    assert "level=error" in page.url
    assert "find=indexes+401" in page.url


def test_hostile_log_lines_are_only_text(visitor: Visit) -> None:
    lines = [
        {"time": f"2026-11-23T10:00:{number:02}.000Z", "level": "warning", "logger": text[:40], "message": text}
        for number, text in enumerate(TEXTS)
    ]
    visitor.page.route("**/pinyon/logs?*", lambda route: route.fulfill(json={"lines": lines}))
    page = visitor.go("/operate/logs?find=<")
    for text in TEXTS:
        if "<" in text:
            expect(page.get_by_role("listitem").filter(has_text=text).first).to_be_visible()


def test_the_audit_tells_who_did_what_and_hostile_names_stay_text(visitor: Visit, server: Serving) -> None:
    asked(server, "GET", "/indexes", "wrong-key")
    page = visitor.go("/operate/audit?result=refused")
    expect(page.get_by_role("row").nth(1)).to_contain_text("refused 401")
    page.get_by_label("Result").select_option("ok")
    page.get_by_label("Operation", exact=True).fill("upsert")
    expect(page.get_by_role("cell", name="<b>bold</b>").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="create_index")).to_have_count(0)
    page.get_by_role("button", name="given-1").first.click()
    assert "key=given-1" in page.url


def test_settings_say_where_they_came_from_and_no_secret(visitor: Visit, server: Serving) -> None:
    page = visitor.go("/operate/settings")
    expect(page.get_by_role("row").filter(has_text="slow_query_ms").first).to_contain_text("default")
    page.get_by_label("Only those that differ from the default").check()
    expect(page.get_by_role("row").filter(has_text="import_roots")).to_contain_text(str(server.imports))
    expect(page.get_by_role("row").filter(has_text="slow_query_ms")).to_have_count(0)
    assert server.key not in page.inner_text("main")


def test_a_slow_query_is_shown_with_its_plan_and_advice(visitor: Visit) -> None:
    plan = {
        **{"kind": "exact", "reason": TEXTS[0], "records": 20_000, "matching": 19_000, "candidates": 19_000},
        **{"exact": True, "milliseconds": {"filter": 1.5, "search": 180.0}},
    }
    query = {"time": "2026-11-23T10:00:00.000Z", "index": "points", "namespace": "", "milliseconds": 190.0}
    answer = {"queries": [{**query, "plan": plan, "advice": TEXTS[1]}]}
    visitor.page.route("**/pinyon/slow-queries?*", lambda route: route.fulfill(body=json.dumps(answer)))
    page = visitor.go("/operate/slow")
    shown = page.get_by_role("article")
    for text in ("190 ms", "19,000 of 20,000 records match", TEXTS[0], TEXTS[1]):
        expect(shown).to_contain_text(text)
    if NIGHTLY:
        visitor.check_accessible()


def test_models_and_the_way_to_the_api(visitor: Visit) -> None:
    page = visitor.go("/operate/models")
    expect(page.get_by_role("row").filter(has_text="multilingual-e5-large")).to_contain_text("1,024")
    for path in ("/docs", "/openapi.json"):
        expect(page.get_by_role("main").get_by_role("link", name=path)).to_have_attribute("href", path)


# -- everywhere -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not NIGHTLY, reason="core flows are above")
@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_sections_are_accessible_and_fit_a_phone(
    browser: Browser, server: Serving, section: str, language: str
) -> None:
    with visit(browser, server.url, server.key, language=language, width=360) as visitor:
        page = visitor.go(f"/operate{section}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        visitor.check_accessible()


@pytest.mark.nightly
def test_a_phone_is_wide_enough(browser: Browser, server: Serving) -> None:
    with visit(browser, server.url, server.key, width=360) as visitor:
        for section in ("", "/audit", "/models"):
            page = visitor.go(f"/operate{section}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, section
