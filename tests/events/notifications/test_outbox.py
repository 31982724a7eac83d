"""Who is told of a visit, when, and how often."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from events.models import Event, Outcome
from events.notifications.delivery import deliver_notification
from events.notifications.explaining import explain
from events.notifications.message import Message
from events.notifications.models import Notification, NotificationChannel, NotificationStatus, Priority, Step
from events.notifications.outbox import system_error, visit_began, visit_decided
from faces.models import Person
from tests.events.notifications.conftest import MakeVisit, Work, decide
from tests.events.notifications.sinks import HttpSink, Reply, SmtpSink


def steps(event: Event) -> list[tuple[str, str]]:
    return list(event.notifications.order_by("pk").values_list("step", "status"))


def titles(sink: HttpSink) -> list[str]:
    return [call.json["title"] for call in sink.calls]


def test_a_press_decided_in_time_is_one_message_with_the_name(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, work: Work, settings: Settings
) -> None:
    settings.NOTIFY_WAIT_S = 1.5
    event = make_visit()
    visit_began(event)
    assert work() == 0
    decide(event, Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    work()
    assert titles(sink) == ["An unknown person is at the door"]
    assert steps(event) == [("began", "skipped"), ("decided", "sent")]


def test_a_press_that_takes_longer_is_told_at_once_and_updated_where_that_can_be(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, work: Work, grace: Person
) -> None:
    event = make_visit()
    visit_began(event)
    work()
    decide(event, Outcome.KNOWN, grace)
    visit_decided(event)
    work()
    assert titles(sink) == ["Somebody is at the door", "Grace Hopper is at the door"]
    assert [call.json["type"] for call in sink.calls] == ["visit.began", "visit.decided"]


def test_a_channel_that_cannot_replace_is_not_told_again_of_a_stranger(
    mail: NotificationChannel, smtp: SmtpSink, make_visit: MakeVisit, work: Work
) -> None:
    event = make_visit()
    visit_began(event)
    work()
    decide(event, Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    work()
    assert [mail["Subject"] for mail in smtp.mails] == ["Somebody is at the door"]


def test_a_channel_that_cannot_replace_is_told_once_more_when_the_visitor_is_blocked(
    mail: NotificationChannel, smtp: SmtpSink, make_visit: MakeVisit, work: Work, burglar: Person, grace: Person
) -> None:
    event = make_visit(Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    work()
    for people in ((burglar,), (burglar, grace)):
        decide(event, Outcome.BLOCKED, *people)
        visit_decided(event)
        work()
    assert [mail["Subject"] for mail in smtp.mails] == [
        "An unknown person is at the door",
        "Correction: Watch-list: Bill Sikes is at the door",
    ]
    assert event.notifications.get(step=Step.CORRECTED).priority == Priority.URGENT


def test_a_channel_that_can_replace_is_updated_each_time_the_words_change(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, work: Work, burglar: Person, grace: Person
) -> None:
    event = make_visit(Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    work()
    decide(event, Outcome.KNOWN, grace)
    visit_decided(event)
    work()
    visit_decided(event)
    work()
    decide(event, Outcome.BLOCKED, burglar, grace)
    visit_decided(event)
    work()
    assert titles(sink) == [
        "An unknown person is at the door",
        "Grace Hopper is at the door",
        "Watch-list: Bill Sikes is at the door",
    ]
    assert len(steps(event)) == 2


@pytest.mark.parametrize("again", [1, 3])
def test_hooks_may_run_any_number_of_times(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, work: Work, again: int
) -> None:
    event = make_visit()
    for _ in range(again):
        visit_began(event)
    decide(event, Outcome.UNKNOWN, unknown=1)
    for _ in range(again):
        visit_decided(event)
    work()
    visit_decided(event)
    work()
    assert len(sink.calls) == 1


def test_a_decision_while_the_first_step_is_on_its_way_is_told_after_it(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, work: Work
) -> None:
    event = make_visit()
    visit_began(event)

    class SlowChannel:
        def send(self, message: Message) -> dict[str, str]:
            visit_decided(decide(event, Outcome.UNKNOWN, unknown=1))
            assert steps(event) == [("began", "sending")]
            return {"webhook": message.delivery}

    deliver_notification(event.notifications.get().pk, SlowChannel())
    work()
    assert titles(sink) == ["An unknown person is at the door"]
    assert steps(event) == [("began", "sent"), ("decided", "sent")]


def test_a_first_step_that_failed_before_the_decision_loses_nothing(
    mail: NotificationChannel, smtp: SmtpSink, make_visit: MakeVisit, work: Work
) -> None:
    smtp.refuse = "451 try later"
    event = make_visit()
    visit_began(event)
    work()
    smtp.refuse = ""
    decide(event, Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    work()
    assert [mail["Subject"] for mail in smtp.mails] == ["An unknown person is at the door"]
    assert steps(event) == [("began", "skipped"), ("decided", "sent")]


def test_motion_has_no_first_step(webhook: NotificationChannel, make_visit: MakeVisit) -> None:
    event = make_visit(trigger="motion")
    visit_began(event)
    assert steps(event) == []


def test_a_press_without_picture_is_told_by_the_first_hook(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, work: Work
) -> None:
    event = make_visit(Outcome.NO_PICTURE)
    visit_began(event)
    work()
    assert titles(sink) == ["Somebody rang; there is no picture"]


def test_by_default_known_visitors_are_told_to_nobody_but_those_told_everything(
    make_visit: MakeVisit, grace: Person, mail: NotificationChannel, make_channel: object, settings: Settings
) -> None:
    event = make_visit(Outcome.KNOWN, grace)
    visit_decided(event)
    assert steps(event) == []
    mail.is_told_everything = True
    mail.save()
    visit_decided(event)
    assert steps(event) == [("decided", "waiting")]


def test_known_visitors_are_told_when_the_household_wants_it(
    make_visit: MakeVisit, grace: Person, mail: NotificationChannel, settings: Settings
) -> None:
    settings.NOTIFY_ON_KNOWN_VISITORS = True
    event = make_visit(Outcome.KNOWN, grace)
    visit_decided(event)
    row = event.notifications.get()
    assert (row.priority, row.with_picture) == (Priority.LOW, False)


def test_a_switched_off_channel_is_not_told(webhook: NotificationChannel, make_visit: MakeVisit) -> None:
    webhook.is_enabled = False
    webhook.save()
    event = make_visit(Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    assert steps(event) == []
    assert explain(event) == ["Nobody was told: no channel is set up."]


def test_a_storm_of_motion_is_told_once_and_counted(
    mail: NotificationChannel, smtp: SmtpSink, make_visit: MakeVisit, work: Work
) -> None:
    start = timezone.now() - timedelta(minutes=20)
    for minute in range(10):
        visit_decided(make_visit(Outcome.UNKNOWN, unknown=1, trigger="motion", at=start + timedelta(minutes=minute)))
    work()
    assert len(smtp.mails) == 1
    visit_decided(make_visit(Outcome.UNKNOWN, unknown=1, trigger="motion", at=start + timedelta(minutes=15)))
    work()
    assert len(smtp.mails) == 2
    assert "9 more like this since the last message." in str(smtp.mails[1])


def test_somebody_blocked_breaks_through_a_storm_of_motion(
    mail: NotificationChannel, smtp: SmtpSink, make_visit: MakeVisit, work: Work, burglar: Person
) -> None:
    visit_decided(make_visit(Outcome.UNKNOWN, unknown=1, trigger="motion"))
    visit_decided(make_visit(Outcome.BLOCKED, burglar, trigger="motion"))
    work()
    assert len(smtp.mails) == 2


def test_the_page_of_a_visit_says_what_the_rules_said_and_what_became_of_it(
    webhook: NotificationChannel, sink: HttpSink, make_visit: MakeVisit, work: Work
) -> None:
    sink.answer(Reply(410))
    event = make_visit(Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    work()
    assert explain(event) == [
        "Rule “People on the watch-list” does not apply: the outcome is unknown.",
        "Rule “Strangers” applies: normal priority, with picture.",
        f"webhook 1: failed: {sink.url.removeprefix('http://')} answered 410.",
    ]


def test_trouble_with_the_doorbell_is_told_once_an_hour(mail: NotificationChannel, smtp: SmtpSink, work: Work) -> None:
    for _ in range(3):
        system_error("The camera Front door does not answer", "connection refused")
    work()
    assert [mail["Subject"] for mail in smtp.mails] == ["The camera Front door does not answer"]
    assert Notification.objects.get().status == NotificationStatus.SENT
