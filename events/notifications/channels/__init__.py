"""The ways by which messages go."""

from collections.abc import Iterable

from django.contrib.auth.models import User

from events.notifications.channels import apprise_url, browser, log, ntfy, telegram, webhook
from events.notifications.channels.base import Channel, Kind
from events.notifications.models import NotificationChannel
from pipeline.errors import DoorbellError

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (apprise_url.KIND, telegram.KIND, ntfy.KIND, webhook.KIND, browser.KIND, log.KIND)
}


class UnknownKind(DoorbellError):
    code = "unknown_kind"


def kind_of(channel: NotificationChannel) -> Kind:
    """Raises UnknownKind for a row that a newer version of the doorbell wrote."""
    try:
        return KINDS[channel.kind]
    except KeyError as error:
        raise UnknownKind(f"there is no kind of channel {channel.kind!r}; there is {', '.join(KINDS)}") from error


def kind_label(name: str) -> str:
    return KINDS[name].label if name in KINDS else name


def open_channel(channel: NotificationChannel) -> Channel:
    """Raises ConfigUnreadable, InvalidConfig, UnknownKind."""
    return kind_of(channel).open(channel.config)


def describe(channel: NotificationChannel) -> str:
    """The channel's settings in a line, secrets masked; what is wrong with them, if they cannot be read."""
    try:
        return kind_of(channel).describe(channel.config)
    except DoorbellError as error:
        return str(error)


def create_channel(
    name: str, kind: Kind, config: dict[str, object], *, owner: User | None = None
) -> NotificationChannel:
    """Save a channel under `name`, or that name with a number when it is taken. Raises InvalidConfig."""
    kind.open(config)
    taken = {used.lower() for used in NotificationChannel.objects.values_list("name", flat=True)}
    names = [name, *(f"{name} {number}" for number in range(2, len(taken) + 3))]
    channel = NotificationChannel(
        name=next(free for free in names if free.lower() not in taken),
        kind=kind.name,
        is_told_everything=kind.is_told_everything,
        owner=owner,
    )
    channel.config = config
    channel.save()
    return channel


def create_telegram_channel(bot_token: str, chat_ids: Iterable[str | int], send_photos: bool) -> NotificationChannel:
    """For the importer of the old system's credentials. Raises InvalidConfig, which quotes no secret."""
    config: dict[str, object] = {
        "bot_token": bot_token,
        "chat_ids": [str(chat) for chat in chat_ids],
        "send_photos": send_photos,
        "api_url": telegram.API_URL,
    }
    return create_channel("Telegram", telegram.KIND, config)
