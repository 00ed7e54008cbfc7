"""Indexes in the console: made, looked at, changed, filled from files and deleted."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from console.browsing import Visit, visit
from console.hostile import TEXTS
from console.indexed import Api, asked, button, dialog, section
from sdk.places import Serving, environment


@pytest.fixture
def api(server: Serving, loopback: None) -> Iterator[Api]:
    with asked(server) as api:
        yield api


# -- creating ---------------------------------------------------------------------------------------------------------


def test_an_index_of_vectors_is_created_with_its_kind_tags_and_protection(visitor: Visit, api: Api) -> None:
    page = visitor.go("/?create=1")
    form = dialog(page)
    form.get_by_label("Name", exact=True).fill("page-dense")
    form.get_by_label("Vectors of my own").check()
    form.get_by_label("Dimension").fill("384")
    form.get_by_label("Metric").select_option("dotproduct")
    form.get_by_label("Search structure").select_option("hnsw")
    form.get_by_label("Recall target").fill("0.95")
    form.get_by_label("Links of a record").fill("32")
    button(form, "Add a tag").click()
    form.get_by_label("Name of tag 1").fill("team")
    form.get_by_label("Value of tag 1").fill("search")
    form.get_by_label("Protect it").check()
    form.get_by_text("The API call").click()
    expect(form.locator("pre")).to_contain_text('"pinyon-index": "hnsw m 32 recall 0.95"')
    visitor.check_accessible()
    button(form, "Create").click()

    page.wait_for_url("**/console/indexes/page-dense")
    expect(section(page, "Facts")).to_contain_text("384 numbers")
    made = api.describe("page-dense")
    assert (made["dimension"], made["metric"], made["deletion_protection"]) == (384, "dotproduct", "enabled")
    assert made["tags"] == {"team": "search", "pinyon-index": "hnsw m 32 recall 0.95"}


def test_an_index_of_sparse_vectors_is_created(visitor: Visit, api: Api) -> None:
    form = dialog(visitor.go("/?create=1"))
    form.get_by_label("Name", exact=True).fill("page-sparse")
    form.get_by_label("Sparse vectors").check()
    expect(form.get_by_label("Search structure")).to_have_count(0)
    button(form, "Create").click()
    visitor.page.wait_for_url("**/console/indexes/page-sparse")
    assert api.describe("page-sparse")["vector_type"] == "sparse"


def test_an_index_for_a_model_is_created(visitor: Visit, api: Api) -> None:
    form = dialog(visitor.go("/?create=1"))
    form.get_by_label("Name", exact=True).fill("page-texts")
    form.get_by_label("Model", exact=True).select_option("llama-text-embed-v2")
    form.get_by_label("Dimension").select_option("512")
    form.get_by_label("Field that holds the text").fill("body")
    button(form, "Create").click()
    visitor.page.wait_for_url("**/console/indexes/page-texts")
    embed = api.describe("page-texts")["embed"]
    assert (embed["model"], embed["dimension"], embed["field_map"]) == ("llama-text-embed-v2", 512, {"text": "body"})


def test_limits_are_told_before_anything_is_sent(visitor: Visit, api: Api) -> None:
    page = visitor.go("/?create=1")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    form = dialog(page)
    button(form, "Create").click()
    expect(form).to_contain_text("An index needs a name.")
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    form.get_by_label("Name", exact=True).fill("Films of 영화")
    expect(form).to_contain_text("Only lower-case letters")
    form.get_by_label("Vectors of my own").check()
    form.get_by_label("Dimension").fill("20001")
    expect(form).to_contain_text("A whole number from 1 to 20,000.")
    button(form, "Create").click()
    assert asked == []


def test_what_was_typed_survives_a_refusal_and_a_closed_dialog(visitor: Visit, api: Api) -> None:
    form = dialog(visitor.go("/?create=1"))
    form.get_by_label("Name", exact=True).fill("films")
    form.get_by_label("Vectors of my own").check()
    form.get_by_label("Dimension").fill("20000")
    button(form, "Create").click()
    expect(form.get_by_role("alert")).to_contain_text("already exists")
    expect(form.get_by_label("Name", exact=True)).to_have_value("films")
    visitor.page.context.set_offline(True)
    button(form, "Create").click()
    expect(form.get_by_role("alert")).to_contain_text("The server does not answer.")
    visitor.page.context.set_offline(False)
    visitor.page.keyboard.press("Escape")
    expect(dialog(visitor.page)).to_have_count(0)
    button(visitor.page, "Create an index").click()
    expect(form.get_by_label("Name", exact=True)).to_have_value("films")
    expect(form.get_by_label("Dimension")).to_have_value("20000")


# -- the overview -----------------------------------------------------------------------------------------------------


def test_an_index_is_configured_while_it_is_used(visitor: Visit, api: Api) -> None:
    api.create("page-settings", tags={"stage": "old", "team": "search"})
    page = visitor.go("/indexes/page-settings")
    kind = page.get_by_role("form", name="How it is searched")
    kind.get_by_label("Search structure").select_option("ivf")
    kind.get_by_label("Clusters (nlist)").fill("16")
    kind.get_by_label("Clusters that a search reads").fill("17")
    expect(kind).to_contain_text("No more than nlist")
    expect(button(kind, "Save")).to_be_disabled()
    kind.get_by_label("Clusters that a search reads").fill("8")
    button(kind, "Save").click()
    expect(section(page, "Facts")).to_contain_text("search structure ivf")

    tags = page.get_by_role("form", name="Tags")
    tags.get_by_label("Value of tag 1").fill("new")
    button(tags, "Remove tag 2").click()
    button(tags, "Save").click()
    expect(button(tags, "Undo")).to_have_count(0)
    assert api.describe("page-settings")["tags"] == {"stage": "new", "pinyon-index": "ivf nlist 16 nprobe 8"}
    visitor.check_accessible()


def test_a_model_is_bound_and_searches_go_by_words_too(visitor: Visit, api: Api) -> None:
    api.create("page-bound", dimension=512)
    page = visitor.go("/indexes/page-bound")
    texts = page.get_by_role("form", name="Texts")
    texts.get_by_label("Model").select_option("use-multilingual")
    button(texts, "Save").click()
    expect(section(page, "Facts")).to_contain_text("use-multilingual")
    texts.get_by_label("Searches go by").select_option("hybrid")
    button(texts, "Save").click()
    expect(button(texts, "Undo")).to_have_count(0)
    assert api.describe("page-bound")["embed"]["read_parameters"]["mode"] == "hybrid"


def test_a_protected_index_is_deleted_only_after_its_protection_and_its_name(visitor: Visit, api: Api) -> None:
    api.create("page-kept", deletion_protection="enabled")
    page = visitor.go("/indexes/page-kept")
    expect(section(page, "Delete this index")).to_contain_text("Deletion protection is on")
    expect(button(page, "Delete the index…")).to_be_disabled()
    page.get_by_label("Deletion protection").click()
    button(page, "Delete the index…").click()
    confirm = button(dialog(page), "Delete index")
    expect(confirm).to_be_disabled()
    dialog(page).get_by_label("Type page-kept to confirm").fill("page-kep")
    expect(confirm).to_be_disabled()
    dialog(page).get_by_label("Type page-kept to confirm").fill("page-kept")
    confirm.click()
    page.wait_for_url("**/console/")
    assert "page-kept" not in api.names()


@pytest.mark.parametrize("name", ["tenant a/b?c=d", TEXTS[1], ".."])
def test_namespaces_are_created_and_deleted(visitor: Visit, api: Api, name: str) -> None:
    api.create("page-spaces")
    api.upsert("page-spaces", 3, "other")
    page = visitor.go("/indexes/page-spaces")
    button(page, "Create a namespace").click()
    dialog(page).get_by_label("Name").fill("이름")
    expect(dialog(page)).to_contain_text("Only ASCII characters are allowed")
    dialog(page).get_by_label("Name").fill(name)
    button(dialog(page), "Create").click()
    expect(dialog(page)).to_have_count(0)
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
    expect(row).to_contain_text("0")
    assert api.namespaces("page-spaces") == {"other": 3, name: 0}

    button(page, f"Delete namespace {name}").click()
    dialog(page).get_by_role("textbox").fill(name)
    button(dialog(page), "Delete namespace").click()
    expect(dialog(page)).to_have_count(0)
    assert api.namespaces("page-spaces").get(name, 0) == 0
    assert api.namespaces("page-spaces")["other"] == 3
    assert "page-spaces" in api.names()


@pytest.mark.nightly
def test_an_index_that_somebody_else_deleted_says_so_and_leads_back(visitor: Visit, api: Api) -> None:
    api.create("page-lost")
    page = visitor.go("/indexes/page-lost")
    expect(section(page, "Facts")).to_contain_text("in 0 namespaces")
    api.call("DELETE", "/indexes/page-lost")
    page.get_by_label("Deletion protection").click()
    expect(page.get_by_role("heading", name="There is no index named page-lost")).to_be_visible()
    visitor.check_accessible()
    page.get_by_role("link", name="To the indexes").click()
    page.wait_for_url("**/console/")
    expect(page.get_by_role("row").filter(has_text="films")).to_be_visible()


def test_what_a_large_namespace_promises_and_keeps_is_shown(visitor: Visit, api: Api) -> None:
    rng = np.random.default_rng(11)
    for _ in range(40):
        api.call("POST", "/indexes/points/query", {"vector": rng.standard_normal(64).tolist(), "topK": 10})
    page = visitor.go("/indexes/points")
    row = section(page, "Namespaces and their contract").get_by_role("row").filter(has_text="__default__")
    expect(row).to_contain_text("20,000")
    expect(row.locator(".badge")).to_have_text(re.compile("exact|[0-9.]+% (estimated|measured)|promised 99%"))


@pytest.mark.nightly
@pytest.mark.parametrize("settings", [{}, {"dimension": None, "vector_type": "sparse", "metric": "dotproduct"}])
def test_the_lines_that_use_an_index_run_as_they_are(
    visitor: Visit, api: Api, server: Serving, tmp_path: Path, settings: dict[str, Any]
) -> None:
    python = environment("sdk10")
    api.create("page-lines", **settings)
    use = section(visitor.go("/indexes/page-lines"), "Use it in five lines")
    program = tmp_path / "lines.py"
    program.write_text(use.locator("pre").inner_text())
    keyed = os.environ | {"PINECONE_API_KEY": server.key}
    assert "id='owl'" in subprocess.run([python, program], env=keyed, check=True, capture_output=True, text=True).stdout
    api.call("DELETE", "/indexes/page-lines/namespaces/__default__")
    use.get_by_role("tab", name="curl").click()
    program.write_text(use.locator("pre").inner_text())
    said = subprocess.run(["sh", program], env=keyed, check=True, capture_output=True, text=True).stdout
    assert '"id":"owl"' in said


@pytest.mark.nightly
def test_an_empty_server_says_how_to_begin(browser: Browser, tmp_path: Path) -> None:
    with Serving(tmp_path) as empty, visit(browser, empty.url, empty.key) as visitor:
        page = visitor.go("/")
        expect(page.get_by_role("heading", name="No index yet")).to_be_visible()
        expect(page.get_by_role("link", name="Load a sample and take the tour")).to_be_visible()
        expect(page.locator("pre")).to_contain_text(f'host="{empty.url}"')
        visitor.check_accessible()
        button(page.get_by_role("main"), "Create an index").last.click()
        page.wait_for_url("**create=1")
        expect(dialog(page)).to_be_visible()


# -- imports ----------------------------------------------------------------------------------------------------------


def test_files_of_the_server_are_imported(visitor: Visit, api: Api, server: Serving) -> None:
    folder = server.imports / "page" / "inside"
    folder.mkdir(parents=True)
    lines = [json.dumps({"id": f"line-{at}", "values": [1.0, at, 0, 0]}) for at in range(5)]
    (folder / "records.jsonl").write_text("\n".join(lines))
    api.create("page-import")
    page = visitor.go("/indexes/page-import")
    imports = section(page, "Imports")
    imports.get_by_label("Folder to import").fill("/etc")
    button(imports, "Start").click()
    expect(imports.get_by_role("alert")).to_be_visible()
    expect(imports.get_by_label("Folder to import")).to_have_value("/etc")
    imports.get_by_label("Folder to import").fill(str(folder.parent))
    button(imports, "Start").click()
    expect(imports.get_by_role("listitem")).to_contain_text("done")
    expect(imports.get_by_role("listitem")).to_contain_text("5 records")
    expect(page.get_by_role("rowheader", name="inside")).to_be_visible()
    assert api.namespaces("page-import") == {"inside": 5}


# -- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_name_model_and_tag_and_the_address_says_so(visitor: Visit) -> None:
    page = visitor.go("/")
    page.get_by_role("searchbox").fill("cinema e5")
    expect(page.get_by_role("rowheader")).to_have_count(1)
    expect(page.get_by_role("rowheader")).to_contain_text("films")
    page.wait_for_url(re.compile(r"/console/\?find=cinema\+e5$"))
    page.get_by_role("searchbox").fill("nothing like that")
    expect(page.get_by_text("No index is like that.")).to_be_visible()


@pytest.mark.parametrize("language", ["en", pytest.param("ko", marks=pytest.mark.nightly)])
def test_pages_fit_a_phone_and_are_accessible(browser: Browser, server: Serving, language: str) -> None:
    with visit(browser, server.url, server.key, language=language, width=360) as phone:
        for path in ("/?create=1", "/indexes/hostile", "/backups?view=schedules"):
            page = phone.go(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
            phone.check_accessible()
