"""Where indexes are reached: ports of their own, virtual hosts, paths; remembered, shared, given back."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pinyon import engine
from pinyon.errors import FailedPreconditionError, InvalidRequestError, NotFoundError
from pinyon.server import sockets
from pinyon.server.addresses import KIND, IndexPorts
from pinyon.server.http import Request
from pinyon.server.roles import OWNER
from pinyon.server.settings import Settings
from pinyon.types import IndexSpec
from pinyon.wire.versions import NEWEST
from server.live import Raw, running_server
from waiting import PATIENCE, eventually

pytestmark = pytest.mark.usefixtures("loopback")


@dataclass
class Known:
    """What a listener would have been told."""

    opened: dict[int, list[socket.socket]] = field(default_factory=dict)
    closed: list[int] = field(default_factory=list)

    def open(self, found: Sequence[socket.socket]) -> None:
        self.opened[found[0].getsockname()[1]] = list(found)

    def close(self, port: int) -> None:
        self.closed.append(port)
        sockets.close_all(self.opened.pop(port))


@contextmanager
def addresses_of(
    database: engine.Database, port: int, *, workers: int = 1, **changes: Any
) -> Iterator[tuple[IndexPorts, Known]]:
    known = Known()
    settings = Settings(port=changes.pop("given", port), workers=workers, **changes)
    addresses = IndexPorts(settings, database, port, opened=known.open, closed=known.close)
    addresses.start()
    try:
        yield addresses, known
    finally:
        addresses.stop()
        for found in known.opened.values():
            sockets.close_all(found)


@pytest.fixture
def database() -> Iterator[engine.Database]:
    with engine.Database(":memory:") as opened:
        yield opened


@pytest.fixture
def port() -> int:
    """A free port with free ones above it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return min(int(probe.getsockname()[1]), 60_000)


def request(authority: str, scheme: str = "http") -> Request:
    return Request("GET", {}, (), b"", NEWEST, scheme, authority, "", OWNER, "r")


def make(database: engine.Database, *names: str) -> None:
    for name in names:
        database.create_index(IndexSpec(name, 3, "cosine"))


# -- ports ------------------------------------------------------------------------------------------------------------


def test_indexes_get_the_ports_above_the_main_one_in_the_order_of_their_creation(
    database: engine.Database, port: int
) -> None:
    make(database, "films", "books")
    with addresses_of(database, port) as (addresses, known):
        films, books = known.opened
        assert port < films < books
        assert addresses.index_at(films, "whatever") == "films"
        assert addresses.index_at(books, "") == "books"
        assert addresses.index_at(port, f"localhost:{port}") == ""


def test_a_new_index_listens_when_its_host_is_told(database: engine.Database, port: int) -> None:
    with addresses_of(database, port) as (addresses, known):
        make(database, "films")
        host = addresses.host_of("films", request(f"localhost:{port}"))
        found = int(host.rpartition(":")[2])
        assert host == f"http://localhost:{found}"
        assert found in known.opened
        with socket.create_connection(("127.0.0.1", found)):
            pass


def test_indexes_of_other_processes_are_noticed_and_deleted_ones_give_their_port_back(
    tmp_path: Path, port: int
) -> None:
    with (
        engine.Database(tmp_path) as database,
        engine.Database(tmp_path) as other,
        addresses_of(database, port) as (addresses, known),
    ):
        make(other, "films")
        assert eventually(lambda: len(known.opened) == 1)
        (first,) = known.opened
        other.delete_index("films")
        assert eventually(lambda: known.closed == [first])
        assert addresses.index_at(first, "") == ""
        make(other, "books")
        assert eventually(lambda: list(known.opened) == [first])
        assert addresses.index_at(first, "") == "books"
        assert list((database.registry.get(KIND, str(port)) or {}).values()) == [first]


