"""Requests to an OpenAI-compatible API: the key, retries, errors that say what to do, and answers as they stream in.

The key is read from its environment variable for every request and is kept nowhere. It goes to the host of ``base_url``
and to no other: redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import json
import os
import random
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import sleep
from typing import Any
from urllib.parse import urlsplit

from pinyon.errors import FailedPreconditionError, InvalidRequestError, ModelUnavailableError, PinyonError
from pinyon.models.endpoint_errors import refused
from pinyon.models.settings import EndpointSettings
from pinyon.types import Usage

__all__ = ["Endpoint", "estimated_tokens"]

FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
"""Seconds. An endpoint that asks for a longer pause is reported instead of waited for."""
_PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 529}
"""Statuses that another attempt may not meet."""


def estimated_tokens(text: str) -> int:
    """Tokens of a text for a tokenizer that is out of reach: rather too many, for English and for Korean."""
    plain = sum(character < "\x80" for character in text)
    return (plain + 2) // 3 + len(text) - plain


class Endpoint:
    """One model behind an API. Any number of threads may call it. name: of the model, for messages.

    Raises, from every call: ModelUnavailableError when it is down, overloaded or answers nonsense after all retries;
    FailedPreconditionError for a wrong or missing key; NotFoundError for an unknown model; ContextOverflowError;
    InvalidRequestError for what it refuses.
    """

    def __init__(self, name: str, settings: EndpointSettings) -> None:
        self._name = name
        self._settings = settings
        self._base = settings.base_url.rstrip("/")
        self._lock = threading.Lock()
        self._http: Any = None
        self._used = Usage(0, 0)
        self._retries = 0

    def __repr__(self) -> str:
        return f"Endpoint({self._name!r}, {self._base!r})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def base(self) -> str:
        """The address, without a slash at its end."""
        return self._base

    @property
    def host(self) -> str:
        return urlsplit(self._base).netloc

    @property
    def usage(self) -> Usage:
        """Tokens of all requests so far, as the endpoint counted them."""
        return self._used

    @property
    def retries(self) -> int:
        """Attempts so far that repeated one which failed."""
        return self._retries

    def post(self, path: str, body: Mapping[str, Any], most: int = 0) -> dict[str, Any]:
        """The JSON object that a request is answered with. most: its bytes, at most; 0 leaves them unbounded."""
        with self._answer("POST", self._base + path, body) as answer:
            return self._object(answer, most)

    def get_beside(self, path: str) -> dict[str, Any]:
        """The JSON object at a path of the same host, outside the base address."""
        parts = urlsplit(self._base)
        with self._answer("GET", f"{parts.scheme}://{parts.netloc}{path}", None) as answer:
            return self._object(answer)

    @contextmanager
    def fetch(self, url: str, *, with_key: bool = False, host: str = "") -> Iterator[Any]:
        """The answer of another address to GET, whatever it is, its body not yet read; a redirect is not followed.

        host: what the server is called where the address holds a number instead; its certificate is checked for that.
        Raises ModelUnavailableError for an address that does not answer after all retries.
        """
        import httpx

        headers = (self._headers() if with_key else {}) | ({"Host": host} if host else {})
        named = {"sni_hostname": urlsplit(f"//{host}").hostname} if host else {}
        for attempt in range(self._settings.retries + 1):
            try:
                request = self._client().build_request("GET", url, headers=headers, extensions=named)
                answer = self._client().send(request, stream=True)
            except httpx.HTTPError as error:
                if attempt == self._settings.retries:
                    raise ModelUnavailableError(
                        f"model {self._name!r}: {host or self.host}, where its answer lies, does not answer "
                        f"({_told(error)})"
                    ) from None
            else:
                try:
                    if answer.status_code not in _PASSING or attempt == self._settings.retries:
                        yield answer
                        return
                finally:
                    answer.close()
            self._pause(_wait(attempt))

    def stream(self, path: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The events of an answer, as they come. Closing the iterator ends the connection."""
        import httpx

        with self._answer("POST", self._base + path, body) as answer:
            if "text/event-stream" not in answer.headers.get("content-type", ""):
                yield self._object(answer)
                return
            try:
                for line in answer.iter_lines():
                    name, _, value = line.partition(":")
                    if name != "data":  # a comment, an event's name, or the line between two events
                        continue
                    if value.strip() == "[DONE]":
                        return
                    event = self._parsed(value)
                    if event.get("error"):
                        raise self._refused(500, event)
                    self._count(event)
                    yield event
            except httpx.HTTPError as error:
                raise ModelUnavailableError(
                    f"model {self._name!r}: the answer of {self._base} broke off: {_told(error)}"
                ) from None

    def _object(self, answer: Any, most: int = 0) -> dict[str, Any]:
        import httpx

        try:
            read = self._parsed(self._within(answer, most) if most else answer.read())
        except httpx.HTTPError as error:
            raise ModelUnavailableError(
                f"model {self._name!r}: the answer of {self._base} broke off: {_told(error)}"
            ) from None
        self._count(read)
        return read

    def _within(self, answer: Any, most: int) -> bytes:
        read = bytearray()
        for piece in answer.iter_bytes():
            read += piece
            if len(read) > most:
                raise ModelUnavailableError(
                    f"model {self._name!r}: the answer of {self._base} has more than {most:,} bytes: that is no "
                    "answer to what was asked"
                )
        return bytes(read)

    def _parsed(self, text: str | bytes) -> dict[str, Any]:
        try:
            read = json.loads(text)
        except ValueError:
            read = None
        if not isinstance(read, dict):
            raise ModelUnavailableError(
                f"model {self._name!r}: {self._base} answers, but not with a JSON object: {text[:80]!r}. "
                "Is base_url the address of an OpenAI-compatible API, up to and with /v1?"
            )
        return read

    def _count(self, read: Mapping[str, Any]) -> None:
        used = read.get("usage")
        if isinstance(used, dict):
            prompt = used.get("prompt_tokens") or used.get("input_tokens") or used.get("total_tokens") or 0
            written = used.get("completion_tokens") or used.get("output_tokens") or 0
            with self._lock:
                self._used = Usage(self._used.prompt_tokens + int(prompt), self._used.completion_tokens + int(written))

    # -- attempts -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _answer(self, method: str, url: str, body: Mapping[str, Any] | None) -> Iterator[Any]:
        """The answer of the first attempt that succeeds, its body not yet read."""
        import httpx

        for attempt in range(self._settings.retries + 1):
            pause = None
            try:
                request = self._client().build_request(method, url, json=body, headers=self._headers())
                answer = self._client().send(request, stream=True)
            except httpx.HTTPError as error:
                failure: PinyonError = ModelUnavailableError(
                    f"model {self._name!r}: {self._base} does not answer ({_told(error)}): "
                    "start it, or correct base_url"
                )
                if attempt:  # a pause long enough for a connection that was cut, and a short one for who has a typo
                    raise failure from None
            else:
                try:
                    if answer.status_code == 200:
                        yield answer
                        return
                    failure, pause = self._failure(answer)
                finally:
                    answer.close()
                if pause is None:
                    raise failure
            if attempt < self._settings.retries:
                self._pause(pause or _wait(attempt))
        raise failure

    def _pause(self, seconds: float) -> None:
        sleep(seconds)
        with self._lock:
            self._retries += 1

    def _failure(self, answer: Any) -> tuple[PinyonError, float | None]:
        """(what the answer means, seconds that it asks to wait): 0 leaves that open, None permits no more attempts."""
        import httpx

        if answer.is_redirect:
            host = urlsplit(answer.headers.get("location", "")).netloc or self.host
            return FailedPreconditionError(
                f"model {self._name!r}: {self._base} sends on to {host!r:.200}, where the key would go along. "
                "Redirects are not followed: correct base_url"
            ), None
        try:
            read = answer.read()
        except httpx.HTTPError:
            read = b""
        pause = _asked_pause(answer.headers.get("retry-after"))
        failure = self._refused(answer.status_code, _body(read))
        passes = answer.status_code in _PASSING and isinstance(failure, ModelUnavailableError)
        final = not passes or "quota" in failure.message or pause > LONGEST_WAIT
        return failure, None if final else pause

    def _refused(self, status: int, body: Mapping[str, Any]) -> PinyonError:
        variable = self._settings.api_key_env
        secret = os.environ.get(variable, "").strip() if variable else ""
        return refused(self._name, self._settings, status, body, secret)

    def _headers(self) -> dict[str, str]:
        variable = self._settings.api_key_env
        if not variable:
            return {}
        key = os.environ.get(variable, "").strip()
        if not key:
            raise FailedPreconditionError(
                f"model {self._name!r} needs a key in the environment variable {variable}, which is not set"
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise FailedPreconditionError(f"the environment variable {variable} holds no key: it has odd characters")
        parts = urlsplit(self._base)
        if parts.scheme == "http" and not _is_here(parts.hostname or "") and not self._settings.allow_http:
            raise InvalidRequestError(
                f"model {self._name!r}: the key would go to {parts.hostname} unencrypted. Use https, or leave "
                "api_key_env out; allow_http = true in the model's description sends it all the same"
            )
        return {"Authorization": f"Bearer {key}"}

    def _client(self) -> Any:
        with self._lock:
            if self._http is None:
                import httpx

                self._http = httpx.Client(timeout=self._settings.timeout, follow_redirects=False)
                weakref.finalize(self, self._http.close)
            return self._http


def _wait(attempt: int) -> float:
    """Seconds before the next attempt: twice as many each time, less a random part so that callers spread out."""
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2**attempt) * random.uniform(0.5, 1.0))


def _asked_pause(header: str | None) -> float:
    """Seconds of a Retry-After header, which is a number or a date; 0 without one."""
    if not header:
        return 0.0
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200] if str(error) else type(error).__name__


def _body(read: bytes) -> dict[str, Any]:
    try:
        found = json.loads(read)
    except ValueError:
        found = read.decode("utf-8", "replace")
    return found if isinstance(found, dict) else {"message": str(found)}
