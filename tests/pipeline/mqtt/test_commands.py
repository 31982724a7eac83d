"""Payloads from outside: what rings, and what is only a line in the log."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from events.models import Camera, Event
from pipeline.mqtt.commands import (
    COMMAND_MAX_BYTES,
    FOREIGN_MAX_BYTES,
    WAITING_MAX,
    CommandDesk,
    RefusedCommand,
    camera_in,
    means_ring,
)
from pipeline.mqtt.packets import Incoming
from pipeline.mqtt.plan import ForeignBell


@pytest.mark.parametrize(
    ("payload", "camera"),
    [
        (b"PRESS", None),
        (b" PRESS\n", None),
        (b"{}", None),
        (b'{"camera": null}', None),
        (b'{"camera": "front door"}', "front door"),
        (b'{"camera": 3}', 3),
        ('{"camera": "Tür"}'.encode(), "Tür"),
    ],
)
def test_a_command_names_a_camera_or_none(payload: bytes, camera: str | int | None) -> None:
    assert camera_in(payload) == camera


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "it is empty"),
        (b"  ", "it is empty"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"x" * (COMMAND_MAX_BYTES + 1), "it has 1025 bytes; at most 1024 are read"),
        (b"press", """it is 'press'; send PRESS or {"camera": "name or id"}"""),
        (b"[]", """it is '[]'; send PRESS or {"camera": "name or id"}"""),
        (b"[" * COMMAND_MAX_BYTES, f"""it is '{"[" * 60}'; send PRESS or {{"camera": "name or id"}}"""),
        (b'{"camera": "a", "x": 1}', """it is '{"camera": "a", "x": 1}'; send PRESS or {"camera": "name or id"}"""),
        (b'{"camera": true}', "its camera is 'true'; send a name or an id"),
        (b'{"camera": ["a"]}', """its camera is '["a"]'; send a name or an id"""),
        (b'{"camera": 1.5}', "its camera is '1.5'; send a name or an id"),
        (json.dumps({"camera": "x" * 61}).encode(), f"""its camera is '"{"x" * 59}'; send a name or an id"""),
    ],
)
def test_what_is_no_command_is_refused_by_name(payload: bytes, reason: str) -> None:
    with pytest.raises(RefusedCommand) as caught:
        camera_in(payload)
    assert str(caught.value) == reason


@given(st.binary(max_size=2000))
def test_no_bytes_at_all_do_more_than_be_refused(payload: bytes) -> None:
    for wanted in ("", "ON", "action=single"):
        with suppress(RefusedCommand):
            assert means_ring(payload, wanted) in (True, False)
    with suppress(RefusedCommand):
        assert isinstance(camera_in(payload), str | int | None)


@pytest.mark.parametrize(
    ("wanted", "payload", "rings"),
    [
        ("", b"anything", True),
        ("ON", b"ON", True),
        ("ON", b"OFF", False),
        ("ON", b"on", False),
        ("action=single", b'{"action": "single", "battery": 90}', True),
        ("action=single", b'{"action": "", "battery": 90}', False),
        ("action=single", b'{"battery": 90}', False),
        ("action=single", b"action=single", True),
        ("action=single", b"[1]", False),
        ("action=single", b"not json", False),
        ("pressed=true", b'{"pressed": true}', True),
        ("pressed=true", b'{"pressed": null}', False),
        ("input.event = 1", b'{"input": {"event": 1}}', True),
        ("input.event=1", b'{"input": "event"}', False),
    ],
)
def test_another_doorbell_rings_by_what_the_setting_names(wanted: str, payload: bytes, rings: bool) -> None:
    assert means_ring(payload, wanted) is rings


@pytest.mark.parametrize("payload", [b"", b"\xff", b"x" * (FOREIGN_MAX_BYTES + 1)])
def test_another_doorbell_does_not_ring_by_rubbish(payload: bytes) -> None:
    with pytest.raises(RefusedCommand):
        means_ring(payload, "")


@pytest.fixture
def desk(transactional_db: None) -> Iterator[CommandDesk]:
    desk = CommandDesk("doorbell/ring", ForeignBell("zigbee2mqtt/bell", "action=single", "back door"))
    desk.start()
    yield desk
    desk.stop()


def say(desk: CommandDesk, topic: str, payload: bytes, *, is_retained: bool = False) -> bool:
    return desk.take(Incoming(topic, payload, is_retained))


@pytest.mark.usefixtures("transactional_db")
def test_commands_ring_at_the_cameras_they_name(desk: CommandDesk) -> None:
    for name in ("front door", "back door"):
        Camera.objects.create(name=name, state="live", seen_at=timezone.now())
    assert say(desk, "doorbell/ring", b"PRESS")
    assert say(desk, "zigbee2mqtt/bell", b'{"action": "single"}')
    desk.stop()
    assert sorted(Event.objects.values_list("camera__name", "trigger")) == [
        ("back door", "press"),
        ("front door", "press"),
    ]


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize(
    ("topic", "payload", "is_retained", "line"),
    [
        ("doorbell/ring", b"PRESS", True, "a ring command retained on doorbell/ring is ignored"),
        ("zigbee2mqtt/bell", b'{"action": "single"}', True, "a ring command retained on zigbee2mqtt/bell is ignored"),
        ("doorbell/ring", b"", False, "a message on doorbell/ring does not ring: it is empty"),
        ("doorbell/ring", b'{"camera": "roof"}', False, "does not ring: there is no camera 'roof'; none is set up"),
        ("zigbee2mqtt/bell", b'{"battery": 90}', False, ""),
    ],
)
def test_what_does_not_ring_makes_no_event(
    desk: CommandDesk, caplog: pytest.LogCaptureFixture, topic: str, payload: bytes, is_retained: bool, line: str
) -> None:
    caplog.set_level("INFO")
    assert say(desk, topic, payload, is_retained=is_retained)
    desk.stop()
    assert line in caplog.text
    assert not Event.objects.exists()


def test_other_topics_are_left_to_others(desk: CommandDesk) -> None:
    assert not say(desk, "doorbell/ring/", b"PRESS")


def test_a_flood_of_commands_is_dropped_and_never_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    desk = CommandDesk("doorbell/ring", None)  # its thread does not run, so nothing is taken away
    flood = threading.Thread(target=lambda: [say(desk, "doorbell/ring", b"PRESS") for _ in range(WAITING_MAX + 1)])
    flood.start()
    flood.join(timeout=30)
    assert not flood.is_alive()
    assert "too many ring commands by MQTT at once; some are dropped" in caplog.text
