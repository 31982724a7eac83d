"""The pages about channels, rules and messages, as the owner sees and changes them."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Camera, Event, Outcome
from events.notifications.models import Notification, NotificationChannel, NotificationRule, NotificationStatus
from events.notifications.outbox import visit_decided
from events.notifications.picture_links import picture_link
from faces.models import Person
from tests.events.notifications.conftest import SECRET, MakeChannel, MakeVisit, Work
from tests.events.notifications.sinks import HttpSink, Reply

TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeFa"


@pytest.mark.django_db
def test_an_empty_page_says_what_to_do_and_shows_the_default_rules(web: Client) -> None:
    page = web.get("/notifications/").content.decode()
    assert "Nobody is told of anything yet" in page
    assert "Outcome blocked: urgent priority to every channel, with picture." in page
    assert "Outcome known: nobody is told." in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "channels/add/", "channels/add/telegram/", "rules/add/"])
def test_the_pages_are_not_for_residents(resident_web: Client, path: str) -> None:
    assert resident_web.get(f"/notifications/{path}").status_code == 403


@pytest.mark.django_db
def test_a_telegram_channel_is_added_and_its_token_never_shown_again(web: Client) -> None:
    entered = {"name": "Family", "bot_token": TOKEN, "chat_ids": "42\n-100123", "send_photos": "on", "is_enabled": "on"}
    answer = web.post("/notifications/channels/add/telegram/", entered, follow=True)
    assert "Family is saved." in answer.content.decode()
    channel = NotificationChannel.objects.get()
    assert channel.config["bot_token"] == TOKEN
    assert channel.config["chat_ids"] == ["42", "-100123"]
    assert TOKEN not in channel.sealed_config
    for path in ("/notifications/", f"/notifications/channels/{channel.pk}/"):
        assert TOKEN.split(":")[1] not in web.get(path).content.decode()


@pytest.mark.django_db
def test_an_empty_secret_keeps_the_stored_one(web: Client, make_channel: MakeChannel) -> None:
    channel = make_channel("telegram", {"bot_token": TOKEN, "chat_ids": ["42"]})
    entered = {"name": "Renamed", "bot_token": "", "chat_ids": "43", "is_enabled": "on"}
    web.post(f"/notifications/channels/{channel.pk}/", entered)
    channel.refresh_from_db()
    assert (channel.name, channel.config["bot_token"], channel.config["chat_ids"]) == ("Renamed", TOKEN, ["43"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "entered", "error"),
    [
        ("telegram", {"bot_token": "nonsense", "chat_ids": "42"}, "This is no bot token; @BotFather gives one"),
        ("telegram", {"bot_token": TOKEN, "chat_ids": "<script>"}, "is no chat; use its number"),
        ("webhook", {"url": "file:///etc/passwd", "secret": SECRET}, "This is no address"),
        ("webhook", {"url": "https://x.example/", "secret": "short"}, "Use at least 16 characters"),
        ("ntfy", {"url": "https://ntfy.sh/"}, "Name a server and one topic"),
        ("apprise", {"url": "nonsense://x"}, "Apprise does not know this address"),
    ],
)
def test_wrong_settings_are_refused_with_the_reason(
    web: Client, kind: str, entered: dict[str, str], error: str
) -> None:
    page = web.post(f"/notifications/channels/add/{kind}/", {"name": "X", **entered}).content.decode()
    assert error in page
    assert not NotificationChannel.objects.exists()


@pytest.mark.django_db
def test_an_unknown_kind_is_not_found(web: Client) -> None:
    assert web.get("/notifications/channels/add/pigeon/").status_code == 404


def test_the_test_button_says_whether_it_arrived(web: Client, webhook: NotificationChannel, sink: HttpSink) -> None:
    address = reverse("test-channel", args=[webhook.pk])
    assert "A test message went out by webhook 1." in web.post(address, follow=True).content.decode()
    sink.answer(Reply(401))
    page = web.post(address, follow=True).content.decode()
    assert "webhook 1 did not take the test message: 127.0.0.1:" in page
    assert "answered 401" in page
    assert [call.json["title"] for call in sink.calls] == ["The doorbell can reach you"]


def test_a_channel_is_deleted_after_a_question(web: Client, webhook: NotificationChannel) -> None:
    address = reverse("delete-channel", args=[webhook.pk])
    assert "Delete the channel webhook 1?" in web.get(address).content.decode()
    web.post(address)
    assert not NotificationChannel.objects.exists()


def test_settings_sealed_with_another_key_are_said_to_be_unreadable(
    web: Client, webhook: NotificationChannel, settings: object
) -> None:
    settings.NOTIFY_SECRET_KEY = "another"  # type: ignore[attr-defined]
    assert "were sealed with another key" in web.get("/notifications/").content.decode()
    assert web.get(reverse("channel", args=[webhook.pk])).status_code == 200


@pytest.mark.django_db
def test_a_first_rule_joins_the_defaults_and_is_read_before_them(web: Client, camera: Camera, grace: Person) -> None:
    entered = {
        "name": "Grace comes home",
        "is_enabled": "on",
        "outcomes": ["known"],
        "camera_ids": [camera.pk],
        "person_ids": [grace.pk],
        "weekdays": ["0", "4"],
        "time_from": "08:00",
        "time_until": "20:00",
        "is_telling": "on",
        "priority": "low",
        "repeat_after_min": "30",
    }
    page = web.post("/notifications/rules/add/", entered, follow=True).content.decode()
    assert list(NotificationRule.objects.values_list("name", flat=True)[:2]) == [
        "Grace comes home",
        "People on the watch-list",
    ]
    assert (
        "Outcome known, at Front door, with Grace Hopper, on Monday or Friday, from 08:00 to 20:00: "
        "low priority to every channel, without picture, at most once in 30 min." in page
    )


@pytest.mark.django_db
def test_half_a_time_window_is_refused(web: Client) -> None:
    entered = {"name": "X", "priority": "low", "repeat_after_min": "0", "time_from": "08:00"}
    assert "Give both times, or neither." in web.post("/notifications/rules/add/", entered).content.decode()


@pytest.mark.django_db
def test_rules_move_up_and_down(web: Client) -> None:
    web.post("/notifications/rules/defaults/")
    names = list(NotificationRule.objects.values_list("name", flat=True))
    second = NotificationRule.objects.all()[1]
    web.post(reverse("move-rule", args=[second.pk]), {"to": "up"})
    assert list(NotificationRule.objects.values_list("name", flat=True)) == [names[1], names[0], *names[2:]]
    web.post(reverse("move-rule", args=[second.pk]), {"to": "up"})
    web.post(reverse("move-rule", args=[second.pk]), {"to": "down"})
    assert list(NotificationRule.objects.values_list("name", flat=True)) == names


@pytest.mark.django_db
def test_a_rule_about_somebody_deleted_applies_to_nobody_even_after_it_was_edited(web: Client, grace: Person) -> None:
    rule = NotificationRule.objects.create(name="Grace", person_ids=[grace.pk])
    gone = grace.pk
    grace.delete()
    page = web.get(reverse("rule", args=[rule.pk])).content.decode()
    assert f"deleted ({gone})" in page
    assert "with a deleted person" in web.get("/notifications/").content.decode().lower()


def test_what_failed_can_be_sent_again(
    web: Client, webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, work: Work
) -> None:
    sink.answer(Reply(410), Reply(200))
    event = make_visit(Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    work()
    assert "answered 410" in web.get("/notifications/").content.decode()
    row = Notification.objects.get()
    assert row.status == NotificationStatus.FAILED
    web.post(reverse("notification-again", args=[row.pk]))
    work()
    row.refresh_from_db()
    assert row.status == NotificationStatus.SENT


def test_a_picture_link_works_without_signing_in_until_it_runs_out(
    client: Client, make_visit: MakeVisit, settings: object
) -> None:
    link = picture_link(make_visit().captures.get())
    assert link is not None
    path = link.removeprefix("https://door.example")
    answer = client.get(path)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.get(path[:-2] + "x/").status_code == 404
    settings.NOTIFY_PICTURE_LINK_S = -1  # type: ignore[attr-defined]
    assert client.get(path).status_code == 404


def test_a_name_full_of_markup_is_escaped_on_the_page(
    web: Client, webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, work: Work
) -> None:
    Event.objects.all().delete()
    person = Person.objects.create(name="<b>Bobby</b>", is_blocked=True)
    visit_decided(make_visit(Outcome.BLOCKED, person))
    work()
    page = web.get("/notifications/").content.decode()
    assert "<b>Bobby</b>" not in page
    assert "&lt;b&gt;Bobby&lt;/b&gt;" in page


@pytest.mark.parametrize("model", ["notificationchannel", "notificationrule", "notification"])
def test_the_administration_lists_them_without_secrets(
    web: Client, webhook: NotificationChannel, make_visit: MakeVisit, model: str
) -> None:
    visit_decided(make_visit(Outcome.UNKNOWN, unknown=1))
    web.post("/notifications/rules/defaults/")
    page = web.get(reverse(f"admin:events_{model}_changelist"))
    assert page.status_code == 200
    assert SECRET not in page.content.decode()
    match = re.search(rf'href="(/admin/events/{model}/\d+/change/)', page.content.decode())
    assert match is not None
    shown = web.get(match.group(1))
    assert shown.status_code == 200
    assert SECRET not in shown.content.decode()


def test_the_administration_sends_tests_and_tries_again(
    web: Client, webhook: NotificationChannel, sink: HttpSink, owner: User
) -> None:
    answer = web.post(
        reverse("admin:events_notificationchannel_changelist"),
        {"action": "send_a_test", "_selected_action": [webhook.pk]},
        follow=True,
    )
    assert "took the test message" in answer.content.decode()
    row = Notification.objects.create(
        channel=webhook, step="system", title="Trouble", status="failed", created_at=timezone.now()
    )
    web.post(reverse("admin:events_notification_changelist"), {"action": "send_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.status == NotificationStatus.WAITING
