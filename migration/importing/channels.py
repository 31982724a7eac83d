"""The old Telegram credentials as a notification channel. The only place that knows what a channel is."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac

from events.notifications.channels import telegram
from events.notifications.channels.base import InvalidConfig
from events.notifications.sealing import seal
from migration.importing.fingerprints import channel_fingerprints
from migration.importing.ledger import Ledger
from migration.importing.tables import row
from migration.legacy.credentials import Credentials
from migration.planning.values import Verdict

KIND = "notification channel"
SOURCE = "config/credentials_telegram.py"


@dataclass(slots=True)
class ChannelWriter:
    ledger: Ledger
    is_dry: bool

    def write(self, credentials: Credentials | None) -> None:
        """The token is sealed as other channels' secrets are, and neither noted nor logged."""
        if credentials is None:
            return
        key = salted_hmac("migration.channel", repr((credentials.bot_token, credentials.chat_ids))).hexdigest()
        if self.ledger.there("channel", [key]):
            self.ledger.note(KIND, SOURCE, Verdict.ALREADY_THERE)
            return
        config = {
            "bot_token": credentials.bot_token,
            "chat_ids": list(credentials.chat_ids),
            "send_photos": credentials.send_photos,
            "api_url": telegram.API_URL,
        }
        try:
            telegram.KIND.open(config)
        except InvalidConfig as error:
            self.ledger.note(KIND, SOURCE, Verdict.SKIPPED, f"{error.field}: not usable for a channel of today")
            return
        if not self.is_dry:
            with transaction.atomic():
                self._save(config, key, is_enabled=credentials.was_active)
        chats = len(credentials.chat_ids)
        reasons = [f"Telegram, {chats} {'chat' if chats == 1 else 'chats'}", *credentials.notes]
        reasons += [] if credentials.was_active else ["the channel is switched off until you switch it on"]
        self.ledger.note(KIND, SOURCE, Verdict.IMPORTED, "; ".join(reasons))

    def _save(self, config: dict[str, Any], key: str, *, is_enabled: bool) -> None:
        tables = self.ledger.tables
        channel = row(
            tables.channel,
            name=_free_name("Telegram", tables.channel),
            kind=telegram.KIND.name,
            sealed_config=seal(config),
            is_enabled=is_enabled,
        )
        channel.save()
        fingerprint = channel_fingerprints(tables, [channel.pk])[channel.pk]
        self.ledger.save(self.ledger.enter("channel", [key], SOURCE, channel, fingerprint))


def _free_name(name: str, channels: Any) -> str:
    taken = {used.lower() for used in channels.objects.values_list("name", flat=True)}
    candidates = [name, *(f"{name} {number}" for number in range(2, len(taken) + 3))]
    return next(free for free in candidates if free.lower() not in taken)
