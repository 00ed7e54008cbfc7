"""The engine: the only room that composes storage, filters and indexes into a database."""

from pinyon.engine.database import Database
from pinyon.engine.index import Index
from pinyon.engine.reports import CorruptionWarning, NamespaceReport
from pinyon.engine.writes import Batch
from pinyon.storage.catalog import BackupInfo
from pinyon.storage.check import Finding
from pinyon.storage.compact import CompactReport

__all__ = [
    "BackupInfo",
    "Batch",
    "CompactReport",
    "CorruptionWarning",
    "Database",
    "Finding",
    "Index",
    "NamespaceReport",
]
