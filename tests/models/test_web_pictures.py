"""Pictures on addresses that callers name: which are fetched, and what comes of one that lies, drips or swells."""

from __future__ import annotations

import gzip
import ipaddress
import itertools
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.picture_store import Store, Stored, naming, picture_store
from pinyon.errors import InvalidRequestError, MissingExtraError
from pinyon.models import ModelRegistry, web_pictures
from pinyon.models.addresses import is_public
from pinyon.models.web_pictures import PictureFetcher

pytest.importorskip("httpx", reason='needs pip install "pinyon[endpoint]"')
pytestmark = pytest.mark.usefixtures("loopback")

MOST = 100_000
FILE = b"\x89PNG" + bytes(range(256)) * 40
"""Nobody here looks whether it is a picture."""


@pytest.fixture
def store() -> Iterator[Store]:
    with picture_store() as running:
        yield running


def fetcher(*origins: str, seconds: float = 20.0) -> PictureFetcher:
    return PictureFetcher(origins, most=MOST, is_picture=lambda data: not data.startswith(b"no"), seconds=seconds)


def refused(fetch: PictureFetcher, url: str) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        fetch(url, "inputs[3]")
    assert caught.value.message.startswith("inputs[3]: ")
    return caught.value.message


# -- what is fetched --------------------------------------------------------------------------------------------------


