"""manage.py backup"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from migration.backup.errors import BackupError
from migration.backup.telling import manifest_lines
from migration.backup.writing import write_backup


class Command(BaseCommand):
    help = (
        "Write one archive with everything: database, pictures, settings. The doorbell may run meanwhile. "
        "Exit codes: 0 written, 1 nothing was written."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, metavar="DIR", help="a folder, or FILE.zip (default: backups/ in var/)")
        parser.add_argument(
            "--with-secrets", action="store_true", help="also passwords of the settings and the keys of channels"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            backup = write_backup(options["to"], with_secrets=options["with_secrets"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        for line in manifest_lines(backup.manifest):
            self.stdout.write(line)
        self.stdout.write(str(backup.path))
