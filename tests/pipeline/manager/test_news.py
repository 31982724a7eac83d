import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from events.broadcast import DECIDED, broadcast
from events.models import Camera, Event, Outcome, Trigger
from pipeline.manager.callbacks import Callbacks
from pipeline.manager.news import News
from pipeline.manager.ringing import ring_now
from pipeline.ring import ring

PATIENCE_S = 20.0


class Told:
    def __init__(self) -> None:
        self.pressed: list[dict[str, Any]] = []
        self.decided: list[dict[str, Any]] = []
        self.heard = threading.Semaphore(0)
        self.callbacks = Callbacks()
        self.callbacks.register("doorbell_pressed", self.pressed.append)
        self.callbacks.register("visitor_decided", self.decided.append)
        self.callbacks.register("visitor_decided", lambda _facts: self.heard.release())


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def news(told: Told) -> Iterator[News]:
    news = News(told.callbacks)
    yield news
    news.stop()


def decide(event: Event) -> None:
    Event.objects.filter(pk=event.pk).update(outcome=Outcome.UNKNOWN, decided_at=timezone.now())


@pytest.mark.django_db
def test_presses_and_decisions_in_the_rows_are_told_once(news: News, told: Told) -> None:
    camera = Camera.objects.create(name="gate", state="live", seen_at=timezone.now())
    event = ring(camera, pressed_by="test").event
    news.look()
    decide(event)
    news.look()
    news.look()
    assert [(facts["event_id"], facts["camera_id"]) for facts in told.pressed] == [(event.pk, camera.pk)]
    [facts] = told.decided
    assert (facts["event_id"], facts["trigger"], facts["outcome"], facts["names"]) == (event.pk, "press", "unknown", [])
    assert facts["decided_ms"] >= 0


@pytest.mark.django_db
def test_what_was_before_is_not_told(told: Told) -> None:
    then = timezone.now() - timedelta(seconds=30)
    Event.objects.create(trigger=Trigger.PRESS, started_at=then, decided_at=then, outcome=Outcome.KNOWN)
    News(told.callbacks).look()
    assert (told.pressed, told.decided) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_broadcasts_of_other_processes_reach_callbacks(news: News, told: Told, broker: redis.Redis) -> None:
    news.start()
    news.start()
    event = Event.objects.create(trigger=Trigger.MOTION, started_at=timezone.now() - timedelta(hours=1))
    while not told.heard.acquire(timeout=0.05):  # it may not listen yet
        broadcast(DECIDED, event=event.pk, outcome="known")
    assert told.decided[0]["event_id"] == event.pk


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_rows_tell_it(news: News, told: Told) -> None:
    news.start()
    answer = ring_now()
    assert told.heard.acquire(timeout=PATIENCE_S)
    assert told.decided[0]["event_id"] == answer["event_id"]
    assert told.pressed[0]["event_id"] == answer["event_id"]


@pytest.mark.django_db
def test_ringing_says_truthfully_what_came_of_it() -> None:
    without = ring_now()
    assert without["status"] == "error"
    assert without["message"].startswith("The press is recorded without a picture. No camera is set up.")
    assert Event.objects.get(pk=without["event_id"]).outcome == "no_picture"
    Camera.objects.create(name="gate", state="live", seen_at=timezone.now())
    rung = ring_now()
    assert rung == {
        "status": "success", "message": f"The bell was rung: event {rung['event_id']}.", "event_id": rung["event_id"],
    }  # fmt: skip
    again = ring_now()
    assert (again["status"], again["event_id"]) == ("success", rung["event_id"])
    assert again["message"].startswith("Somebody rang a moment ago: the same visit")
