"""The source respects the walls, the forbidden list and the sizes of ``architecture``."""

from __future__ import annotations

import ast
import graphlib
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import architecture

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "pinyon"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Import:
    """``target`` is a full dotted name; ``eager`` when importing the module imports the target too."""

    target: str
    line: int
    eager: bool


def _modules() -> list[str]:
    files = (path.relative_to(SOURCE.parent).with_suffix("") for path in sorted(SOURCE.rglob("*.py")))
    return [".".join(file.parts).removesuffix(".__init__") for file in files]


MODULES = _modules()


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_path(module).read_text("utf-8"))


def _path(module: str) -> Path:
    base = SOURCE.parent.joinpath(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def _room(module: str) -> str:
    parts = module.split(".")
    if len(parts) == 1:
        return "__init__"
    return "cli" if parts[1] == "__main__" else parts[1]


def _is_type_checking(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))


def _walk(node: ast.AST, eager: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """Every node below ``node``, and whether it runs when the module is imported."""
    for child in ast.iter_child_nodes(node):
        yield child, eager
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for statement in child.body:
                yield statement, False
                yield from _walk(statement, False)
            for statement in child.orelse:
                yield statement, eager
                yield from _walk(statement, eager)
        else:
            yield from _walk(child, eager and not isinstance(child, (*FUNCTIONS, ast.Lambda)))


def _absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.split(".") if _path(module).name == "__init__.py" else module.split(".")[:-1]
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def _imports(module: str, tree: ast.Module | None = None) -> Iterator[Import]:
    for node, eager in _walk(tree or _tree(module)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, eager)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node)
            for alias in node.names:
                # `from pinyon import errors` reaches the room `errors`, not the root.
                name = f"{source}.{alias.name}"
                is_module = name in MODULES or (source == "pinyon" and alias.name in architecture.ROOMS)
                yield Import(name if is_module else source, node.lineno, eager)
        elif isinstance(node, ast.Constant) and (named := _named(node.value)):
            # Given to importlib, perhaps as a provider "pinyon.models.x:Class", a name is an import as well.
            yield Import(named, node.lineno, False)


def _named(value: object) -> str | None:
    found = re.fullmatch(r"(pinyon(?:\.\w+)+)(?::\w+)?", value) if isinstance(value, str) else None
    return found[1] if found and found[1] in MODULES else None


def _inside(target: str) -> bool:
    return target.partition(".")[0] == "pinyon"


def _violations(module: str, tree: ast.Module | None = None) -> list[str]:
    room = _room(module)
    allowed = architecture.ROOMS[room]
    deferred = allowed | architecture.DEFERRED.get(room, set())
    return [
        f"{module}:{found.line} imports {found.target}"
        for found in _imports(module, tree)
        if _inside(found.target)
        and _room(found.target) != room
        and _room(found.target) not in (allowed if found.eager else deferred)
    ]


def test_every_room_is_in_the_table() -> None:
    assert {_room(module) for module in MODULES} <= architecture.ROOMS.keys()


def test_the_table_has_no_cycle() -> None:
    order = list(graphlib.TopologicalSorter(architecture.ROOMS).static_order())
    assert set(order) == architecture.ROOMS.keys()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_the_rooms_that_it_may(module: str) -> None:
    assert _violations(module) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pinyon.engine",
        "from pinyon import engine",
        "from ..engine import Database",
        "def f():\n    from pinyon.engine import Database",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pinyon.engine import Database",
        "import importlib\nimportlib.import_module('pinyon.engine')",
    ],
)
def test_a_hole_in_a_wall_is_found_however_it_is_written(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "MODULES", [*MODULES, "pinyon.engine"])
    assert len(_violations("pinyon.models.registry", ast.parse(source))) == 1


@pytest.mark.parametrize("module", MODULES)
def test_heavy_packages_are_imported_inside_the_function_that_needs_them(module: str) -> None:
    allowed = architecture.EAGER_ANYWHERE | architecture.EAGER.get(_room(module), set()) | {"__future__", "pinyon"}
    allowed |= architecture.LAZY.get(module.removeprefix("pinyon."), set())
    packages = {found.target.partition(".")[0]: found.line for found in _imports(module) if found.eager}
    assert {name: line for name, line in packages.items() if name not in allowed | sys.stdlib_module_names} == {}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_an_extra_is_imported_inside_the_function_that_needs_it(module: str) -> None:
    lazy = {f"pinyon.{name}" for name in architecture.LAZY}
    reached = {found.target: found.line for found in _imports(module) if found.eager and found.target in lazy}
    assert module in lazy or reached == {}


def test_every_imported_package_is_declared_as_a_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    declared = {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower() for requirement in wanted}
    # Developers do not have these, so that nothing tells what brings their packages.
    absent = {"open_clip": ["open-clip-torch"], "safetensors": ["transformers"], "umap": ["umap-learn"]}
    brought_by = {**absent, **importlib.metadata.packages_distributions()}
    undeclared = {
        f"{module}:{found.line} imports {found.target}"
        for module in MODULES
        for found in _imports(module)
        if (name := found.target.partition(".")[0]) not in {"pinyon", *sys.stdlib_module_names}
        and not declared & {distribution.lower().replace("_", "-") for distribution in brought_by.get(name, [name])}
    }
    assert undeclared == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_uses_nothing_forbidden(module: str) -> None:
    calls = architecture.FORBIDDEN_CALLS - ({"print"} if _room(module) in architecture.MAY_PRINT else set())
    found = [
        f"line {node.lineno}: {node.func.id}()"
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls
    ]
    found += [
        f"line {node.lineno}: allow_pickle"
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.keyword)
        and node.arg == "allow_pickle"
        and not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
    found += [
        f"line {one.line}: import {one.target}"
        for one in _imports(module)
        if {one.target, one.target.partition(".")[0]} & architecture.FORBIDDEN_MODULES
    ]
    assert found == []


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, int]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            name = f"{prefix}{child.name}"
            if isinstance(child, FUNCTIONS):
                yield name, (child.end_lineno or child.lineno) - child.lineno + 1
            yield from _functions(child, f"{name}.")
        else:
            yield from _functions(child, prefix)


def test_long_functions_are_listed_with_a_reason_and_the_list_is_current() -> None:
    long = {
        f"{module}:{name}"
        for module in MODULES
        for name, lines in _functions(_tree(module), "")
        if lines > architecture.LINES_PER_FUNCTION
    }
    assert long == architecture.LONG_FUNCTIONS.keys()
    assert all(architecture.LONG_FUNCTIONS.values())


def test_long_modules_are_listed_with_a_reason_and_the_list_is_current() -> None:
    long = {
        module
        for module in MODULES
        if len(_path(module).read_text("utf-8").splitlines()) > architecture.LINES_PER_MODULE
    }
    assert long == architecture.LONG_MODULES.keys()
    assert all(architecture.LONG_MODULES.values())
