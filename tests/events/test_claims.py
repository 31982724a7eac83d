"""A capture belongs to one worker at a time, and to nobody for ever."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.claims import MAX_ATTEMPTS, Claim, claim, release
from events.models import Camera, Capture, CaptureStatus, Event


@pytest.fixture
def capture(db: None) -> Capture:
    event = Event.objects.create(trigger="press")
    return Capture.objects.create(event=event, image="x.jpg", taken_at=timezone.now(), width=10, height=10)


def claim_detection(capture: Capture) -> Claim | None:
    return claim(capture.pk, ready=CaptureStatus.SAVED, working=CaptureStatus.DETECTING)


def test_only_one_of_two_workers_gets_the_capture(capture: Capture) -> None:
    assert claim_detection(capture) is not None
    assert claim_detection(capture) is None


def test_a_claim_older_than_the_lease_can_be_taken_over(capture: Capture) -> None:
    claim_detection(capture)
    Capture.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert claim_detection(capture) is not None


def test_a_worker_that_lost_its_claim_cannot_end_it(capture: Capture) -> None:
    mine = claim(capture.pk, ready=CaptureStatus.SAVED, working=CaptureStatus.DETECTING)
    assert mine is not None
    Capture.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
    theirs = claim(capture.pk, ready=CaptureStatus.SAVED, working=CaptureStatus.DETECTING)
    assert theirs is not None
    assert not release(mine, to=CaptureStatus.DONE)
    assert release(theirs, to=CaptureStatus.DETECTED)
    capture.refresh_from_db()
    assert capture.status == CaptureStatus.DETECTED


def test_a_stage_cannot_be_claimed_before_the_one_ahead_of_it(capture: Capture) -> None:
    assert claim(capture.pk, ready=CaptureStatus.DETECTED, working=CaptureStatus.RECOGNIZING) is None


def test_a_capture_that_kills_its_workers_is_not_claimed_for_ever(capture: Capture) -> None:
    for _ in range(MAX_ATTEMPTS):
        assert claim_detection(capture) is not None
        Capture.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert claim_detection(capture) is None


def test_a_claim_carries_what_a_stage_needs(capture: Capture) -> None:
    camera = Camera.objects.create(name="garden", min_face_px=96)
    event = Event.objects.create(trigger="motion", camera=camera)
    Capture.objects.update(event=event, region=[1, 30, 20, 4], attempts=1)
    mine = claim_detection(capture)
    assert mine is not None
    capture.refresh_from_db()
    assert mine == Claim(capture.pk, mine.at, event.pk, "motion", 2, "x.jpg", (1, 30, 20, 4), 96)
    assert (capture.claimed_at, capture.status_at) == (mine.at, mine.at)


def test_a_picture_from_no_camera_is_claimed_as_a_whole(capture: Capture) -> None:
    mine = claim_detection(capture)
    assert mine is not None
    assert (mine.trigger, mine.attempts, mine.region, mine.min_face_px) == ("press", 1, None, None)


def test_the_end_of_a_claim_says_why_and_when(capture: Capture) -> None:
    mine = claim_detection(capture)
    assert mine is not None
    assert release(mine, to=CaptureStatus.FAILED, error="no picture " * 40)
    capture.refresh_from_db()
    assert (capture.status, capture.claimed_at, len(capture.error)) == (CaptureStatus.FAILED, None, 300)
    assert capture.status_at > mine.at


def test_a_claimed_capture_that_is_gone_harms_nobody(db: None) -> None:
    assert claim(4711, ready=CaptureStatus.SAVED, working=CaptureStatus.DETECTING) is None
