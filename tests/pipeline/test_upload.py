"""An uploaded picture goes through the real stages, or is refused and leaves nothing."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from events.models import Capture, CaptureStatus, Event, FaceObservation, Outcome
from events.people import people_at
from faces.enrollment import add_sample
from faces.people import create_person
from pipeline.upload import receive_picture
from pipeline.vision.images import ImageError
from tests.conftest import Portraits

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stages_at_once")]


def test_an_enrolled_face_is_named_and_a_stranger_is_not(portraits: Portraits, media: Path) -> None:
    person = create_person("Grace Hopper")
    add_sample(person, portraits.grace_hopper.read_bytes())
    known = receive_picture(portraits.grace_hopper.read_bytes()).event_id
    stranger = receive_picture(portraits.astronaut.read_bytes()).event_id
    assert [who.name for who in people_at(Event.objects.get(pk=known))] == ["Grace Hopper"]
    assert Event.objects.get(pk=known).outcome == Outcome.KNOWN
    assert Event.objects.get(pk=stranger).outcome == Outcome.UNKNOWN
    assert people_at(Event.objects.get(pk=stranger)) == []


def test_a_blocked_face_is_the_outcome(portraits: Portraits, media: Path) -> None:
    add_sample(create_person("Trouble", is_blocked=True), portraits.grace_hopper.read_bytes())
    event = Event.objects.get(pk=receive_picture(portraits.grace_hopper.read_bytes()).event_id)
    assert event.outcome == Outcome.BLOCKED


def test_a_picture_without_faces_is_no_face(media: Path) -> None:
    wall = BytesIO()
    Image.new("RGB", (640, 480), "grey").save(wall, "PNG")
    capture = receive_picture(wall.getvalue())
    capture.refresh_from_db()
    assert capture.status == CaptureStatus.DONE
    assert Event.objects.get(pk=capture.event_id).outcome == Outcome.NO_FACE


def test_what_an_upload_carried_beside_its_pixels_is_not_stored(portraits: Portraits, media: Path) -> None:
    with Image.open(portraits.grace_hopper) as portrait:
        exif = Image.Exif()
        exif[0x010E] = "at home, 52.1 N"
        carrier = BytesIO()
        portrait.save(carrier, "JPEG", exif=exif)
    capture = receive_picture(carrier.getvalue())
    assert b"at home" not in Path(capture.image.path).read_bytes()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"<script>alert(1)</script>", "unreadable"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "truncated"),
    ],
)
def test_what_is_no_picture_leaves_nothing(data: bytes, code: str, media: Path) -> None:
    with pytest.raises(ImageError) as error:
        receive_picture(data)
    assert error.value.code == code
    assert not Event.objects.exists()
    assert list(media.rglob("*.jpg")) == []


def test_a_full_disk_leaves_no_half_event(portraits: Portraits, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage.save", refuse)
    with pytest.raises(OSError, match="No space left"):
        receive_picture(portraits.grace_hopper.read_bytes())
    assert not Event.objects.exists()


def test_a_capture_whose_file_vanished_is_given_up_with_the_reason(portraits: Portraits, media: Path) -> None:
    from pipeline.tasks import detect_faces

    capture = receive_picture(portraits.astronaut.read_bytes())
    Path(capture.image.path).unlink()
    Capture.objects.filter(pk=capture.pk).update(status=CaptureStatus.SAVED, attempts=0)
    Event.objects.filter(pk=capture.event_id).update(settled_at=None, outcome="pending")
    FaceObservation.objects.all().delete()
    detect_faces(capture.pk)
    capture.refresh_from_db()
    event = Event.objects.get(pk=capture.event_id)
    assert capture.status == CaptureStatus.FAILED
    assert event.outcome == Outcome.NO_PICTURE
    assert event.reason.startswith("the picture cannot be read")


def test_a_stage_that_runs_twice_finds_the_same_faces_once(portraits: Portraits, media: Path) -> None:
    from pipeline.tasks import detect_faces, recognize_faces

    capture = receive_picture(portraits.astronaut.read_bytes())
    faces = FaceObservation.objects.count()
    detect_faces(capture.pk)
    recognize_faces(capture.pk)
    assert FaceObservation.objects.count() == faces
    Capture.objects.filter(pk=capture.pk).update(status=CaptureStatus.SAVED)
    detect_faces(capture.pk)
    assert FaceObservation.objects.count() == faces > 0
