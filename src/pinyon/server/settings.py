"""What a server may be told: from a file, from the environment, from flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from pinyon.engine.budget import DEFAULT_MEMORY
from pinyon.limits import DEFAULT, Limits

MIB = 1024 * 1024

HostStyle: TypeAlias = Literal["url", "bare"]
LogFormat: TypeAlias = Literal["text", "json"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
AccessLog: TypeAlias = Literal["all", "errors", "off"]
Audit: TypeAlias = Literal["all", "changes", "off"]


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What one request may weigh. ``body_bytes``: a large body (writes), compressed or not, as it comes in;
    ``small_body_bytes``: any other. ``decoded_bytes``: vectors, sparse values and metadata of one write once decoded.
    ``records``: records in one upsert; ``text_records``: in one upsert of text. Times are seconds."""

    body_bytes: int = 96 * MIB
    small_body_bytes: int = 4 * MIB
    file_bytes: int = 100_000_000
    """Of one file that is uploaded to an assistant."""
    files: int = 10_000
    """Of one assistant."""
    decoded_bytes: int = 16 * MIB
    records: int = 1_000
    text_records: int = 96
    documents: int = 1_000
    ids: int = 10_000
    """In one fetch or delete. Pinecone documents 1,000, and takes more: a test of its SDK fetches 3,200."""
    header_bytes: int = 64 * 1024
    header_seconds: float = 10.0
    body_seconds: float = 60.0
    idle_seconds: float = 600.0
    """Long, as a client that asks while its connection is being closed gets an error; those idle longest make room."""
    connections: int = 1_000
    """Open connections of one worker process."""
    held_bytes: int = 1024 * MIB
    """Bodies that one worker process holds at once, over all connections."""
    json_depth: int = 128
    requests_per_second: float = 0.0
    """Per key and worker process; 0 means no limit."""

    def of(self, kind: Literal["small", "large", "file"]) -> int:
        """Bytes of a body of that kind, at most; around a file there is a form."""
        if kind == "file":
            return self.file_bytes + MIB
        return self.body_bytes if kind == "large" else self.small_body_bytes


PINECONE_LIMITS = RequestLimits(body_bytes=8 * MIB, decoded_bytes=2 * MIB, ids=1_000)


@dataclass(frozen=True, slots=True)
class Settings:
    """host_style: how describe_index gives an index's address, "url" (``http://host:port``) or "bare" (``host:port``).

    tls: (certificate file, key file), "auto" for a certificate of an authority of our own, or None. workers: processes
    that share the port. index_ports: each index has a port of its own beside the main one.
    """

    data: Path | None = None
    host: str = "127.0.0.1"
    port: int = 5080
    workers: int = 1
    memory: int = DEFAULT_MEMORY
    """Bytes that the namespaces in use may hold, of all workers together."""
    threads: int = 0
    """Threads of one worker process that read data; 0 means as many as there are cores, at least 2."""
    generations: int = 16
    """Answers that models may be writing at once in one worker process; a request beyond them gets 503."""
    stop_seconds: float = 30.0
    """How long a server that stops waits for the requests that are under way."""
    tls: tuple[Path, Path] | Literal["auto"] | None = None
    host_style: HostStyle = "url"
    index_ports: bool = True
    project: str = "pinyon"
    cloud: str = "aws"
    region: str = "us-east-1"
    keys: tuple[str, ...] = field(default=(), repr=False)
    """API keys that were given at the start and are not stored; each may do what a ProjectEditor may."""
    insecure: bool = False
    """Listen beyond this machine without any key."""
    allow_hosts: tuple[str, ...] = ()
    """Names under which a server without keys may be called, besides those of this machine."""
    log_format: LogFormat = "text"
    log_level: LogLevel = "info"
    access_log: AccessLog = "errors"
    audit: Audit = "changes"
    """What is written to ``<data>/logs/audit.jsonl``: all requests, changes and what was refused, or nothing."""
    audit_file_bytes: int = 64 * MIB
    audit_files: int = 10
    """A full audit log is set aside, and so many of those are kept."""
    slow_query_ms: float = 100.0
    """Queries that take longer are logged with their plan; 0 logs none."""
    limits: Limits = DEFAULT
    requests: RequestLimits = RequestLimits()
    import_roots: tuple[Path, ...] = ()
    """Folders that bulk imports may read."""
    generator: str = ""
    """The model that writes for assistants where a caller names none; "" for the usual one, "off" for none."""
    import_remote: bool = False
    """Bulk imports may read s3:// and gs:// with the credentials of the server's environment."""

    picture_origins: tuple[str, ...] = ()
    """From which addresses pictures of callers are fetched: scheme, host and perhaps port; "*": any public host over
    https."""

    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Where settings come from that were read, by dotted name: "file", "environment", "flag"."""

    @property
    def worker_memory(self) -> int:
        """Bytes of one worker."""
        return max(1, self.memory // self.workers)


TABLES: Final = ("limits", "requests")
"""Settings that are several."""
PRESET: Final = "limits"
"""The name of a set of limits for all of ``requests``."""


def told(settings: Settings) -> list[dict[str, Any]]:
    """Every setting for people: name, value, default, and its source ("default", "file", "environment", "flag", or
    "program" where a program set it). Keys are not told, but how many there are."""
    found, usual = _flat(settings), _flat(Settings())
    return [
        {"name": name, "value": value, "default": usual[name], "source": _source(settings, name, value == usual[name])}
        for name, value in found.items()
    ]


def _flat(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in fields(settings):
        value = getattr(settings, one.name)
        if one.name in TABLES:
            found |= {f"{one.name}.{inner.name}": getattr(value, inner.name) for inner in fields(value)}
        elif one.name == "keys":
            found[one.name] = f"{len(value)} hidden" if value else ""
        elif one.name != "sources":
            found[one.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def _source(settings: Settings, name: str, is_usual: bool) -> str:
    source = settings.sources.get(name)
    if source is None and not is_usual:
        preset = settings.sources.get(PRESET) if name.startswith("requests.") else None
        return preset or "program"
    return source or "default"