def test_a_picture_of_a_named_origin_is_fetched_without_key_cookie_or_proxy(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    url = store.at("/a.png?sig=1", Stored(FILE, headers={"set-cookie": "a=b; path=/"}))
    fetch = fetcher(store.origin)
    assert fetch(url + "#part", "it") == FILE
    assert fetch(url, "it") == FILE
    assert [path for path, _ in store.asked] == ["/a.png?sig=1"] * 2
    for _, headers in store.asked:
        assert not {"authorization", "cookie", "proxy-authorization"} & headers.keys()
        assert headers["host"] == f"127.0.0.1:{store.port}"
        assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("http://pictures.example:{port}", "http://PICTURES.Example.:{port}"),
        ("http://Pictures.EXAMPLE.:{port}", "HTTP://pictures.example:{port}"),
        ("http://bücher.example:{port}", "http://xn--bcher-kva.example:{port}"),
        ("http://xn--bcher-kva.example:{port}", "http://BÜCHER.example:{port}"),
        ("http://minio_store:{port}", "http://minio_store:{port}"),
    ],
)
def test_origins_are_the_same_however_they_are_spelt(
    entry: str, place: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("127.0.0.1",)
    asked = naming(monkeypatch, pictures_example=here, **{"xn--bcher-kva_example": here, "minio_store": here})
    store.at("/a.png", FILE)
    assert fetcher(entry.format(port=store.port))(place.format(port=store.port) + "/a.png", "it") == FILE
    assert len(asked) == 1, "what was looked up is connected to"
    assert store.asked[0][1]["host"] == f"{asked[0]}:{store.port}"


def test_the_port_that_goes_without_saying_may_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    naming(monkeypatch, a_example=(), b_example=())
    fetch = fetcher("https://a.example", "http://b.example:80")
    for url in ("https://a.example:443/x", "http://b.example/x"):
        assert "no host is known here" in refused(fetch, url)
    for url in ("http://a.example/x", "https://a.example:80/x", "https://b.example/x", "http://b.example:443/x"):
        assert "is not among the addresses" in refused(fetch, url)


def test_a_host_at_several_numbers_is_tried_until_one_answers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    naming(monkeypatch, two_example=("::1", "127.0.0.1"))
    store.at("/a.png", FILE)
    assert fetcher(f"http://two.example:{store.port}")(f"http://two.example:{store.port}/a.png", "it") == FILE


def test_what_a_store_packs_unasked_is_unpacked(store: Store) -> None:
    url = store.at("/a.png", Stored(gzip.compress(FILE), headers={"content-encoding": "GZIP"}))
    assert fetcher(store.origin)(url, "it") == FILE


def test_a_picture_may_be_as_large_as_is_allowed_and_have_no_length(store: Store) -> None:
    url = store.at("/a.png", Stored(b"x" * MOST, length=None))
    assert fetcher(store.origin)(url, "it") == b"x" * MOST


@pytest.mark.parametrize("entries", [("*",), ("https://pictures.example:{port}",)])
@pytest.mark.parametrize("certified", ["pictures.example", "another.example"])
def test_the_certificate_must_be_of_the_name_that_was_asked_for(
    certified: str, entries: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(certified).configure_cert(context)
    asked = naming(monkeypatch, pictures_example=("127.0.0.1",))
    # A loopback address stands for the public one, which a test cannot have.
    monkeypatch.setattr(web_pictures, "is_public", lambda number: True)
    with picture_store(context) as store:
        store.at("/a.png", FILE)
        url = f"https://pictures.example:{store.port}/a.png?sig=secret"
        fetch = fetcher(*(one.format(port=store.port) for one in entries))
        if certified == "pictures.example":
            assert fetch(url, "it") == FILE
            assert (asked, store.asked[0][1]["host"]) == (["pictures.example"], f"pictures.example:{store.port}")
        else:
            said = refused(fetch, url)
            assert "does not answer" in said
            assert "secret" not in said
            assert store.asked == []


# -- what is not ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/a.png",
        "https://127.0.0.1:{port}/a.png",
        "http://127.0.0.1/a.png",
        "http://localhost:{port}/a.png",
        "http://127.1:{port}/a.png",
        "http://2130706433:{port}/a.png",
        "http://[::1]:{port}/a.png",
        "http://[::ffff:127.0.0.1]:{port}/a.png",
        "http://127.0.0.1.example:{port}/a.png",
        "http://example.com/http://127.0.0.1:{port}/a.png",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_another_origin_is_refused_before_anybody_is_asked(
    url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = naming(monkeypatch)
    said = refused(fetcher(store.origin), url.format(port=store.port, other=store.port + 1) + "?sig=secret")
    assert "is not among the addresses that this server fetches pictures from (its setting picture_origins)" in said
    assert "send its bytes, as base64 or a data URL" in said
    assert "secret" not in said
    assert (asked, store.connections) == ([], 0)


@pytest.mark.parametrize(
    "url",
    [
        "http:",
        "http://",
        "http:///a.png",
        "http://127.0.0.1:99999/a.png",
        "http://a b.example/",
        "http://a%2eexample/",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://a..example/",
        "http://example..",
        "http://.",
        "http://*/",
        "http://127.0.0.1\\.example.com/",
        "http://" + "a" * 300 + "/",
        "http://\ud800/",
        "ftp://127.0.0.1/a.png",
    ],
)
def test_what_is_no_address_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = naming(monkeypatch)
    assert "is no address of the web" in refused(fetcher("http://127.0.0.1", "*"), url)
    assert asked == []


def test_an_address_with_a_password_is_refused_and_the_password_not_told(store: Store) -> None:
    store.at("/a.png", FILE)
    for user in ("me:secret", "secret", "example.com\\secret", "secret@me"):
        place = f"{user}@127.0.0.1:{store.port}"
        said = refused(fetcher(store.origin), f"http://{place}/a.png")
        assert "has a user name or a password before its host, and none is sent" in said
        assert "secret" not in said
    assert "secret" not in refused(fetcher(store.origin), "http://me:secret@a b/")
    assert store.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "224.0.0.1", "255.255.255.255", "[::1]", "[::]",
        "[::ffff:192.168.0.1]", "[::127.0.0.1]", "[64:ff9b::10.0.0.1]", "[2002:a00:1::]", "[fe80::1]", "[fec0::1]",
        "[fd00:ec2::254]", "[ff0e::1]", "unknown.example", "inside.example", "both.example", "mapped.example",
        "translated.example",
    ],
)  # fmt: skip
def test_a_star_reaches_no_host_that_is_not_public(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    naming(
        monkeypatch,
        unknown_example=(),
        inside_example=("192.168.1.1",),
        both_example=("8.8.8.8", "192.168.1.1"),
        mapped_example=("::ffff:10.0.0.1",),
        translated_example=("64:ff9b::a9fe:a9fe",),
    )
    said = refused(fetcher("*"), f"https://{host}/a.png?sig=secret")
    assert "/a.png' is at no public host, and this server fetches pictures from no other" in said
    assert "secret" not in said


def test_a_star_tells_nobody_which_names_there_are_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    naming(monkeypatch, there_example=("10.0.0.1",), gone_example=())
    there, gone = (refused(fetcher("*"), f"https://{name}.example/") for name in ("there", "gone"))
    assert there.replace("there", "gone") == gone


def test_a_star_is_for_https_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = naming(monkeypatch)
    for url in ("http://example.com/a.png", "http://example.com:443/a.png", "http://127.0.0.1/a.png"):
        assert "is not among the addresses" in refused(fetcher("*"), url)
    assert asked == []


def test_an_origin_may_be_inside_beside_a_star(store: Store) -> None:
    fetch = fetcher("*", store.origin)
    assert fetch(store.at("/a.png", FILE), "it") == FILE
    assert "is at no public host" in refused(fetch, f"https://127.0.0.1:{store.port}/a.png")


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::808:808", False),
        ("2002:808:808::", False),
        ("2001:db8::1", False),
        ("2001::1", False),
    ],
)
def test_numbers_that_hold_others_are_as_public_as_these(number: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(number)) is public


