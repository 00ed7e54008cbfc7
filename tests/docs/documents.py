"""The documents as tests see them: fenced blocks, tables, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")))
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block. ``line`` is that of its first line; ``output`` the text block that follows at once, if any."""

    language: str
    text: str
    line: int
    output: str | None


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[Block]:
    text = read(path)
    fences = list(_FENCE.finditer(text))
    found = []
    for at, fence in enumerate(fences):
        if fence[1] != language:
            continue
        following = fences[at + 1] if at + 1 < len(fences) else None
        printed = None
        if following is not None and following[1] == "text" and not text[fence.end() : following.start()].strip():
            printed = following[2]
        found.append(Block(language, fence[2], text.count("\n", 0, fence.start()) + 2, printed))
    return found


def links(path: Path) -> list[str]:
    return _LINK.findall(_FENCE.sub("", read(path)))


def table(path: Path, *heading: str) -> Iterator[dict[str, str]]:
    """Rows of every table with exactly this heading, as cells without their backticks."""
    wanted: list[str] | None = None
    for line in read(path).splitlines():
        if not line.startswith("|"):
            wanted = None
            continue
        cells = [cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if wanted is None:
            wanted = cells if cells == list(heading) else []
        elif wanted and not set("".join(cells)) <= set("-: "):
            yield dict(zip(wanted, cells, strict=True))
