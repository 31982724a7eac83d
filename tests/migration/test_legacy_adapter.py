"""What old programs asked of the old system's objects, asked of the new ones, with real photographs."""

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gpiozero
import numpy as np
import pytest
import redis
from django.conf import settings as django_settings
from gpiozero.pins.mock import MockFactory
from pytest_django import Settings

from events.models import Camera, Event, Outcome, Trigger
from events.notifications.channels import KINDS, create_channel
from events.notifications.channels.base import DeliveryError
from events.notifications.message import Message
from events.notifications.models import Notification, NotificationStatus
from faces.models import FaceSample, Person
from faces.people import create_person
from migration.compat.camera import OldCamera
from migration.compat.gpio import OldGpio
from migration.compat.old_settings import OldSettings
from migration.legacy_adapter import LegacyAdapter
from migration.models import PersonAlias
from pipeline.hardware.frames import Frame
from pipeline.manager.callbacks import Callbacks
from pipeline.manager.states import SystemHealth, SystemState
from pipeline.ring import ring
from pipeline.snapshots import SnapshotListener
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.images import decode_image, resize_to_width
from tests.conftest import Portraits
from tests.seeding import HOPPER_BOX, add_capture, add_event, add_face

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]
PATIENCE_S = 30.0


class FakeManager:
    """As much of OrchestratorManager as the adapter uses, without any process."""

    def __init__(self) -> None:
        self.callbacks = Callbacks()
        self.running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def register_event_callback(self, event_type: str, callback: Any) -> None:
        self.callbacks.register(event_type, callback)

    def get_health_status(self) -> SystemHealth:
        state = SystemState.RUNNING if self.running else SystemState.STOPPED
        return SystemHealth(state, 12.5 if self.running else 0.0, {"events_per_minute": 0.0}, 0, 0)


@pytest.fixture
def manager() -> FakeManager:
    return FakeManager()


@pytest.fixture
def adapter(manager: FakeManager) -> LegacyAdapter:
    return LegacyAdapter(manager)  # type: ignore[arg-type]


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()


def rgb(path: Path, width: int = 512) -> UInt8Array:
    return resize_to_width(decode_image(path.read_bytes()), width)


# --- The old guide's way through it ---------------------------------------------------------------------------------


def test_the_old_guides_lines_run(adapter: LegacyAdapter, portraits: Portraits) -> None:
    legacy_interface = adapter
    legacy_interface.start()
    legacy_interface.on_doorbell_pressed(18)
    status = legacy_interface.get_system_status()
    assert status["status"] == "running"
    assert legacy_interface.get_recent_captures(limit=5) == []  # no camera was there
    legacy_interface.stop()
    assert legacy_interface.get_system_status()["status"] == "stopped"
    assert Event.objects.get().trigger == Trigger.PRESS


def test_the_manager_gives_one_adapter_and_always_the_same() -> None:
    from pipeline.orchestrator_manager import OrchestratorManager

    manager = OrchestratorManager()
    interface = manager.get_legacy_interface()
    assert isinstance(interface, LegacyAdapter)
    assert interface is manager.get_legacy_interface()
    assert interface.get_system_status()["status"] == "stopped"


# --- Presses --------------------------------------------------------------------------------------------------------


def test_a_press_is_an_event_and_one_soon_after_is_the_same_visit(adapter: LegacyAdapter) -> None:
    adapter.on_doorbell_pressed()
    first = adapter.last_trigger_time
    adapter.on_doorbell_pressed(18)
    assert adapter.last_trigger_time >= first > 0
    assert Event.objects.filter(trigger=Trigger.PRESS).count() == 1


def test_the_callback_is_called_once_a_press_whoever_rang(adapter: LegacyAdapter, manager: FakeManager) -> None:
    called = threading.Semaphore(0)
    pins: list[int | None] = []

    def callback(pin: int | None) -> None:
        pins.append(pin)
        called.release()

    adapter.gpio.setup_doorbell_button(callback)
    event = ring(pressed_by="a test").event
    for _ in range(2):  # by broadcast, and again from the rows
        manager.callbacks.call("doorbell_pressed", {"event_id": event.pk})
    assert called.acquire(timeout=PATIENCE_S)
    assert pins == [django_settings.DOORBELL_PIN]
    assert adapter.gpio.callback is callback


