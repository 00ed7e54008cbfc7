"""Fetches pictures from addresses that callers of a server name, where whoever runs it allowed that.

An address is a caller's word, and might lead into the network of the server. So it must be of an origin that the server
was started with, which may be anywhere; or, where ``*`` was given, it is followed over https to public hosts only. Each
redirect is held against the same rule. The name of a host is resolved once: what was checked is what is connected to.
No key, cookie or proxy takes part. What is refused by the rule is refused before its host is looked up.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final
from urllib.parse import SplitResult

from pinyon.errors import InvalidRequestError, MissingExtraError
from pinyon.models.addresses import Number, Origin, is_public, origin, parsed, pinned, resolved, shown

__all__ = ["PictureFetcher"]

SECONDS: Final = 20.0
"""That one picture may take, with its redirects."""
MOST_REDIRECTS: Final = 3
ANY_PUBLIC: Final = "*"

_ORIGIN: Final = re.compile(r"https?://[^\s/?#@\\]+", re.IGNORECASE)
_HOST: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
_HEADERS: Final = {
    "Accept": "image/*, */*;q=0.1",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "pinyon",
}
_INSTEAD: Final = "Fetch the picture yourself and send its bytes, as base64 or a data URL."


class PictureFetcher:
    """Gives the file at an address. Any number of threads may call it.

    origins: scheme, host and perhaps port, ``https://images.example.org``, ``http://minio.local:9000``; or ``*``, any
    public host over https. most: bytes of one file. is_picture: whether a file is one; of another nothing is told, as
    messages about files show how they begin. seconds: that one may take, besides a slow name server.

    Raises InvalidRequestError for an entry that is neither; MissingExtraError without httpx.
    """

    def __init__(
        self,
        origins: Sequence[str],
        *,
        most: int,
        is_picture: Callable[[bytes], bool],
        seconds: float = SECONDS,
    ) -> None:
        self._origins = frozenset(_named(one) for one in origins if one != ANY_PUBLIC)
        self._any_public = ANY_PUBLIC in origins
        self._most = most
        self._is_picture = is_picture
        self._seconds = seconds
        try:
            import httpx
        except ImportError:
            raise MissingExtraError(
                'picture_origins needs httpx, which fetches pictures: pip install "pinyon[endpoint]"'
            ) from None
        # A transport and no client: it knows neither proxies and passwords of the environment, nor cookies.
        self._transport = httpx.HTTPTransport(limits=httpx.Limits(max_connections=None, max_keepalive_connections=0))

    def __call__(self, url: str, name: str) -> bytes:
        """name: of the input, for messages. Raises InvalidRequestError: for an address that is not allowed, and for a
        picture that cannot be had there, with the reason."""
        address = _address(url, "", name)
        if not self._allows(address):
            raise InvalidRequestError(
                f"{name}: {shown(address)} is not among the addresses that this server fetches pictures from (its "
                f"setting picture_origins). {_INSTEAD}"
            )
        with _Deadline(self._seconds) as deadline:
            for _ in range(MOST_REDIRECTS + 1):
                found = _Fetch(self._transport, address, name, self._most, deadline).run(self._numbers(address, name))
                if isinstance(found, bytes):
                    return self._checked(found, address, name)
                onward = _address(found, address.geturl(), f"{name}: {shown(address)} sends on")
                if not self._allows(onward):
                    raise InvalidRequestError(
                        f"{name}: {shown(address)} sends on to {shown(onward)}, which is not among the addresses that "
                        f"this server fetches pictures from (its setting picture_origins). {_INSTEAD}"
                    )
                address = onward
        raise InvalidRequestError(f"{name}: {shown(address)} sends on more than {MOST_REDIRECTS} times. {_INSTEAD}")

    def _checked(self, data: bytes, address: SplitResult, name: str) -> bytes:
        if not self._is_picture(data):
            raise InvalidRequestError(
                f"{name}: at {shown(address)} is no picture of a format that is read, but {len(data):,} other bytes."
            )
        return data

    def _allows(self, address: SplitResult) -> bool:
        return origin(address) in self._origins or (self._any_public and address.scheme == "https")

    def _numbers(self, address: SplitResult, name: str) -> list[Number]:
        """Where the host is. One message for a host that is not public and for none at all: nobody is to find out which
        names there are inside."""
        scheme, host, port = origin(address)
        found = resolved(host, port)
        if (scheme, host, port) in self._origins:
            if not found:
                raise InvalidRequestError(f"{name}: no host is known here by the name in {shown(address)}. {_INSTEAD}")
        elif not found or not all(map(is_public, found)):
            raise InvalidRequestError(
                f"{name}: {shown(address)} is at no public host, and this server fetches pictures from no other that "
                f"its setting picture_origins does not name. {_INSTEAD}"
            )
        return found


class _Fetch:
    """One request for a picture."""

    def __init__(self, transport: Any, address: SplitResult, name: str, most: int, deadline: _Deadline) -> None:
        self._transport = transport
        self._address = address
        self._where = f"{name}: {shown(address)}"
        self._most = most
        self._deadline = deadline

    def run(self, numbers: Sequence[Number]) -> bytes | str:
        """The file, or the address that it is to be found at. numbers: of the host, each tried until one answers."""
        import httpx

        failure = ""
        for number in numbers:
            if self._deadline.is_over:
                break
            try:
                return self._answer(number)
            except httpx.ConnectError as error:
                failure = f"does not answer ({type(error).__name__})"
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                failure = f"broke off before the picture was whole ({type(error).__name__})"
                break
        if self._deadline.is_over:
            raise self._too_slow()
        raise InvalidRequestError(f"{self._where} {failure}. {_INSTEAD}")

    def _answer(self, number: Number) -> bytes | str:
        import httpx

        url, place = pinned(self._address, number)
        left = self._deadline.left
        request = httpx.Request(
            "GET",
            url,
            headers={**_HEADERS, "Host": place},
            extensions={
                "timeout": {"connect": left, "read": left, "write": left, "pool": left},
                "sni_hostname": self._address.hostname,
                "trace": self._deadline.watch,
            },
        )
        answer = self._transport.handle_request(request)
        try:
            if answer.has_redirect_location:
                return str(answer.headers["location"])
            if answer.status_code != 200:
                raise InvalidRequestError(
                    f"{self._where} answers with status {answer.status_code}, not with the picture. {_INSTEAD}"
                )
            return self._file(answer)
        finally:
            answer.close()

    def _file(self, answer: Any) -> bytes:
        length = answer.headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._most:
            raise self._too_large()
        unpack, is_whole = self._unpacking(answer.headers.get("content-encoding", "").strip().lower())
        read = bytearray()
        for piece in answer.iter_raw():
            if self._deadline.is_over:
                raise self._too_slow()
            try:
                read += unpack(piece, self._most + 1 - len(read))
            except zlib.error as error:
                raise InvalidRequestError(f"{self._where}: what comes is damaged ({error}). {_INSTEAD}") from None
            if len(read) > self._most:
                raise self._too_large()
        if self._deadline.is_over:  # an answer of no known length ends where it was cut off
            raise self._too_slow()
        if not is_whole():
            raise InvalidRequestError(f"{self._where}: the picture broke off. {_INSTEAD}")
        return bytes(read)

    def _unpacking(self, encoding: str) -> tuple[Callable[[bytes, int], bytes], Callable[[], bool]]:
        """(what unpacks the next bytes, to a number of them at most; whether the end was seen). Nothing was to be
        packed, and some stores do it all the same."""
        if encoding in ("", "identity"):
            return (lambda piece, most: piece), (lambda: True)
        if encoding not in ("gzip", "x-gzip"):
            raise InvalidRequestError(
                f"{self._where} comes packed as {encoding[:40]!r}, which was not asked for. {_INSTEAD}"
            )
        gzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        return gzip.decompress, lambda: gzip.eof

    def _too_slow(self) -> InvalidRequestError:
        return InvalidRequestError(
            f"{self._where} took longer than {self._deadline.seconds:g} s, which is all that a picture is waited for. "
            f"{_INSTEAD}"
        )

    def _too_large(self) -> InvalidRequestError:
        return InvalidRequestError(
            f"{self._where} is larger than {self._most:,} bytes, and at most that many are read. Make it smaller first."
        )


class _Deadline:
    """Cuts a connection off when the time is over. Timeouts of httpx are for one read each, and a server that sends a
    byte now and then never meets one."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = monotonic() + seconds
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._was_cut = False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @property
    def left(self) -> float:
        """Seconds, and never none: that would mean any number of them."""
        return max(0.001, self._end - monotonic())

    @property
    def is_over(self) -> bool:
        return self._was_cut or monotonic() >= self._end

    def watch(self, event: str, info: dict[str, Any]) -> None:
        """A trace of httpx. A copy is kept, since TLS takes the socket itself over."""
        if event == "connection.connect_tcp.complete":
            line = info["return_value"].get_extra_info("socket").dup()
            with self._lock:
                self._forget()
                self._line = line
            if self.is_over:
                self._cut()

    def _cut(self) -> None:
        with self._lock, suppress(OSError):  # the other end may have gone already
            self._was_cut = True
            if self._line is not None:
                self._line.shutdown(socket.SHUT_RDWR)

    def _forget(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._forget()


# -- addresses --------------------------------------------------------------------------------------------------------


def _address(url: str, base: str, name: str) -> SplitResult:
    """An address whose host is spelt as origins are: ASCII, lower case, no dot at its end, no port that goes without
    saying."""
    parts = parsed(url, base)
    host = None if parts is None else _host(parts.hostname or "")
    if parts is None or host is None:
        plain = url.partition("?")[0].rpartition("@")[2]
        raise InvalidRequestError(f"{name}: {plain[:100]!r} is no address of the web. {_INSTEAD}")
    if "@" in parts.netloc:
        raise InvalidRequestError(
            f"{name}: {shown(parts)} has a user name or a password before its host, and none is sent. {_INSTEAD}"
        )
    place = f"[{host}]" if ":" in host else host
    port = origin(parts)[2]
    usual = origin(parts._replace(netloc=place))[2]
    return parts._replace(netloc=place if port == usual else f"{place}:{port}")


def _host(host: str) -> str | None:
    """None for what is neither a name nor a number."""
    host = host.removesuffix(".")
    try:
        if ":" in host:
            return None if "%" in host else str(ipaddress.IPv6Address(host))
        host = host.encode("idna").decode("ascii").lower()
    except ValueError:
        return None
    return host if _HOST.fullmatch(host) else None


def _named(entry: str) -> Origin:
    """Raises InvalidRequestError for what is no origin."""
    if _ORIGIN.fullmatch(entry):
        with suppress(InvalidRequestError):
            return origin(_address(entry, "", "picture_origins"))
    raise InvalidRequestError(
        f"The setting picture_origins holds {entry[:100]!r}, which is no origin. One is a scheme, a host and perhaps a "
        "port, such as https://images.example.org or http://minio.local:9000; or it is *, any public host over https."
    )