# -- redirects --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_to_what_is_allowed(status: int, store: Store) -> None:
    store.at("/b.png", FILE)
    with picture_store() as other:
        first = store.at("/a.png", Stored(status=status, headers={"location": f"{other.origin}/a.png?sig=2"}))
        other.at("/a.png", Stored(status=status, headers={"location": f"{store.origin}/sub/c.png"}))
        store.at("/sub/c.png", Stored(status=status, headers={"location": "../b.png"}))
        assert fetcher(store.origin, other.origin)(first, "it") == FILE
        assert [path for path, _ in other.asked] == ["/a.png?sig=2"]


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://127.0.0.1:9/a.png?sig=secret", "sends on to 'http://127.0.0.1:9/a.png', which is not among"),
        ("http://169.254.169.254/latest", "which is not among the addresses"),
        ("//127.0.0.1:9/a.png", "which is not among the addresses"),
        ("https://127.0.0.1:{port}/a.png", "which is not among the addresses"),
        ("http://me:secret@127.0.0.1:{port}/a.png", "sends on: 'http://127.0.0.1:{port}/a.png' has a user name"),
        ("file:///etc/passwd", "sends on: 'file:///etc/passwd' is no address of the web"),
        ("", "is no address of the web|sends on more than 3 times"),
    ],
)
def test_a_redirect_elsewhere_is_not_followed(
    location: str, said: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = store.at("/a.png", Stored(status=302, headers={"location": location.format(port=store.port)}))
    asked = naming(monkeypatch)
    found = refused(fetcher(store.origin), url)
    assert any(one.format(port=store.port) in found for one in said.split("|"))
    assert "secret" not in found
    assert set(asked) <= {"127.0.0.1"}


def test_a_star_follows_no_redirect_inside(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    naming(monkeypatch, inside_example=("10.0.0.1",))
    url = store.at("/a.png", Stored(status=302, headers={"location": "https://inside.example/a.png"}))
    assert "'https://inside.example/a.png' is at no public host" in refused(fetcher(store.origin, "*"), url)


def test_redirects_have_an_end(store: Store) -> None:
    url = store.at("/a.png", Stored(status=302, headers={"location": "/a.png"}))
    assert "sends on more than 3 times" in refused(fetcher(store.origin), url)
    assert len(store.asked) == 4


# -- what comes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (Stored(status=404), "answers with status 404, not with the picture"),
        (Stored(FILE, status=206), "answers with status 206"),
        (Stored(status=302), "answers with status 302"),
        (Stored(b"x" * (MOST + 1)), "larger than 100,000 bytes"),
        (Stored(b"x" * (MOST + 1), length=None), "larger than 100,000 bytes"),
        (Stored(b"", length=10**12), "larger than 100,000 bytes"),
        (Stored(FILE, length=len(FILE) + 1), "broke off before the picture was whole"),
        (Stored(gzip.compress(bytes(50_000_000)), headers={"content-encoding": "gzip"}), "larger than 100,000 bytes"),
        (Stored(gzip.compress(FILE)[:-9], headers={"content-encoding": "gzip"}), "the picture broke off"),
        (Stored(FILE, headers={"content-encoding": "gzip"}), "what comes is damaged"),
        (Stored(FILE, headers={"content-encoding": "br"}), "packed as 'br', which was not asked for"),
        (Stored(FILE, headers={"content-encoding": "gzip, gzip"}), "packed as 'gzip, gzip'"),
        (Stored(b"nothing to see"), "is no picture of a format that is read, but 14 other bytes"),
        (Stored(early=[b"no HTTP\r\n\r\n"]), "broke off before the picture was whole"),
        (Stored(early=[b"HTTP/1.1 200 OK\r\nx: ", b"y" * 10**6]), "broke off before the picture was whole"),
    ],
)
def test_what_is_not_the_whole_picture_is_refused_with_the_reason(stored: Stored, said: str, store: Store) -> None:
    url = store.at("/a.png?sig=secret", stored)
    found = refused(fetcher(store.origin), url)
    assert f"'{store.origin}/a.png'" in found
    assert said in found
    assert "secret" not in found


