"""manage.py undo_import"""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from migration.importing.run import ImportBusy, only_import
from migration.importing.tables import Tables
from migration.importing.undo import lines_of, undo


class Command(BaseCommand):
    help = (
        "Remove what import_legacy brought. Rows that were changed since, people seen in newer visits and what was "
        "decided in the review list stay, and are named."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["yes"] and input("Remove everything that was imported? [y/N] ").strip().lower() != "y":
            raise CommandError("nothing was removed")
        try:
            with only_import():
                report = undo(Tables.of(apps))
        except ImportBusy as error:
            raise CommandError(str(error)) from error
        for line in lines_of(report):
            self.stdout.write(line)
