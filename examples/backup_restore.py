"""A backup while the index is in use, a mistake, and the way back."""

from __future__ import annotations

import sys

from pinyon import AlreadyExistsError, ForbiddenError, Pinecone

PATH = sys.argv[1] if len(sys.argv) > 1 else ":memory:"

with Pinecone(path=PATH) as pc:
    pc.create_index("ledger", dimension=2, deletion_protection="enabled", tags={"team": "finance"})
    ledger = pc.Index("ledger")
    ledger.upsert([(f"entry-{day:02d}", [day, 31 - day], {"day": day}) for day in range(1, 31)])

    backup = pc.create_backup(index_name="ledger", backup_name="month-end", description="before the clean-up")
    print(f"backup {backup.name}: {backup.record_count} records, {backup.size_bytes} bytes")

    ledger.delete(filter={"day": {"$lte": 20}})  # one condition too wide
    print("left:", ledger.describe_index_stats().total_vector_count)

    try:
        pc.create_index_from_backup(name="ledger", backup_id=backup.backup_id)
    except AlreadyExistsError as error:
        print("refused:", error)
    pc.create_index_from_backup(name="ledger-restored", backup_id=backup.backup_id)
    restored = pc.Index("ledger-restored")
    print("restored:", restored.describe_index_stats().total_vector_count)

    try:
        pc.delete_index("ledger")
    except ForbiddenError as error:
        print("refused:", error)
    pc.configure_index("ledger", deletion_protection="disabled")
    pc.delete_index("ledger")
    print("indexes:", pc.list_indexes().names(), "backups:", len(pc.list_backups()))
