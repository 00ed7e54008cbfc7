"""How commands are declared: a function, its examples, and the two options that all of them share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from pinyon.cli.errors import EXIT_CODES, reported
from pinyon.cli.output import Output, prepare_streams
from pinyon.cli.session import DEFAULT_DATA, Session, complete_index

__all__ = [
    "COMMANDS",
    "SECTIONS",
    "Data",
    "Declared",
    "Group",
    "IndexName",
    "Json",
    "Namespace",
    "Subgroup",
    "Yes",
    "command",
    "found",
]

SECTIONS = ("Start", "Search", "Records", "Files", "Studies", "Models", "Server", "Safety")

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help=f"The data directory [default: PINYON_DATA, else ./{DEFAULT_DATA}]."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
IndexName = Annotated[
    str, typer.Argument(metavar="INDEX", help="Name of the index.", autocompletion=complete_index, show_default=False)
]
Namespace = Annotated[
    str, typer.Option("--namespace", "-n", metavar="NAME", help="The namespace.", show_default="the default one")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class Declared:
    """A command. name: one word, or a group and a word. examples: pairs of what it does and the line to type."""

    name: str
    section: str
    examples: tuple[tuple[str, str], ...]
    function: Callable[..., None]


COMMANDS: dict[str, Declared] = {}


def command(
    name: str, *, section: str, examples: tuple[tuple[str, str], ...]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declares ``function(session, ...)`` as a command; its other parameters are typer's, its docstring is the help."""

    def declare(function: Callable[..., None]) -> Callable[..., None]:
        COMMANDS[name] = Declared(name, section, examples, _with_shared_options(function))
        return function

    return declare


def _with_shared_options(function: Callable[..., None]) -> Callable[..., None]:
    """The function as typer wants it: the session is made of the context, --data and --json."""

    def run(**given: Any) -> None:
        session: Session = given.pop("context").obj
        data, as_json = given.pop("data"), given.pop("as_json")
        if data is not None:
            session.data, session.data_was_named = data, True
        session.output.as_json = session.output.as_json or as_json
        function(session, **given)

    parameters = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("context", keyword, annotation=typer.Context),
        *(parameter.replace(kind=keyword) for parameter in parameters),
        inspect.Parameter("data", keyword, default=None, annotation=Data),
        inspect.Parameter("as_json", keyword, default=False, annotation=Json),
    ]
    shaped: Any = run
    shaped.__signature__ = inspect.Signature(parameters)
    shaped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    shaped.__name__, shaped.__doc__ = function.__name__, function.__doc__
    return run


class Command(TyperCommand):
    """A command whose help ends with its examples."""

    def format_epilog(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override, unused-ignore]
        with formatter.section("Examples"):
            for number, (what, line) in enumerate(COMMANDS[ctx.command_path.partition(" ")[2]].examples):
                space = " " * formatter.current_indent
                formatter.write(f"{chr(10) if number else ''}{space}# {what}\n{space}{line}\n")


def found(group: Any, name: str) -> Any:
    """The command of that name in the program, which may lie in a group."""
    for word in name.split():
        group = group.commands[word]
    return group


class Subgroup(TyperGroup):
    """Commands that share their first word. ``group --name`` is understood as ``group name``."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override, unused-ignore]
        if args and args[0].startswith("--") and args[0][2:] in self.commands:
            args = [args[0][2:], *args[1:]]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override, unused-ignore]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(limit=200)) for name, one in self.commands.items()])


class Group(TyperGroup):
    """The program: commands by section, then exit codes and the environment."""

    environment: ClassVar = (
        ("PINYON_DATA", "the data directory"),
        ("PINYON_MEMORY", "memory that namespaces in use may hold, such as 2GB (4 GiB)"),
        ("PINYON_MODELS", "a TOML file with models of your own, beside models.toml in the data directory"),
        ("PINYON_EMBEDDING_CACHE", "size of a cache of embeddings for ingest, such as 2 GB; off when unset"),
        ("NO_COLOR", "set to anything: no colour"),
    )

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override, unused-ignore]
        prepare_streams()
        output = Output()
        ctx.obj = Session(output=output)
        with reported(output):
            return super().invoke(ctx)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override, unused-ignore]
        for section in SECTIONS:
            names = [name for name, declared in COMMANDS.items() if declared.section == section]
            with formatter.section(section):
                formatter.write_dl([(name, found(self, name).get_short_help_str(limit=200)) for name in names])

    def format_epilog(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override, unused-ignore]
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES])
        with formatter.section("Environment"):
            formatter.write_dl(list(self.environment))
        with formatter.section("Examples"):
            for line in (
                "pinyon demo",
                "pinyon ingest docs ./handbook",
                'pinyon search docs "how do I ask for leave?"',
            ):
                formatter.write(f"{' ' * formatter.current_indent}{line}\n")