def test_the_adapters_own_callback_does_not_ring_again(
    adapter: LegacyAdapter, manager: FakeManager, settings: Settings
) -> None:
    settings.DEBOUNCE_TIME = 0.0  # else the second ring would be hidden by it
    came_back = threading.Event()

    def callback(pin: int | None) -> None:
        adapter.on_doorbell_pressed(pin)
        came_back.set()

    adapter.gpio.setup_doorbell_button(callback)
    adapter.gpio.simulate_doorbell_press()
    assert came_back.wait(PATIENCE_S)
    assert Event.objects.count() == 1
    assert adapter.last_trigger_time > 0


def test_a_callback_that_fails_harms_no_later_press(adapter: LegacyAdapter, manager: FakeManager) -> None:
    calls = threading.Semaphore(0)

    def callback(_pin: int | None) -> None:
        calls.release()
        raise RuntimeError("the owner's program")

    adapter.gpio.setup_doorbell_button(callback)
    for event_id in (1, 2):
        manager.callbacks.call("doorbell_pressed", {"event_id": event_id})
        assert calls.acquire(timeout=PATIENCE_S)


def test_after_cleanup_no_press_is_passed_on(adapter: LegacyAdapter, manager: FakeManager) -> None:
    adapter.gpio.setup_doorbell_button(lambda _pin: pytest.fail("called"))
    adapter.gpio.cleanup()
    manager.callbacks.call("doorbell_pressed", {"event_id": 1})
    assert adapter.gpio.get_gpio_status()["initialized"] is False


# --- Faces ----------------------------------------------------------------------------------------------------------


def test_an_added_face_is_found_again_and_forgotten_again(adapter: LegacyAdapter, portraits: Portraits) -> None:
    faces = adapter.face_manager
    assert faces.add_known_face(str(portraits.astronaut), "Eileen Collins") is True
    image = rgb(portraits.astronaut)
    box, *others = faces.detect_face_locations(image)  # the surest first; HOG sees a pattern as well
    encoding, *of_others = faces.detect_faces(image)
    assert len(others) == len(of_others)
    assert box[0] < box[2]
    assert box[3] < box[1]
    found = faces.identify_face(encoding)
    assert (found["status"], found["name"]) == ("known", "Eileen Collins")
    assert found["distance"] < 0.2
    assert found["confidence"] == pytest.approx(1 - found["distance"])
    assert faces.get_stats() == {
        "known_faces": 1,
        "blacklist_faces": 0,
        "known_names": ["Eileen Collins"],
        "blacklist_names": [],
    }
    assert faces.remove_known_face("eileen collins") is True
    assert faces.identify_face(encoding) == {"status": "unknown", "name": None, "confidence": 0.0, "distance": math.inf}
    assert (Person.objects.count(), FaceSample.objects.count()) == (0, 0)
    assert faces.remove_known_face("Eileen Collins") is False


def test_the_watch_list_comes_first_even_where_a_known_face_is_nearer(
    adapter: LegacyAdapter, portraits: Portraits
) -> None:
    faces = adapter.face_manager
    faces.add_known_face(portraits.astronaut, "Eileen Collins")
    (encoding,) = faces.known_encodings
    blocked = create_person("Twin", is_blocked=True)
    sample = FaceSample.objects.get()
    apart = encoding.copy()
    apart[0] += 0.3
    FaceSample.objects.create(
        person=blocked,
        encoding=apart.astype("<f4").tobytes(),
        encoding_model=sample.encoding_model,
        quality=1.0,
        box_top=0,
        box_right=1,
        box_bottom=1,
        box_left=0,
    )
    from faces.people import gallery_changed

    gallery_changed()
    found = faces.identify_face(encoding)
    assert (found["status"], found["name"]) == ("blacklisted", "Twin")
    assert found["distance"] == pytest.approx(0.3, abs=1e-4)
    assert faces.blacklist_names == ["Twin"]
    assert faces.get_known_faces_count() == 1


def test_a_picture_that_shows_nobody_enrolls_nobody(adapter: LegacyAdapter, tmp_path: Path) -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    adapter.camera.save_image(grey, tmp_path / "wall.jpg")
    assert adapter.face_manager.add_known_face(tmp_path / "wall.jpg", "Nobody") is False
    assert adapter.face_manager.add_known_face(tmp_path / "absent.jpg", "Nobody") is False
    assert not Person.objects.exists()


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "../../etc/passwd", "", " ", "a\x00b", "x" * 5000])
def test_a_name_that_is_none_enrolls_nobody(adapter: LegacyAdapter, portraits: Portraits, name: str) -> None:
    assert adapter.face_manager.add_known_face(portraits.astronaut, name) is False
    assert not Person.objects.exists()


