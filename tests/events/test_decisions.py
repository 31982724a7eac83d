"""From observations to an outcome, on encodings whose distances are chosen."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from events.decisions import decide_event
from events.models import Capture, Event, FaceObservation, Outcome
from events.people import count_faces, people_at
from faces.models import FaceSample, Person, encoding_to_bytes
from faces.people import create_person, gallery_changed
from pipeline.vision.arrays import Float32Array

pytestmark = pytest.mark.django_db


def encoding(axis: int, distance: float = 0.0) -> Float32Array:
    """A unit vector, moved by `distance` along another axis."""
    vector = np.zeros(128, dtype=np.float32)
    vector[axis] = 1.0
    vector[127] = distance
    return vector


def enrolled(name: str, axis: int, *, is_blocked: bool = False) -> Person:
    person = create_person(name, is_blocked=is_blocked)
    FaceSample.objects.create(
        person=person, encoding=encoding_to_bytes(encoding(axis)), encoding_model="small", quality=1.0,
        box_top=0, box_right=1, box_bottom=1, box_left=0,
    )  # fmt: skip
    gallery_changed()
    return person


def visit(*, is_closed: bool = True) -> Event:
    now = timezone.now()
    return Event.objects.create(trigger="press", started_at=now, closed_at=now if is_closed else None)


def seen(event: Event, *encodings: Float32Array, status: str = "done", after_s: float = 0.0) -> Capture:
    """A capture whose faces stand side by side."""
    capture = Capture.objects.create(
        event=event, image="x", taken_at=event.started_at + timedelta(seconds=after_s), width=640, height=480,
        status=status,
    )  # fmt: skip
    for place, vector in enumerate(encodings):
        FaceObservation.objects.create(
            capture=capture, box_top=100, box_right=150 + 200 * place, box_bottom=200, box_left=50 + 200 * place,
            confidence=1.0, quality=0.8, encoding=encoding_to_bytes(vector),
        )  # fmt: skip
    return capture


def outcome_of(event: Event) -> str:
    decide_event(event.pk)
    event.refresh_from_db()
    return event.outcome


def test_an_enrolled_face_makes_a_known_visit() -> None:
    person = enrolled("Grace Hopper", axis=0)
    event = visit()
    seen(event, encoding(0, 0.3))
    assert outcome_of(event) == Outcome.KNOWN
    assert [(who.person_id, who.distance) for who in people_at(event)] == [(person.pk, 0.3)]
    assert event.decided_at is not None
    assert event.settled_at is not None


def test_a_stranger_beside_a_known_visitor_makes_the_visit_unknown() -> None:
    enrolled("Grace Hopper", axis=0)
    event = visit()
    seen(event, encoding(0, 0.3), encoding(5))
    assert outcome_of(event) == Outcome.UNKNOWN
    assert [who.name for who in people_at(event)] == ["Grace Hopper"]
    assert count_faces(event) == 2


def test_a_blocked_face_beats_every_other() -> None:
    enrolled("Grace Hopper", axis=0)
    enrolled("Trouble", axis=1, is_blocked=True)
    event = visit()
    seen(event, encoding(0, 0.3), encoding(5), encoding(1, 0.45))
    assert outcome_of(event) == Outcome.BLOCKED
    assert [who.name for who in people_at(event)] == ["Trouble", "Grace Hopper"]


def test_blocked_people_need_to_be_nearer_than_family() -> None:
    enrolled("Trouble", axis=1, is_blocked=True)
    event = visit()
    seen(event, encoding(1, 0.55))
    assert outcome_of(event) == Outcome.UNKNOWN


def test_a_pattern_taken_for_a_face_does_not_make_the_family_strangers() -> None:
    enrolled("Grace Hopper", axis=0)
    event = visit()
    seen(event, encoding(0, 0.3), encoding(5))
    FaceObservation.objects.filter(box_left=250).update(confidence=0.2)
    assert outcome_of(event) == Outcome.KNOWN
    assert FaceObservation.objects.get(box_left=250).status == "doubtful"
    assert count_faces(event) == 1


def test_a_pattern_that_comes_again_in_every_frame_is_no_stranger_either() -> None:
    enrolled("Grace Hopper", axis=0)
    event = visit()
    for step in range(3):
        seen(event, encoding(0, 0.3), encoding(5), after_s=0.2 * step)
    FaceObservation.objects.filter(box_left=250).update(confidence=0.3)
    assert outcome_of(event) == Outcome.KNOWN


def test_a_doubtful_face_alone_is_still_a_visitor() -> None:
    event = visit()
    seen(event, encoding(5))
    FaceObservation.objects.update(confidence=0.2)
    assert outcome_of(event) == Outcome.UNKNOWN


def test_nobody_in_the_picture_is_no_face() -> None:
    event = visit()
    seen(event)
    assert outcome_of(event) == Outcome.NO_FACE


def test_a_visit_without_captures_is_no_picture_and_says_so() -> None:
    event = visit()
    assert outcome_of(event) == Outcome.NO_PICTURE
    assert event.reason == "The camera gave no picture."


def test_a_visit_whose_only_picture_failed_gives_the_reason() -> None:
    event = visit()
    capture = seen(event, status="failed")
    Capture.objects.filter(pk=capture.pk).update(error="the picture cannot be read: truncated")
    assert outcome_of(event) == Outcome.NO_PICTURE
    assert event.reason == "the picture cannot be read: truncated"


def test_a_clear_face_is_decided_before_the_burst_is_complete() -> None:
    enrolled("Grace Hopper", axis=0)
    event = visit(is_closed=False)
    seen(event, encoding(0, 0.3))
    seen(event, status="saved", after_s=0.2)
    assert outcome_of(event) == Outcome.KNOWN
    assert event.settled_at is None


def test_a_stranger_is_not_announced_while_better_frames_may_come() -> None:
    enrolled("Grace Hopper", axis=0)
    event = visit(is_closed=False)
    seen(event, encoding(5))
    assert outcome_of(event) == Outcome.PENDING


def test_a_name_is_withdrawn_when_later_frames_disagree() -> None:
    enrolled("Grace Hopper", axis=0)
    event = visit(is_closed=False)
    seen(event, encoding(0, 0.3))
    assert outcome_of(event) == Outcome.KNOWN
    first_decided = event.decided_at
    for step in range(1, 5):
        seen(event, encoding(0, 0.8), after_s=0.2 * step)  # near the first frame, but not near her
    Event.objects.filter(pk=event.pk).update(closed_at=timezone.now())
    assert outcome_of(event) == Outcome.UNKNOWN
    assert people_at(event) == []
    assert event.decided_at == first_decided


def test_a_settled_visit_stays_as_it_is_when_people_change() -> None:
    event = visit()
    seen(event, encoding(0, 0.3))
    assert outcome_of(event) == Outcome.UNKNOWN
    enrolled("Grace Hopper", axis=0)
    assert outcome_of(event) == Outcome.UNKNOWN


def test_deciding_about_a_deleted_visit_harms_nobody() -> None:
    decide_event(4711)
