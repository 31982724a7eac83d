"""ntfy (https://docs.ntfy.sh/publish/): a push to everybody who subscribed to the topic.

Every message about a visit carries the same sequence id, so servers from 2.16 on replace the earlier one.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from email.header import Header
from urllib.parse import urlsplit

from django.conf import settings

from events.notifications.channels.base import Channel, Config, Field, InvalidConfig, Kind
from events.notifications.channels.http import check_answer, check_url, host_of, post
from events.notifications.message import Message
from events.notifications.models import Priority
from events.notifications.sealing import redact

PRIORITIES = {Priority.LOW: "2", Priority.NORMAL: "3", Priority.URGENT: "5"}


@dataclass(frozen=True, slots=True, repr=False)
class NtfyChannel:
    url: str
    token: str
    user: str
    password: str

    def send(self, message: Message) -> dict[str, str]:
        jpeg = message.picture.jpeg() if message.picture else None
        headers = {
            "Title": _encoded(message.title),
            "Priority": PRIORITIES[message.priority],
            "X-Sequence-ID": f"{settings.INSTALLATION}-{message.key}",
            **self._authorization(),
        }
        if message.link:
            headers["Click"] = message.link
        if jpeg and message.picture:
            headers |= {"Filename": message.picture.filename, "Message": _encoded(message.body.replace("\n", "\\n"))}
        answer = post(
            self.url,
            method="PUT" if jpeg else "POST",
            body=jpeg or message.body.encode(),
            headers=headers,
            secrets=self.secrets,
        )
        check_answer(answer, host_of(self.url), detail=redact(str(answer.json().get("error", "")), self.secrets))
        return {"topic": str(answer.json().get("id", ""))}

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.token, self.password, self.url.rpartition("/")[2])

    def _authorization(self) -> dict[str, str]:
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if self.user:
            return {"Authorization": "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()}
        return {}


def _encoded(text: str) -> str:
    """Headers are ASCII; ntfy decodes RFC 2047."""
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=10_000).encode()


def _open(config: Config) -> Channel:
    url = check_url("url", str(config.get("url", ""))).rstrip("/")
    if not re.fullmatch(r"/[\w-]{1,64}", urlsplit(url).path):
        raise InvalidConfig("url", "Name a server and one topic, like https://ntfy.sh/a-name-nobody-guesses.")
    if urlsplit(url).username:
        raise InvalidConfig("url", "Enter user and password in their own fields.")
    return NtfyChannel(url, *(str(config.get(name, "")) for name in ("token", "user", "password")))


def _secrets(config: Config) -> tuple[str, ...]:
    topic = str(config.get("url", "")).rpartition("/")[2]
    return (topic, str(config.get("token", "")), str(config.get("password", "")))


KIND = Kind(
    name="ntfy",
    label="ntfy",
    summary="A push to everybody who subscribed to a topic; what changes later replaces it.",
    fields=(
        Field("url", "Topic", "https://ntfy.sh/… or your own server. Who knows it can read along.", is_secret=True),
        Field("token", "Access token", is_secret=True, is_required=False),
        Field("user", "User", "Instead of a token.", is_required=False),
        Field("password", "Password", is_secret=True, is_required=False),
    ),
    open=_open,
    describe=lambda config: f"a topic on {host_of(str(config.get('url', '')))}",
    secrets=_secrets,
    can_replace=True,
)
