"""Passages from the docstrings of the Python standard library: real text that every machine has.

The source files are parsed, never imported. Every module, class, function and method with a docstring gives
one passage, or several where the docstring is long, because the vector of a long text is a blur of its topics.
"""

from __future__ import annotations

import ast
import re
import sysconfig
import textwrap
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from pinyon.errors import NotFoundError
from pinyon.types import Metadata

__all__ = ["PASSAGE_CHARACTERS", "Passage", "standard_library"]

PASSAGE_CHARACTERS = 320
"""Docstring characters that one passage aims at; the name and the module's summary come on top."""

SUMMARY_CHARACTERS = 100
"""Of a module's first docstring line, the part that its passages repeat as context."""

SKIPPED = frozenset(
    {
        "__pycache__",
        "dist-packages",
        "ensurepip",  # bundles other projects' wheels
        "idle_test",
        "idlelib",  # an application
        "lib-dynload",
        "lib2to3",  # gone from Python 3.13
        "pydoc_data",  # generated
        "site-packages",
        "test",
        "tests",
        "turtledemo",  # programs
    }
)

Kind: TypeAlias = Literal["module", "class", "function", "method"]
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_Documented: TypeAlias = ast.Module | ast.ClassDef | _Function


@dataclass(frozen=True, slots=True)
class Passage:
    """One text to index.

    id: dotted name such as ``argparse.ArgumentParser.add_argument``, with ``#2``, ``#3`` ... for the later parts of a
        long docstring; ASCII, unique, and the same in every run over the same sources.
    metadata: ``module``, ``qualname`` (the dotted name) and ``kind``.
    """

    id: str
    text: str
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class _Symbol:
    name: str
    kind: Kind
    signature: str
    docstring: str


def standard_library(root: Path | None = None) -> Iterator[Passage]:
    """Yields the passages of every public module under ``root`` (this Python's standard library), by module name.

    Of two definitions with the same name the first counts. Raises NotFoundError when there are no source files.
    """
    root = Path(sysconfig.get_path("stdlib")) if root is None else root
    if not root.is_dir():
        raise NotFoundError(
            f"no directory {str(root)!r} with the sources of the Python standard library: "
            "use a Python that comes with its source files"
        )
    seen: set[str] = set()
    for module, path in sorted(_modules(root)):
        tree = _parse(path)
        if tree is None:
            continue
        summary = _summary(_unicode(ast.get_docstring(tree) or ""))
        for symbol in _symbols(tree, module):
            if symbol.name not in seen:
                seen.add(symbol.name)
                yield from _passages(symbol, module, summary)


def _modules(root: Path) -> Iterator[tuple[str, Path]]:
    top = {path.stem for path in root.iterdir()}
    for module, path in _files(root, ""):
        # The Python implementation of a module also written in C is named _py<module> (PEP 399) and has its docstrings.
        public = module.removeprefix("_py") if module.removeprefix("_py") in top else module
        if not public.startswith("_"):
            yield public, path


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in SKIPPED and (path / "__init__.py").is_file():
                yield from _files(path, f"{prefix}{path.name}.")
        elif path.name == "__init__.py":
            if prefix:
                yield prefix.removesuffix("."), path
        elif path.suffix == ".py":
            yield prefix + path.stem, path


def _parse(path: Path) -> ast.Module | None:
    with warnings.catch_warnings():
        # Old modules hold escapes such as "\d" that newer compilers warn of.
        warnings.simplefilter("ignore")
        try:
            with tokenize.open(path) as source:
                return ast.parse(source.read())
        except (SyntaxError, UnicodeDecodeError):
            return None


def _symbols(tree: ast.Module, module: str) -> Iterator[_Symbol]:
    def visit(node: ast.AST, name: str, in_class: bool) -> Iterator[_Symbol]:
        if isinstance(node, _Documented):
            docstring = ast.get_docstring(node)
            if docstring and docstring.strip():
                yield _Symbol(_ascii(name), _kind(node, in_class), _signature(node), _unicode(docstring))
        if isinstance(node, _Function):
            return  # what a function defines inside has no name that a caller could use
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | _Function):
                yield from visit(child, f"{name}.{child.name}", isinstance(node, ast.ClassDef))
            elif isinstance(child, ast.If | ast.Try | ast.With | ast.ExceptHandler):
                yield from visit(child, name, in_class)

    return visit(tree, module, False)


def _kind(node: _Documented, in_class: bool) -> Kind:
    if isinstance(node, ast.Module):
        return "module"
    if isinstance(node, ast.ClassDef):
        return "class"
    return "method" if in_class else "function"


def _signature(node: _Documented) -> str:
    if not isinstance(node, _Function):
        return ""
    arguments = node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return ", ".join(name for name in names if name not in ("self", "cls"))


def _ascii(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode("ascii")


def _unicode(text: str) -> str:
    # A docstring may spell a lone surrogate, which can be neither stored nor embedded.
    return text.encode("utf-8", "replace").decode("utf-8")


def _passages(symbol: _Symbol, module: str, summary: str) -> Iterator[Passage]:
    metadata: Metadata = {"module": module, "qualname": symbol.name, "kind": symbol.kind}
    heading = _heading(symbol, summary)
    for number, part in enumerate(_parts(symbol.docstring), 1):
        key = symbol.name if number == 1 else f"{symbol.name}#{number}"
        yield Passage(key, f"{heading}\n{part}", metadata)


def _heading(symbol: _Symbol, summary: str) -> str:
    heading = _words(symbol.name)
    if symbol.signature:
        heading += f" ({symbol.signature})"
    return f"{heading}: {summary}" if summary and symbol.kind != "module" else heading


def _words(name: str) -> str:
    """``argparse.ArgumentParser.add_argument`` -> ``argparse Argument Parser add argument``."""
    return " ".join(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace(".", " ").replace("_", " ").split())


def _summary(docstring: str) -> str:
    paragraph = " ".join(docstring.strip().partition("\n\n")[0].split())
    return textwrap.shorten(paragraph, SUMMARY_CHARACTERS, placeholder="")


def _parts(docstring: str) -> list[str]:
    """Packs paragraphs, then lines, then words, into parts of at most about PASSAGE_CHARACTERS."""
    parts: list[str] = []
    for piece in _pieces(docstring):
        if parts and len(parts[-1]) + 1 + len(piece) <= PASSAGE_CHARACTERS:
            parts[-1] += "\n" + piece
        else:
            parts.append(piece)
    return parts


def _pieces(docstring: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", docstring.strip()):
        lines = " ".join(paragraph.split())
        yield from textwrap.wrap(lines, PASSAGE_CHARACTERS, break_long_words=True, break_on_hyphens=False)
