"""Puts the program together. Importing it loads no engine, no model and no NumPy."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Annotated

import typer

from pinyon.cli.commands import COMMANDS, Command, Data, Group, Json, Subgroup
from pinyon.cli.session import DEFAULT_DATA, Session

__all__ = ["app"]

GROUPS = (
    "start",
    "ingesting",
    "searching",
    "duplicates",
    "classifying",
    "asking",
    "records",
    "reembedding",
    "transfers",
    "studying",
    "tuning",
    "models",
    "describing",
    "comparing",
    "serving",
    "looking",
    "keys",
    "backups",
    "upkeep",
    "doctor",
    "demo",
)
SUBGROUPS = {
    "models": "List, inspect, try and fetch models for embedding, reranking, generation and pictures.",
    "keys": "Make, list, revoke and rotate the API keys of a server.",
    "study": "Experiments: what the parameters of an index do to recall, time and memory.",
}


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"pinyon {version('pinyon')}")
        raise typer.Exit


def _program(
    context: typer.Context,
    data: Data = None,
    as_json: Json = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A vector database in a directory: search your own files by meaning, offline.

    --data and --json may stand before or after the command. Results go to stdout, messages to stderr.
    """
    session: Session = context.obj
    # Read here and not by the option of each command, where it would win over a --data before the command.
    named = data or os.environ.get("PINYON_DATA")
    session.data, session.data_was_named = Path(named or DEFAULT_DATA), bool(named)
    session.output.as_json = as_json


def _build() -> typer.Typer:
    for group in GROUPS:
        importlib.import_module(f"pinyon.cli.{group}")
    built = typer.Typer(
        cls=Group,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        no_args_is_help=True,
    )
    built.callback()(_program)
    groups = {"": built}
    for name, text in SUBGROUPS.items():
        groups[name] = typer.Typer(cls=Subgroup, help=text, no_args_is_help=True, rich_markup_mode=None)
        built.add_typer(groups[name], name=name)
    for declared in COMMANDS.values():
        group, _, name = declared.name.rpartition(" ")
        groups[group].command(name, cls=Command)(declared.function)
    return built


app = _build()
