"""The answers behind MigrationUtils: dictionaries with the keys that the old system gave."""

import importlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from health.assessment import assess
from health.findings import Level
from migration.backup.errors import BackupError
from migration.backup.writing import write_backup
from migration.importing.report import Report
from migration.importing.run import ImportBusy, Options, carry_out
from migration.importing.tables import Tables
from migration.legacy.errors import SourceError
from migration.legacy.layout import Layout, find_layout
from migration.legacy.local_time import find_zone
from migration.legacy.tree import EntryKind, SourceTree
from migration.models import Origin
from migration.planning.plan import make_plan
from migration.planning.values import Verdict

PARTS = {"known_faces": "people", "blacklist_faces": "blocked people", "captures": "pictures", "logs": "visits"}
MODULES = {
    "orchestrator_import": "pipeline.orchestrator",
    "manager_import": "pipeline.orchestrator_manager",
    "config_import": "pipeline.config",
}


def validate() -> dict[str, Any]:
    issues, warnings = list(_problems_here()), list(_warnings_here())
    try:
        tree = SourceTree(_source())
        layout = find_layout(tree)
        find_zone(_zone_given() or settings.TIME_ZONE)
    except SourceError as error:
        issues.append(str(error))
    else:
        warnings += _missing_parts(tree, layout)
        issues += _space_problems(tree, layout)
        if not _zone_given():
            warnings.append(f"old local times will be read as {settings.TIME_ZONE}; LEGACY_TIMEZONE names another zone")
    return {"compatible": not issues, "issues": issues, "warnings": warnings}


def migrate() -> dict[str, Any]:
    try:
        tree = SourceTree(_source())
        plan = make_plan(tree, find_zone(_zone_given() or settings.TIME_ZONE))
        report = carry_out(plan, tree, Tables.of(apps), Options(origin=Origin.COMMAND))
    except (SourceError, ImportBusy, DatabaseError, OSError) as error:
        return {"success": False, "migrated_items": [], "errors": [str(error)], "counts": {}}
    try:
        errors = [f"{note.source}: {note.reason}" for note in report.partial]
        return {
            "success": not errors,
            "migrated_items": list(_imported(report)),
            "errors": errors,
            "counts": report.counts,
        }
    finally:
        report.close()


def back_up(to: Path | None) -> dict[str, Any]:
    try:
        backup = write_backup(to)
    except BackupError as error:
        return {"success": False, "backup_path": None, "errors": [str(error)]}
    return {"success": True, "backup_path": str(backup.path), "errors": []}


def verify_health() -> dict[str, Any]:
    outcome = {check: _import_error(module) for check, module in MODULES.items()}
    issues = [error for error in outcome.values() if error]
    found = {check: not error for check, error in outcome.items()}
    for finding in assess().findings:
        is_well = finding.level is not Level.ERROR
        found[finding.check] = found.get(finding.check, True) and is_well
        if not is_well:
            issues.append(f"{finding.text} {finding.remedy}".strip())
    return {"healthy": not issues, "checks": found, "issues": issues}


def _source() -> Path:
    return Path(os.environ.get("LEGACY_DATA_DIR", "").strip() or ".").expanduser()


def _zone_given() -> str:
    return os.environ.get("LEGACY_TIMEZONE", "").strip()


def _problems_here() -> Iterator[str]:
    """What keeps this system from taking anything in."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            yield "the database has not the schema of this program yet; run `manage.py migrate`"
    except DatabaseError as error:
        yield f"the database does not answer: {error}"
    for message in checks.run_checks():
        if message.level >= checks.ERROR:
            yield _told(message)


def _warnings_here() -> Iterator[str]:
    for message in checks.run_checks():
        if checks.WARNING <= message.level < checks.ERROR:
            yield _told(message)


def _told(message: checks.CheckMessage) -> str:
    return f"{message.msg} {message.hint or ''}".strip()


def _missing_parts(tree: SourceTree, layout: Layout) -> Iterator[str]:
    for part, what in PARTS.items():
        try:
            is_there = tree.entry(layout.path(part)) is not None
        except SourceError as error:
            yield f"{layout.path(part)}: {error}"
        else:
            if not is_there:
                yield f"{layout.path(part)} is missing: no {what} will come from there"


def _space_problems(tree: SourceTree, layout: Layout) -> Iterator[str]:
    folders = [layout.known_faces, layout.blocked_faces, layout.captures, *layout.cropped_faces]
    needed = sum(_size_of(tree, folder) for folder in folders)
    free = shutil.disk_usage(settings.VAR_DIR).free
    if needed > free:
        yield f"the old pictures take {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free on {settings.VAR_DIR}"


def _size_of(tree: SourceTree, folder: str) -> int:
    """Bytes of the files in `folder` and in the folders in it; what cannot be read counts nothing."""
    try:
        entries = tree.entries(folder)
    except SourceError:
        return 0
    sizes = (_size_of(tree, entry.path) if entry.kind is EntryKind.FOLDER else entry.size for entry in entries)
    return sum(sizes)


def _imported(report: Report) -> Iterator[str]:
    for kind, verdicts in report.counts.items():
        if count := verdicts.get(Verdict.IMPORTED.value, 0):
            yield f"{count} {kind}"


def _import_error(module: str) -> str:
    """Why a part of the program cannot be loaded, or nothing."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        return f"{module} cannot be loaded: {error}"
    return ""
