"""Web Push: the standard's own example, a browser that decrypts, and who may add which browser."""

import base64
import json
import struct
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from events.models import Outcome
from events.notifications.channels import open_channel
from events.notifications.channels.base import DeliveryError
from events.notifications.models import NotificationChannel, NotificationStatus
from events.notifications.outbox import enabled_channels, visit_decided
from events.notifications.web_push import (
    CURVE,
    PLAINTEXT_MAX_BYTES,
    Subscription,
    authorization,
    encrypt,
    is_push_service,
    sender_public_key,
)
from tests.events.notifications.conftest import MakeChannel, MakeVisit, Work
from tests.events.notifications.sinks import Call, HttpSink, Reply


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Browser:
    """Does what a browser does with a push (RFC 8291, section 3)."""

    def __init__(self, endpoint: str) -> None:
        self.key = ec.generate_private_key(CURVE)
        self.auth = b"sixteen bytes ok"
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.subscription = Subscription(endpoint, encoded(self.point), encoded(self.auth))

    @property
    def config(self) -> dict[str, object]:
        return {
            "endpoint": self.subscription.endpoint,
            "p256dh": self.subscription.p256dh,
            "auth": self.subscription.auth,
        }

    def read(self, body: bytes) -> Any:
        salt, (record, length) = body[:16], struct.unpack("!LB", body[16:21])
        assert len(body) - 21 - length <= record
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, body[21 : 21 + length])
        shared = self.key.exchange(ec.ECDH(), theirs)
        info = b"WebPush: info\x00" + self.point + body[21 : 21 + length]
        secret = HKDF(hashes.SHA256(), 32, self.auth, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(secret)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(secret)
        plain = AESGCM(key).decrypt(nonce, body[21 + length :], None)
        assert plain.endswith(b"\x02")
        return json.loads(plain[:-1])


def test_the_example_of_the_standard_comes_out_byte_by_byte() -> None:
    """RFC 8291, section 5 and appendix A."""
    subscription = Subscription(
        "https://push.example.net/",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    private = int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        subscription,
        salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"),
        key=ec.derive_private_key(private, CURVE),
    )
    assert encoded(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3"
        "jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_what_does_not_fit_is_refused() -> None:
    browser = Browser("https://push.example.net/")
    assert len(encrypt(b"x" * PLAINTEXT_MAX_BYTES, browser.subscription)) == 4096
    with pytest.raises(ValueError, match="do not fit"):
        encrypt(b"x" * (PLAINTEXT_MAX_BYTES + 1), browser.subscription)


def test_the_token_names_this_push_service_and_is_signed_by_the_key_browsers_know(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://door.example"
    header = authorization("https://push.example.net:8443/some/secret", now=1_800_000_000)
    token, key = (part.split("=", 1)[1] for part in header.removeprefix("vapid ").split(", "))
    head, claims, signature = token.split(".")
    assert key == sender_public_key()
    assert json.loads(decoded(claims)) == {
        "aud": "https://push.example.net:8443",
        "exp": 1_800_000_000 + 12 * 3600,
        "sub": "https://door.example",
    }
    raw = decoded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decoded(key))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))


