"""manage.py create_token"""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from rest_framework.authtoken.models import Token


class Command(BaseCommand):
    help = "Print the token with which a program uses the API as USERNAME, and nothing else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USERNAME")

    def handle(self, *_args: Any, **options: Any) -> None:
        name = options["username"]
        users = get_user_model().objects
        user = users.filter(username=name).first()
        if user is None:
            known = ", ".join(repr(known) for known in users.values_list("username", flat=True).order_by("pk")[:10])
            make = "make one: ./doorbell manage createsuperuser"
            raise CommandError(f"there is no account {name!r}; " + (f"there is {known}" if known else make))
        token, _ = Token.objects.get_or_create(user=user)
        self.stdout.write(token.key)
