"""Presses become rows, whatever else is down."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from events.models import Camera, Event, Outcome
from pipeline.ring import Ring, UnknownCamera, default_camera, find_camera, ring


def live_camera(name: str = "front door") -> Camera:
    return Camera.objects.create(name=name, state="live", seen_at=timezone.now())


@pytest.mark.django_db
def test_a_press_without_any_camera_is_an_event_that_says_so() -> None:
    event = ring(pressed_by="test").event
    assert event.outcome == Outcome.NO_PICTURE
    assert event.camera is None
    assert event.closed_at is not None
    assert event.reason == "No camera is set up. Start the doorbell with --source, or add a camera in the admin."


@pytest.mark.django_db
def test_a_press_at_a_camera_that_does_not_run_says_what_it_last_reported() -> None:
    camera = Camera.objects.create(name="gate", state="lost", state_text="connection refused", seen_at=timezone.now())
    event = ring(camera, pressed_by="test").event
    assert event.outcome == Outcome.NO_PICTURE
    assert event.reason == "Camera gate is not running: connection refused"


@pytest.mark.django_db
def test_a_press_at_a_camera_whose_process_died_makes_an_event_without_picture() -> None:
    camera = Camera.objects.create(name="gate", state="live", seen_at=timezone.now() - timedelta(minutes=1))
    assert ring(camera, pressed_by="test").event.outcome == Outcome.NO_PICTURE


@pytest.mark.django_db
def test_a_press_at_a_live_camera_waits_for_its_picture_even_with_the_broker_away() -> None:
    event = ring(live_camera(), pressed_by="test").event
    assert event.outcome == Outcome.PENDING
    assert event.closed_at is None


@pytest.mark.django_db
def test_second_press_within_debounce_returns_the_open_event() -> None:
    camera = live_camera()
    first, second = ring(camera, pressed_by="test"), ring(camera, pressed_by="test")
    assert not first.is_debounced
    assert second == Ring(first.event, is_debounced=True)


@pytest.mark.django_db
def test_each_camera_debounces_for_itself() -> None:
    front, back = live_camera("front"), live_camera("back")
    ring(front, pressed_by="test")
    assert not ring(back, pressed_by="test").is_debounced


@pytest.mark.django_db
def test_a_press_after_the_debounce_time_is_a_new_visit(settings: Settings) -> None:
    settings.DEBOUNCE_TIME = 0.0
    camera = live_camera()
    assert ring(camera, pressed_by="test").event != ring(camera, pressed_by="test").event


@pytest.mark.django_db
def test_a_clock_that_was_set_back_swallows_no_press() -> None:
    camera = live_camera()
    Event.objects.create(camera=camera, trigger="press", started_at=timezone.now() + timedelta(hours=1))
    assert not ring(camera, pressed_by="test").is_debounced


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_visit() -> None:
    camera = live_camera()
    rings: list[Ring] = []
    start = threading.Barrier(4)

    def press() -> None:
        start.wait()
        rings.append(ring(camera, pressed_by="test"))
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Event.objects.count() == 1
    assert sorted(rung.is_debounced for rung in rings) == [False, True, True, True]


@pytest.mark.django_db
def test_the_camera_that_runs_is_rung_before_one_that_does_not() -> None:
    Camera.objects.create(name="shed")
    front = live_camera()
    assert default_camera() == front


@pytest.mark.django_db
def test_cameras_are_found_by_name_or_id() -> None:
    camera = live_camera("Front Door")
    assert find_camera("front door") == camera
    assert find_camera(str(camera.pk)) == camera
    assert find_camera(None) is None


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["attic", "99999999999999999999999", "²", "'; drop table"])
def test_an_unknown_camera_is_named_in_the_error(name: str) -> None:
    live_camera()
    with pytest.raises(UnknownCamera) as error:
        find_camera(name)
    assert str(error.value) == f"there is no camera {name!r}; there is 'front door'"
