"""One import, from the plan to the last row."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from migration.importing.channels import ChannelWriter
from migration.importing.files import Files, NoFiles, StoredFiles
from migration.importing.ledger import Ledger
from migration.importing.old_names import OldNames, resolve_old_names
from migration.importing.people import PeopleWriter
from migration.importing.report import Report
from migration.importing.reviews import ReviewWriter
from migration.importing.shots import ShotMaker
from migration.importing.tables import Tables
from migration.importing.visits import VisitWriter
from migration.legacy.text import shown
from migration.legacy.tree import SourceTree
from migration.planning.plan import Progress, no_progress
from migration.planning.values import Plan
from pipeline.errors import DoorbellError


class ImportBusy(DoorbellError):
    """Another import is running."""

    code = "import_busy"


@dataclass(frozen=True, slots=True)
class Options:
    """`is_dry`: everything is read and nothing written. `origin`: see migration.models.Origin."""

    origin: str = "command"
    is_dry: bool = False


def carry_out(
    plan: Plan, tree: SourceTree, tables: Tables, options: Options, progress: Progress = no_progress
) -> Report:
    """Import what `plan` says and is not there yet. Killed at any point, the next call completes it.

    Raises ImportBusy.
    """
    report = Report()
    ledger = Ledger(tables, report, origin=options.origin, source=shown(str(tree.root)), zone=plan.zone)
    try:
        with only_import():
            _write(plan, ledger, tree, options, progress)
    except BaseException:
        report.close()
        raise
    return report


def _write(plan: Plan, ledger: Ledger, tree: SourceTree, options: Options, progress: Progress) -> None:
    is_dry, tables = options.is_dry, ledger.tables
    files: Files = NoFiles() if is_dry else StoredFiles()
    reviews = ReviewWriter(ledger, tree, files, is_dry)
    for note in plan.notes:
        ledger.report.add(note)
    PeopleWriter(ledger, tree, files, reviews, is_dry).write(plan.people)
    reviews.write(plan.reviews)
    ChannelWriter(ledger, is_dry).write(plan.credentials)
    visits = VisitWriter(ledger, ShotMaker(ledger, tree, files), files, reviews, OldNames(tables), is_dry)
    visits.write(plan.visits(), plan.visit_count, progress)
    if not is_dry:
        resolve_old_names(tables)
        ledger.close()


@contextmanager
def only_import() -> Iterator[None]:
    """One import at a time; the system lets go of the lock when the process ends, however it ends."""
    path = Path(settings.RUN_DIR) / "import.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ImportBusy("another import is running; wait until it is done") from None
        yield
