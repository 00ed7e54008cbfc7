"""serve: the Pinecone API over HTTP and gRPC."""

from __future__ import annotations

import os
import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import command
from pinyon.cli.session import Session

if TYPE_CHECKING:
    from pinyon.app.pointing import Variable
    from pinyon.app.server import Started
    from pinyon.server.settings import Settings


class HostStyle(StrEnum):
    url = "url"
    bare = "bare"


class LogFormat(StrEnum):
    text = "text"
    json = "json"


class LimitSet(StrEnum):
    default = "default"
    pinecone = "pinecone"


Generator = Annotated[
    str | None,
    typer.Option("--generator", metavar="MODEL", help="The model that writes for assistants; off: none does."),
]
PictureOrigin = Annotated[
    list[str] | None,
    typer.Option(
        "--picture-origin",
        metavar="ORIGIN",
        help="Fetch pictures on addresses from there: https://HOST[:PORT], or *, any public host. May be repeated.",
    ),
]


@command(
    "serve",
    section="Server",
    examples=(
        ("serve ./pinyon-data to programs on this machine", "pinyon serve"),
        ('what clients need; eval "$(...)" puts it into a shell', "pinyon serve --env"),
        ("with encryption, which suits every SDK, and gRPC without a switch", "pinyon serve --tls auto"),
        ("to other machines, with the keys that `pinyon keys create` made", "pinyon serve --host 0.0.0.0 --tls auto"),
        ("for a test suite: one known key, and Pinecone's own limits", "pinyon serve --key pclocal --limits pinecone"),
    ),
)
def serve(
    session: Session,
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="The address to listen on [default: 127.0.0.1].")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="The port [default: 5080]; 0 means any free one.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="TEXT", help="Accept this API key, too. May be repeated.")
    ] = None,
    tls: Annotated[
        str | None,
        typer.Option("--tls", metavar="auto|CERT,KEY", help="Encrypt, with a certificate of our own or yours."),
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes that share the port.")] = None,
    host_style: Annotated[
        HostStyle | None,
        typer.Option("--host-style", help="How indexes give their address; gRPC of Python SDK 7 needs bare."),
    ] = None,
    limits: Annotated[
        LimitSet | None, typer.Option("--limits", help="Which limits hold; pinecone: 2 MB an upsert, as in the cloud.")
    ] = None,
    import_root: Annotated[
        list[Path] | None,
        typer.Option("--import-root", metavar="DIR", help="Let bulk imports read this folder. May be repeated."),
    ] = None,
    picture_origin: PictureOrigin = None,
    generator: Generator = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="Without keys: answer to this host name, too."),
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let everybody in who reaches the address, without any key.")
    ] = False,
    log_format: Annotated[LogFormat | None, typer.Option("--log-format", help="Lines for people or machines.")] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="A settings file [default: pinyon.toml in the data directory]."),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any setting, such as limits.top_k=500. May be repeated."),
    ] = None,
    env: Annotated[bool, typer.Option("--env", help="Print what clients need in their environment, and exit.")] = False,
) -> None:
    """Serve the Pinecone API over HTTP and gRPC on one port, until Ctrl-C. Official SDKs work unmodified."""
    flags = {
        "host": host,
        "port": port,
        "keys": key,
        "tls": tls,
        "workers": workers,
        "host_style": host_style and host_style.value,
        "limits": limits and limits.value,
        "import_roots": [str(one.resolve()) for one in import_root or ()] or None,
        "picture_origins": picture_origin,
        "generator": generator,
        "allow_hosts": allow_host,
        "insecure": insecure or None,
        "log_format": log_format and log_format.value,
    }
    settings = read_settings(session, config, flags | _changes(change or []))
    if env:
        _print_environment(session, settings)
        return
    from pinyon.app.server import serve as run

    run(settings, started=lambda started: _greet(session, started))


def read_settings(session: Session, config: Path | None, flags: dict[str, Any]) -> Settings:
    from pinyon.app.settings import load

    named = config or (Path(os.environ["PINYON_CONFIG"]) if os.environ.get("PINYON_CONFIG") else None)
    return load(session.data, file=named, flags=flags)


def _changes(changes: list[str]) -> dict[str, str]:
    found = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{change!r} is not NAME=VALUE", param_hint="--set")
        found[name.strip()] = value.strip()
    return found


def _print_environment(session: Session, settings: Settings) -> None:
    """Exports for a shell. Nothing is started, and no key is shown: they are not kept."""
    from pinyon.app.pointing import authority, variables

    found = variables(settings, settings.port, asks_for_keys=_asks(session, settings), ca=authority(settings))
    if session.as_json:
        session.output.json({one.name: one.value for one in found if one.value})
        return
    for one in found:
        if one.value:
            session.output.line(f"export {one.name}={shlex.quote(one.value)}")
        else:
            session.output.line(f"# export {one.name}=...  ({one.why})")


def _asks(session: Session, settings: Settings) -> bool:
    from pinyon.errors import NotFoundError
    from pinyon.server.auth import has_credentials

    if settings.keys:
        return True
    try:
        with session.database(write=False) as database:
            return has_credentials(database)
    except NotFoundError:
        return False


def _greet(session: Session, started: Started) -> None:
    """Where the server is, and what to tell each SDK."""
    from pinyon.app.pointing import console_of, url_of, variables

    settings = started.settings
    url, console = url_of(settings, started.port), console_of(settings, started.port)
    found = variables(settings, started.port, asks_for_keys=_asks(session, settings), ca=started.ca)
    if session.as_json:
        session.output.json(
            {"url": url, "console": console, "port": started.port, "data": str(settings.data),
             "environment": _known(found), "warnings": list(started.warnings)}
        )  # fmt: skip
        return
    session.output.line(f"Pinyon serves {settings.data} at {url} (REST and gRPC). Ctrl-C stops it.")
    session.output.line(f"Look at it in a browser: {console}")
    for warning in started.warnings:
        session.output.warn(warning)
    session.output.line("Point the Pinecone SDKs at it:")
    for one in found:
        shown = shlex.quote(one.value) if one.value else "..."
        session.output.line(f"  export {one.name}={shown}  # {one.why}")
    for line in _hints(settings):
        session.output.line(f"  {line}")


def _known(found: list[Variable]) -> dict[str, str]:
    return {one.name: one.value for one in found if one.value}


def _hints(settings: Settings) -> list[str]:
    if settings.tls:
        return ["gRPC works by index name in the Python SDKs 7 and 10; 7 takes the authority with ssl_ca_certs=."]
    hints = ["gRPC of Python SDK 10: the line above is all. REST and asyncio need no switch."]
    if settings.host_style == "bare":
        hints.append("gRPC of Python SDK 7: pc.Index(name, grpc_config=GRPCClientConfig(secure=False)).")
    else:
        hints.append("gRPC of Python SDK 7: start with --host-style bare, or use --tls auto.")
    return hints