def test_a_port_outlives_a_restart(tmp_path: Path, port: int) -> None:
    with engine.Database(tmp_path) as database:
        make(database, "first", "second")
        with addresses_of(database, port) as (_, known):
            first, second = known.opened
        database.delete_index("first")
        with addresses_of(database, port) as (addresses, known):
            assert list(known.opened) == [second]
            assert addresses.index_at(second, "") == "second"
        make(database, "third")
        with addresses_of(database, port) as (addresses, known):
            assert addresses.index_at(first, "") == "third"


def test_a_port_that_was_taken_meanwhile_is_replaced(database: engine.Database, port: int) -> None:
    make(database, "films")
    with addresses_of(database, port) as (_, known):
        (before,) = known.opened
    with socket.create_server(("127.0.0.1", before)), addresses_of(database, port) as (addresses, known):
        (after,) = known.opened
        assert after != before
        assert addresses.index_at(after, "") == "films"


def test_servers_on_one_directory_do_not_take_each_others_ports(tmp_path: Path, port: int) -> None:
    with engine.Database(tmp_path) as database:
        make(database, "films")
        with addresses_of(database, port) as (one, ones), addresses_of(database, port + 40) as (two, others):
            (first,), (second,) = ones.opened, others.opened
            assert first != second
            assert one.index_at(first, "") == two.index_at(second, "") == "films"


@pytest.mark.skipif(not sockets.can_share(), reason="this system cannot share a port between processes")
def test_workers_listen_on_the_same_ports_and_never_give_one_twice(tmp_path: Path, port: int) -> None:
    with (
        engine.Database(tmp_path) as mine,
        engine.Database(tmp_path) as theirs,
        addresses_of(mine, port, workers=2) as (one, ones),
        addresses_of(theirs, port, workers=2) as (two, others),
    ):
        for number in range(10):
            database, addresses = (mine, one) if number % 2 else (theirs, two)
            make(database, f"i{number}")
            assert addresses.host_of(f"i{number}", request("h:1"))
        assert eventually(lambda: len(ones.opened) == len(others.opened) == 10)
        assert ones.opened.keys() == others.opened.keys()
        assert {one.index_at(found, "") for found in ones.opened} == {f"i{number}" for number in range(10)}


def test_a_server_on_any_port_gives_any_ports_and_remembers_none(tmp_path: Path, port: int) -> None:
    with engine.Database(tmp_path) as database:
        make(database, "films")
        with addresses_of(database, port, given=0) as (addresses, known):
            (found,) = known.opened
            assert addresses.index_at(found, "") == "films"
        assert database.registry.list(KIND) == []


def test_without_ports_of_their_own_indexes_are_reached_by_path_or_name(database: engine.Database, port: int) -> None:
    make(database, "films")
    with addresses_of(database, port, index_ports=False) as (addresses, known):
        assert known.opened == {}
        assert addresses.host_of("films", request("box:5080")) == "http://box:5080/indexes/films"
        assert addresses.host_of("films", request("box:5080", "https")) == "films-pinyon.svc.box:5080"
        assert addresses.host_of("films", request("127.0.0.1:5080", "https")) == "films-pinyon.svc.localhost:5080"


# -- hosts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authority", "scheme", "style", "host"),
    [
        ("127.0.0.1:5080", "http", "url", "http://127.0.0.1:{}"),
        ("my-box:6000", "http", "url", "http://my-box:{}"),
        ("my-box", "http", "url", "http://my-box:{}"),
        ("[::1]:5080", "http", "url", "http://[::1]:{}"),
        ("[::1]", "http", "url", "http://[::1]:{}"),
        ("", "http", "url", "http://127.0.0.1:{}"),
        ("localhost:5080", "http", "bare", "localhost:{}"),
        ("localhost:5080", "https", "url", "localhost:{}"),
        ("other-pinyon.svc.localhost:5080", "http", "url", "http://films-pinyon.svc.localhost:5080"),
        ("other-pinyon.svc.box:5080", "https", "url", "films-pinyon.svc.box:5080"),
    ],
)
def test_a_host_is_told_under_the_name_that_the_client_used(
    database: engine.Database, port: int, authority: str, scheme: str, style: str, host: str
) -> None:
    make(database, "films")
    with addresses_of(database, port, host_style=style) as (addresses, known):
        (found,) = known.opened
        assert addresses.host_of("films", request(authority, scheme)) == host.format(found)


