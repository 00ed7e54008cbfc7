"""The layout of one index's truth file. ``docs/format.md`` explains it byte by byte."""

from __future__ import annotations

FORMAT = 2
"""Newest version of the truth file that this release reads; a larger number is refused."""
FRESH_FORMAT = 1
"""Version of a file with one generation of vectors. It becomes 2, in place and for good, when a second one is begun:
older releases would not know what to make of it."""

APPLICATION_ID = 0x50494E59  # "PINY", in the SQLite header: tells our files from other SQLite files
CATALOG_APPLICATION_ID = 0x50494E43  # "PINC"

MINIMUM_SQLITE = (3, 51, 3)
"""Older releases can corrupt a WAL file that is reset while another connection writes."""

PAGE_SIZE = 8192
"""Bytes. Five 384-d vectors a page; measured twice as fast as 4096 for fsynced batches, while 16384 gains nothing."""

TRUTH = """
CREATE TABLE meta(
    key TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

CREATE TABLE namespace(
    ns_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    lsn INTEGER NOT NULL,
    count INTEGER NOT NULL DEFAULT 0,
    explicit INTEGER NOT NULL DEFAULT 0,
    schema TEXT
);

CREATE TABLE record(
    ord INTEGER PRIMARY KEY AUTOINCREMENT,
    ns_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    lsn INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    metadata BLOB,
    sparse BLOB,
    UNIQUE(ns_id, id)
);
CREATE INDEX record_by_lsn ON record(ns_id, lsn);

CREATE TABLE vector(
    ord INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    data BLOB NOT NULL
);

CREATE TABLE tombstone(
    ns_id INTEGER NOT NULL,
    lsn INTEGER NOT NULL,
    ord INTEGER NOT NULL,
    PRIMARY KEY(ns_id, lsn, ord)
) WITHOUT ROWID;

CREATE TABLE cache(
    kind TEXT NOT NULL,
    ns_id INTEGER NOT NULL,
    lsn INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY(kind, ns_id)
) WITHOUT ROWID;

CREATE TABLE quarantine(
    ord INTEGER PRIMARY KEY,
    ns_id INTEGER,
    id TEXT,
    reason TEXT NOT NULL,
    crc INTEGER,
    metadata BLOB,
    sparse BLOB,
    data BLOB
);
"""
