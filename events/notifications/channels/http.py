"""HTTP as channels need it: one attempt, bounded in time and size, no redirects, and every outcome told
apart into passing and permanent."""

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3
from django.conf import settings
from urllib3.exceptions import HTTPError, NewConnectionError

from events.notifications.channels.base import DeliveryError, InvalidConfig
from events.notifications.sealing import redact

ANSWER_MAX_BYTES = 64 * 1024
# What time may cure: timeouts, locks, "too early", limits. Every 5xx is passing, too.
PASSING_STATUS = frozenset({408, 409, 423, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """{} for whatever is not a JSON object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def post(url: str, *, secrets: tuple[str, ...] = (), method: str = "POST", **content: Any) -> Answer:
    """Send one request; content: urllib3's `body`, `headers`, `fields`.

    Any answer is returned, whatever its status. Raises DeliveryError (passing) when there is none;
    its text holds none of the `secrets`.
    """
    deadline = time.monotonic() + 2 * settings.NOTIFY_TIMEOUT_S
    try:
        response = _pool().request(
            method,
            url,
            timeout=urllib3.Timeout(connect=settings.NOTIFY_TIMEOUT_S, read=settings.NOTIFY_TIMEOUT_S),
            redirect=False,
            retries=False,
            preload_content=False,
            **content,
        )
        try:
            body = b""
            while len(body) < ANSWER_MAX_BYTES and time.monotonic() < deadline:
                if not (part := response.read(8192)):
                    break
                body += part
            return Answer(response.status, response.headers, body)
        finally:
            response.close()
    except (HTTPError, OSError) as error:
        text = redact(_reason_of(error), secrets)
        raise DeliveryError(f"{host_of(url)} did not answer: {text}", permanent=False) from error


def _reason_of(error: HTTPError | OSError) -> str:
    """The cause in the words of the operating system, where there are any."""
    if isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError) and not isinstance(error, NewConnectionError):
        return f"nothing came within {settings.NOTIFY_TIMEOUT_S:g} s"
    causes = (error, error.__cause__, *error.args)
    said = (cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror)
    return next(said, None) or f"{type(error).__name__}: {error}"


def check_answer(answer: Answer, who: str, *, detail: str = "", retry_after_s: float | None = None) -> None:
    """Return for 2xx. Raises DeliveryError: passing for 5xx and the statuses that time may cure.

    who: how the other side is called in the error; detail: what it said, secrets covered.
    """
    if 200 <= answer.status < 300:
        return
    passing = answer.status >= 500 or answer.status in PASSING_STATUS
    raise DeliveryError(
        f"{who} answered {answer.status}" + (f": {detail[:200]}" if detail else ""),
        permanent=not passing,
        retry_after_s=retry_after_s if retry_after_s is not None else retry_after(answer),
    )


def retry_after(answer: Answer) -> float | None:
    """Seconds, from either form of the header (RFC 9110, 10.2.3)."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def host_of(url: str) -> str:
    """Host and port, without the user, password and path that may be secrets."""
    return urlsplit(url).netloc.rpartition("@")[2]


def check_url(field: str, text: str) -> str:
    """Return the address, or raise InvalidConfig for what is no http(s) address."""
    url = text.strip()
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or any(character.isspace() for character in url):
        raise InvalidConfig(field, "This is no address; it starts with https:// or http:// and names a host.")
    return url


@cache
def _pool() -> urllib3.PoolManager:
    """Trusts what the system trusts, and Mozilla's list where the system has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return urllib3.PoolManager(num_pools=20, maxsize=4, ssl_context=context)
