"""SQLite files, cache files and backups. Knows bytes and transactions; never computes a distance."""