def test_a_browser_reads_what_was_pushed_and_replaces_it_by_its_tag(
    make_channel: MakeChannel, make_visit: MakeVisit, sink: HttpSink, work: Work
) -> None:
    browser = Browser(f"{sink.url}/push/secret-id")
    make_channel("browser", browser.config)
    event = make_visit(Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    work()
    call: Call = sink.calls[0]
    said = browser.read(call.body)
    assert said["title"] == "An unknown person is at the door"
    assert (said["tag"], said["again"], said["silent"]) == (f"event-{event.pk}", False, False)
    assert said["url"] == f"https://door.example/events/{event.pk}/"
    assert said["image"].startswith("https://door.example/notifications/pictures/")
    assert call.headers["Content-Encoding"] == "aes128gcm"
    assert call.headers["Urgency"] == "normal"
    assert call.headers["Topic"] == f"event-{event.pk}"


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_unsubscribed_is_switched_off(
    make_channel: MakeChannel, make_visit: MakeVisit, sink: HttpSink, work: Work, status: int
) -> None:
    channel = make_channel("browser", Browser(f"{sink.url}/push/x").config)
    sink.answer(Reply(status))
    event = make_visit(Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    work()
    channel.refresh_from_db()
    assert not channel.is_enabled
    assert "no longer takes messages" in channel.last_error
    assert event.notifications.get().status == NotificationStatus.FAILED


def test_errors_hide_where_the_browser_is_reached(make_channel: MakeChannel, make_visit: MakeVisit) -> None:
    channel = make_channel("browser", Browser("http://127.0.0.1:9/push/secret-id").config)
    visit_decided(make_visit(Outcome.UNKNOWN, unknown=1))
    from events.notifications.composing import compose_test

    with pytest.raises(DeliveryError) as error:
        open_channel(channel).send(compose_test(channel))
    assert "secret-id" not in str(error.value)


@pytest.mark.parametrize(
    ("endpoint", "is_one"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://evilfcm.googleapis.com@127.0.0.1/x", False),
        ("https://notfcm-googleapis.com/x", False),
        ("https://fcm.googleapis.com:22/x", False),
        ("https://127.0.0.1/x", False),
        ("https://[::1/x", False),
    ],
)
def test_only_known_push_services_are_called_for_whoever_signs_in(endpoint: str, is_one: bool) -> None:
    assert is_push_service(endpoint) is is_one


def entered(browser: Browser, **changes: str) -> dict[str, str]:
    return {"name": "Firefox", **{name: str(value) for name, value in browser.config.items()}, **changes}


@pytest.fixture
def browser(sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """One whose push service is the sink."""
    monkeypatch.setattr("events.notifications.browser_views.is_push_service", lambda url: url.startswith(sink.url))
    return Browser(f"{sink.url}/push/x")


def test_a_resident_adds_a_browser_and_gets_a_test_message(
    resident_web: Client, resident: User, browser: Browser, sink: HttpSink
) -> None:
    page = resident_web.get("/notifications/browser/").content.decode()
    assert sender_public_key() in page
    answer = resident_web.post("/notifications/browser/subscribe/", entered(browser))
    assert (answer.status_code, answer.json()) == (201, {"name": "Firefox of resident"})
    assert browser.read(sink.calls[0].body)["title"] == "The doorbell can reach you"
    resident_web.post("/notifications/browser/subscribe/", entered(browser))
    channel = NotificationChannel.objects.get()
    assert channel.owner == resident
    page = resident_web.get("/notifications/browser/").content.decode()
    assert "Firefox of resident" in page
    assert "A test message is on its way to this browser." in page
    resident_web.post(f"/notifications/browser/{channel.pk}/forget/")
    assert not NotificationChannel.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"p256dh": "AAAA"}, {"auth": "AAAA"}, {"endpoint": "https://127.0.0.1/x"}, {"name": "x" * 41}]
)
@pytest.mark.django_db
def test_what_no_browser_would_say_is_refused(resident_web: Client, browser: Browser, changes: dict[str, str]) -> None:
    answer = resident_web.post("/notifications/browser/subscribe/", entered(browser, **changes))
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert not NotificationChannel.objects.exists()


def test_nobody_forgets_the_browser_of_somebody_else(
    resident_web: Client, owner: User, make_channel: MakeChannel
) -> None:
    channel = make_channel("browser", Browser("https://web.push.apple.com/x").config)
    channel.owner = owner
    channel.save()
    assert resident_web.post(f"/notifications/browser/{channel.pk}/forget/").status_code == 404


def test_a_browser_hears_nothing_once_its_owner_is_not_let_in_any_more(
    resident: User, make_channel: MakeChannel
) -> None:
    channel = make_channel("browser", Browser("https://web.push.apple.com/x").config)
    channel.owner = resident
    channel.save()
    assert enabled_channels() == [channel]
    resident.is_active = False
    resident.save()
    assert enabled_channels() == []
    resident.delete()
    assert not NotificationChannel.objects.exists()


def test_a_browser_is_renamed_and_keeps_where_it_is_reached(web: Client, make_channel: MakeChannel) -> None:
    channel = make_channel("browser", Browser("https://web.push.apple.com/x").config)
    page = web.get("/notifications/").content.decode()
    assert "Browser: by web.push.apple.com" in page
    web.post(f"/notifications/channels/{channel.pk}/", {"name": "Kitchen", "is_enabled": "on"})
    channel.refresh_from_db()
    assert (channel.name, channel.config["endpoint"]) == ("Kitchen", "https://web.push.apple.com/x")
    assert web.get("/notifications/channels/add/browser/").status_code == 404
