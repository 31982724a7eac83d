"""A webhook of our own: JSON, signed, with a link to the picture that expires.

`X-Doorbell-Signature: t=<unix seconds>,v1=<hex>` holds the HMAC-SHA256, by the shared secret, of
`<t>.<body>`. The receiver computes it again over the raw body, compares in constant time, and refuses
a `t` older than five minutes. `X-Doorbell-Delivery` is the same for every attempt at one message.
"""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from events.notifications.channels.base import Channel, Config, Field, InvalidConfig, Kind
from events.notifications.channels.http import check_answer, check_url, host_of, post
from events.notifications.message import Message
from events.notifications.picture_links import picture_link

SECRET_MIN = 16


@dataclass(frozen=True, slots=True, repr=False)
class WebhookChannel:
    url: str
    secret: str

    def send(self, message: Message) -> dict[str, str]:
        body = json.dumps(payload_of(message), ensure_ascii=False).encode()
        now = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Doorbell",
            "X-Doorbell-Delivery": message.delivery,
            "X-Doorbell-Signature": f"t={now},v1={sign(self.secret, now, body)}",
        }
        answer = post(self.url, body=body, headers=headers, secrets=(self.secret, self.url))
        check_answer(answer, host_of(self.url))
        return {"webhook": message.delivery}


def sign(secret: str, timestamp: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def payload_of(message: Message) -> dict[str, Any]:
    """`type` is visit.began, visit.decided, visit.corrected or system."""
    return {
        "type": f"visit.{message.step}" if message.facts else "system",
        "delivery": message.delivery,
        "title": message.title,
        "text": message.body,
        "priority": message.priority,
        "event": message.facts,
        "picture_url": picture_link(message.picture.capture) if message.picture else None,
    }


def _open(config: Config) -> Channel:
    secret = str(config.get("secret", ""))
    if len(secret) < SECRET_MIN:
        raise InvalidConfig("secret", f"Use at least {SECRET_MIN} characters, the same at the receiver.")
    return WebhookChannel(check_url("url", str(config.get("url", ""))), secret)


KIND = Kind(
    name="webhook",
    label="Webhook",
    summary="Signed JSON to a program of yours, with a picture link that expires.",
    fields=(
        Field("url", "Address", "It may hold a secret, so it is not shown again.", widget="url", is_secret=True),
        Field("secret", "Shared secret", "Signs every call (HMAC-SHA256); 16 characters or more.", is_secret=True),
    ),
    open=_open,
    describe=lambda config: host_of(str(config.get("url", ""))),
    secrets=lambda config: (str(config.get("url", "")), str(config.get("secret", ""))),
    can_replace=True,
    is_told_everything=True,
)
