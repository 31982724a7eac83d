"""From an outbox row to the message that goes out, with what is known at this moment."""

from django.conf import settings
from django.utils import timezone

from events.models import Event
from events.notifications.channels import kind_of
from events.notifications.message import Message, Picture
from events.notifications.models import Notification, NotificationChannel, Priority, Step
from events.notifications.scenes import facts_of, link_to, scene_of
from events.notifications.wording import body_of, title_of
from events.telling import cover


def compose(row: Notification, event: Event | None) -> Message:
    """event: as `load_event` gives it; None for a message about the doorbell itself."""
    if event is None:
        return _compose_system(row)
    step = Step(row.step)
    scene = scene_of(event)
    capture = cover(event) if row.with_picture else None
    replaces = receipts_of_earlier(row)
    return Message(
        key=f"event-{event.pk}",
        delivery=delivery_id(row),
        step=step,
        title=title_of(scene, step, is_correction=step == Step.CORRECTED and not kind_of(row.channel).can_replace),
        body=body_of(scene, step),
        priority=Priority(row.priority),
        at=scene.at,
        link=link_to(event),
        picture=Picture(capture) if capture else None,
        facts=facts_of(event),
        so_far=row.receipts,
        replaces=replaces,
    )


def words_about(event: Event) -> tuple[str, str]:
    """Title and body of the message about the decision as it stands."""
    scene = scene_of(event)
    return title_of(scene, Step.DECIDED), body_of(scene, Step.DECIDED)


def receipts_of_earlier(row: Notification) -> dict[str, str]:
    """What the channel got about this visit before; a message sent twice is replaced by its own receipts."""
    sent = Notification.objects.filter(event=row.event_id, channel=row.channel_id).exclude(receipts={})
    merged: dict[str, str] = {}
    for earlier in sent.exclude(pk=row.pk).order_by("sent_at"):
        merged |= earlier.receipts
    return merged


def compose_test(channel: NotificationChannel) -> Message:
    now = timezone.localtime()
    return Message(
        key="test",
        delivery=f"{settings.INSTALLATION}-test-{now.timestamp():.0f}",
        step=Step.SYSTEM,
        title="The doorbell can reach you",
        body=f"This is a test of the channel {channel.name}, {now:%A %H:%M:%S}.",
        priority=Priority.NORMAL,
        at=now,
    )


def delivery_id(row: Notification) -> str:
    return f"{settings.INSTALLATION}-{row.pk}"


def _compose_system(row: Notification) -> Message:
    return Message(
        key=f"system-{row.pk}",
        delivery=delivery_id(row),
        step=Step.SYSTEM,
        title=row.title,
        body=row.body,
        priority=Priority(row.priority),
        at=timezone.localtime(row.created_at),
        so_far=row.receipts,
    )
