"""keys create, list, revoke, rotate: the API keys of a server, which may be running meanwhile."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import Yes, command
from pinyon.cli.session import Session, complete_index, suggestion

if TYPE_CHECKING:
    from pinyon.engine import Database
    from pinyon.server.keys import KeyInfo

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(\d+)([smhdw])")


class Role(StrEnum):
    ProjectEditor = "ProjectEditor"
    ProjectViewer = "ProjectViewer"
    ControlPlaneEditor = "ControlPlaneEditor"
    ControlPlaneViewer = "ControlPlaneViewer"
    DataPlaneEditor = "DataPlaneEditor"
    DataPlaneViewer = "DataPlaneViewer"


KeyId = Annotated[
    str, typer.Argument(metavar="KEY", help="The id of a key, the beginning of it, or its name.", show_default=False)
]


@command(
    "keys create",
    section="Server",
    examples=(
        ("a key that may do everything; it is shown once", "pinyon keys create laptop"),
        (
            "one that reads one index, for a month",
            "pinyon keys create app --role DataPlaneViewer --index docs --expires 30d",
        ),
        ("for a script, as PINECONE_API_KEY=$(...)", "pinyon keys create ci"),
        ("a client id and secret for the SDK's Admin client", "pinyon keys create ops --admin"),
    ),
)
def create(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    role: Annotated[
        list[Role] | None, typer.Option("--role", help="What it may do. May be repeated.", show_default="ProjectEditor")
    ] = None,
    index: Annotated[
        str, typer.Option("--index", metavar="INDEX", help="Only this index.", autocompletion=complete_index)
    ] = "",
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Only this namespace of the index.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="WHEN", help="After 12h, 30d, 8w, or on 2026-12-31.")
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="Make a client of the admin API instead.")] = False,
) -> None:
    """Make an API key. The key is printed on stdout, once: only its digest is kept."""
    if admin and (role or index or namespace is not None or expires):
        raise typer.BadParameter("--admin goes with none of --role, --index, --namespace and --expires")
    until = None if expires is None else _until(expires)
    with session.database(create=True) as database:
        if admin:
            _create_client(session, database, name)
            return
        from pinyon.server.keys import DEFAULT_ROLES, KeyStore

        if index and not database.has_index(index):
            session.output.warn(f"there is no index {index!r} yet")
        info, secret = KeyStore(database.registry).create(
            name,
            [one.value for one in role] if role else DEFAULT_ROLES,
            index=index,
            namespace=namespace,
            expires=until,
        )
    _print_secret(session, info, secret, "This is the only time that the key is shown")


def _create_client(session: Session, database: Database, name: str) -> None:
    from pinyon.server import accounts

    account, secret = accounts.create_client(database.registry, name, accounts.owner_bindings())
    if session.as_json:
        session.output.json({"id": account["id"], "client_id": account["client_id"], "client_secret": secret})
        return
    session.output.line(f"PINECONE_CLIENT_ID={account['client_id']}")
    session.output.line(f"PINECONE_CLIENT_SECRET={secret}")
    session.output.message("This is the only time that the secret is shown. In Python SDK 10:")
    session.output.message('  Admin(oauth_url="http://127.0.0.1:5080/oauth/token", host="http://127.0.0.1:5080")')


@command(
    "keys list",
    section="Server",
    examples=(
        ("the keys that work", "pinyon keys list"),
        ("revoked and expired ones, too, for a script", "pinyon keys list --all --json"),
    ),
)
def list_keys(
    session: Session,
    everything: Annotated[bool, typer.Option("--all", help="Revoked and expired ones, too.")] = False,
) -> None:
    """List API keys and clients of the admin API, without their secrets."""
    from pinyon.server import accounts
    from pinyon.server.keys import KeyStore

    with session.database(write=False) as database:
        keys = [one for one in KeyStore(database.registry).list() if everything or one.state == "active"]
        clients = accounts.clients(database.registry)
    if session.as_json:
        shown = [{name: one[name] for name in ("id", "name", "client_id", "created_at")} for one in clients]
        session.output.json({"keys": [_key_json(one) for one in keys], "clients": shown})
        return
    if not keys and not clients:
        session.output.message("no keys: pinyon keys create NAME")
        return
    rows = [
        (one.id, one.name, ", ".join(one.roles), _limit(one), one.last_used_at or "never", one.state) for one in keys
    ]
    rows += [(one["id"], one["name"], "admin", "", "", "active") for one in clients]
    rows = [(*row[:4], row[4][:16].replace("T", " "), row[5]) for row in rows]
    session.output.table(("id", "name", "roles", "only", "last used", "state"), rows)


@command(
    "keys revoke",
    section="Server",
    examples=(
        ("by the beginning of its id; running servers refuse it at once", "pinyon keys revoke 4f1c2a"),
        ("by its name, unasked", "pinyon keys revoke laptop --yes"),
    ),
)
def revoke(session: Session, key: KeyId, yes: Yes = False) -> None:
    """Revoke a key or an admin client: it opens nothing any more. This cannot be undone."""
    from pinyon.server import accounts
    from pinyon.server.keys import KeyStore

    with session.database() as database:
        id, name, is_client = _chosen(database, key)
        session.confirm([f"{'client' if is_client else 'key'} {name!r} ({id})"], "Revoke it?", yes=yes)
        if is_client:
            accounts.remove_client(database.registry, id)
        else:
            KeyStore(database.registry).revoke(id)
    if session.as_json:
        session.output.json({"id": id, "name": name, "revoked": True})
    else:
        session.output.line(f"revoked {name!r} ({id})")


@command(
    "keys rotate",
    section="Server",
    examples=(
        ("a new secret; the old one stops at once", "pinyon keys rotate laptop"),
        ("the old one works for an hour more", "pinyon keys rotate laptop --overlap 1h"),
    ),
)
def rotate(
    session: Session,
    key: KeyId,
    overlap: Annotated[
        str, typer.Option("--overlap", metavar="SPAN", help="How long the old secret still works.")
    ] = "0s",
) -> None:
    """Give a key a new secret. Its id, roles and limits stay. The new key is printed on stdout, once."""
    from pinyon.server import accounts
    from pinyon.server.keys import KeyStore

    seconds = _span(overlap, "--overlap")
    with session.database() as database:
        id, _, is_client = _chosen(database, key)
        if is_client:
            if seconds:
                raise typer.BadParameter("the secret of an admin client changes at once", param_hint="--overlap")
            account, secret = accounts.rotate_client(database.registry, id)
            shown = {"id": id, "client_id": account["client_id"], "client_secret": secret}
            session.output.json(shown) if session.as_json else session.output.line(f"PINECONE_CLIENT_SECRET={secret}")
            return
        info, secret = KeyStore(database.registry).rotate(id, overlap=seconds)
    _print_secret(session, info, secret, "This is the only time that the new key is shown")


def _print_secret(session: Session, info: KeyInfo, secret: str, remark: str) -> None:
    if session.as_json:
        session.output.json(_key_json(info) | {"key": secret})
        return
    session.output.line(secret)
    session.output.message(f"{remark}. Its id is {info.id}; a server that runs knows it already.")


def _chosen(database: Database, key: str) -> tuple[str, str, bool]:
    """(id, name, whether it is an admin client) of what works and is meant. Raises NotFoundError, BadParameter."""
    from pinyon.errors import NotFoundError
    from pinyon.server import accounts
    from pinyon.server.keys import KeyStore

    known = [(one.id, one.name, False) for one in KeyStore(database.registry).list() if one.state != "revoked"]
    known += [(one["id"], one["name"], True) for one in accounts.clients(database.registry)]
    matching = [one for one in known if one[0] == key] or [one for one in known if one[1] == key]
    matching = matching or [one for one in known if len(key) >= 4 and one[0].startswith(key)]
    if len(matching) > 1:
        raise typer.BadParameter(
            f"{key!r} means {len(matching)} keys: give an id ({', '.join(one[0] for one in matching)})"
        )
    if not matching:
        raise NotFoundError(f"there is no key {key!r} that works. {suggestion(key, [one[1] for one in known])}")
    return matching[0]


def _until(text: str) -> datetime:
    if _SPAN.fullmatch(text):
        return datetime.now(UTC) + timedelta(seconds=_span(text, "--expires"))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a span such as 30d nor a date", param_hint="--expires") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _span(text: str, option: str) -> float:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a span such as 90s, 15m, 12h, 30d, 8w", param_hint=option)
    return float(int(found[1]) * _UNITS[found[2]])


def _limit(info: KeyInfo) -> str:
    return info.index if info.namespace is None else f"{info.index}/{info.namespace or '__default__'}"


def _key_json(info: KeyInfo) -> dict[str, Any]:
    times = ("created_at", "expires_at", "last_used_at", "revoked_at", "rotated_at")
    shown = {name: getattr(info, name) for name in ("id", "name", "roles", "index", "namespace", *times)}
    return shown | {"state": info.state}
