"""manage.py enroll"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from faces.enrollment import EnrollmentError, add_sample
from faces.models import Person
from faces.people import InvalidName, change_person, clean_name, create_person, delete_person


class Command(BaseCommand):
    help = "Add photographs to a person, who is made if new. One line per picture: added, or why not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
        parser.add_argument("--blocked", action="store_true", help="put the person on the watch-list")
        parser.add_argument(
            "--confirm", action="store_true", help="add pictures that look like somebody else, or unlike this person"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            name = clean_name(options["name"])
        except InvalidName as error:
            raise CommandError(str(error), returncode=2) from error
        person = Person.objects.filter(name__iexact=name).first()
        is_new = person is None
        person = person or create_person(name, is_blocked=options["blocked"])
        results = [self._add(person, path, confirmed=options["confirm"]) for path in options["pictures"]]
        if not any(results):
            if is_new:
                delete_person(person)
            raise CommandError(f"no picture was added to {name}", returncode=1)
        if options["blocked"] and not person.is_blocked:
            change_person(person, is_blocked=True)

    def _add(self, person: Person, path: Path, *, confirmed: bool) -> bool:
        try:
            add_sample(person, read_picture(path), confirmed=confirmed)
        except (OSError, EnrollmentError) as error:
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            self.stdout.write(f"{path}: not added: {reason}")
            return False
        self.stdout.write(f"{path}: added to {person.name}")
        return True


def read_picture(path: Path) -> bytes:
    """Read no more than one byte beyond the limit: enough to be refused."""
    with path.open("rb") as file:
        return file.read(settings.MAX_PICTURE_BYTES + 1)
