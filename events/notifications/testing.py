"""Send a test by a channel, at once and not through the outbox: whoever asked is waiting for the answer."""

from django.utils import timezone

from events.notifications.channels import kind_of, open_channel
from events.notifications.channels.base import DeliveryError
from events.notifications.composing import compose_test
from events.notifications.models import NotificationChannel
from events.notifications.sealing import redact


def send_test(channel: NotificationChannel) -> None:
    """Raises DeliveryError, InvalidConfig, ConfigUnreadable, UnknownKind; no text holds a secret."""
    opened = open_channel(channel)
    try:
        opened.send(compose_test(channel))
    except DeliveryError as error:
        text = redact(str(error), kind_of(channel).secrets(channel.config))
        raise DeliveryError(text, permanent=error.permanent) from error
    now = timezone.now()
    NotificationChannel.objects.filter(pk=channel.pk).update(failures=0, paused_until=None, last_sent_at=now)
