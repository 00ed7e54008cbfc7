"""ui: the console in a browser."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pinyon.cli.commands import command
from pinyon.cli.session import Session

if TYPE_CHECKING:
    from pinyon.app.server import Started

HOST = "127.0.0.1"


@command(
    "ui",
    section="Server",
    examples=(
        ("look at ./pinyon-data in a browser", "pinyon ui"),
        ("another directory, where no browser can be opened", "pinyon ui --data ./films --no-browser"),
    ),
)
def ui(
    session: Session,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="The port [default: that of serve, or any free one]."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the browser, or only print the address.")
    ] = True,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="A settings file [default: pinyon.toml in the data directory]."),
    ] = None,
) -> None:
    """Open the console in a browser: a server on this machine, until Ctrl-C.

    Several servers may serve one directory, so this one does not mind another. That one has the same console.
    """
    from pinyon.app.server import serve as run
    from pinyon.cli.serving import read_settings

    settings = read_settings(session, config, {"host": HOST, "port": port})
    if port is None and not _is_free(settings.port):
        session.output.message(f"Port {settings.port} is taken, perhaps by another server: this one takes a free one.")
        settings = read_settings(session, config, {"host": HOST, "port": 0})
    run(settings, started=lambda started: _show(session, started, browser=browser))


def _is_free(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what was served lately is free
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _show(session: Session, started: Started, *, browser: bool) -> None:
    import threading

    from pinyon.app.pointing import console_of

    address = console_of(started.settings, started.port)
    if session.as_json:
        session.output.json({"console": address, "port": started.port, "data": str(started.settings.data)})
    else:
        session.output.line(f"The console of {started.settings.data} is at {address}. Ctrl-C stops it.")
        for warning in started.warnings:
            session.output.warn(warning)
    if browser:  # in a thread: a browser of the terminal returns when it is closed
        threading.Thread(target=_open, args=(session, address), daemon=True).start()


def _open(session: Session, address: str) -> None:
    import webbrowser

    try:
        opened = webbrowser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        session.output.message(f"No browser could be opened here. Open {address} in one.")
