"""Certificates of the server's own: for whom, for how long, and that trust in them lasts."""

from __future__ import annotations

import json
import os
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from pinyon.errors import StorageError
from pinyon.server import certificates
from pinyon.server.certificates import Certificates, prepare
from server.live import Raw, running_server
from waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("loopback")


def about(made: Certificates) -> dict[str, object]:
    return dict(json.loads(made.server.read_bytes().split(b"\n", 1)[0]))


def test_clients_that_trust_the_authority_reach_every_name_of_this_machine(tmp_path: Path) -> None:
    with running_server(data=tmp_path, tls="auto") as server:
        ca = server.about.ca
        assert ca == tmp_path / "tls" / "ca.pem"
        assert server.url == f"https://localhost:{server.port}"
        trust = ssl.create_default_context(cafile=str(ca))
        for name in ("localhost", "127.0.0.1", "films-pinyon.svc.localhost", socket.gethostname()):
            with Raw(socket.create_connection(("127.0.0.1", server.port), PATIENCE)).over_tls(trust, name) as raw:
                assert raw.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").response().status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            Raw(socket.create_connection(("127.0.0.1", server.port), PATIENCE)).over_tls(trust, "elsewhere.example")


def test_trust_outlives_a_restart(tmp_path: Path) -> None:
    first = prepare(tmp_path / "tls", ["localhost"])
    authority, leaf = first.ca.read_bytes(), first.server.read_bytes()
    again = prepare(tmp_path / "tls", ["localhost"])
    assert (again.ca.read_bytes(), again.server.read_bytes()) == (authority, leaf)


def test_a_new_name_brings_a_new_certificate_of_the_same_authority(tmp_path: Path) -> None:
    first = prepare(tmp_path / "tls", ["one.example"])
    authority = first.ca.read_bytes()
    second = prepare(tmp_path / "tls", ["two.example", "0.0.0.0", "::", "not a name", ""])
    assert second.ca.read_bytes() == authority
    names = about(second)["names"]
    assert isinstance(names, list)
    assert {"one.example", "two.example", "*.svc.two.example", "localhost", "127.0.0.1", "::1"} <= set(names)
    assert not {"0.0.0.0", "::", "not a name", ""} & set(names)


def test_a_certificate_is_renewed_before_it_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_DAYS", 70)
    made = prepare(tmp_path / "tls")
    before = made.server.read_bytes()
    prepare(tmp_path / "tls")
    assert made.server.read_bytes() == before
    monkeypatch.setattr(certificates, "_RENEW_DAYS", 80)
    prepare(tmp_path / "tls")
    assert made.server.read_bytes() != before


def test_a_leaf_of_another_authority_or_a_damaged_one_is_replaced(tmp_path: Path) -> None:
    made, other = prepare(tmp_path / "a"), prepare(tmp_path / "b")
    for wrong in (other.server.read_bytes(), b"damaged", b"[]\n"):
        made.server.write_bytes(wrong)
        prepare(tmp_path / "a")
        assert _accepts(made)
    made.ca.unlink()
    prepare(tmp_path / "a")
    assert _accepts(made)


def test_a_damaged_authority_is_named_and_not_replaced(tmp_path: Path) -> None:
    prepare(tmp_path / "tls")
    path = tmp_path / "tls" / "authority.pem"
    for damage in (b"", b"nothing", b"key\n-----BEGIN CERTIFICATE-----\n"):
        path.write_bytes(damage)
        with pytest.raises(StorageError, match=r"authority\.pem"):
            prepare(tmp_path / "tls")
        assert path.read_bytes() == damage


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    made = prepare(tmp_path / "tls")
    assert stat.S_IMODE(made.ca.parent.stat().st_mode) == 0o700
    for file in made.ca.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(list(made.ca.parent.iterdir())) == 3


def test_servers_that_start_together_agree_on_one_authority(tmp_path: Path) -> None:
    threads = [threading.Thread(target=prepare, args=(tmp_path / "tls",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _accepts(prepare(tmp_path / "tls"))


def test_in_memory_certificates_go_with_the_server() -> None:
    with running_server(tls="auto") as server:
        ca = server.about.ca
        assert ca is not None
        assert ca.exists()
    assert not ca.exists()


def test_certificates_of_ones_own_are_used(tmp_path: Path) -> None:
    made = prepare(tmp_path / "mine", ["localhost"])
    with running_server(tls=(made.server, made.server)) as server:
        assert server.about.ca is None
        trust = ssl.create_default_context(cafile=str(made.ca))
        with Raw(socket.create_connection(("127.0.0.1", server.port), PATIENCE)).over_tls(trust) as raw:
            assert raw.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").response().status == 200


def _accepts(made: Certificates) -> bool:
    """Whether a client that trusts the authority accepts the leaf."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.server)
    client = ssl.create_default_context(cafile=str(made.ca))
    one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(one, other, server_hostname="localhost")
    far = server.wrap_bio(other, one, server_side=True)
    for _ in range(4):
        for side in (near, far):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return near.version() is not None
