"""Each channel against a real server on loopback."""

import hashlib
import hmac
import json
import logging
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.utils import format_datetime
from io import BytesIO

import pytest
from PIL import Image
from pytest_django import Settings

from events.models import Outcome
from events.notifications.channels import KINDS, create_telegram_channel, describe, open_channel
from events.notifications.channels.apprise_url import receivers_of
from events.notifications.channels.base import DeliveryError, InvalidConfig
from events.notifications.composing import compose
from events.notifications.message import Message
from events.notifications.models import Notification, NotificationChannel, Priority, Step
from events.notifications.scenes import load_event
from faces.models import Person
from tests.events.notifications.conftest import SECRET, MakeChannel, MakeVisit
from tests.events.notifications.sinks import Call, HttpSink, Reply, SmtpSink

TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeFa"


def message(make_visit: MakeVisit, channel: NotificationChannel, *people: Person, picture: bool = True) -> Message:
    event = make_visit(Outcome.BLOCKED if people else Outcome.UNKNOWN, *people, unknown=0 if people else 1)
    row = Notification.objects.create(
        event=event, channel=channel, step=Step.DECIDED, priority=Priority.URGENT, with_picture=picture
    )
    return compose(row, load_event(event.pk))


def changed(message: Message, **changes: object) -> Message:
    return replace(message, **changes)  # type: ignore[arg-type]


# --- the signed webhook ---


def test_a_webhook_is_signed_over_its_time_and_body(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, burglar: Person
) -> None:
    sent = message(make_visit, webhook, burglar)
    open_channel(webhook).send(sent)
    (call,) = sink.calls
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", call.headers["X-Doorbell-Signature"])
    assert found is not None
    stamp, signature = found.groups()
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + call.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(signature, expected)
    assert abs(int(stamp) - time.time()) < 60
    body = call.json
    assert body["type"] == "visit.decided"
    assert body["delivery"] == call.headers["X-Doorbell-Delivery"] == sent.delivery
    assert body["event"]["people"] == [{"id": burglar.pk, "name": "Bill Sikes", "is_blocked": True}]
    assert body["event"]["outcome"] == "blocked"
    assert body["picture_url"].startswith("https://door.example/notifications/pictures/")


