"""Every route, asked by everybody: nobody gets in who should not, and everybody who should.

What is expected is written here from the meaning of the roles and the shape of the paths, not from the server's tables.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest

from pinyon.server import calls, credentials
from pinyon.server.http import Answer, Head, Route
from pinyon.server.routes import ALL_ROUTES
from server.clients import PORT
from server.keyed import GIVEN, KeyedClient, served

EVERY = ALL_ROUTES + calls.ROUTES
"""Over HTTP, and gRPC's remote calls."""
CONSOLE = {"/", "/console", "/console/{a}", "/console/{a}/{b}", "/console/{a}/{b}/{c}", "/console/{a}/{b}/{c}/{d}"}
"""Pages without data or secrets."""
PUBLIC = {"/livez", "/readyz", "/healthz", "/oauth/token", *CONSOLE}
ANY_KEY = {"/version", "/openapi.json", "/docs"}
POSTS_THAT_READ = re.compile(
    r"/VectorService/(Query|Fetch|List|Describe).*|/query|/vectors/fetch_by_metadata|/describe_index_stats"
    r"|.*/(search|fetch|list)|/pinyon/map"
)
INFERENCE = re.compile(r"/embed|/rerank|/models.*|/v1/.*|/assistant/evaluation/.*")
METRICS = re.compile(r"/metrics|/prometheus/.*")
OPERATE = re.compile(r"/pinyon/(settings|logs|audit|slow-queries)")
DATA = re.compile(
    r"/vectors/.*|/query|/describe_index_stats|/namespaces.*|/records/.*|/bulk/.*|/VectorService/.*|/pinyon/(fields|map)"
)

ASSISTANT = re.compile(r"/assistant/(files|operations|chat)/.*")
"""What belongs to an assistant: who may use data may use it, and its address is the control plane's."""

READERS = {"ProjectEditor", "ProjectViewer"}
MAY: Mapping[str, set[str]] = {
    "control read": READERS | {"ControlPlaneEditor", "ControlPlaneViewer"},
    "control write": {"ProjectEditor", "ControlPlaneEditor"},
    "data read": READERS | {"DataPlaneEditor", "DataPlaneViewer"},
    "data write": {"ProjectEditor", "DataPlaneEditor"},
    "assistant read": READERS | {"DataPlaneEditor", "DataPlaneViewer"},
    "assistant write": {"ProjectEditor", "DataPlaneEditor"},
    "inference": READERS | {"DataPlaneEditor", "DataPlaneViewer"},
    "metrics": READERS | {"ControlPlaneEditor", "ControlPlaneViewer"},
    "operate": {"ProjectEditor", "ControlPlaneEditor"},
    "any key": READERS | {"ControlPlaneEditor", "ControlPlaneViewer", "DataPlaneEditor", "DataPlaneViewer"},
    "public": set(),
    "admin": set(),
}
"""Which of Pinecone's six roles may do what."""
ROLES = sorted(MAY["any key"])
OWN_LISTS = {"/indexes", "/collections", "/backups", "/restore-jobs", "/assistant/assistants"}
"""Lists that show a limited key only what is its own."""
CREATE = {"/indexes", "/indexes/create-for-model"}
OF_AN_INDEX = re.compile(r"/(backups|collections|restore-jobs|backup-schedules)/.*")


def kind_of(route: Route) -> str:
    path = route.path
    if path in PUBLIC:
        return "public"
    if path in ANY_KEY:
        return "any key"
    if path.startswith("/admin/"):
        return "admin"
    if INFERENCE.fullmatch(path):
        return "inference"
    if METRICS.fullmatch(path):
        return "metrics"
    if OPERATE.fullmatch(path):
        return "operate"
    if ASSISTANT.fullmatch(path):
        return f"assistant {'read' if route.method == 'GET' or path.startswith('/assistant/chat/') else 'write'}"
    reads = route.method == "GET" or (route.method == "POST" and POSTS_THAT_READ.fullmatch(path))
    return f"{'data' if DATA.fullmatch(path) else 'control'} {'read' if reads else 'write'}"


@dataclass(frozen=True)
class Caller:
    """headers: what is sent. roles: of a key that works. other: of what else the key is, "index", "namespace"..."""

    name: str
    headers: Mapping[str, str]
    roles: frozenset[str] = frozenset()
    state: str = "works"


@pytest.fixture(scope="module")
def client() -> Iterator[KeyedClient]:
    with served() as service:
        yield KeyedClient(service, routes=EVERY)


