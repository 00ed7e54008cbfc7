"""Keywords of the SDKs that steer network requests. There is no network here: they are accepted and have no effect.

``async_req=True`` is honoured in form: the call runs at once, in the calling thread, and its outcome comes back in a
``PineconeFuture``. In process there is no round trip to overlap, and a thread pool would only reorder the writes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from pinyon.errors import PinyonError

P = ParamSpec("P")
R = TypeVar("R")

DEFERRING = frozenset({"async_req", "async_threadpool_executor"})
TRANSPORT = DEFERRING | {
    "timeout",
    "total_timeout",
    "max_concurrency",
    "_check_input_type",
    "_check_return_type",
    "_check_type",
    "_host_index",
    "_preload_content",
    "_request_timeout",
    "_return_http_data_only",
}


class PineconeFuture(Future[R]):
    """The outcome of a call that already ran. ``result()`` and ``get()`` give its answer or raise its error."""

    def get(self, timeout: float | None = None) -> R:
        return self.result(timeout)

    def wait(self, timeout: float | None = None) -> None:
        """Returns at once: the call has run."""

    def ready(self) -> bool:
        return self.done()

    def successful(self) -> bool:
        return self.exception() is None


def ran(call: Callable[[], R]) -> PineconeFuture[R]:
    future: PineconeFuture[R] = PineconeFuture()
    try:
        future.set_result(call())
    except PinyonError as error:
        future.set_exception(error)
    return future


def request(method: Callable[P, R]) -> Callable[P, R]:
    """A method that takes the transport keywords besides its own."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if TRANSPORT.isdisjoint(kwargs):
            return method(*args, **kwargs)
        own = {name: value for name, value in kwargs.items() if name not in TRANSPORT}
        if any(kwargs.get(name) for name in DEFERRING):
            return cast(R, ran(lambda: method(*args, **cast(Any, own))))
        return method(*args, **cast(Any, own))

    return call
