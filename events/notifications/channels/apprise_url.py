"""Everything that Apprise knows, by URL: https://github.com/caronc/apprise/wiki.

Importing Apprise and the one service that a URL names takes about 0.3 s and 25 MB, so that happens
when the first message goes out, never at start.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from events.notifications.channels.base import Channel, Config, DeliveryError, Field, InvalidConfig, Kind
from events.notifications.message import Message
from events.notifications.models import Priority
from events.notifications.sealing import redact

if TYPE_CHECKING:
    from apprise import Apprise, AppriseResult, NotifyBase

# These render Markdown even in what they call plain text: have Apprise escape it.
RENDER_MARKDOWN_ANYWAY = ("discord", "guilded", "mmost", "revolt", "rocket", "zulip")
NOTIFY_TYPE = {Priority.LOW: "info", Priority.NORMAL: "warning", Priority.URGENT: "failure"}
STATUS = re.compile(r"error=(\d{3})\b")
PERMANENT_STATUS = frozenset({400, 401, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422})


@dataclass(frozen=True, slots=True, repr=False)
class AppriseChannel:
    url: str

    def send(self, message: Message) -> dict[str, str]:
        apprise = _apprise(self.url)
        with _attachment(message) as picture:
            result = apprise.notify(
                body=message.body,
                title=message.title,
                notify_type=NOTIFY_TYPE[message.priority],
                body_format="text",
                attach=picture,
            )
        if not result:
            raise _failure(result, _secrets({"url": self.url}))
        return {"apprise": message.delivery}


def _apprise(url: str) -> "Apprise":
    from apprise import Apprise

    apprise = Apprise()
    apprise.add(_service("url", url))
    return apprise


def _service(field: str, url: str) -> "NotifyBase":
    """Raises InvalidConfig for what Apprise cannot make a service of."""
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    asset = AppriseAsset(
        app_id="Doorbell",
        app_desc="Doorbell",
        app_url="",
        async_mode=False,
        http_redirects=False,
        pem_autogen=False,
        pgp_autogen=False,
        storage_mode=PersistentStoreMode.MEMORY,
        service_timeout=3 * settings.NOTIFY_TIMEOUT_S,
        allow_templates=False,
    )
    scheme = url.partition("://")[0].lower()
    if scheme.startswith(RENDER_MARKDOWN_ANYWAY) and "format=" not in url:
        url += f"{'&' if '?' in url else '?'}format=markdown"
    service = Apprise.instantiate(url, asset=asset)
    if service is None:
        raise InvalidConfig(field, "Apprise does not know this address; its documentation lists them, like mailto://…")
    return service


@contextmanager
def _attachment(message: Message) -> Iterator[str | None]:
    """Apprise attaches files, so the picture becomes one for as long as the sending takes."""
    jpeg = message.picture.jpeg() if message.picture else None
    if jpeg is None or message.picture is None:
        yield None
        return
    with tempfile.TemporaryDirectory(dir=settings.RUN_DIR) as folder:
        path = Path(folder) / message.picture.filename
        path.write_bytes(jpeg)
        yield str(path)


def _failure(result: "AppriseResult", secrets: tuple[str, ...]) -> DeliveryError:
    """Apprise tells in its log what happened; a status in it tells whether another try can help."""
    said = [entry.message for entry in result.logs()]
    statuses = {int(found) for text in said for found in STATUS.findall(text)}
    text = redact(" ".join(said) or "Apprise could not deliver it and did not say why", secrets)
    return DeliveryError(text, permanent=bool(statuses) and statuses <= PERMANENT_STATUS)


def _open(config: Config) -> Channel:
    url = str(config.get("url", "")).strip()
    _service("url", url)
    return AppriseChannel(url)


def _describe(config: Config) -> str:
    """Scheme and what Apprise itself shows of the address."""
    masked = str(_service("url", str(config.get("url", ""))).url(privacy=True))  # type: ignore[no-untyped-call]
    return masked.partition("?")[0]


def _secrets(config: Config) -> tuple[str, ...]:
    """Every part of the address that Apprise would not show."""
    url = str(config.get("url", ""))
    shown = _describe(config)
    parts = (part for part in re.split(r"[/:@?&=,]+", url) if len(part) > 4 and part not in shown)
    return (url, *parts)


def receivers_of(config: dict[str, Any]) -> int:
    """How many one address reaches: with several, a retry tells those again whom it reached before."""
    return len(_service("url", str(config.get("url", ""))))


KIND = Kind(
    name="apprise",
    label="Apprise",
    summary="E-mail, Pushover, Discord, Signal, Matrix and a hundred more, each by its address.",
    fields=(
        Field(
            "url",
            "Address",
            "As in Apprise's documentation, like mailto://user:password@example.com. One receiver each: "
            "with several, all of them are told again when one fails.",
            is_secret=True,
        ),
    ),
    open=_open,
    describe=_describe,
    secrets=_secrets,
)
