"""Several processes that serve one data directory on one port, and the one that looks after them.

The parent takes no requests. A worker that dies is replaced; when the parent dies, however that happens, its end of a
pipe closes and the workers stop.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final, TypeAlias

from pinyon.errors import FailedPreconditionError, PinyonError

log = logging.getLogger("pinyon.server")

READY: Final = b"ready"
_START_SECONDS: Final = 60.0
_GRACE: Final = 5.0
_LONGEST_PAUSE: Final = 10.0

Target: TypeAlias = Callable[[int, Connection], None]
"""What a worker runs: its number, and a pipe. It sends ``READY``, or a text that says why it cannot; it stops when the
pipe is closed."""


@dataclass
class _Worker:
    number: int
    process: BaseProcess
    pipe: Connection
    started: float = field(default_factory=time.monotonic)
    ready: bool = False


class Workers:
    """The parent's view. target: importable from a fresh process. died: is told the process id of a worker that ended.

    stop_seconds: how long workers may take for what is under way.
    """

    def __init__(
        self, count: int, target: Target, *, stop_seconds: float, died: Callable[[int], object] | None = None
    ) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._count = count
        self._target = target
        self._stop_seconds = stop_seconds
        self._died = died
        self._workers: list[_Worker] = []
        self._stop, self._stopped = self._context.Pipe(duplex=False)
        self._failures = 0

    @property
    def pids(self) -> list[int]:
        return [worker.process.pid or 0 for worker in self._workers]

    def start(self) -> None:
        """Start all workers and wait until each takes requests. Raises FailedPreconditionError when one cannot."""
        self._workers = [self._spawn(number) for number in range(self._count)]
        try:
            end = time.monotonic() + _START_SECONDS
            for worker in self._workers:
                self._await_ready(worker, end)
        except BaseException:
            self._end_all()
            raise

    def run(self) -> None:
        """Replace workers that die, until ``stop`` is called; then end them all."""
        try:
            while not self._stop.poll():
                watched = [worker.process.sentinel for worker in self._workers]
                heard = wait([self._stop, *watched, *(one.pipe for one in self._workers if not one.ready)], timeout=1.0)
                if self._stop in heard:
                    break
                for worker in list(self._workers):
                    self._look_at(worker)
        finally:
            self._end_all()

    def stop(self) -> None:
        """May be called from a signal handler or another thread, more than once."""
        try:
            self._stopped.send_bytes(b"stop")
        except OSError:
            log.debug("the workers are stopped already")

    def _spawn(self, number: int) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=self._target, args=(number, theirs), name=f"pinyon-worker-{number}")
        process.start()
        theirs.close()
        return _Worker(number, process, ours)

    def _await_ready(self, worker: _Worker, end: float) -> None:
        said = f"it was not ready after {_START_SECONDS:g} s".encode()
        try:
            if worker.pipe.poll(max(0.0, end - time.monotonic())):
                said = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            said = b"it ended without a word"
        if said != READY:
            raise FailedPreconditionError(f"Worker {worker.number} cannot serve: {said.decode(errors='replace')}")
        worker.ready = True

    def _look_at(self, worker: _Worker) -> None:
        if worker.process.is_alive():
            if not worker.ready and worker.pipe.poll():
                try:
                    self._await_ready(worker, time.monotonic())
                    self._failures = 0
                except PinyonError as error:
                    log.error("%s", error)
            return
        worker.process.join()
        log.error("worker %d (process %s) ended with code %s and is replaced", worker.number, *_end_of(worker.process))
        if self._died is not None and worker.process.pid is not None:
            self._died(worker.process.pid)
        worker.pipe.close()
        if time.monotonic() - worker.started < _LONGEST_PAUSE:
            self._failures += 1
            if self._stop.poll(min(0.1 * 2**self._failures, _LONGEST_PAUSE)):
                return
        self._workers[self._workers.index(worker)] = self._spawn(worker.number)

    def _end_all(self) -> None:
        """Ask, wait, insist."""
        for worker in self._workers:
            worker.pipe.close()
        end = time.monotonic() + self._stop_seconds + _GRACE
        for worker in self._workers:
            worker.process.join(max(0.0, end - time.monotonic()))
        for worker in self._workers:
            if worker.process.is_alive():
                log.error("worker %d does not stop and is killed", worker.number)
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self._workers = []


def _end_of(process: BaseProcess) -> tuple[int | None, str]:
    code = process.exitcode
    if code is not None and code < 0:
        try:
            return process.pid, signal.Signals(-code).name
        except ValueError:
            pass
    return process.pid, str(code)
