"""The import as a step of `migrate`: when LEGACY_DATA_DIR is set, with the models of that moment."""

import os
import sys
from pathlib import Path

from django.conf import settings

from migration.importing.run import Options, carry_out, only_import
from migration.importing.tables import Apps, Tables
from migration.importing.undo import lines_of, undo
from migration.legacy.local_time import find_zone
from migration.legacy.tree import SourceTree
from migration.planning.plan import make_plan
from migration.telling import plan_lines, setting_lines, summary_lines

ORIGIN = "migrate"


def import_if_asked(apps: Apps) -> None:
    """LEGACY_DATA_DIR names the old folder, LEGACY_TIMEZONE its host's zone (default: TIME_ZONE).

    Raises SourceError, so that `migrate` stops, when the folder or the zone is wrong; corrected, or
    interrupted, the next `migrate` goes on.
    """
    folder = os.environ.get("LEGACY_DATA_DIR", "").strip()
    if not folder:
        return
    given = os.environ.get("LEGACY_TIMEZONE", "").strip()
    tree = SourceTree(Path(folder).expanduser())
    plan = make_plan(tree, find_zone(given or settings.TIME_ZONE))
    _say("", *plan_lines(plan, is_default_zone=not given))
    with carry_out(plan, tree, Tables.of(apps), Options(origin=ORIGIN)) as report:
        _say(*summary_lines(report, is_dry=False), *setting_lines(plan))


def remove_imported(apps: Apps) -> None:
    """Take back what `import_if_asked` brought, and nothing else; say what stays."""
    tables = Tables.of(apps)
    if tables.run.objects.filter(origin=ORIGIN).exists():
        with only_import():
            _say("", *lines_of(undo(tables, origin=ORIGIN)))


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
