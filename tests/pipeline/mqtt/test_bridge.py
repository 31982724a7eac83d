"""The bridge on a real Mosquitto: what goes out when, and what of it the broker keeps."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from events.models import Camera, Event, Outcome, Trigger
from events.removal import delete_events
from faces.models import Person
from pipeline.models import MqttMark
from pipeline.mqtt.bridge import Bridge, BridgeDied
from pipeline.mqtt.messages import Health
from pipeline.mqtt.news import CATCH_UP
from pipeline.mqtt.plan import MqttPlan
from pipeline.ring import ring
from tests.conftest import Portraits
from tests.pipeline.mqtt.brokers import Listener
from tests.pipeline.mqtt.conftest import StartBridge
from tests.seeding import HOPPER_BOX, add_capture, add_event, add_face


@pytest.fixture
def bridge(start_bridge: StartBridge, plan: MqttPlan, listener: Listener) -> Bridge:
    """Greeted already."""
    bridge = start_bridge(plan)
    assert listener.expect("doorbell/availability", step=bridge.look).payload == b"online"
    return bridge


@pytest.fixture
def live_camera(transactional_db: None) -> Camera:
    return Camera.objects.create(name="front door", state="live", seen_at=timezone.now())


def visit_of_grace(portraits: Portraits, started_at: datetime | None = None, **fields: object) -> Event:
    person, _ = Person.objects.get_or_create(name="Grace Hopper")
    event = add_event(**({"started_at": started_at} if started_at else {}), **fields)
    add_face(add_capture(event, portraits.grace_hopper), HOPPER_BOX, person)
    return event


def test_a_press_is_told_at_once_and_decided_later(
    bridge: Bridge, listener: Listener, live_camera: Camera, portraits: Portraits
) -> None:
    event = ring(live_camera, pressed_by="test").event
    press = listener.expect("doorbell/press", step=bridge.look)
    assert press.json == {
        "event_type": "ring",
        "id": event.pk,
        "camera": "front door",
        "pressed_at": event.started_at.isoformat(),
    }
    assert not press.is_retained
    begun = listener.expect("doorbell/visit", step=bridge.look).json
    assert (begun["event_type"], begun["visitor"], begun["is_final"]) == ("pending", "Looking…", False)

    person = Person.objects.create(name="Grace Hopper")
    add_face(add_capture(event, portraits.grace_hopper), HOPPER_BOX, person)
    heard = listener.catch_up()
    bridge.look()
    assert listener.expect("doorbell/picture", after=heard, step=bridge.look).payload.startswith(b"\xff\xd8")

    now = timezone.now()
    Event.objects.filter(pk=event.pk).update(outcome=Outcome.KNOWN, decided_at=now, closed_at=now, settled_at=now)
    decided = listener.expect("doorbell/visit", after=heard, step=bridge.look).json
    assert (decided["event_type"], decided["visitor"], decided["is_final"]) == ("known", "Grace Hopper", True)
    assert decided["people"] == [{"id": person.pk, "name": "Grace Hopper", "is_blocked": False}]
    door = listener.expect(f"doorbell/person/{person.pk}/at_the_door", after=heard, step=bridge.look)
    assert (door.payload, door.is_retained) == (b"ON", False)
    seen = listener.expect(f"doorbell/person/{person.pk}/last_seen", after=heard, step=bridge.look)
    assert seen.payload.decode() == event.started_at.isoformat()
    assert listener.expect("doorbell/last_visit", after=heard, step=bridge.look).json["visitor"] == "Grace Hopper"
    assert [each.json["event_type"] for each in listener.on("doorbell/press")] == ["ring"]


def test_who_comes_later_finds_what_the_broker_keeps(
    bridge: Bridge, plan: MqttPlan, listener: Listener, live_camera: Camera, portraits: Portraits
) -> None:
    visit_of_grace(portraits, camera=live_camera)
    listener.expect("doorbell/last_visit", step=bridge.look)
    listener.expect(f"doorbell/camera/{live_camera.pk}/live", step=lambda: bridge._refresh())
    latecomer = Listener(plan.broker)
    try:
        assert latecomer.expect("doorbell/last_visit").is_retained
        assert latecomer.expect("doorbell/availability").payload == b"online"
        assert latecomer.expect(f"doorbell/camera/{live_camera.pk}/live").payload == b"ON"
        assert latecomer.expect("doorbell/picture").payload.startswith(b"\xff\xd8")
        assert latecomer.expect("homeassistant/event/doorbell/ring/config").is_retained
        assert latecomer.on("doorbell/press") == latecomer.on("doorbell/visit") == []
    finally:
        latecomer.close()


def test_the_last_will_says_that_the_doorbell_is_gone(bridge: Bridge, listener: Listener) -> None:
    heard = listener.catch_up()
    bridge.connection._client._sock_close()  # the cable is cut
    assert listener.expect("doorbell/availability", after=heard).payload == b"offline"
    heard = listener.catch_up()
    assert listener.expect("doorbell/availability", after=heard, step=bridge.look).payload == b"online"


def test_a_stop_says_goodbye(bridge: Bridge, listener: Listener) -> None:
    heard = listener.catch_up()
    bridge.connection.stop(bridge._offline)
    assert listener.expect("doorbell/availability", after=heard).payload == b"offline"


def test_nothing_is_told_twice_after_a_restart_and_what_came_meanwhile_is(
    start_bridge: StartBridge, plan: MqttPlan, listener: Listener, portraits: Portraits
) -> None:
    first = start_bridge(plan)
    listener.expect("doorbell/availability", step=first.look)
    old = visit_of_grace(portraits)
    listener.expect("doorbell/press", step=first.look)
    first.look()
    first.connection.stop(first._offline)

    new = visit_of_grace(portraits)
    second = start_bridge(plan)
    listener.expect_that(
        lambda heard: heard.topic == "doorbell/visit" and heard.json["id"] == new.pk, "new", step=second.look
    )
    assert [each.json["id"] for each in listener.on("doorbell/press")] == [old.pk, new.pk]
    assert [each.json["id"] for each in listener.on("doorbell/visit")] == [old.pk, new.pk]


def test_a_press_that_is_told_late_does_not_sound_like_one_now(
    bridge: Bridge, listener: Listener, portraits: Portraits
) -> None:
    MqttMark.objects.update(since=timezone.now() - timedelta(hours=1))
    bridge._ledger = None
    event = visit_of_grace(portraits, started_at=timezone.now() - timedelta(minutes=15))
    assert listener.expect("doorbell/press", step=bridge.look).json["event_type"] == "missed_ring"
    visit = listener.expect("doorbell/visit", step=bridge.look).json
    assert (visit["id"], visit["is_late"]) == (event.pk, True)
    assert listener.on(f"doorbell/person/{Person.objects.get().pk}/at_the_door") == []


def test_what_is_older_than_the_limit_is_not_told(bridge: Bridge, listener: Listener, portraits: Portraits) -> None:
    MqttMark.objects.update(since=timezone.now() - timedelta(days=30))
    bridge._ledger = None
    visit_of_grace(portraits, started_at=timezone.now() - CATCH_UP - timedelta(minutes=1))
    newer = visit_of_grace(portraits)
    listener.expect("doorbell/visit", step=bridge.look)
    assert [each.json["id"] for each in listener.on("doorbell/visit")] == [newer.pk]


def test_a_doorbell_that_gets_a_broker_does_not_tell_its_past(
    start_bridge: StartBridge, plan: MqttPlan, listener: Listener, portraits: Portraits
) -> None:
    past = visit_of_grace(portraits, started_at=timezone.now() - timedelta(minutes=5))
    bridge = start_bridge(plan)
    assert listener.expect("doorbell/last_visit", step=bridge.look).json["id"] == past.pk
    present = visit_of_grace(portraits)
    assert listener.expect("doorbell/visit", step=bridge.look).json["id"] == present.pk


def test_an_old_visit_that_is_told_late_is_not_the_last_one(
    bridge: Bridge, listener: Listener, portraits: Portraits
) -> None:
    visit_of_grace(portraits)
    listener.expect("doorbell/last_visit", step=bridge.look)
    MqttMark.objects.update(since=timezone.now() - timedelta(hours=1))
    bridge._ledger = None
    heard = listener.catch_up()
    late = visit_of_grace(portraits, started_at=timezone.now() - timedelta(minutes=30))
    is_late = lambda each: each.topic == "doorbell/visit" and each.json["id"] == late.pk  # noqa: E731
    listener.expect_that(is_late, "late", after=heard, step=bridge.look)
    assert [each.json["id"] for each in listener.on("doorbell/last_visit")][-1] != late.pk


def test_a_name_that_is_withdrawn_leaves_the_door(bridge: Bridge, listener: Listener, portraits: Portraits) -> None:
    event = visit_of_grace(portraits, settled_at=None)
    door = f"doorbell/person/{Person.objects.get().pk}/at_the_door"
    assert listener.expect(door, step=bridge.look).payload == b"ON"
    event.captures.get().observations.update(person=None, status="unknown")
    Event.objects.filter(pk=event.pk).update(outcome=Outcome.UNKNOWN, settled_at=timezone.now())
    off = listener.expect_that(lambda each: each.topic == door and each.payload == b"OFF", "off", step=bridge.look)
    assert not off.is_retained
    gone = f"doorbell/person/{Person.objects.get().pk}/last_seen"
    assert listener.expect_that(lambda each: each.topic == gone and not each.payload, "empty", step=bridge.look)


def test_motion_that_shows_nobody_changes_neither_visitor_nor_picture(
    bridge: Bridge, listener: Listener, portraits: Portraits
) -> None:
    visit_of_grace(portraits)
    listener.expect("doorbell/last_visit", step=bridge.look)
    listener.expect("doorbell/picture", step=bridge.look)
    heard = listener.catch_up()
    tree = add_event(trigger=Trigger.MOTION, outcome=Outcome.NO_FACE)
    add_capture(tree, portraits.astronaut)
    assert listener.expect("doorbell/visit", after=heard, step=bridge.look).json["event_type"] == "no_face"
    bridge._refresh()
    end = listener.catch_up()
    assert [each.topic for each in listener.heard[heard : end - 1]] == ["doorbell/visit"]


def test_without_names_nobody_is_named_anywhere(
    start_bridge: StartBridge, plan: MqttPlan, listener: Listener, portraits: Portraits
) -> None:
    """Nor do the sensors stay that an earlier run with names announced."""
    named = start_bridge(plan)
    visit_of_grace(portraits)
    listener.expect_that(lambda each: b"Grace" in each.payload and each.is_retained is False, "named", step=named.look)
    named.look()
    named.connection.stop(named._offline)

    heard = listener.catch_up()
    bridge = start_bridge(replace(plan, with_names=False, with_pictures=False))
    config = f"homeassistant/sensor/doorbell/person_{Person.objects.get().pk}_last_seen/config"

    def look() -> None:
        bridge.look()
        if bridge._session:
            bridge._refresh()

    assert listener.expect_that(
        lambda each: each.topic == config and not each.payload, "forgets", after=heard, step=look
    )
    visit_of_grace(portraits)
    visit = listener.expect("doorbell/visit", after=heard, step=bridge.look).json
    assert (visit["visitor"], visit["people"]) == ("Somebody known", [{"is_blocked": False}])
    latecomer = Listener(plan.broker)
    try:
        latecomer.expect("doorbell/availability")
        latecomer.expect("doorbell/last_visit")
        assert not [each for each in latecomer.heard if b"Grace" in each.payload or "person" in each.topic]
        assert latecomer.on("doorbell/picture") == []
    finally:
        latecomer.close()


def test_people_and_cameras_that_are_gone_disappear(
    bridge: Bridge, listener: Listener, live_camera: Camera, portraits: Portraits
) -> None:
    event = visit_of_grace(portraits, camera=live_camera)
    person = Person.objects.get()
    configs = [
        f"homeassistant/binary_sensor/doorbell/camera_{live_camera.pk}/config",
        f"homeassistant/binary_sensor/doorbell/person_{person.pk}_at_the_door/config",
        f"homeassistant/sensor/doorbell/person_{person.pk}_last_seen/config",
        f"doorbell/person/{person.pk}/last_seen",
        "doorbell/last_visit",
    ]
    for topic in configs:
        assert listener.expect(topic, step=bridge.look).payload
    delete_events([event])
    person.delete()
    live_camera.delete()
    heard = listener.catch_up()
    bridge._refresh()
    for topic in configs:
        assert listener.expect(topic, after=heard).payload == b""
    assert listener.expect("doorbell/picture", after=heard).payload == b""


def test_health_is_told_with_what_is_missing(plan: MqttPlan, listener: Listener, transactional_db: None) -> None:
    health = Health(problems=("No worker serves the queue detection.",), warnings=("It is hot.",), score=0.5)
    bridge = Bridge(plan, lambda: health)
    bridge.connection.start()
    bridge._health_due_s = 0.0

    def look() -> None:
        bridge._refreshed_s = 0.0
        bridge.look()

    try:
        assert listener.expect("doorbell/health", step=look).json == {
            "problem": "ON",
            "problems": ["No worker serves the queue detection."],
            "warnings": ["It is hot."],
            "score": 0.5,
        }
    finally:
        bridge.connection.stop(bridge._offline)


def test_the_mark_moves_on_and_forgets(bridge: Bridge, listener: Listener, portraits: Portraits) -> None:
    MqttMark.objects.update(since=timezone.now() - timedelta(hours=1))
    bridge._ledger = None
    visit_of_grace(portraits, started_at=timezone.now() - timedelta(minutes=30))
    visit_of_grace(portraits)
    listener.expect_that(lambda _each: len(listener.on("doorbell/visit")) == 2, "told", step=bridge.look)
    ledger = bridge._ledger_row()
    assert len(MqttMark.objects.get().told) == 2
    ledger.advance()
    mark = MqttMark.objects.get()
    assert len(mark.told) == 1
    assert mark.since > timezone.now() - timedelta(minutes=3)


def test_the_mark_waits_for_a_visit_that_is_not_over(bridge: Bridge, listener: Listener, portraits: Portraits) -> None:
    MqttMark.objects.update(since=timezone.now() - timedelta(hours=1))
    bridge._ledger = None
    open_visit = visit_of_grace(portraits, started_at=timezone.now() - timedelta(minutes=30), settled_at=None)
    listener.expect("doorbell/visit", step=bridge.look)
    bridge._ledger_row().advance()
    assert MqttMark.objects.get().since == open_visit.started_at


@pytest.fixture
def run_in_thread() -> Iterator[Callable[[Bridge], None]]:
    running: list[tuple[Bridge, threading.Thread]] = []

    def run(bridge: Bridge) -> None:
        thread = threading.Thread(target=bridge.run)
        running.append((bridge, thread))
        thread.start()

    yield run
    for bridge, thread in running:
        bridge.stop()
        thread.join(30)
        assert not thread.is_alive()


def test_it_runs_without_broadcasts_and_through_errors_of_the_database(
    plan: MqttPlan,
    listener: Listener,
    live_camera: Camera,
    run_in_thread: Callable[[Bridge], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No Redis is there in this test: the rows are looked at every second."""
    bridge = Bridge(plan)
    look, failed = bridge.look, threading.Event()

    def look_badly() -> None:
        if not failed.is_set():
            failed.set()
            raise DatabaseError("the disk is on fire")
        look()

    monkeypatch.setattr(bridge, "look", look_badly)
    run_in_thread(bridge)
    assert listener.expect("doorbell/availability").payload == b"online"
    event = ring(live_camera, pressed_by="test").event
    assert listener.expect("doorbell/press").json["id"] == event.pk
    assert "visits cannot be read: the disk is on fire" in caplog.text
    assert caplog.text.count("visits are looked up every second, Redis is away") == 1


def test_a_bridge_whose_network_died_ends_so_that_another_can_begin(plan: MqttPlan) -> None:
    with pytest.raises(BridgeDied, match="cannot be brought back; the log says why"):
        Bridge(plan).look()
