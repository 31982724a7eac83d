"""manage.py import_legacy"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from migration.importing.report import Report
from migration.importing.run import ImportBusy, Options, carry_out
from migration.importing.tables import Tables
from migration.legacy.errors import SourceError
from migration.legacy.local_time import find_zone
from migration.legacy.tree import SourceTree
from migration.models import Origin, ReviewItem, ReviewStatus
from migration.planning.plan import make_plan
from migration.planning.values import Plan, Verdict
from migration.telling import plan_lines, setting_lines, summary_lines

DONE, TO_REVIEW, NOTHING_READ = 0, 1, 2


class Command(BaseCommand):
    help = (
        "Import an old doorbell: people, visits, pictures, notification settings. Nothing in PATH is changed or "
        "executed; what is there already is not imported again. "
        "Exit codes: 0 done, 1 done and something waits in the review list, 2 nothing could be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="the old folder, or one of its backup_… folders")
        parser.add_argument("--dry-run", action="store_true", help="read everything, write nothing")
        parser.add_argument("--timezone", metavar="ZONE", help="zone of the old host (default: TIME_ZONE)")
        parser.add_argument("--report", type=Path, metavar="FILE.json", help="write every item with its reason")
        parser.add_argument(
            "--keep-unknown-encodings", action="store_true", help="keep the face vectors of unknown visitors"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        started_at = timezone.now()
        try:
            zone = find_zone(options["timezone"] or settings.TIME_ZONE)
            tree = SourceTree(options["path"])
            plan = make_plan(
                tree, zone, keep_unknown_encodings=options["keep_unknown_encodings"], progress=self._progress
            )
        except SourceError as error:
            raise CommandError(str(error), returncode=NOTHING_READ) from error
        for line in plan_lines(plan, is_default_zone=options["timezone"] is None):
            self.stdout.write(line)
        with self._carry_out(plan, tree, is_dry=options["dry_run"]) as report:
            for line in (*summary_lines(report, is_dry=options["dry_run"]), *setting_lines(plan)):
                self.stdout.write(line)
            if options["report"]:
                self._write_report(report, options, plan, {"source": str(tree.root), "started_at": started_at})
            if self._waits(report, is_dry=options["dry_run"]):
                sys.exit(TO_REVIEW)

    def _carry_out(self, plan: Plan, tree: SourceTree, *, is_dry: bool) -> Report:
        try:
            options = Options(origin=Origin.COMMAND, is_dry=is_dry)
            return carry_out(plan, tree, Tables.of(apps), options, self._progress)
        except ImportBusy as error:
            raise CommandError(str(error), returncode=NOTHING_READ) from error

    def _waits(self, report: Report, *, is_dry: bool) -> bool:
        open_items = ReviewItem.objects.filter(status=ReviewStatus.OPEN).exists()
        return open_items or (is_dry and report.count(Verdict.REVIEW) > 0)

    def _write_report(self, report: Report, options: dict[str, Any], plan: Plan, facts: dict[str, Any]) -> None:
        path: Path = options["report"]
        facts |= {
            "finished_at": timezone.now(),
            "timezone": plan.zone,
            "timezone_given": options["timezone"] is not None,
            "dry_run": options["dry_run"],
            "keep_unknown_encodings": options["keep_unknown_encodings"],
            "warnings": plan.warnings,
            "settings": [_setting(setting) for setting in plan.settings],
        }
        try:
            report.write(path, facts)
        except OSError as error:
            raise CommandError(f"the import is done, but {path} cannot be written: {error.strerror}") from error

    def _progress(self, what: str, done: int, total: int) -> None:
        if not self.stderr.isatty():
            return
        width = 30
        filled = width * done // max(total, 1)
        end = "\n" if done >= total else ""
        self.stderr.write(f"\r[{'#' * filled}{'.' * (width - filled)}] {what} {done}/{total}", ending=end)
        self.stderr.flush()


def _setting(setting: Any) -> dict[str, str]:
    return {
        "source": setting.source,
        "name": setting.name,
        "value": setting.value,
        "line": setting.line,
        "note": setting.note,
    }
