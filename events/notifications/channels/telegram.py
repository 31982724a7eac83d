"""Telegram through its Bot API, one message a chat; what changes later is edited in place.

https://core.telegram.org/bots/api: sendMessage, sendPhoto, editMessageText, editMessageCaption, editMessageMedia.
"""

import html
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from events.notifications.channels.base import Channel, Config, DeliveryError, Field, InvalidConfig, Kind
from events.notifications.channels.http import Answer, check_answer, check_url, post
from events.notifications.message import Message
from events.notifications.models import Priority
from events.notifications.sealing import redact

API_URL = "https://api.telegram.org"
UNCHANGED = "message is not modified"


@dataclass(frozen=True, slots=True, repr=False)
class TelegramChannel:
    bot_token: str
    chat_ids: tuple[str, ...]
    send_photos: bool
    api_url: str

    def send(self, message: Message) -> dict[str, str]:
        jpeg = message.picture.jpeg() if message.picture and self.send_photos else None
        receipts = dict(message.so_far)
        failures: list[DeliveryError] = []
        deadline = time.monotonic() + 3 * settings.NOTIFY_TIMEOUT_S
        for chat in self.chat_ids:
            if chat in receipts:
                continue
            if failures and time.monotonic() > deadline:
                break  # Telegram is not to be reached at present: the lease must not run out over it
            try:
                receipts[chat] = self._tell(chat, message, jpeg)
            except DeliveryError as error:
                failures.append(error)
        if failures:
            raise _combined(failures, receipts)
        return receipts

    def _tell(self, chat: str, message: Message, jpeg: bytes | None) -> str:
        """Receipts are `text:<message id>` or `photo:<message id>`."""
        text = _html(message)
        earlier_kind, _, earlier = message.replaces.get(chat, "").partition(":")
        if not earlier:
            return self._tell_anew(chat, message, text, jpeg)
        if earlier_kind == "text" and jpeg:
            media = {"type": "photo", "media": "attach://photo", "caption": text, "parse_mode": "HTML"}
            self._call("editMessageMedia", jpeg, chat_id=chat, message_id=earlier, media=json.dumps(media))
            return f"photo:{earlier}"
        what, method = ("caption", "editMessageCaption") if earlier_kind == "photo" else ("text", "editMessageText")
        self._call(method, None, chat_id=chat, message_id=earlier, parse_mode="HTML", **{what: text})
        return f"{earlier_kind}:{earlier}"

    def _tell_anew(self, chat: str, message: Message, text: str, jpeg: bytes | None) -> str:
        silent = {"disable_notification": "true"} if message.priority == Priority.LOW else {}
        if jpeg:
            sent = self._call("sendPhoto", jpeg, chat_id=chat, caption=text, parse_mode="HTML", **silent)
            return f"photo:{sent.get('message_id', '')}"
        sent = self._call("sendMessage", None, chat_id=chat, text=text, parse_mode="HTML", **silent)
        return f"text:{sent.get('message_id', '')}"

    def _call(self, method: str, jpeg: bytes | None, **fields: str) -> Mapping[str, Any]:
        form: dict[str, Any] = dict(fields)
        if jpeg:
            form["photo"] = ("visit.jpg", jpeg, "image/jpeg")
        answer = post(f"{self.api_url}/bot{self.bot_token}/{method}", secrets=(self.bot_token,), fields=form)
        said = answer.json()
        if answer.status == 400 and UNCHANGED in str(said.get("description", "")):
            return {}
        check_answer(answer, "Telegram", detail=self._explain(said), retry_after_s=_wait_of(answer))
        result = said.get("result")
        return result if isinstance(result, dict) else {}

    def _explain(self, said: Mapping[str, Any]) -> str:
        return redact(str(said.get("description", "")), (self.bot_token,))


def _html(message: Message) -> str:
    return f"<b>{html.escape(message.title, quote=False)}</b>\n{html.escape(message.body, quote=False)}"


def _wait_of(answer: Answer) -> float | None:
    wait = (answer.json().get("parameters") or {}).get("retry_after")
    return float(wait) if isinstance(wait, int | float) else None


def _combined(failures: list[DeliveryError], receipts: dict[str, str]) -> DeliveryError:
    """Passing as long as one of the chats may still be reached."""
    waits = [failure.retry_after_s for failure in failures if failure.retry_after_s is not None]
    texts = dict.fromkeys(str(failure) for failure in failures)
    return DeliveryError(
        "; ".join(texts),
        permanent=all(failure.permanent for failure in failures),
        retry_after_s=max(waits, default=None),
        receipts=receipts,
    )


def _open(config: Config) -> Channel:
    token = str(config.get("bot_token", "")).strip()
    if not re.fullmatch(r"\d+:[\w-]{10,}", token):
        raise InvalidConfig("bot_token", "This is no bot token; @BotFather gives one like 123456789:AAE…")
    chats = tuple(dict.fromkeys(str(chat).strip() for chat in config.get("chat_ids", ()) if str(chat).strip()))
    if not chats:
        raise InvalidConfig("chat_ids", "Name at least one chat.")
    for chat in chats:
        if not re.fullmatch(r"-?\d{1,20}|@\w{4,64}", chat):
            raise InvalidConfig("chat_ids", f"{chat[:40]!r} is no chat; use its number, or @name of a channel.")
    api_url = check_url("api_url", str(config.get("api_url") or API_URL)).rstrip("/")
    return TelegramChannel(token, chats, bool(config.get("send_photos", True)), api_url)


def _describe(config: Config) -> str:
    chats = len(config.get("chat_ids", ()))
    return f"bot {str(config.get('bot_token', '')).partition(':')[0]}, {chats} {'chat' if chats == 1 else 'chats'}"


KIND = Kind(
    name="telegram",
    label="Telegram",
    summary="A bot writes to one or several chats, and edits its message when more is known.",
    fields=(
        Field("bot_token", "Bot token", "From @BotFather.", is_secret=True),
        Field("chat_ids", "Chats", "One a line: the number that @userinfobot tells, or @name.", widget="lines"),
        Field("send_photos", "Send pictures", widget="flag", is_required=False, default=True),
        Field(
            "api_url",
            "Bot API server",
            "Only for a Bot API server of your own.",
            widget="url",
            is_required=False,
            default=API_URL,
        ),
    ),
    open=_open,
    describe=_describe,
    secrets=lambda config: (str(config.get("bot_token", "")), *str(config.get("bot_token", "")).split(":")[1:]),
    can_replace=True,
)
