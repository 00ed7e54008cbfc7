"""Backups, what is restored from them, and schedules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from console.browsing import Visit
from console.hostile import TEXTS
from console.indexed import Api, asked, button, dialog, section
from sdk.places import Serving


@pytest.fixture
def api(server: Serving, loopback: None) -> Iterator[Api]:
    with asked(server) as api:
        yield api


def test_a_backup_outlives_its_index_and_is_restored_under_another_name(visitor: Visit, api: Api) -> None:
    api.create("page-source", tags={"team": "search"})
    api.upsert("page-source", 7)
    page = visitor.go("/indexes/page-source")
    button(page, "Back up now").click()
    dialog(page).get_by_label("Name").fill(TEXTS[1])
    dialog(page).get_by_label("Description").fill(TEXTS[0])
    button(dialog(page), "Back up").click()
    expect(section(page, "Backups").get_by_role("rowheader")).to_contain_text(TEXTS[1])
    api.call("DELETE", "/indexes/page-source")

    page = visitor.go("/backups?find=page-source")
    expect(page.get_by_role("rowheader")).to_contain_text(TEXTS[0])
    visitor.check_accessible()
    page.get_by_role("button", name="Restore").click()
    form = dialog(page)
    expect(form.get_by_label("Name of the new index")).to_have_value("page-source-restored")
    expect(form.get_by_label("Value of tag 1")).to_have_value("search")
    form.get_by_label("Name of the new index").fill("films")
    button(form, "Restore").click()
    expect(form.get_by_role("alert")).to_contain_text("already exists")
    form.get_by_label("Name of the new index").fill("page-again")
    form.get_by_label("Value of tag 1").fill("restored")
    button(form, "Restore").click()
    page.wait_for_url("**/backups?view=jobs")
    job = page.get_by_role("row").filter(has_text="page-again")
    expect(job).to_contain_text("done")
    assert api.namespaces("page-again") == {"__default__": 7}
    assert api.describe("page-again")["tags"] == {"team": "restored"}

    page = visitor.go("/backups")
    page.get_by_role("button", name="Delete").click()
    button(dialog(page), "Delete").click()
    expect(page.get_by_role("heading", name="No backup yet")).to_be_visible()
    assert api.call("GET", "/backups")["data"] == []


def test_a_schedule_is_made_paused_and_deleted(visitor: Visit, api: Api) -> None:
    api.create("page-regular")
    page = visitor.go("/backups?view=schedules&create=schedule")
    form = dialog(page)
    form.get_by_label("Index").select_option("page-regular")
    form.get_by_label("Name").fill("<b>nightly</b>")
    form.get_by_label("How often").select_option("weekly")
    form.get_by_label("Keep each backup").fill("0")
    button(form, "Schedule").click()
    expect(form).to_contain_text("A whole number from 1 to 3,650.")
    form.get_by_label("Keep each backup").fill("90")
    button(form, "Schedule").click()
    row = page.get_by_role("row").filter(has_text="page-regular")
    expect(row).to_contain_text("<b>nightly</b>")
    expect(row).to_contain_text("kept for 90 days")
    row.get_by_role("checkbox").click()
    expect(row.get_by_role("checkbox")).not_to_be_checked()
    (schedule,) = api.call("GET", "/indexes/page-regular/backup-schedules")["data"]
    assert (schedule["frequency"], schedule["enabled"]) == ("weekly", False)
    row.get_by_role("button", name="Delete").click()
    button(dialog(page), "Delete schedule").click()
    expect(page.get_by_role("heading", name="No schedule yet")).to_be_visible()