def test_a_store_that_is_down_or_unknown_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    naming(monkeypatch, gone_example=())
    with picture_store() as store:
        pass
    assert "does not answer (ConnectError)" in refused(fetcher(store.origin), store.origin + "/a.png")
    assert "no host is known here by the name" in refused(fetcher("http://gone.example"), "http://gone.example/")


def slowly(*first: bytes) -> Iterator[bytes]:
    """Never so slow that a read would time out, and without an end."""
    yield from first
    for _ in itertools.count():
        time.sleep(0.02)
        yield b"x"


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-slow: ",
        b"",
    ],
    ids=["a body of known length", "a body without one", "headers", "the first line"],
)
def test_a_store_that_drips_is_cut_off(first: bytes, store: Store) -> None:
    url = store.at("/a.png?sig=secret", Stored(early=slowly(first)))
    found = refused(fetcher(store.origin, seconds=0.3), url)
    assert "took longer than 0.3 s, which is all that a picture is waited for" in found
    assert "secret" not in found


def test_redirects_and_the_picture_share_their_time(store: Store) -> None:
    def late() -> Iterator[bytes]:
        time.sleep(0.25)
        yield b"HTTP/1.1 302 Found\r\nlocation: /a.png\r\ncontent-length: 0\r\n\r\n"

    class Again:
        def __iter__(self) -> Iterator[bytes]:
            return late()

    url = store.at("/a.png", Stored(early=Again()))
    assert "took longer than 0.6 s" in refused(fetcher(store.origin, seconds=0.6), url)


def test_a_handshake_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The greeting of TLS is answered with the beginning of a record that never ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            line, _ = listening.accept()
            with line:
                line.recv(10_000)
                try:
                    for piece in slowly(b"\x16\x03\x03\x40\x00"):
                        line.sendall(piece)
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        origin = f"https://127.0.0.1:{listening.getsockname()[1]}"
        assert "took longer than 0.3 s" in refused(fetcher(origin, seconds=0.3), origin + "/a.png")
        thread.join()


# -- the setting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        "", "example.com", "//example.com", "https://", "https://example.com/", "https://example.com/a", "ftp://a.b",
        "https://a.b?c", "https://a.b#c", "https://me@a.b", "https://*.a.b", "https://a.b:0x1", "https://a.b:99999",
        "https://a b", " https://a.b", "**", "https://a.b,https://c.d", "h",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_refused_by_its_name(entry: str) -> None:
    with pytest.raises(InvalidRequestError, match="which is no origin") as caught:
        fetcher("https://fine.example", entry)
    assert f"The setting picture_origins holds {entry!r}" in caught.value.message
    assert "http://minio.local:9000; or it is *, any public host over https" in caught.value.message


def test_what_fetches_is_asked_for_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=r'pip install "pinyon\[endpoint\]"'):
        fetcher("*")


def test_a_registry_fetches_only_with_what_it_was_given(store: Store) -> None:
    url = store.at("/a.png", FILE)
    assert ModelRegistry().fetch_picture(url, "it") is None
    assert store.connections == 0
    given: Any = ModelRegistry().fetching(fetcher(store.origin))
    for registry in (given, given.guarded(lambda name: False), given.with_more(dict, None)):
        assert registry.fetch_picture(url, "it") == FILE
