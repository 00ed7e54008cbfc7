"""What a command prints: results on stdout, as text or as JSON; messages and progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from pinyon.types import Picture

__all__ = ["Bar", "Output", "clean", "milliseconds", "prepare_streams", "seconds", "size", "snippet"]


class Bar(Protocol):
    """A progress bar, or nothing where there is no terminal."""

    def begin(self, label: str, total: int, unit: str) -> None: ...
    def advance(self, done: int, note: str = "") -> None: ...


@dataclass(slots=True)
class Output:
    """as_json: results are one JSON document or JSON lines; everything else goes to stderr."""

    as_json: bool = False

    def json(self, value: Any) -> None:
        """One JSON document (or one line of many) on stdout, always UTF-8."""
        import orjson

        options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
        if sys.stdout.isatty():
            options |= orjson.OPT_INDENT_2
        typer.echo(orjson.dumps(value, option=options, default=str) + b"\n", nl=False)

    def line(self, text: str = "", style: str | None = None) -> None:
        """A line of a result on stdout, for people."""
        self._print(sys.stdout, text, style)

    def message(self, text: str, style: str | None = None) -> None:
        """A remark on stderr."""
        self._print(sys.stderr, text, style)

    def warn(self, text: str) -> None:
        self.message(f"Warning: {text}", "yellow")

    def error(self, code: str, text: str, exit_code: int) -> None:
        """The last word of a command that failed; one line of JSON where JSON was asked for."""
        if self.as_json:
            import orjson

            found = {"error": {"code": code, "message": text, "exit_code": exit_code}}
            typer.echo(orjson.dumps(found) + b"\n", nl=False, err=True)
        else:
            self.message(f"Error [{code}]: {text}", "bold red")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[str] = ()) -> None:
        """Aligned columns under a heading. On a terminal the last column is cut to fit; in a pipe nothing is."""
        from rich.cells import cell_len, set_cell_size

        cells = [[clean(str(cell)) for cell in row] for row in rows]
        widths = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
        room = self._console(sys.stdout).width - sum(widths[:-1]) - 2 * len(widths[:-1])
        if sys.stdout.isatty() and widths[-1] > room >= 10:
            widths[-1] = room
        for number, row in enumerate([list(columns), *cells]):
            padded = []
            for name, width, cell in zip(columns, widths, row, strict=True):
                if cell_len(cell) > width:
                    cell = set_cell_size(cell, width - 1) + "…"
                space = " " * (width - cell_len(cell))
                padded.append(space + cell if name in right else cell + space)
            self.line("  ".join(padded).rstrip(), "bold" if number == 0 else None)

    def pairs(self, values: Mapping[str, Any]) -> None:
        """Names and values, a line each."""
        width = max(map(len, values), default=0)
        for name, value in values.items():
            self.line(f"{name.ljust(width)}  {clean(str(value))}".rstrip())

    def pictures(self, named: Sequence[tuple[str, Picture]], columns: int = 24, rows: int = 10) -> None:
        """Pictures beside each other, drawn with half blocks in as many colours as the terminal has, names below."""
        from rich.color import Color
        from rich.style import Style
        from rich.table import Table
        from rich.text import Text

        from pinyon.pictures import HALF_BLOCK, half_blocks

        table = Table.grid(padding=(0, 2))
        drawn = []
        for _, picture in named:
            lines = Text()
            for row in half_blocks(picture, columns, rows=rows):
                for upper, lower in row:
                    lines.append(HALF_BLOCK, Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower)))
                lines.append("\n")
            drawn.append(lines)
        table.add_row(*drawn)
        table.add_row(*(Text(clean(name), overflow="ellipsis", no_wrap=True) for name, _ in named))
        self._console(sys.stdout).print(table)

    @contextmanager
    def progress(self) -> Iterator[Bar]:
        """A bar on stderr while the block runs, if stderr is a terminal."""
        if not sys.stderr.isatty():
            yield _Silent()
            return
        from rich import progress as rich_progress

        with rich_progress.Progress(
            rich_progress.TextColumn("{task.description}", markup=False),
            rich_progress.BarColumn(),
            rich_progress.TextColumn("{task.percentage:>3.0f}%"),
            rich_progress.TimeElapsedColumn(),
            rich_progress.TextColumn("{task.fields[note]}", markup=False),
            console=self._console(sys.stderr),
            transient=True,
        ) as bars:
            yield _Rich(bars)

    def _print(self, stream: Any, text: str, style: str | None) -> None:
        if stream.isatty():
            console = self._console(stream)
            console.print(text, style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)
        else:
            typer.echo(text, err=stream is sys.stderr)

    def _console(self, stream: Any) -> Console:
        from rich.console import Console

        return Console(file=stream)


class _Silent:
    def begin(self, label: str, total: int, unit: str) -> None:
        pass

    def advance(self, done: int, note: str = "") -> None:
        pass


class _Rich:
    def __init__(self, bars: Any) -> None:
        self._bars = bars
        self._task: Any = None

    def begin(self, label: str, total: int, unit: str) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(clean(label), total=total, note="")

    def advance(self, done: int, note: str = "") -> None:
        self._bars.update(self._task, completed=done, note=note)


def prepare_streams() -> None:
    """Characters that the terminal's encoding lacks become question marks instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def clean(text: str) -> str:
    """A text without characters that would steer the terminal: what is stored need not be harmless."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in text)


def snippet(text: str, width: int = 160) -> str:
    """The beginning of a text on one line."""
    line = " ".join(clean(text).split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def size(count: int) -> str:
    """Bytes for people: ``1.5 MB`` is 1,500,000 bytes."""
    if count < 1_000:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB", "GB"):
        amount /= 1_000
        if amount < 999.5:
            return f"{amount:.3g} {unit}"
    return f"{amount / 1_000:.3g} TB"


def milliseconds(value: float) -> str:
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 1 else f"{value:.2f} ms"


def recall(value: float, interval: tuple[float, float] | None, label: str) -> str:
    """``exact``, ``0.994 (0.990 to 0.997)`` when it was measured, ``~0.998`` as an estimate."""
    if label == "exact":
        return label
    about = "~" if label == "estimate" else ""
    return f"{about}{value:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval is not None else "")


def seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.1f} min"
