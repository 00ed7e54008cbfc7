"""verify, repair, compact: check every byte, mend what is damaged, give space back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import Yes, command
from pinyon.cli.errors import CORRUPTION
from pinyon.cli.output import size
from pinyon.cli.session import Session, complete_index

if TYPE_CHECKING:
    from pinyon.engine import Database, Finding

OptionalIndex = Annotated[
    str | None,
    typer.Argument(metavar="INDEX", help="One index [default: all].", autocompletion=complete_index),
]


@command(
    "verify",
    section="Safety",
    examples=(
        ("all indexes; exit code 4 when something is damaged", "pinyon verify"),
        ("one index, for a script", "pinyon verify docs --json"),
    ),
)
def verify(session: Session, name: OptionalIndex = None) -> None:
    """Read every byte and compare it with its checksum. Exits with 4 when something is not as it was written."""
    with session.database(write=False) as database:
        names = _chosen(session, database, name)
        findings = _verified(session, database, names)
    if session.as_json:
        session.output.json({"indexes": names, "ok": not findings, "findings": list(map(finding_json, findings))})
    else:
        _print_findings(session, findings)
        if not findings:
            session.output.line(f"verified {', '.join(names) or 'nothing: there are no indexes'}: every byte is sound")
    if findings:
        raise typer.Exit(CORRUPTION)


def _verified(session: Session, database: Database, names: Sequence[str]) -> list[Finding]:
    findings: list[Finding] = []
    with session.output.progress() as bar:
        for name in names:
            begun = False

            def progress(index: str, done: int, total: int) -> None:
                nonlocal begun
                if not begun:
                    bar.begin(f"verify {index}", total, "rows")
                    begun = True
                bar.advance(done)

            findings += database.verify(name, progress=progress)
    return findings


@command(
    "repair",
    section="Safety",
    examples=(
        ("look, ask, mend", "pinyon repair docs"),
        ("unasked, for a script", "pinyon repair --yes --json"),
    ),
)
def repair(session: Session, name: OptionalIndex = None, yes: Yes = False) -> None:
    """Set damaged records aside, drop damaged caches, and verify the result before saying so."""
    with session.database() as database:
        names = _chosen(session, database, name)
        findings = _verified(session, database, names)
        if not findings:
            if session.as_json:
                session.output.json({"indexes": names, "repaired": False, "findings": [], "left": []})
            else:
                session.output.line("nothing to repair: every byte is sound")
            return
        preview = [_shown(finding) for finding in findings]
        session.confirm([*preview, "damaged records are set aside and named; nothing else changes"], "Repair?", yes=yes)
        damaged = list(dict.fromkeys(finding.index or name for finding in findings))
        done = [finding for index in damaged for finding in database.repair(index)]
        left = [finding for index in damaged for finding in database.verify(index)]
    if session.as_json:
        told = {"findings": list(map(finding_json, done)), "left": list(map(finding_json, left))}
        session.output.json({"indexes": names, "repaired": True, **told})
    else:
        _print_findings(session, left)
        what = "verified: sound again" if not left else f"{len(left)} finding(s) are left"
        session.output.line(f"repaired {len(done)} finding(s); {what}")
    if left:
        raise typer.Exit(CORRUPTION)


@command(
    "compact",
    section="Safety",
    examples=(
        ("make deleted content unfindable and give its space back", "pinyon compact"),
        ("and delete backups that are older than 30 days", "pinyon compact --backups-older-than 30"),
    ),
)
def compact(
    session: Session,
    name: OptionalIndex = None,
    older_than: Annotated[
        int | None,
        typer.Option("--backups-older-than", metavar="DAYS", min=0, help="Delete backups that are older."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Rewrite the files without deleted records, and empty logs and caches. Backups keep what they hold."""
    with session.database() as database:
        names = _chosen(session, database, name)
        expired = _expire(session, database, name, older_than, yes) if older_than is not None else []
        reports = [report for one in names for report in database.compact(one)]
        gone = database.remove_leftovers() if name is None else []
        kept = len(database.list_backups(name))
    found = [
        {
            "index": report.index,
            "bytes_before": report.bytes_before,
            "bytes_after": report.bytes_after,
            "tombstones": report.tombstones,
            "blocked": report.blocked,
            "blocked_by": list(report.blocked_by),
        }
        for report in reports
    ]
    if session.as_json:
        session.output.json({"indexes": found, "backups_deleted": expired, "backups_kept": kept, "leftovers": gone})
        return
    for report in reports:
        session.output.line(f"{report.index}: {size(report.bytes_before)} -> {size(report.bytes_after)}")
        if report.blocked:
            who = f" (process {', '.join(map(str, report.blocked_by))})" if report.blocked_by else ""
            session.output.warn(
                f"{report.index}: another reader{who} keeps the log from being emptied, so deleted content may still "
                "lie in it. Close it and compact again"
            )
    if gone:
        session.output.line(f"deleted {len(gone)} file(s) and folder(s) that interrupted work had left behind")
    if expired:
        session.output.line(f"deleted {len(expired)} backup(s)")
    if kept:
        session.output.message(f"{kept} backup(s) still hold what was deleted since: pinyon backup --list")


def _expire(session: Session, database: Database, name: str | None, days: int, yes: bool) -> list[str]:
    """Deletes old backups; gives their ids."""
    limit = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S")
    old = [backup for backup in database.list_backups(name) if backup.created_at[:19] <= limit]
    if old:
        preview = [f"backup {one.id} of {one.index_name!r}, made {one.created_at[:19]}" for one in old]
        session.confirm(preview, f"Delete {len(old)} backup(s)?", yes=yes)
    for one in old:
        database.delete_backup(one.id)
    return [one.id for one in old]


def _chosen(session: Session, database: Database, name: str | None) -> list[str]:
    if name is None:
        return [entry.spec.name for entry in database.entries()]  # those of assistants, too
    if not database.has_index(name):
        session.index(database, name)  # raises, with a suggestion
    return [name]


def _print_findings(session: Session, findings: Sequence[Finding]) -> None:
    for finding in findings:
        session.output.line(_shown(finding), "red" if finding.severity == "damage" else "yellow")


def _shown(finding: Finding) -> str:
    return f"{finding.index}: {finding.file}: {finding.place}: {finding.problem}. {finding.remedy}"


def finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "index": finding.index,
        "file": finding.file,
        "place": finding.place,
        "problem": finding.problem,
        "remedy": finding.remedy,
        "severity": finding.severity,
    }
