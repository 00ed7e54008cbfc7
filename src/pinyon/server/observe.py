"""What is remembered of a request that was answered: numbers, a line in the log, a line in the audit log.

The listener calls ``Observer.begin`` when a request's head is here and ``Observer.finish`` when its answer was sent or
given up. Nothing that is remembered holds a key, a vector, a text, or anything else of a body.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinyon.server.audit import AuditLog
from pinyon.server.recent import RecentLines, SlowQueries
from pinyon.server.scope import named_index
from pinyon.server.seen import Seen, Transport, seen

if TYPE_CHECKING:
    from pinyon.server.http import Admitted, Answer, Head, Request, Route
    from pinyon.server.metrics import Metrics
    from pinyon.server.roles import Principal
    from pinyon.server.service import Service
    from pinyon.types import Plan

access_log = logging.getLogger("pinyon.access")
slow_log = logging.getLogger("pinyon.slow")

_KEPT = 4_096
"""Notes of requests that are under way. More than this means that some were never finished."""


@dataclass(slots=True)
class Observer:
    """One for each worker process; thread-safe. ``draining``: the server is about to stop, and not ready any more."""

    service: Service
    metrics: Metrics
    audit: AuditLog | None = None
    draining: bool = False
    lines: RecentLines = field(default_factory=RecentLines)
    slow_queries: SlowQueries = field(default_factory=SlowQueries)
    _plans: dict[str, tuple[str, Plan]] = field(default_factory=dict)
    _refused: dict[int, tuple[Head, Route | None, Principal | None, str]] = field(default_factory=dict)

    @classmethod
    def start(cls, service: Service, *, metrics_folder: Path | None = None) -> Observer:
        """Makes the observer of a worker process and gives it to the service.

        metrics_folder: shared by all workers, so that any of them can tell the numbers of all; None when there is one.
        """
        from pinyon.server.metrics import Metrics

        settings, data = service.settings, service.database.path
        audit = None
        if settings.audit != "off" and data is not None:
            audit = AuditLog(data / "logs" / "audit.jsonl", settings.audit_file_bytes, settings.audit_files)
        observer = cls(service, Metrics(service, metrics_folder), audit)
        observer.lines.begin()
        service.observer = observer
        return observer

    def begin(self, transport: Transport) -> None:
        """A request's head is here."""
        self.metrics.begin(transport)

    def finish(
        self,
        head: Head,
        admitted: Admitted | None,
        answer: Answer,
        *,
        seconds: float,
        bytes_in: int,
        transport: Transport = "rest",
        bytes_out: int | None = None,
    ) -> None:
        """A request was answered, or refused (``admitted`` is None). Never raises. Every ``begin`` needs one.

        bytes_out: of a streamed body; else the answer's own.
        """
        _, route, principal, path = self._refused.pop(id(head), (head, None, None, ""))
        index = ""
        if admitted is not None:
            route, principal = admitted.route, admitted.principal
            index = admitted.index or named_index(route, admitted.variables)
        told: Any = {"index": index, "path": path, "seconds": seconds, "bytes_in": bytes_in, "transport": transport}
        told["bytes_out"] = len(answer.body) if bytes_out is None else bytes_out
        about = seen(head, route, principal, answer, **told)
        namespace, plan = self._plans.pop(head.request_id, ("", None))
        self.metrics.finish(about, plan)
        self._log(about)
        limit = self.service.settings.slow_query_ms
        if plan is not None and 0 < limit < seconds * 1e3:
            self.metrics.slow_queries.inc()
            _log_slow(about, namespace, plan)
            self.slow_queries.add(about.index, namespace, seconds, plan)
        if self.audit is not None and self._is_audited(about):
            self.audit.write(_audited(about))

    def planned(self, request: Request, namespace: str, plan: Plan | None) -> None:
        """A handler tells how a query was answered: stage times for the metrics, the plan for the log of slow ones."""
        if plan is None:
            return
        if len(self._plans) >= _KEPT:
            self._plans.clear()
        self._plans[request.request_id] = (namespace, plan)

    def refused(self, head: Head, route: Route | None, principal: Principal | None, path: str = "") -> None:
        """Tells who was refused what, before a request is answered that is not admitted. path: a template, when there
        is one but no route."""
        if len(self._refused) >= _KEPT:
            self._refused.clear()
        self._refused[id(head)] = (head, route, principal, path)

    def close(self) -> None:
        self.lines.end()
        self.metrics.close()
        if self.audit is not None:
            self.audit.close()

    def _log(self, about: Seen) -> None:
        wanted = self.service.settings.access_log
        if wanted == "off" or (wanted == "errors" and about.status < 400):
            return
        level = logging.ERROR if about.status >= 500 else logging.WARNING if about.status >= 400 else logging.INFO
        access_log.log(
            level,
            "%s %s %d %.1f ms",
            about.method,
            about.path or "(unknown path)",
            about.status,
            about.seconds * 1e3,
            extra={"fields": _described(about)},
        )

    def _is_audited(self, about: Seen) -> bool:
        if self.service.settings.audit == "all":
            return about.action != "public"
        return (about.action in _CHANGES and about.method != "GET") or about.status in _REFUSED


_CHANGES = frozenset({"control:write", "data:write", "admin"})
_REFUSED = frozenset({401, 403, 429})


def _described(about: Seen) -> dict[str, Any]:
    return {
        "request": about.request_id,
        "operation": about.operation,
        "transport": about.transport,
        "status": about.status,
        "ms": round(about.seconds * 1e3, 2),
        "index": about.index,
        "namespaces": list(about.namespaces),
        "key": about.key_id,
        "client": about.client,
        "bytes_in": about.bytes_in,
        "bytes_out": about.bytes_out,
    }


def _log_slow(about: Seen, namespace: str, plan: Plan) -> None:
    fields = _described(about) | {
        "namespaces": [namespace],
        "plan": plan.kind,
        "reason": plan.reason,
        "records": plan.records,
        "matching": plan.matching,
        "candidates": plan.candidates,
        "exact": plan.exact,
        "stages": {stage: round(value, 2) for stage, value in plan.milliseconds.items()},
    }
    slow_log.warning(
        "slow query: %.0f ms, %s (%s), %d of %d records match, %d scored",
        about.seconds * 1e3,
        plan.kind,
        plan.reason,
        plan.matching,
        plan.records,
        plan.candidates,
        extra={"fields": fields},
    )


def _audited(about: Seen) -> dict[str, Any]:
    return {
        "request": about.request_id,
        "client": about.client,
        "key": about.key_id,
        "roles": list(about.roles),
        "method": about.method,
        "path": about.path,
        "operation": about.operation,
        "transport": about.transport,
        "index": about.index,
        "namespaces": list(about.namespaces),
        "result": "ok" if about.status < 400 else "refused" if about.status in _REFUSED else "failed",
        "status": about.status,
        "bytes_in": about.bytes_in,
        "bytes_out": about.bytes_out,
    }
