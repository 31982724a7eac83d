"""Secrets at rest: a channel's settings are sealed with a key that is not in the database."""

import base64
import hashlib
import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from pipeline.errors import DoorbellError

SHOWN = "••••"
SHORTEST_SECRET = 4  # anything shorter would blank out ordinary words


class ConfigUnreadable(DoorbellError):
    code = "config_unreadable"


def seal(config: dict[str, Any]) -> str:
    """Encrypt and sign (Fernet: AES-128-CBC, HMAC-SHA256) the JSON of `config`."""
    return _fernet(settings.NOTIFY_SECRET_KEY).encrypt(json.dumps(config).encode()).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """Undo `seal`. Raises ConfigUnreadable when it was sealed with another key."""
    try:
        config: dict[str, Any] = json.loads(_fernet(settings.NOTIFY_SECRET_KEY).decrypt(sealed.encode()))
    except InvalidToken as error:
        raise ConfigUnreadable(
            "the channel's settings were sealed with another key than var/secrets/notifications_key or "
            "NOTIFY_SECRET_KEY holds now; bring that key back, or enter the settings again"
        ) from error
    return config


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """Return `text` with every secret in it covered, the longest first."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, SHOWN)
    return text


@cache
def _fernet(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"notifications:{secret}".encode()).digest()))
