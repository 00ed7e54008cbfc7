"""The engine: the only room that composes storage, filters and indexes into a database."""

from pinyon.engine.database import Database
from pinyon.engine.index import Index
from pinyon.engine.reports import CorruptionWarning, NamespaceReport
from pinyon.engine.writes import Batch
from pinyon.storage.catalog import BackupInfo
from pinyon.storage.check import Finding

__all__ = ["BackupInfo", "Batch", "CorruptionWarning", "Database", "Finding", "Index", "NamespaceReport"]
