"""TLS on the server's side, with certificates that may be replaced while it runs."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pinyon.errors import InvalidRequestError

log = logging.getLogger("pinyon.server")

_LOOK: Final = 10.0
_RENEW: Final = 6 * 3600.0


class Tls:
    """Gives the context for the next connection, which has the certificate that the files hold now.

    renew: is called every few hours and may replace the files. Raises InvalidRequestError when they cannot be used.
    """

    def __init__(self, certificate: Path, key: Path, renew: Callable[[], object] | None = None) -> None:
        self._files = (certificate, key)
        self._renew = renew
        self._state = self._times()
        self._context = self._load()
        self._looked = self._renewed = time.monotonic()

    def __call__(self) -> ssl.SSLContext:
        now = time.monotonic()
        if now - self._looked > _LOOK:
            self._looked = now
            self._refresh(now)
        return self._context

    def _refresh(self, now: float) -> None:
        try:
            if self._renew is not None and now - self._renewed > _RENEW:
                self._renewed = now
                self._renew()
            state = self._times()
            if state != self._state:
                self._context = self._load()
                self._state = state
                log.info("a new certificate is in use: %s", self._files[0])
        except (OSError, InvalidRequestError) as error:  # the old one serves on
            log.error("the new certificate cannot be used: %s", error)

    def _times(self) -> tuple[int, ...]:
        try:
            return tuple(file.stat().st_mtime_ns for file in self._files)
        except OSError as error:
            raise InvalidRequestError(f"The certificate cannot be read: {error}.") from None

    def _load(self) -> ssl.SSLContext:
        certificate, key = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2", "http/1.1"])
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ValueError) as error:
            raise InvalidRequestError(
                f"{certificate} and {key} are not a certificate and its key, as PEM without a password ({error})."
            ) from None
        return context