def test_somebody_on_the_watch_list_is_neither_made_known_nor_removed(
    adapter: LegacyAdapter, portraits: Portraits
) -> None:
    create_person("Mallory", is_blocked=True)
    assert adapter.face_manager.add_known_face(portraits.astronaut, "mallory") is False
    assert adapter.face_manager.remove_known_face("Mallory") is False
    assert not FaceSample.objects.exists()


def test_an_old_name_leads_to_the_person_it_became(adapter: LegacyAdapter) -> None:
    jon = create_person("Jon")
    PersonAlias.objects.create(person=jon, name="jon_2", key="jon_2")
    assert adapter.face_manager.find("jon_2") == jon
    assert adapter.face_manager.remove_known_face("jon_2") is True
    assert not Person.objects.exists()


@pytest.mark.parametrize("image", [None, np.zeros((10, 10)), np.zeros((0, 0, 3), np.uint8), np.zeros((9, 9, 3))])
def test_what_is_no_image_is_refused(adapter: LegacyAdapter, image: Any) -> None:
    with pytest.raises(ValueError, match="an image is"):
        adapter.face_manager.detect_faces(image)


@pytest.mark.parametrize("vector", [None, "abc", [1, 2], [math.nan] * 128, np.zeros((1, 128))])
def test_what_is_no_encoding_is_refused(adapter: LegacyAdapter, vector: Any) -> None:
    with pytest.raises(ValueError, match="an encoding is"):
        adapter.face_manager.identify_face(vector)


# --- Camera ---------------------------------------------------------------------------------------------------------


def test_without_a_running_doorbell_the_camera_is_opened_for_one_frame(
    adapter: LegacyAdapter, portraits: Portraits, tmp_path: Path
) -> None:
    Camera.objects.create(name="front door", source=str(portraits.astronaut))
    camera = adapter.camera
    assert camera.camera_type is None
    assert camera.initialize() is True
    image = camera.capture_image()
    assert image is not None
    assert np.array_equal(image, decode_image(portraits.astronaut.read_bytes()))
    camera.save_image(image, tmp_path / "visitor.jpg")
    assert decode_image((tmp_path / "visitor.jpg").read_bytes()).shape == image.shape
    told = camera.get_camera_info()
    assert (told["initialized"], told["camera_type"], told["resolution"]) == (True, "opencv", (512, 512))
    camera.cleanup()
    assert camera.get_status() == "not_initialized"


def test_a_camera_process_is_asked_for_its_newest_frame(
    adapter: LegacyAdapter, broker: redis.Redis, portraits: Portraits
) -> None:
    from pipeline.capture import report_camera

    row = Camera.objects.create(name="front door", source="rtsp://never/opened")
    report_camera(row, "live")
    picture = rgb(portraits.grace_hopper)
    listener = SnapshotListener(row, lambda: _now(picture))
    listener.start()
    try:
        image = next(seen for _ in range(20) if (seen := adapter.camera.capture_image()) is not None)
    finally:
        listener.stop()
    assert image.shape == picture.shape
    assert np.abs(image.astype(int) - picture).mean() < 5  # it came as a JPEG
    assert adapter.camera.get_status() == "active"


def test_a_camera_that_is_not_there_gives_none_and_never_raises(
    adapter: LegacyAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    Camera.objects.create(name="front door", source="/nowhere/film.mp4")
    assert adapter.camera.initialize() is False
    assert adapter.camera.capture_frame() is None
    assert "no picture was taken" in caplog.text
    assert adapter.camera.is_initialized is False


def test_no_image_is_saved_as_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a frame is"):
        OldCamera(OldSettings()).save_image(np.zeros((3, 3), np.uint8), tmp_path / "x.jpg")


def _now(picture: UInt8Array) -> Frame:
    import time

    return Frame.from_rgb(picture, time_s=time.monotonic())


# --- Light ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "green", "yellow", "red"),
    [
        ("idle", 1, 0, 0),
        ("processing", 0, 1, 0),
        ("known", 1, 0, 0),
        ("unknown", 0, 1, 0),
        ("alert", 0, 0, 1),
        ("error", 0, 1, 1),
        ("off", 0, 0, 0),
        ("disco", 0, 0, 0),
    ],
)
def test_the_light_shows_the_old_patterns(
    adapter: LegacyAdapter, pins: MockFactory, status: str, green: int, yellow: int, red: int
) -> None:
    assert adapter.gpio.set_status_led(status) is True
    shown = {name: pins.pin(pin).state for name, pin in (("green", 21), ("yellow", 20), ("red", 16))}
    assert shown == {"green": green, "yellow": yellow, "red": red}
    assert adapter.gpio.led_states == {"green": bool(green), "yellow": bool(yellow), "red": bool(red)}
    adapter.gpio.cleanup()


