"""TelegramNotifier: messages by the configured channels, Telegram or not."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.db import transaction
from django.utils import timezone

from events.models import Capture
from events.notifications.channels import kind_of, open_channel
from events.notifications.channels.base import DeliveryError
from events.notifications.message import Message, Picture
from events.notifications.models import Notification, NotificationChannel, NotificationStatus, Priority, Step
from events.notifications.outbox import enabled_channels
from events.notifications.queueing import enqueue_on_commit
from events.notifications.sealing import redact
from events.notifications.testing import send_test
from migration.compat.old_settings import OldSettings
from migration.compat.replaced import Replaced
from pipeline.errors import DoorbellError
from pipeline.vision.images import ImageError, decode_image, encode_jpeg

logger = logging.getLogger(__name__)

BODY_MAX = 800  # a picture's caption holds 1,024 characters, title and markup included
TITLES = {Priority.LOW: "Doorbell", Priority.NORMAL: "Doorbell", Priority.URGENT: "Doorbell: urgent"}
LINKING = ("webhook", "browser")  # they show the picture of a visit by its address, and can send no file
IN_THE_ROWS = "the Notifications page lists what was sent; events.notifications.models.Notification are its rows"


class OldNotifier(Replaced):
    """What fails for now is kept in the outbox, and tried again as every notification is."""

    REPLACED = {
        "bot": "channels are rows, events.notifications.models.NotificationChannel; Telegram is one kind",
        "max_photo_size": "pictures are shrunk to what every channel takes",
        "retry_attempts": "a message is tried until NOTIFY_GIVE_UP_S seconds have passed",
        "sent_messages": IN_THE_ROWS,
        "get_sent_messages": IN_THE_ROWS,
        "clear_messages": IN_THE_ROWS,
    }

    def __init__(self, old_settings: OldSettings) -> None:
        self.settings = old_settings

    @property
    def initialized(self) -> bool:
        """Whether there is a channel to send by."""
        return bool(enabled_channels())

    @property
    def chat_id(self) -> str | None:
        """The first chat of the Telegram channel; None without one."""
        return next(iter(self._chats()), None)

    @property
    def additional_chat_ids(self) -> list[str]:
        return self._chats()[1:]

    @property
    def send_photos(self) -> bool:
        """Whether Telegram is sent pictures; every other channel that can is."""
        return bool(_telegram().get("send_photos", True))

    @property
    def retry_delay(self) -> float:
        """Seconds before the second attempt; later ones wait longer."""
        return float(settings.NOTIFY_RETRY_BASE_S)

    def send_alert(self, message: str, image_path: str | Path | None = None, priority: str = "normal") -> bool:
        """Send now by every enabled channel; True when one took it. priority: low, normal, urgent, anything else is
        normal. A picture that is not there or cannot be read is left out."""
        level = Priority(priority) if priority in Priority.values else Priority.NORMAL
        capture = None if image_path is None else _picture_at(Path(image_path))
        results = [self._send(channel, message[:BODY_MAX], capture, level) for channel in enabled_channels()]
        return any(results)

    def send_system_status(self, status: Mapping[str, Any]) -> bool:
        lines = [f"{name}: {value}" for name, value in status.items()]
        return self.send_alert("\n".join(lines), priority=Priority.LOW)

    def send_startup_notification(self) -> bool:
        return self.send_alert("The doorbell has started.", priority=Priority.LOW)

    def send_shutdown_notification(self) -> bool:
        return self.send_alert("The doorbell is being stopped.", priority=Priority.LOW)

    def test_notification(self) -> bool:
        """Send a test by every enabled channel; True when there is one and each took it."""
        results = [self._test(channel) for channel in enabled_channels()]
        return bool(results) and all(results)

    def _test(self, channel: NotificationChannel) -> bool:
        try:
            send_test(channel)
        except DoorbellError as error:
            logger.warning("%s did not take the test message: %s", channel, error)
            return False
        return True

    def _send(self, channel: NotificationChannel, body: str, capture: Capture | None, priority: Priority) -> bool:
        row = Notification(
            channel=channel, step=Step.SYSTEM, priority=priority, title=TITLES[priority], body=body, outcome="system"
        )
        if capture is not None and (capture.pk or channel.kind not in LINKING):
            row.with_picture = True
        picture = Picture(capture) if capture is not None and row.with_picture else None
        try:
            receipts = open_channel(channel).send(_message(row, picture))
        except DeliveryError as error:
            row.status = NotificationStatus.FAILED if error.permanent else NotificationStatus.WAITING
            row.error, row.receipts = _safe(channel, error), dict(error.receipts)
        except DoorbellError as error:
            row.status, row.error = NotificationStatus.FAILED, _safe(channel, error)
        else:
            row.status, row.sent_at, row.receipts = NotificationStatus.SENT, timezone.now(), receipts
        _keep(row)
        return row.status == NotificationStatus.SENT

    def _chats(self) -> list[str]:
        return [str(chat) for chat in _telegram().get("chat_ids", ())]


def _keep(row: Notification) -> None:
    """The page shows what came of it; the outbox tries again what waits."""
    with transaction.atomic():
        row.save()
        if row.status == NotificationStatus.WAITING:
            logger.warning("%s did not take a message, it is tried again: %s", row.channel, row.error)
            enqueue_on_commit([row])


def _message(row: Notification, picture: Picture | None) -> Message:
    name = uuid.uuid4().hex
    return Message(
        key=f"alert-{name}",
        delivery=f"{settings.INSTALLATION}-alert-{name}",
        step=Step.SYSTEM,
        title=row.title,
        body=row.body,
        priority=Priority(row.priority),
        at=timezone.localtime(),
        picture=picture,
    )


def _picture_at(path: Path) -> Capture | None:
    """The visit's capture whose file it is, else one that is only in memory; None without a readable picture."""
    try:
        inside = path.resolve().relative_to(Path(settings.MEDIA_ROOT).resolve())
        if (stored := Capture.objects.filter(image=str(inside)).first()) is not None:
            return stored
    except ValueError:
        pass  # elsewhere on the disk
    try:
        with path.open("rb") as file:
            frame = decode_image(file.read(settings.MAX_PICTURE_BYTES + 1), max_bytes=settings.MAX_PICTURE_BYTES)
    except (OSError, ImageError) as error:
        logger.warning("a message goes without its picture %s: %s", path, error)
        return None
    capture = Capture(event_id=0, width=frame.shape[1], height=frame.shape[0], taken_at=timezone.now())
    capture.image.storage = InMemoryStorage()
    capture.image.name = capture.image.storage.save("picture.jpg", ContentFile(encode_jpeg(frame)))
    return capture


def _telegram() -> Mapping[str, Any]:
    """The settings of the first Telegram channel; empty without one."""
    channel = NotificationChannel.objects.filter(kind="telegram").order_by("pk").first()
    return {} if channel is None else channel.config


def _safe(channel: NotificationChannel, error: DoorbellError) -> str:
    try:
        secrets = kind_of(channel).secrets(channel.config)
    except DoorbellError:
        secrets = ()
    return redact(str(error), secrets)[:300]
