"""manage.py restore"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from migration.backup.errors import BadArchive, RestoreError
from migration.backup.manifest import Manifest
from migration.backup.reading import opened_archive
from migration.backup.restoring import restore_backup
from migration.backup.telling import manifest_lines, progress_on
from migration.importing.run import ImportBusy
from pipeline.run_lock import AlreadyRunning

NOT_DONE, NOT_THERE = 1, 2


class Command(BaseCommand):
    help = (
        "Replace everything that this doorbell holds by what a backup holds. The doorbell must be stopped; when "
        "something fails, everything stays as it was. "
        "Exit codes: 0 done, 1 refused, damaged or failed, 2 the archive is not there or not readable."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archive", type=Path, metavar="ARCHIVE")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            for line in manifest_lines(_look_into(options["archive"])):
                self.stdout.write(line)
            if not options["yes"]:
                self._ask()
            restored = restore_backup(options["archive"], progress_on(self.stderr))
        except (BadArchive, RestoreError, AlreadyRunning, ImportBusy) as error:
            raise CommandError(str(error), returncode=NOT_DONE) from error
        except OSError as error:
            message = f"{error.filename or options['archive']} cannot be used: {error.strerror or error}"
            raise CommandError(message, returncode=NOT_THERE) from error
        if restored.was_migrated:
            self.stdout.write("The backup's older database was brought to this version.")
        for note in restored.notes:
            self.stdout.write(f"  ! {note}")
        self.stdout.write("Restored. Everybody has to sign in again.")

    def _ask(self) -> None:
        question = f"Replace everything in {settings.VAR_DIR} by it? What came since then is lost. [y/N] "
        try:
            answer = input(question)
        except EOFError:
            answer = ""
        if answer.strip().lower() not in ("y", "yes"):
            raise CommandError("nothing was changed", returncode=NOT_DONE)


def _look_into(path: Path) -> Manifest:
    with opened_archive(path) as archive:
        return archive.manifest()
