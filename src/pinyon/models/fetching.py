"""Fetches a picture from the address that an endpoint answered with.

The address is the endpoint's word, and might lead into the network behind this machine. So it is followed over https to
public addresses only, and otherwise to nowhere but the endpoint itself. The name of a host is resolved once: what was
checked is what is connected to. The key goes to the endpoint itself and nowhere else.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from pinyon.errors import ModelUnavailableError
from pinyon.models.addresses import Number, is_public, origin, parsed, pinned, resolved, shown
from pinyon.models.endpoint import Endpoint

__all__ = ["fetched"]

MOST_REDIRECTS = 3
"""All within one host."""
_GONE = {401, 403, 404, 410}
"""What stores of files answer when an address is no longer good."""


def fetched(endpoint: Endpoint, url: str, most: int) -> bytes:
    """The file at an address. most: its bytes.

    Raises ModelUnavailableError for an address that is not followed or has expired, for a host that is down, and for a
    file that is too large.
    """
    address = _address(endpoint, endpoint.base + "/", url)
    for _ in range(MOST_REDIRECTS + 1):
        found = _fetched_once(endpoint, address, most)
        if isinstance(found, bytes):
            return found
        onward = _address(endpoint, address, found)
        if origin(onward) != origin(address):
            raise _refused(endpoint, f"{shown(address)} sends on to another host, {shown(onward)}")
        address = onward
    raise _refused(endpoint, f"{shown(address)} sends on more than {MOST_REDIRECTS} times")


def _fetched_once(endpoint: Endpoint, address: SplitResult, most: int) -> bytes | str:
    """The file, or the address that it is to be found at."""
    import httpx

    own = origin(address) == origin(urlsplit(endpoint.base))
    url, host = (address.geturl(), "") if own else _pinned(endpoint, address)
    where = f"model {endpoint.name!r}: {shown(address)}"
    try:
        with endpoint.fetch(url, with_key=own, host=host) as answer:
            if answer.is_redirect:
                return str(answer.headers.get("location", ""))
            if answer.status_code in _GONE:
                raise ModelUnavailableError(
                    f"{where}: the picture is gone (status {answer.status_code}). Such addresses are good for a while "
                    "only: ask again, or say response_format = 'b64_json' in the model's description if it knows that"
                )
            if answer.status_code != 200:
                raise ModelUnavailableError(f"{where} answers with status {answer.status_code}, not with the picture")
            read = bytearray()
            for piece in answer.iter_bytes():
                read += piece
                if len(read) > most:
                    raise ModelUnavailableError(f"{where}: the picture is larger than picture_bytes, {most:,}")
            return bytes(read)
    except httpx.HTTPError as error:
        raise ModelUnavailableError(f"{where}: the picture broke off ({type(error).__name__}): ask again") from None


def _pinned(endpoint: Endpoint, address: SplitResult) -> tuple[str, str]:
    """(the address with the number of its host in place of the name, host and port as they were), if that is public."""
    host = address.hostname or ""
    if address.scheme != "https":
        raise _refused(endpoint, f"{shown(address)} is neither https nor at the endpoint itself")
    found = _resolved(endpoint, host, address.port or 443)
    for one in found:
        if not is_public(one):
            raise _refused(endpoint, f"{shown(address)} is at {one}, which is no public host")
    return pinned(address, found[0])


def _resolved(endpoint: Endpoint, host: str, port: int) -> list[Number]:
    found = resolved(host, port)
    if not found:
        raise ModelUnavailableError(
            f"model {endpoint.name!r}: the host {host!r:.200} of the picture's address is not known here"
        )
    return found


def _address(endpoint: Endpoint, base: str | SplitResult, url: str) -> SplitResult:
    """An address that may be relative to another one; without user, password and fragment."""
    parts = parsed(url, base if isinstance(base, str) else base.geturl())
    if parts is None:
        raise _refused(endpoint, f"{url[:80]!r} is no address of the web")
    return parts._replace(netloc=parts.netloc.rpartition("@")[2])


def _refused(endpoint: Endpoint, what: str) -> ModelUnavailableError:
    return ModelUnavailableError(f"model {endpoint.name!r} answers with the address of a picture, not followed: {what}")
