"""Certificates for a server without any: an authority of its own, whose trust lasts, and a leaf that is renewed.

    <folder>/authority.pem   key and certificate of the authority, for this program only
    <folder>/ca.pem          the authority's certificate: what clients are to trust
    <folder>/server.pem      key and certificate of the server

The folder is for its owner only. Files are replaced whole, so that processes that start together agree.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import trustme

from pinyon.errors import StorageError

_DAYS: Final = 397
"""A leaf's life: systems refuse those that are to live much longer."""
_RENEW_DAYS: Final = 60
_NAME: Final = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_KEY_END: Final = b"-----END"
_ALWAYS: Final = ("localhost", "127.0.0.1", "::1", "*.svc.localhost")
_ORGANIZATION: Final = "Pinyon"


@dataclass(frozen=True, slots=True)
class Certificates:
    """ca: for clients. server: key and certificate in one file, for ``ssl.SSLContext.load_cert_chain``."""

    ca: Path
    server: Path


def prepare(folder: Path, hosts: Iterable[str] = ()) -> Certificates:
    """Certificates for this machine's names, and for ``hosts``; made or renewed where need be. Raises StorageError."""
    names = _names(hosts)
    found = Certificates(folder / "ca.pem", folder / "server.pem")
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        authority = _authority(folder)
        certificate = authority.cert_pem.bytes()
        if not found.ca.exists() or found.ca.read_bytes() != certificate:
            _replace(found.ca, certificate)
        about = _about(found.server)
        if not _is_good(about, names, certificate):
            both = list(dict.fromkeys([*names, *about.get("names", ())]))
            _replace(found.server, _leaf(authority, both, certificate))
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"The certificates in {folder} cannot be kept: {error.strerror or error}.") from error
    return found


def _names(hosts: Iterable[str]) -> list[str]:
    listed = [*_ALWAYS]
    for host in (*hosts, socket.gethostname()):
        name = host.strip("[]").lower()
        if name and name not in {"0.0.0.0", "::", *listed} and (_NAME.fullmatch(name) or ":" in name):
            listed.append(name)
            if not name.replace(".", "").isdigit() and ":" not in name:
                listed.append(f"*.svc.{name}")
    return listed


def _authority(folder: Path) -> trustme.CA:
    """The authority of a folder. The first process that makes one wins."""
    path = folder / "authority.pem"
    if not path.exists():
        made = trustme.CA(organization_name=_ORGANIZATION, organization_unit_name="local authority")
        temporary = _write_new(folder, made.private_key_pem.bytes() + made.cert_pem.bytes())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not path.exists():
                temporary.replace(path)
        with suppress(FileNotFoundError):
            temporary.unlink()
    text = path.read_bytes()
    split = text.find(b"-----BEGIN CERTIFICATE-----")
    if split <= 0:
        raise StorageError(f"{path} does not hold a key and a certificate. Delete it to get a new authority.")
    try:
        return trustme.CA.from_pem(text[split:], text[:split])
    except ValueError as error:
        raise StorageError(f"{path} is damaged ({error}). Delete it to get a new authority.") from error


def _leaf(authority: trustme.CA, names: list[str], ca: bytes) -> bytes:
    """Key and certificate; the first line says for whom and how long, and by which authority."""
    now = _now()
    expires = now + datetime.timedelta(days=_DAYS)
    issued = authority.issue_cert(
        *names,
        organization_name=_ORGANIZATION,
        organization_unit_name="server",
        not_before=now - datetime.timedelta(days=1),
        not_after=expires,
    )
    about = json.dumps({"names": names, "expires": expires.isoformat(), "authority": _mark(ca)})
    return f"{about}\n".encode() + issued.private_key_and_cert_chain_pem.bytes()


def _about(path: Path) -> dict[str, Any]:
    """The first line of a leaf; {} when there is none."""
    try:
        about = json.loads(path.read_bytes().split(b"\n", 1)[0])
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def _is_good(about: dict[str, Any], names: list[str], ca: bytes) -> bool:
    """Whether a leaf is for these names, by this authority, and not about to expire."""
    if not set(names) <= set(about.get("names", ())) or about.get("authority") != _mark(ca):
        return False
    left = datetime.datetime.fromisoformat(about["expires"]) - _now()
    return left.days >= _RENEW_DAYS


def _now() -> datetime.datetime:
    """UTC, without saying so: what the certificates are made of."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def _mark(ca: bytes) -> str:
    """The last characters of a certificate: its signature, which no other has."""
    return ca.partition(_KEY_END)[0].replace(b"\n", b"")[-32:].decode("ascii")


def _replace(path: Path, content: bytes) -> None:
    _write_new(path.parent, content).replace(path)


def _write_new(folder: Path, content: bytes) -> Path:
    path = folder / f".{uuid4().hex}.tmp"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path
