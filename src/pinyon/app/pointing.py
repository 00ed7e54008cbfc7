"""How clients find a server: what to put into the environment of a program that uses a Pinecone SDK."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pinyon.server.settings import Settings

BUNDLE: Final = "bundle.pem"
ANY_KEY: Final = "pclocal"
"""What SDKs are given where every key is as good as another: they insist on one."""


@dataclass(frozen=True, slots=True)
class Variable:
    """``value``: "" for what only the reader knows, which ``why`` then says."""

    name: str
    value: str
    why: str


def url_of(settings: Settings, port: int) -> str:
    """The main address of a server, for a client on this machine."""
    host = settings.host.strip("[]")
    if settings.tls == "auto" or host in {"0.0.0.0", "::", ""}:
        host = "localhost"
    return f"{'https' if settings.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def console_of(settings: Settings, port: int) -> str:
    """Where a browser on this machine finds the console."""
    return f"{url_of(settings, port)}/console/"


def variables(settings: Settings, port: int, *, asks_for_keys: bool, ca: Path | None = None) -> list[Variable]:
    """The environment for clients. ca: the certificate of our own authority, where there is one."""
    found = [Variable("PINECONE_CONTROLLER_HOST", url_of(settings, port), "every SDK")]
    if asks_for_keys:
        found.append(Variable("PINECONE_API_KEY", "", "one of the server's keys; `pinyon keys create` makes one"))
    else:
        found.append(Variable("PINECONE_API_KEY", ANY_KEY, "any text: this server has no keys"))
    if not settings.tls:
        found.append(Variable("PINECONE_GRPC_SCHEME", "http", "gRPC of the Python SDK 10"))
    if ca is not None:
        found.append(Variable("SSL_CERT_FILE", str(bundle(ca)), "Python: the usual authorities and this server's own"))
        found.append(Variable("NODE_EXTRA_CA_CERTS", str(ca), "Node"))
    return found


def bundle(ca: Path) -> Path:
    """A file beside ``ca`` with the usual authorities and our own: clients may need the rest of the world, too."""
    target = ca.with_name(BUNDLE)
    usual = _usual_authorities()
    content = (usual.read_bytes().rstrip() + b"\n" if usual is not None else b"") + ca.read_bytes()
    if not target.exists() or target.read_bytes() != content:
        temporary = target.with_suffix(".tmp")
        temporary.write_bytes(content)
        temporary.replace(target)
    return target


def _usual_authorities() -> Path | None:
    """Those that Python's clients bring along, else those of the system; None where there are none."""
    found = find_spec("certifi")
    brought = Path(found.origin).with_name("cacert.pem") if found is not None and found.origin else None
    system = ssl.get_default_verify_paths().cafile
    candidates = [one for one in (brought, Path(system) if system else None) if one is not None]
    return next((one for one in candidates if one.is_file()), None)


def authority(settings: Settings) -> Path | None:
    """The certificate of our own authority, made where need be; None when the settings ask for none."""
    if settings.tls != "auto" or settings.data is None:
        return None
    from pinyon.server.certificates import prepare

    return prepare(settings.data / "tls", [settings.host, *settings.allow_hosts]).ca
