"""One browser, by Web Push. It is added on the page "This browser", where the browser itself says how it
is reached; what changes later replaces the notification."""

import json
import time
from dataclasses import dataclass

from events.notifications.channels.base import Channel, Config, DeliveryError, InvalidConfig, Kind
from events.notifications.channels.http import check_answer, check_url, host_of, post
from events.notifications.message import Message
from events.notifications.models import Priority
from events.notifications.picture_links import picture_link
from events.notifications.web_push import Subscription, authorization, check_keys, encrypt

KEPT_S = 24 * 3600  # how long the push service keeps it for a browser that is off
URGENCY = {Priority.LOW: "low", Priority.NORMAL: "normal", Priority.URGENT: "high"}
BODY_MAX_BYTES = 2000
GONE = (404, 410)


@dataclass(frozen=True, slots=True, repr=False)
class BrowserChannel:
    subscription: Subscription

    def send(self, message: Message) -> dict[str, str]:
        endpoint = self.subscription.endpoint
        headers = {
            "Authorization": authorization(endpoint, time.time()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_S),
            "Topic": message.key[:32],
            "Urgency": URGENCY[message.priority],
        }
        body = encrypt(json.dumps(shown(message), ensure_ascii=False).encode(), self.subscription)
        answer = post(endpoint, body=body, headers=headers, secrets=(endpoint,))
        if answer.status in GONE:
            text = "the browser no longer takes messages; add it again on its page “This browser”"
            raise DeliveryError(text, permanent=True, ends_channel=True)
        check_answer(answer, host_of(endpoint))
        return {"browser": message.key}


def shown(message: Message) -> dict[str, object]:
    """What push-worker.js shows: `tag` replaces, `again` sounds again when it does."""
    body = message.body.encode()[:BODY_MAX_BYTES].decode(errors="ignore")
    return {
        "title": message.title,
        "body": body,
        "tag": message.key,
        "again": message.priority == Priority.URGENT,
        "silent": message.priority == Priority.LOW,
        "url": message.link or "/",
        "image": picture_link(message.picture.capture) if message.picture else None,
    }


def _open(config: Config) -> Channel:
    endpoint = check_url("endpoint", str(config.get("endpoint", "")))
    subscription = Subscription(endpoint, str(config.get("p256dh", "")), str(config.get("auth", "")))
    try:
        check_keys(subscription)
    except ValueError as error:
        raise InvalidConfig("p256dh", f"These are no keys of a browser: {error}") from error
    return BrowserChannel(subscription)


KIND = Kind(
    name="browser",
    label="Browser",
    summary="A notification of one browser, also while no page of the doorbell is open.",
    fields=(),
    open=_open,
    describe=lambda config: f"by {host_of(str(config.get('endpoint', '')))}",
    secrets=lambda config: tuple(str(config.get(name, "")) for name in ("endpoint", "p256dh", "auth")),
    can_replace=True,
    is_added_by_itself=True,
)
