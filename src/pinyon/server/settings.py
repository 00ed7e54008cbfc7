"""What a server may be told: from a file, from the environment, from flags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pinyon.limits import DEFAULT, Limits

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What one request may weigh. ``body_bytes``: a large body (writes), compressed or not, as it comes in;
    ``small_body_bytes``: any other. ``decoded_bytes``: vectors, sparse values and metadata of one write once decoded.
    ``records``: records in one upsert; ``text_records``: in one upsert of text. Times are seconds."""

    body_bytes: int = 96 * MIB
    small_body_bytes: int = 4 * MIB
    decoded_bytes: int = 16 * MIB
    records: int = 1_000
    text_records: int = 96
    documents: int = 1_000
    ids: int = 1_000
    header_bytes: int = 64 * 1024
    header_seconds: float = 10.0
    body_seconds: float = 60.0
    idle_seconds: float = 75.0
    connections: int = 1_000
    json_depth: int = 128
    requests_per_second: float = 0.0
    """Per key; 0 means no limit."""


PINECONE_LIMITS = RequestLimits(body_bytes=8 * MIB, decoded_bytes=2 * MIB)


@dataclass(frozen=True, slots=True)
class Settings:
    """host_style: how describe_index gives an index's address, "url" (``http://host:port``) or "bare" (``host:port``).

    tls: (certificate file, key file), or None. workers: processes that share the port. index_ports: each index has a
    port of its own beside the main one.
    """

    data: Path | None = None
    host: str = "127.0.0.1"
    port: int = 5080
    workers: int = 1
    tls: tuple[Path, Path] | None = None
    host_style: str = "url"
    project: str = "pinyon"
    cloud: str = "aws"
    region: str = "us-east-1"
    log_format: str = "text"
    slow_query_ms: float = 100.0
    limits: Limits = DEFAULT
    requests: RequestLimits = RequestLimits()
    import_roots: tuple[Path, ...] = ()
    """Folders that bulk imports may read."""