def test_without_a_public_address_a_webhook_carries_no_dead_link(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, settings: Settings
) -> None:
    settings.PUBLIC_URL = ""
    open_channel(webhook).send(message(make_visit, webhook))
    assert sink.calls[0].json["picture_url"] is None
    assert sink.calls[0].json["event"]["url"] is None


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (503, False), (429, False), (408, False), (404, True), (401, True), (410, True), (302, True)],
)
def test_statuses_tell_passing_from_permanent(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, status: int, permanent: bool
) -> None:
    sink.answer(Reply(status, {"Location": f"{sink.url}/elsewhere"}))
    with pytest.raises(DeliveryError) as error:
        open_channel(webhook).send(message(make_visit, webhook))
    assert error.value.permanent is permanent
    assert str(error.value) == f"{sink.url.removeprefix('http://')} answered {status}"
    assert [call.path for call in sink.seen] == ["/hook"]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_both_forms_of_retry_after_are_read(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, form: str
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    sink.answer(Reply(429, {"Retry-After": "120" if form == "seconds" else later}))
    with pytest.raises(DeliveryError) as error:
        open_channel(webhook).send(message(make_visit, webhook))
    assert error.value.retry_after_s == pytest.approx(120, abs=5)


@pytest.mark.parametrize("nonsense", ["soon", "-5", "9" * 400, "Wed, 99 Nov 2026"])
def test_a_senseless_retry_after_harms_nobody(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, nonsense: str
) -> None:
    sink.answer(Reply(503, {"Retry-After": nonsense}))
    with pytest.raises(DeliveryError) as error:
        open_channel(webhook).send(message(make_visit, webhook))
    assert not error.value.permanent


@pytest.mark.parametrize("reply", [Reply(reset=True), Reply(hang=True)], ids=["resets", "hangs"])
def test_a_server_that_resets_or_hangs_is_a_passing_failure(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, settings: Settings, reply: Reply
) -> None:
    settings.NOTIFY_TIMEOUT_S = 0.2
    sink.answer(reply)
    with pytest.raises(DeliveryError) as error:
        open_channel(webhook).send(message(make_visit, webhook))
    assert not error.value.permanent
    cause = "Connection reset by peer" if reply.reset else "nothing came within 0.2 s"
    assert str(error.value).endswith(f"did not answer: {cause}")


def test_an_endless_answer_is_cut_off(webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit) -> None:
    sink.answer(Reply(200, body=b"x" * 5_000_000))
    assert open_channel(webhook).send(message(make_visit, webhook))


def test_nobody_listening_is_a_passing_failure_that_shows_no_secret(
    make_channel: MakeChannel, make_visit: MakeVisit
) -> None:
    config: dict[str, object] = {"url": "http://127.0.0.1:9/secret-path", "secret": SECRET}
    channel = make_channel("webhook", config)
    with pytest.raises(DeliveryError) as error:
        open_channel(channel).send(message(make_visit, channel))
    assert not error.value.permanent
    assert str(error.value) == "127.0.0.1:9 did not answer: Connection refused"


# --- Telegram ---


def telegram(make_channel: MakeChannel, sink: HttpSink, *chats: str) -> NotificationChannel:
    config: dict[str, object] = {"bot_token": TOKEN, "chat_ids": list(chats), "send_photos": True, "api_url": sink.url}
    return make_channel("telegram", config)


def telegram_says(sink: HttpSink) -> None:
    numbers = iter(range(100, 200))
    sink.decide = lambda _call: Reply(body=json.dumps({"ok": True, "result": {"message_id": next(numbers)}}).encode())


def part(call: Call, name: str) -> str:
    """One field of a multipart form."""
    found = re.search(rb'name="%s"[^\r]*\r\n\r\n(.*?)\r\n--' % name.encode(), call.body, re.DOTALL)
    assert found is not None
    return found.group(1).decode()


def test_telegram_sends_a_photo_to_each_chat_and_edits_its_caption_later(
    make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit
) -> None:
    channel = telegram(make_channel, sink, "42", "-100123")
    telegram_says(sink)
    first = message(make_visit, channel)
    receipts = open_channel(channel).send(first)
    assert receipts == {"42": "photo:100", "-100123": "photo:101"}
    open_channel(channel).send(changed(first, title="Grace Hopper is at the door", replaces=receipts))
    assert [call.path.rpartition("/")[2] for call in sink.calls] == [
        "sendPhoto", "sendPhoto", "editMessageCaption", "editMessageCaption",
    ]  # fmt: skip
    assert part(sink.calls[2], "message_id") == "100"
    assert part(sink.calls[2], "caption").startswith("<b>Grace Hopper is at the door</b>")


def test_telegram_adds_the_picture_to_a_message_that_went_without(
    make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit
) -> None:
    channel = telegram(make_channel, sink, "42")
    telegram_says(sink)
    with_picture = message(make_visit, channel)
    receipts = open_channel(channel).send(changed(with_picture, picture=None))
    assert receipts == {"42": "text:100"}
    assert open_channel(channel).send(changed(with_picture, replaces=receipts)) == {"42": "photo:100"}
    assert sink.calls[1].path.endswith("/editMessageMedia")


def test_telegram_escapes_what_it_would_render(
    make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit
) -> None:
    channel = telegram(make_channel, sink, "42")
    telegram_says(sink)
    person = Person.objects.create(name="<i>A</i> & *B*", is_blocked=True)
    open_channel(channel).send(message(make_visit, channel, person, picture=False))
    assert "&lt;i&gt;A&lt;/i&gt; &amp; *B*" in part(sink.calls[0], "text")


def test_telegram_tries_only_the_chats_that_were_not_reached(
    make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit
) -> None:
    channel = telegram(make_channel, sink, "1", "2")
    wait = json.dumps({"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 7}}).encode()
    fine = json.dumps({"ok": True, "result": {"message_id": 5}}).encode()
    sink.answer(Reply(body=fine), Reply(429, body=wait), Reply(body=fine))
    first = message(make_visit, channel)
    with pytest.raises(DeliveryError) as error:
        open_channel(channel).send(first)
    assert error.value.receipts == {"1": "photo:5"}
    assert error.value.retry_after_s == 7
    assert not error.value.permanent
    open_channel(channel).send(changed(first, so_far=error.value.receipts))
    assert [part(call, "chat_id") for call in sink.calls] == ["1", "2"]


def test_telegram_refusing_the_bot_is_permanent_and_says_why(
    make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit
) -> None:
    channel = telegram(make_channel, sink, "42")
    sink.answer(Reply(403, body=b'{"ok":false,"description":"Forbidden: bot was blocked by the user"}'))
    with pytest.raises(DeliveryError) as error:
        open_channel(channel).send(message(make_visit, channel))
    assert error.value.permanent
    assert str(error.value) == "Telegram answered 403: Forbidden: bot was blocked by the user"


def test_telegram_takes_an_unchanged_message_for_done(
    make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit
) -> None:
    channel = telegram(make_channel, sink, "42")
    sink.answer(Reply(400, body=b'{"ok":false,"description":"Bad Request: message is not modified: same"}'))
    sent = message(make_visit, channel, picture=False)
    assert open_channel(channel).send(changed(sent, replaces={"42": "text:9"})) == {"42": "text:9"}


@pytest.mark.django_db
def test_the_importer_makes_a_telegram_channel_whose_token_stays_covered() -> None:
    channel = create_telegram_channel(TOKEN, ["42", -100123], send_photos=True)
    again = create_telegram_channel(TOKEN, [42], send_photos=False)
    assert (channel.name, again.name) == ("Telegram", "Telegram 2")
    assert channel.config["chat_ids"] == ["42", "-100123"]
    assert describe(channel) == "bot 123456789, 2 chats"
    assert TOKEN.split(":")[1] not in repr(channel) + channel.sealed_config + repr(open_channel(channel))
    with pytest.raises(InvalidConfig) as error:
        create_telegram_channel("YOUR_BOT_TOKEN_HERE", ["42"], send_photos=True)
    assert "YOUR_BOT_TOKEN_HERE" not in str(error.value)


# --- ntfy ---


def test_ntfy_gets_the_picture_and_the_words_and_a_name_to_replace_them_by(
    make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit, burglar: Person
) -> None:
    burglar.name = "Bill Šikes"
    burglar.save()
    channel = make_channel("ntfy", {"url": f"{sink.url}/secret-topic", "token": "tk_secret"})
    sent = message(make_visit, channel, burglar)
    open_channel(channel).send(sent)
    (call,) = sink.calls
    assert (call.method, call.path) == ("PUT", "/secret-topic")
    assert Image.open(BytesIO(call.body)).format == "JPEG"
    assert str(make_header(decode_header(call.headers["Title"]))) == "Watch-list: Bill Šikes is at the door"
    assert call.headers["Priority"] == "5"
    assert call.headers["Authorization"] == "Bearer tk_secret"
    assert call.headers["X-Sequence-ID"].endswith(sent.key)
    assert call.headers["Click"] == sent.link


def test_ntfy_replaces_under_the_same_sequence_id(
    make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit
) -> None:
    channel = make_channel("ntfy", {"url": f"{sink.url}/topic"})
    sent = message(make_visit, channel, picture=False)
    for step in (Step.BEGAN, Step.DECIDED):
        open_channel(channel).send(changed(sent, step=step))
    first, second = sink.calls
    assert first.headers["X-Sequence-ID"] == second.headers["X-Sequence-ID"]
    assert first.body.decode() == sent.body


def test_ntfy_errors_cover_topic_and_token(make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit) -> None:
    channel = make_channel("ntfy", {"url": f"{sink.url}/secret-topic", "token": "tk_secret"})
    sink.answer(Reply(403, body=b'{"error":"no write access to secret-topic for tk_secret"}'))
    with pytest.raises(DeliveryError) as error:
        open_channel(channel).send(message(make_visit, channel))
    assert "secret" not in str(error.value)
    assert "secret" not in describe(channel)


# --- Apprise ---


def test_a_mail_arrives_as_plain_text_with_its_picture(
    mail: NotificationChannel, smtp: SmtpSink, make_visit: MakeVisit
) -> None:
    person = Person.objects.create(name="<b>Bobby</b> *T*", is_blocked=True)
    open_channel(mail).send(message(make_visit, mail, person))
    (received,) = smtp.mails
    assert received["Subject"] == "Watch-list: <b>Bobby</b> *T* is at the door"
    parts = {part.get_content_type(): part for part in received.walk()}
    picture, text = parts["image/jpeg"].get_payload(decode=True), parts["text/plain"].get_payload(decode=True)
    assert isinstance(picture, bytes)
    assert Image.open(BytesIO(picture)).format == "JPEG"
    assert isinstance(text, bytes)
    assert text.startswith(b"Front door, ")
    assert "text/html" not in parts


def test_what_renders_markdown_gets_it_escaped(
    make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit
) -> None:
    """A Mattermost server of one's own: it renders Markdown whatever it is told."""
    port = sink.url.rpartition(":")[2]
    channel = make_channel("apprise", {"url": f"mmost://127.0.0.1:{port}/3ccdd113474722377935511fc85d3dd4"})
    person = Person.objects.create(name="*Bobby* [x](http://evil.example)", is_blocked=True)
    open_channel(channel).send(message(make_visit, channel, person, picture=False))
    assert "\\*Bobby\\*" in sink.calls[0].json["text"]
    assert "](http://evil" not in sink.calls[0].json["text"]


@pytest.mark.parametrize(("status", "permanent"), [(500, False), (429, False), (401, True), (404, True)])
def test_apprise_tells_passing_from_permanent(
    make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit, status: int, permanent: bool
) -> None:
    port = sink.url.rpartition(":")[2]
    channel = make_channel("apprise", {"url": f"json://user:pass-word@127.0.0.1:{port}/secret-path"})
    sink.answer(Reply(status))
    with pytest.raises(DeliveryError) as error:
        open_channel(channel).send(message(make_visit, channel, picture=False))
    assert error.value.permanent is permanent
    assert f"error={status}" in str(error.value)
    assert "pass-word" not in str(error.value)


def test_apprise_hides_the_secrets_of_its_address(make_channel: MakeChannel) -> None:
    channel = make_channel("apprise", {"url": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"})
    assert describe(channel) == "discord://4...8/J...s/"
    assert "JHMHI8qBe7bk2ZwO5U711o3dV_js" in KINDS["apprise"].secrets(channel.config)


def test_apprise_says_how_many_an_address_reaches() -> None:
    assert receivers_of({"url": "json://127.0.0.1/x"}) == 1
    assert receivers_of({"url": "ntfy://127.0.0.1/one/two"}) == 2


# --- the log ---


def test_the_log_channel_writes_a_line(
    make_channel: MakeChannel, make_visit: MakeVisit, caplog: pytest.LogCaptureFixture
) -> None:
    channel = make_channel("log", {})
    with caplog.at_level(logging.INFO, "events.notifications.messages"):
        open_channel(channel).send(message(make_visit, channel))
    assert "urgent event-" in caplog.text
    assert "An unknown person is at the door | Front door" in caplog.text
