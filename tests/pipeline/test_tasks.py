"""The stages, one at a time: what each leaves behind, and what it does when it runs twice or goes wrong."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import redis
from celery.signals import celeryd_after_setup
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import OperationalError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from doorbell_site.celery import app
from events.claims import claim
from events.models import Capture, CaptureStatus, Event, FaceObservation, Outcome, Trigger
from faces.engine import get_engine
from faces.enrollment import add_sample
from faces.people import create_person
from pipeline.detecting import detect
from pipeline.queues import queue_length
from pipeline.recognizing import recognize
from pipeline.stages import run_stage
from pipeline.tasks import detect_faces, recognize_faces
from pipeline.vision.conversion import ensure_encoder
from pipeline.vision.encoding import CHIP_PX
from pipeline.vision.images import decode_image, encode_jpeg
from tests.conftest import Portraits

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media", "broker")]


@pytest.fixture
def capture(portraits: Portraits) -> Capture:
    """Grace Hopper before the camera, just saved; nobody rang."""
    return save(portraits.grace_hopper)


@pytest.fixture
def press(portraits: Portraits) -> Capture:
    """Grace Hopper, who rang."""
    return save(portraits.grace_hopper, Trigger.PRESS)


def save(picture: Path, trigger: Trigger = Trigger.MOTION, **fields: object) -> Capture:
    now = timezone.now()
    frame = decode_image(picture.read_bytes())
    event = Event.objects.create(trigger=trigger, started_at=now, closed_at=now)
    capture = Capture(event=event, taken_at=now, width=frame.shape[1], height=frame.shape[0])
    for name, value in fields.items():
        setattr(capture, name, value)
    capture.image.save("frame.jpg", ContentFile(encode_jpeg(frame)), save=True)
    return capture


def status(capture: Capture) -> str:
    capture.refresh_from_db()
    return capture.status


def only_face(capture: Capture) -> FaceObservation:
    return capture.observations.get()


def test_detection_keeps_the_picture_of_each_face_for_recognition(capture: Capture) -> None:
    detect_faces(capture.pk)
    assert status(capture) == CaptureStatus.DETECTED
    assert queue_length("recognition") == 1
    assert len(only_face(capture).chip or b"") == CHIP_PX * CHIP_PX * 3
    assert only_face(capture).encoding is None


def test_recognition_needs_no_picture_and_keeps_none(capture: Capture, portraits: Portraits) -> None:
    add_sample(create_person("Grace Hopper"), portraits.grace_hopper.read_bytes())
    detect_faces(capture.pk)
    Path(capture.image.path).unlink()
    recognize_faces(capture.pk)
    face = only_face(capture)
    assert status(capture) == CaptureStatus.DONE
    assert face.chip is None
    assert face.person is not None
    assert face.person.name == "Grace Hopper"


def test_recognition_asks_for_all_faces_of_a_capture_at_once(
    capture: Capture, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    detect_faces(capture.pk)
    face = only_face(capture)
    for _ in range(4):
        face.pk = None
        face.save(force_insert=True)
    mine = claim(capture.pk, ready=CaptureStatus.DETECTED, working=CaptureStatus.RECOGNIZING)
    assert mine is not None
    with django_assert_max_num_queries(9):  # the faces, begin, the capture, one for each face, commit
        recognize(mine)
    assert capture.observations.filter(chip=None).exclude(encoding=None).count() == 5


def test_the_faces_of_a_press_are_encoded_by_whoever_finds_them(press: Capture, portraits: Portraits) -> None:
    add_sample(create_person("Grace Hopper"), portraits.grace_hopper.read_bytes())
    detect_faces(press.pk)
    face = only_face(press)
    assert status(press) == CaptureStatus.DONE
    assert face.chip is None
    assert face.person is not None
    assert face.person.name == "Grace Hopper"
    assert [queue_length(queue) for queue in ("recognition", "events")] == [0, 0]


def test_a_press_has_the_encodings_that_recognition_would_give_it(press: Capture, capture: Capture) -> None:
    detect_faces(press.pk)
    detect_faces(capture.pk)
    recognize_faces(capture.pk)
    assert only_face(press).encoding == only_face(capture).encoding


def test_a_press_whose_faces_cannot_be_encoded_is_given_up(press: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.recognizing.CHIP_PX", 151)
    detect_faces(press.pk)
    assert status(press) == CaptureStatus.FAILED
    assert not press.observations.exists()
    assert queue_length("events") == 1


def test_whoever_encodes_the_faces_decides_the_visit(capture: Capture) -> None:
    detect_faces(capture.pk)
    recognize_faces(capture.pk)
    assert Event.objects.get(pk=capture.event_id).outcome == Outcome.UNKNOWN
    assert queue_length("events") == 0


def test_a_picture_without_a_face_has_its_visit_decided_by_whoever_looked(capture: Capture) -> None:
    grey = encode_jpeg(np.full((capture.height, capture.width, 3), 128, np.uint8))
    Path(capture.image.path).write_bytes(grey)
    detect_faces(capture.pk)
    assert status(capture) == CaptureStatus.DONE
    assert Event.objects.get(pk=capture.event_id).outcome == Outcome.NO_FACE
    assert [queue_length(queue) for queue in ("recognition", "events")] == [0, 0]


def test_a_capture_whose_worker_died_has_its_faces_once(capture: Capture) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    detect_faces(capture.pk)
    Capture.objects.filter(pk=capture.pk).update(status=CaptureStatus.DETECTING, claimed_at=long_ago)
    detect_faces(capture.pk)
    assert capture.observations.count() == 1


def test_of_two_messages_about_a_capture_one_finds_nothing_to_do(capture: Capture) -> None:
    detect_faces(capture.pk)
    detect_faces(capture.pk)
    assert queue_length("recognition") == 1


def test_motion_is_searched_where_something_moved(portraits: Portraits) -> None:
    frame = decode_image(portraits.grace_hopper.read_bytes())
    height, width = frame.shape[:2]
    elsewhere = save(portraits.grace_hopper, region=[height - 100, width, height, width - 100])
    detect_faces(elsewhere.pk)
    assert not elsewhere.observations.exists()
    here = save(portraits.grace_hopper, region=[60, 460, 420, 100])
    detect_faces(here.pk)
    box = only_face(here).box
    whole = save(portraits.grace_hopper)
    detect_faces(whole.pk)
    assert box.iou(only_face(whole).box) > 0.7


def test_a_visit_deleted_before_its_faces_are_found_is_let_go(capture: Capture) -> None:
    mine = claim(capture.pk, ready=CaptureStatus.SAVED, working=CaptureStatus.DETECTING)
    assert mine is not None
    Event.objects.all().delete()
    assert run_stage("detection", detect, mine) is False
    assert queue_length("events") == 0


def test_a_visit_deleted_before_its_faces_are_encoded_is_let_go(capture: Capture) -> None:
    detect_faces(capture.pk)
    mine = claim(capture.pk, ready=CaptureStatus.DETECTED, working=CaptureStatus.RECOGNIZING)
    assert mine is not None
    Event.objects.all().delete()
    assert run_stage("recognition", recognize, mine) is False
    assert queue_length("events") == 0


def test_a_picture_that_is_gone_is_given_up_with_the_reason(capture: Capture) -> None:
    Path(capture.image.path).unlink()
    detect_faces(capture.pk)
    assert status(capture) == CaptureStatus.FAILED
    assert capture.error.startswith("the picture cannot be read: ")
    assert queue_length("events") == 1


def test_a_face_that_cannot_be_encoded_leaves_no_picture_of_it(
    capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect_faces(capture.pk)
    monkeypatch.setattr("pipeline.recognizing.CHIP_PX", 151)
    recognize_faces(capture.pk)
    assert status(capture) == CaptureStatus.FAILED
    assert only_face(capture).chip is None
    assert queue_length("events") == 1


def test_a_database_that_is_away_leaves_the_claim_to_run_out(
    capture: Capture, monkeypatch: pytest.MonkeyPatch, broker: redis.Redis
) -> None:
    def lock(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("pipeline.detecting.release", lock)
    with pytest.raises(OperationalError, match="locked"):
        detect_faces(capture.pk)
    assert status(capture) == CaptureStatus.DETECTING
    assert not capture.observations.exists()
    assert queue_length("recognition") == 0


@pytest.mark.parametrize(
    ("queue", "networks"), [("detection", {"_detector", "_encoder"}), ("recognition", {"_encoder"}), ("events", set())]
)
def test_a_worker_loads_its_networks_before_the_first_picture(
    queue: str, networks: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.amqp.queues, "_consume_from", None)  # put back afterwards
    app.amqp.queues.select([queue])
    get_engine.cache_clear()
    celeryd_after_setup.send(sender="worker", instance=SimpleNamespace(app=app), conf=app.conf)
    assert vars(get_engine()).keys() & {"_detector", "_encoder"} == networks


LOADED = """
import django
django.setup()
from doorbell_site.celery import app
app.loader.import_default_modules()
from faces.engine import get_engine
get_engine().load_encoder()
import sys
print(sorted({"cv2", "dlib", "onnx", "rest_framework.views"} & set(sys.modules)))
"""


def test_a_recognition_worker_holds_only_what_it_needs() -> None:
    ensure_encoder(settings.MODELS_DIR)
    surroundings = {**os.environ, "CELERY_SKIP_CHECKS": "1", "DOORBELL_VERBOSE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", LOADED], env=surroundings, capture_output=True, text=True, check=True, timeout=100
    )
    assert done.stdout == "[]\n"