def test_without_a_light_the_program_is_told_so(adapter: LegacyAdapter, settings: Settings) -> None:
    settings.RED_LED_PIN = settings.YELLOW_LED_PIN = settings.GREEN_LED_PIN = None
    assert adapter.gpio.set_status_led("alert") is False
    assert adapter.gpio.test_leds() is False
    assert adapter.gpio.blink_led("red") is False
    assert adapter.gpio.led_states == {"red": False, "yellow": False, "green": False}


@pytest.mark.parametrize("duration", [0, -1, math.nan, math.inf])
def test_a_duration_that_is_none_is_refused(adapter: LegacyAdapter, duration: float) -> None:
    with pytest.raises(ValueError, match="cannot be shown for"):
        adapter.gpio.set_status_led("alert", duration)


def test_the_leds_are_tested_and_blinked(
    adapter: LegacyAdapter, pins: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    set_status_led = adapter.gpio.set_status_led

    def noted(status: str) -> bool:
        shown.append(status)
        return set_status_led(status)

    monkeypatch.setattr(adapter.gpio, "set_status_led", noted)
    assert adapter.gpio.blink_led("red", times=2, interval=0.001) is True
    assert shown == ["alert", "off", "alert", "off", "idle"]
    adapter.gpio.cleanup()
    with pytest.raises(ValueError, match="there is no 'blue' LED"):
        adapter.gpio.blink_led("blue")
    with pytest.raises(ValueError, match="is no blinking"):
        adapter.gpio.blink_led("red", times=10**9)


# --- Messages -------------------------------------------------------------------------------------------------------


class Wire:
    """Notes what a channel would send; fails as it is told."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.failure: DeliveryError | None = None

    def send(self, message: Message) -> dict[str, str]:
        if self.failure is not None:
            raise self.failure
        self.sent.append(message)
        return {"somebody": "1"}


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr("migration.compat.notifier.open_channel", lambda _channel: wire)
    config: dict[str, object] = {"bot_token": "123456:secret-secret", "chat_ids": ["11", "22"]}
    create_channel("Telegram", KINDS["telegram"], config)
    return wire


def test_an_alert_goes_out_with_its_picture(adapter: LegacyAdapter, wire: Wire, portraits: Portraits) -> None:
    assert adapter.notifier.send_alert("Somebody <b>is</b> there", str(portraits.astronaut), "urgent") is True
    (message,) = wire.sent
    assert (message.body, message.priority) == ("Somebody <b>is</b> there", "urgent")
    assert message.picture is not None
    jpeg = message.picture.jpeg()
    assert jpeg is not None
    assert decode_image(jpeg).shape == (512, 512, 3)
    assert Notification.objects.get().status == NotificationStatus.SENT


def test_a_capture_of_the_doorbell_is_sent_as_that_capture(
    adapter: LegacyAdapter, wire: Wire, portraits: Portraits
) -> None:
    capture = add_capture(add_event(), portraits.astronaut)
    (listed,) = adapter.get_recent_captures()
    adapter.notifier.send_alert("who was that", listed["path"])
    assert wire.sent[0].picture is not None
    assert wire.sent[0].picture.capture == capture


@pytest.mark.parametrize("path", ["/absent.jpg", "/etc/passwd", "/"])
def test_what_is_no_picture_is_left_out(adapter: LegacyAdapter, wire: Wire, path: str) -> None:
    assert adapter.notifier.send_alert("hello", path) is True
    assert wire.sent[0].picture is None


def test_what_fails_for_now_waits_in_the_outbox_and_shows_no_secret(
    adapter: LegacyAdapter, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    wire.failure = DeliveryError("no route for 123456:secret-secret", permanent=False)
    assert adapter.notifier.send_alert("hello") is False
    row = Notification.objects.get()
    assert (row.status, row.body) == (NotificationStatus.WAITING, "hello")
    assert "secret-secret" not in row.error + caplog.text


def test_the_chats_are_those_of_the_telegram_channel(adapter: LegacyAdapter, wire: Wire) -> None:
    notifier = adapter.notifier
    assert (notifier.initialized, notifier.chat_id, notifier.additional_chat_ids) == (True, "11", ["22"])
    assert notifier.send_photos is True


def test_without_a_channel_nothing_is_sent_and_that_is_said(adapter: LegacyAdapter) -> None:
    assert adapter.notifier.initialized is False
    assert adapter.notifier.send_alert("hello") is False
    assert adapter.notifier.test_notification() is False
    assert adapter.notifier.chat_id is None


def test_a_test_message_goes_by_every_channel(adapter: LegacyAdapter) -> None:
    create_channel("Log", KINDS["log"], {})
    assert adapter.notifier.test_notification() is True
    assert adapter.notifier.send_system_status({"cpu": 12}) is True
    assert adapter.notifier.send_startup_notification() is True


# --- What happened --------------------------------------------------------------------------------------------------


def test_recent_captures_are_files_with_who_was_seen(adapter: LegacyAdapter, portraits: Portraits) -> None:
    grace = create_person("Grace Hopper")
    capture = add_capture(add_event(outcome=Outcome.KNOWN), portraits.grace_hopper)
    add_face(capture, HOPPER_BOX, grace)
    (listed,) = adapter.get_recent_captures(limit=10)
    assert listed["path"] is not None
    assert decode_image(Path(listed["path"]).read_bytes()).shape[1] == listed["width"]
    assert listed["event_type"] == "KNOWN_VISITOR"
    assert listed["faces"] == [
        {"status": "known", "name": "Grace Hopper", "confidence": pytest.approx(0.69), "distance": 0.31}
    ]
    assert adapter.get_recent_captures(0) == []


@pytest.mark.parametrize("limit", [-1, "10", None, True, 1.5])
def test_a_limit_that_is_none_is_refused(adapter: LegacyAdapter, limit: Any) -> None:
    with pytest.raises(ValueError, match="use a whole number from 0"):
        adapter.get_recent_captures(limit)


def test_the_status_counts_the_decided_visits(adapter: LegacyAdapter) -> None:
    add_event(outcome=Outcome.UNKNOWN)
    last = add_event(outcome=Outcome.PENDING)
    status = adapter.get_system_status()
    assert status["events_processed"] == 1
    assert status["last_activity"] == last.started_at.isoformat()
    assert status["pipeline_health"]["state"] == "stopped"


# --- What is not kept -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "name", "replacement"),
    [
        ("face_manager", "known_cache_file", "kept in the database"),
        ("settings", "CAMERA_ROTATION", "at the camera itself"),
        ("settings", "FBI_API_URL", "People page"),
        ("gpio", "led_thread", "no thread blinks it"),
        ("notifier", "bot", "NotificationChannel"),
        ("notifier", "get_sent_messages", "Notifications page"),
    ],
)
def test_what_is_not_kept_names_its_replacement(adapter: LegacyAdapter, part: str, name: str, replacement: str) -> None:
    with pytest.raises(NotImplementedError, match=replacement):
        getattr(getattr(adapter, part), name)


def test_the_fbis_list_is_not_fetched(adapter: LegacyAdapter) -> None:
    with pytest.raises(NotImplementedError, match="add people to the watch-list on the People page"):
        adapter.face_manager.update_blacklist_from_fbi()
    with pytest.raises(NotImplementedError, match="processed side by side"):
        _ = adapter.processing_lock
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = adapter.nonsense


def test_settings_are_those_of_this_installation_and_read_only(adapter: LegacyAdapter) -> None:
    old = adapter.settings
    for folder in (
        "CAPTURES_DIR",
        "CROPPED_FACES_DIR",
        "KNOWN_FACES_DIR",
        "BLACKLIST_FACES_DIR",
        "LOGS_DIR",
        "DATA_DIR",
    ):
        assert getattr(old, folder).is_dir(), folder
    assert old.DEBOUNCE_TIME == django_settings.DEBOUNCE_TIME
    assert old.STATUS_LED_PINS == {"red": 16, "yellow": 20, "green": 21}
    assert (old.FACE_RECOGNITION_TOLERANCE, old.BLACKLIST_TOLERANCE) == (0.6, 0.5)
    assert (old.LOG_LEVEL, old.LOG_BACKUP_COUNT) == ("INFO", 5)
    assert old.MAX_LOG_FILE_SIZE > 0
    with pytest.raises(AttributeError, match="cannot be set from a program"):
        old.DEBOUNCE_TIME = 1.0  # type: ignore[misc]


def test_the_gpio_status_has_the_old_keys(adapter: LegacyAdapter) -> None:
    assert set(adapter.gpio.get_gpio_status()) == {
        "initialized",
        "doorbell_pin",
        "led_pins",
        "led_states",
        "doorbell_state",
    }
    assert isinstance(adapter.gpio, OldGpio)