@pytest.fixture(scope="module")
def callers(client: KeyedClient) -> list[Caller]:
    revoked = client.key()
    client.store.revoke(client.info(revoked).id)
    expired = client.key(expires=credentials.now() + timedelta(seconds=0.05))
    rotated = client.key()
    client.store.rotate(client.info(rotated).id)
    gone = client.token()
    client.store.any()
    found = [
        Caller("no key", {}, state="missing"),
        Caller("an empty key", {"api-key": ""}, state="missing"),
        Caller("a wrong key", {"api-key": "wrong"}, state="wrong"),
        Caller("an unknown key of our shape", {"api-key": f"pnyn_{'0' * 22}_{'0' * 43}"}, state="wrong"),
        Caller("a revoked key", {"api-key": revoked}, state="wrong"),
        Caller("an expired key", {"api-key": expired}, state="wrong"),
        Caller("a rotated key", {"api-key": rotated}, state="wrong"),
        Caller("the key of the command line", {"api-key": GIVEN}, frozenset({"ProjectEditor"})),
        Caller("a wrong token", {"authorization": "Bearer pnyt_x_y"}, state="wrong"),
        Caller("a token", {"authorization": f"Bearer {gone}"}, state="token"),
        Caller("a token as a key", {"api-key": gone}, state="wrong"),
        Caller("two roles", {"api-key": client.key("ControlPlaneViewer", "DataPlaneEditor")},
               frozenset({"ControlPlaneViewer", "DataPlaneEditor"})),
    ]  # fmt: skip
    found += [Caller(role, {"api-key": client.key(role)}, frozenset({role})) for role in ROLES]
    everything = frozenset({"ProjectEditor"})
    limits = {
        "this index": {"index": "films"},
        "another index": {"index": "books"},
        "this namespace": {"index": "films", "namespace": "ko"},
        "another namespace": {"index": "films", "namespace": "en"},
    }
    for name, limit in limits.items():
        found.append(Caller(f"a key of {name}", {"api-key": client.key("ProjectEditor", **limit)}, everything, name))
    time.sleep(0.06)
    return found


def expected(route: Route, caller: Caller) -> int:
    """The status of a refusal before the body is read; 0 when the request is let in."""
    kind = kind_of(route)
    if kind == "public":
        return 0
    if kind == "admin":
        return 0 if caller.state == "token" else 401
    if caller.state == "missing":
        return 401
    if caller.state in {"wrong", "token"}:
        return 403 if kind.startswith("data") else 401
    if not caller.roles & MAY[kind]:
        return 403
    return 403 if caller.state != "works" and beyond_limit(route, kind, caller.state) else 0


def beyond_limit(route: Route, kind: str, limit: str) -> bool:
    """Whether a key with a limit may not ask this of index films, namespace ko."""
    path = route.path
    if kind in {"any key", "inference"}:
        return False
    if kind in {"metrics", "operate"}:
        return True
    if kind.startswith("data"):
        if limit == "another index":
            return True
        if limit == "this index":
            return False
        named = "{namespace}" in path
        everything = path.startswith("/bulk/")  # other handlers find the namespace in the body, and look at it there
        return everything or (named and limit == "another namespace")
    whole_namespace = limit in {"this namespace", "another namespace"}
    if "/indexes/{" in path:
        return limit == "another index" or (whole_namespace and kind == "control write")
    if path in OWN_LISTS and route.method == "GET":
        return False
    if path.endswith("/create-index") or path in CREATE:
        return True
    if OF_AN_INDEX.fullmatch(path):  # of something that does not exist, which its handler says
        return whole_namespace and kind == "control write"
    return True


def head_for(client: KeyedClient, route: Route, caller: Caller) -> Head:
    path = re.sub(r"\{(\w+)\}", lambda found: _value(path_of=route.path, name=found[1]), route.path)
    port = PORT
    if kind_of(route).startswith("data"):
        port = client.service.addresses.ports.setdefault("films", PORT + 1)  # type: ignore[attr-defined]
    return Head(route.method, path, "", caller.headers, "http", f"127.0.0.1:{port}", port, "127.0.0.1", "r")


def _value(path_of: str, name: str) -> str:
    if name == "namespace":
        return "ko"
    return "films" if path_of.startswith("/indexes/{") and name == "name" else "00000000"


@pytest.mark.parametrize("route", EVERY, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_lets_in_whom_it_should(client: KeyedClient, callers: list[Caller], route: Route) -> None:
    found, wanted = {}, {}
    for caller in callers:
        admitted = client.app.admit(head_for(client, route, caller))
        found[caller.name] = admitted.status if isinstance(admitted, Answer) else 0
        wanted[caller.name] = expected(route, caller)
    assert found == wanted


@pytest.mark.parametrize("place", ["/indexes/films", "/indexes/nothing", "the port of films"])
def test_no_other_way_to_a_route_lets_anybody_in(client: KeyedClient, callers: list[Caller], place: str) -> None:
    """Whoever is refused at a path is refused at every other spelling of it."""
    for route in EVERY:
        for caller in callers:
            if not expected(route, caller):
                continue
            head = head_for(client, route, caller)
            port = PORT + 1 if place.startswith("the port") else PORT
            path = head.path if port != PORT else f"{place}{head.path}"
            other = Head(head.method, path, "", caller.headers, "http", f"127.0.0.1:{port}", port, "127.0.0.1", "r")
            admitted = client.app.admit(other)
            assert isinstance(admitted, Answer), (route.path, caller.name)
            assert admitted.status in {401, 403, 404, 405}, (route.path, caller.name)


def test_the_table_tells_all_kinds_of_routes_apart() -> None:
    assert {kind_of(route) for route in EVERY} == MAY.keys()


def test_only_health_the_token_and_the_consoles_pages_are_open(client: KeyedClient) -> None:
    nobody = Caller("", {})
    opened = {
        route.path for route in EVERY if not isinstance(client.app.admit(head_for(client, route, nobody)), Answer)
    }
    assert opened == PUBLIC
