"""manage.py verify_backup"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from migration.backup.errors import BadArchive
from migration.backup.telling import manifest_lines, progress_on
from migration.backup.verifying import verify_backup

NOT_GOOD, NOT_THERE = 1, 2


class Command(BaseCommand):
    help = (
        "Prove that a backup can be brought back: every byte, the database, every picture that it names. "
        "Exit codes: 0 good, 1 damaged or no backup, 2 not there or not readable."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archive", type=Path, metavar="ARCHIVE")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            manifest = verify_backup(options["archive"], progress_on(self.stderr))
        except BadArchive as error:
            raise CommandError(str(error), returncode=NOT_GOOD) from error
        except OSError as error:
            message = f"{options['archive']} cannot be read: {error.strerror or error}"
            raise CommandError(message, returncode=NOT_THERE) from error
        for line in manifest_lines(manifest):
            self.stdout.write(line)
        self.stdout.write("Good: every member is what was written, and every picture is there.")