@pytest.mark.parametrize(
    ("authority", "index"),
    [
        ("films-pinyon.svc.localhost:5080", "films"),
        ("films-pinyon.svc.us-east1.example.com", "films"),
        ("FILMS-Pinyon.SVC.localhost", "films"),
        ("a-b-pinyon.svc.localhost", "a-b"),
        ("films-other.svc.localhost", ""),
        ("films.svc.localhost", ""),
        ("svc.localhost", ""),
        ("x.films-pinyon.svc.localhost", ""),
        ("localhost:5080", ""),
    ],
)
def test_a_virtual_host_names_an_index(database: engine.Database, port: int, authority: str, index: str) -> None:
    with addresses_of(database, port) as (addresses, _):
        assert addresses.index_at(port, authority) == index


def test_an_index_that_does_not_exist_has_no_host(database: engine.Database, port: int) -> None:
    with addresses_of(database, port) as (addresses, _), pytest.raises(NotFoundError, match="films"):
        addresses.host_of("films", request("h"))


# -- a whole server ---------------------------------------------------------------------------------------------------


def test_an_index_is_reached_by_port_name_and_path() -> None:
    with running_server() as server:
        server.database.create_index(IndexSpec("films", 3, "cosine"))
        described = _get(server.port, "127.0.0.1", "/indexes/films")
        host = described["host"].removeprefix("http://")
        for at, authority, path in (
            (int(host.rpartition(":")[2]), host, "/describe_index_stats"),
            (server.port, f"films-pinyon.svc.localhost:{server.port}", "/describe_index_stats"),
            (server.port, f"127.0.0.1:{server.port}", "/indexes/films/describe_index_stats"),
        ):
            assert _get(at, authority, path)["dimension"] == 3


def test_the_connections_of_a_deleted_index_end() -> None:
    with running_server() as server:
        server.database.create_index(IndexSpec("films", 3, "cosine"))
        host = _get(server.port, "127.0.0.1", "/indexes/films")["host"]
        found = int(host.rpartition(":")[2])
        with Raw(socket.create_connection(("127.0.0.1", found), PATIENCE)) as raw:
            raw.send(b"GET /describe_index_stats HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert raw.response().status == 200
            server.database.delete_index("films")
            assert raw.is_closed()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", found), PATIENCE)


# -- sockets ----------------------------------------------------------------------------------------------------------


def test_a_port_in_use_is_refused_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        for shared in (False, True):
            with pytest.raises(FailedPreconditionError, match=f"port {taken}.*another port"):
                sockets.listen("127.0.0.1", taken, shared=shared)
        with pytest.raises(FailedPreconditionError, match="another port"):
            sockets.reserve("127.0.0.1", taken)
        with pytest.raises(FailedPreconditionError, match="another port"), running_server(port=taken):
            pass


def test_hosts_that_cannot_be_listened_on_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="cannot be resolved"):
        sockets.listen("a" * 300, 0)
    with pytest.raises(FailedPreconditionError, match="no address"):
        sockets.listen("203.0.113.7", 0)


def test_a_name_with_several_addresses_is_served_on_all_of_them() -> None:
    found = sockets.listen("localhost", 0)
    try:
        assert len({one.getsockname()[1] for one in found}) == 1
        assert {one.getsockname()[0] for one in found} <= {"127.0.0.1", "::1"}
    finally:
        sockets.close_all(found)


def _get(port: int, authority: str, path: str) -> Any:
    import orjson

    with Raw(socket.create_connection(("127.0.0.1", port), PATIENCE)) as raw:
        found = raw.send(f"GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode()).response()
        assert found.status == 200, found.body
        return orjson.loads(found.body)
