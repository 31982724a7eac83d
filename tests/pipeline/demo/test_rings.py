from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Camera, Capture, Event, FaceObservation, Trigger
from events.people import PersonSeen
from pipeline.demo.rings import HEADING, NobodyCame, RingResult, has_open_visit, is_somebody_near, row, wait_until

pytestmark = pytest.mark.django_db
GRACE = PersonSeen(1, "Grace Hopper", False, 0.081)


def see_face(camera: Camera, width: int, age_s: float) -> None:
    event = Event.objects.create(camera=camera, trigger=Trigger.MOTION)
    taken_at = timezone.now() - timedelta(seconds=age_s)
    capture = Capture.objects.create(event=event, taken_at=taken_at, width=960, height=540)
    box = {"box_top": 10, "box_bottom": 10 + width, "box_left": 20, "box_right": 20 + width}
    FaceObservation.objects.create(capture=capture, confidence=1, quality=1, **box)


@pytest.mark.parametrize(
    ("width", "age_s", "is_near"),
    [(130, 0.5, True), (60, 0.5, False), (130, 30.0, False)],
    ids=["at the door", "at the gate", "gone"],
)
def test_only_a_large_face_of_just_now_is_near(width: int, age_s: float, is_near: bool) -> None:
    camera = Camera.objects.create(name="front door")
    see_face(camera, width, age_s)
    assert is_somebody_near("front door") is is_near
    assert not is_somebody_near("garage")


def test_visit_is_open_until_the_camera_closes_it() -> None:
    camera = Camera.objects.create(name="front door")
    event = Event.objects.create(camera=camera, trigger=Trigger.MOTION)
    assert has_open_visit("front door")
    event.closed_at = timezone.now()
    event.save()
    assert not has_open_visit("front door")


def test_what_ends_the_system_ends_the_waiting() -> None:
    def fail() -> None:
        raise RuntimeError("the broker is gone")

    with pytest.raises(RuntimeError, match="the broker is gone"):
        wait_until(lambda: False, 60.0, fail, "a visitor")


def test_waiting_ends_by_itself() -> None:
    with pytest.raises(NobodyCame) as caught:
        wait_until(lambda: False, 0.0, lambda: None, "a visitor at the door")
    assert str(caught.value) == "waited 0 s for a visitor at the door; the log says what happened instead"


def test_rows_stand_under_their_heading() -> None:
    known = row(1, RingResult(7, "known", (GRACE,), 8, 497))
    stranger = row(2, RingResult(8, "unknown", (), None, 691))
    assert known == "  1     known     Grace Hopper      0.08      8 ms           497 ms"
    assert stranger == "  2     unknown   nobody enrolled   -         -              691 ms"
    assert HEADING.index("decided after") == known.index("497 ms") == stranger.index("691 ms")
