"""``docs/server.md`` names settings, roles, routes and metrics that exist."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from docs.documents import ROOT, blocks, read, table
from pinyon import engine
from pinyon.app.settings import build, load, names
from pinyon.engine.kinds import KINDS, PARAMETERS, configured, line_of, read_line
from pinyon.models import ModelRegistry
from pinyon.server.roles import ROLES
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.service import Service
from pinyon.server.settings import MIB, Settings
from pinyon.types import IndexSpec
from server.clients import PortAddresses, WordModels

PAGE = ROOT / "docs" / "server.md"


def defaults() -> dict[str, str]:
    """What the page says: setting -> default."""
    found = {}
    for row in table(PAGE, "Setting", "Default", "Meaning"):
        settings, values = row["Setting"].split(", "), row["Default"].split(", ")
        found |= dict(zip(settings, values if len(values) == len(settings) else values * len(settings), strict=True))
    return found


def test_the_settings_exist_and_have_the_defaults_that_the_page_gives() -> None:
    settings = Settings()
    for name, said in defaults().items():
        assert name in names(), name
        table_, _, inner = name.rpartition(".")
        value = getattr(getattr(settings, table_) if table_ else settings, inner)
        if isinstance(value, int) and said.endswith("MiB"):
            assert value == int(said.split()[0]) * MIB, name
        elif value in ((), None):
            assert said in ("", "off"), name
        elif isinstance(value, float):
            assert float(said) == value, name
        else:
            assert said == str(value).lower(), name


def test_most_settings_are_on_the_page() -> None:
    missing = {one.name for one in fields(Settings)} - defaults().keys()
    assert missing <= {
        "data",
        "project",
        "cloud",
        "region",
        "limits",
        "requests",
        "audit_file_bytes",
        "audit_files",
        "sources",
    }


def test_the_settings_file_of_the_page_is_one(tmp_path: Path) -> None:
    (block,) = blocks(PAGE, "toml")
    file = tmp_path / "pinyon.toml"
    file.write_text(block.text)
    found = load(file=file, environment={})
    assert (found.host, found.workers, found.requests.requests_per_second) == ("0.0.0.0", 2, 100.0)
    assert found.requests.decoded_bytes == 2 * MIB
    assert build(tomllib.loads("")) == Settings()


def test_the_roles_are_the_servers() -> None:
    assert [row["Role"] for row in table(PAGE, "Role", "May")] == list(ROLES)


def test_the_kinds_of_index_are_listed_with_their_parameters_and_limits() -> None:
    rows = {row["Kind"]: row["Parameters"] for row in table(PAGE, "Kind", "Parameters", "What it is")}
    assert list(rows) == list(KINDS)
    for kind, parameters in PARAMETERS.items():
        assert re.findall(r"(\w+) \(", rows[kind]) == list(parameters)
        for name, one in parameters.items():
            (said,) = re.findall(rf"{name} \((.*?)\)", rows[kind])
            if one.choices:
                assert [word for word in re.findall(r"\w+", said) if word not in ("usually", "or")] == [
                    *map(str, one.choices)
                ]
                assert f"{one.default}, usually" in said, name
            else:
                assert said.startswith((f"{one.least} to {one.most}", f"{one.least} to nlist")), name
                assert one.default is None or said.endswith(f"usually {one.default}"), name


def test_the_values_of_the_tag_are_settings_that_can_be_made() -> None:
    spec = IndexSpec("films", 384, "cosine")
    lines = re.findall(r'"pinyon-index": "([^"]+)"', read(PAGE))
    assert [line_of(configured(spec, read_line(line))) for line in lines] == lines
    assert len(lines) == 2


def test_the_routes_exist() -> None:
    paths = {route.path for route in ALL_ROUTES}
    said = {path for row in table(PAGE, "Route", "Needs", "Says") for path in row["Route"].split(", ")}
    operations = {route.path for route in ALL_ROUTES if route.plane == "operations"}
    assert said == {path for path in operations if not path.startswith("/console/")}
    assert said <= paths


def test_the_routes_for_exploring_are_those_of_the_page() -> None:
    said = {row["Route of an index"] for row in table(PAGE, "Route of an index", "Says")}
    assert said == {f"{route.method} {route.path}" for route in ALL_ROUTES if route.tags == ("exploring",)}


def test_the_metrics_exist() -> None:
    pytest.importorskip("prometheus_client")
    from pinyon.server.observe import Observer

    with engine.Database(":memory:") as database:
        service = Service(Settings(), database, WordModels(), PortAddresses())
        text = Observer.start(service).metrics.text().decode()
    for name in re.findall(r"`((?:pinecone_db|pinyon)_\w+)`", read(PAGE)):
        assert f"# TYPE {name} " in text, name


def test_the_names_that_stand_for_local_models_are_listed() -> None:
    said = {
        row["Name"].strip("`"): row["Stands for"].strip("`")
        for row in table(PAGE, "Name", "Stands for", "What that is")
    }
    stands_for = re.compile(r"it stands for ([\w.-]+?)\. ")
    registry = ModelRegistry().list()
    assert said == {model.name: found[1] for model in registry if (found := stands_for.search(model.short_description))}
