"""`manage.py notify`: which channels there are, and whether they reach anybody."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.notifications.channels import describe, kind_label
from events.notifications.models import NotificationChannel
from events.notifications.testing import send_test
from pipeline.errors import DoorbellError


class Command(BaseCommand):
    help = "List the channels, or send a test message by one of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--test", metavar="CHANNEL", help="the channel's name or number")

    def handle(self, *args: Any, test: str | None = None, **options: Any) -> None:
        if test is None:
            self._list()
            return
        channel = _find(test)
        try:
            send_test(channel)
        except DoorbellError as error:
            raise CommandError(f"{channel.name} did not take the test message: {error}") from error
        self.stdout.write(f"A test message went out by {channel.name}.")

    def _list(self) -> None:
        channels = list(NotificationChannel.objects.all())
        if not channels:
            self.stdout.write("No channel is set up; the page /notifications/ adds one.")
        for channel in channels:
            state = "" if channel.is_enabled else ", switched off"
            trouble = f", failed: {channel.last_error}" if channel.failures else ""
            kind = kind_label(channel.kind)
            self.stdout.write(f"{channel.pk}  {channel.name}  ({kind}: {describe(channel)}{state}{trouble})")


def _find(name_or_id: str) -> NotificationChannel:
    found = NotificationChannel.objects.filter(name__iexact=name_or_id).first()
    if found is None and name_or_id.isdecimal() and len(name_or_id) < 19:
        found = NotificationChannel.objects.filter(pk=int(name_or_id)).first()
    if found is None:
        names = ", ".join(repr(name) for name in NotificationChannel.objects.values_list("name", flat=True)[:20])
        raise CommandError(f"there is no channel {name_or_id!r}; there is {names or 'none at all'}")
    return found
