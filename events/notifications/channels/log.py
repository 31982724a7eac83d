"""The log channel: a line a message in doorbell.log, for those who watch logs."""

import logging

from events.notifications.channels.base import Config, Kind
from events.notifications.message import Message

logger = logging.getLogger("events.notifications.messages")


class LogChannel:
    def send(self, message: Message) -> dict[str, str]:
        text = " | ".join([message.title, *message.body.splitlines()])
        logger.info("%s %s: %s", message.priority, message.key, text)
        return {"log": message.key}


def _open(_config: Config) -> LogChannel:
    return LogChannel()


KIND = Kind(
    name="log",
    label="Log",
    summary="One line a message in var/logs/doorbell.log.",
    fields=(),
    open=_open,
    describe=lambda _config: "doorbell.log",
    is_told_everything=True,
)
