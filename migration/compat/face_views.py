"""Old addresses of faces: who is known, strangers to be named, and their pictures."""

from __future__ import annotations

import re
from typing import Any, cast

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from events.models import FaceObservation, FaceStatus
from faces.browsing import people_with_samples
from faces.enrollment import EnrollmentError, add_sample
from faces.models import FaceSample, Person
from faces.people import create_person, delete_person
from faces.pictures import read_file, send_made
from faces.uploads import read_picture
from migration.compat.camera import OldCamera
from migration.compat.face_manager import OldFaceManager
from migration.compat.old_settings import OldSettings
from migration.compat.old_views import UNAVAILABLE, OldView, Refused, read_object, read_text, success
from pipeline.errors import DoorbellError
from pipeline.vision.images import encode_png, thumbnail

CANDIDATES_MAX = 100
FACE_PX = 220
STATUSES = {"known": [FaceStatus.KNOWN], "unknown": [FaceStatus.UNKNOWN, FaceStatus.BLOCKED]}
NAME_OF_FACE = re.compile(r"face_([0-9]{1,18})\.jpg")
NAME_OF_SAMPLE = re.compile(r"sample_([0-9]{1,18})\.jpg")
MAY_ENROLL = {"POST": ["faces.add_person", "faces.add_facesample"]}


class KnownFaces(OldView):
    def get(self, request: Request) -> Response:
        """Everybody who is trusted, by name."""
        people = people_with_samples().filter(is_blocked=False).order_by("name")
        faces = [{"name": person.name, "image_url": _picture_of(person)} for person in people]
        return success(count=len(faces), faces=faces)


class UploadFace(OldView):
    needs = MAY_ENROLL
    parser_classes = [MultiPartParser]

    def post(self, request: Request) -> Response:
        name = read_text(read_object(request), "name")
        file = request.FILES.get("file")
        if file is None:
            raise Refused("file is missing")
        return _added(OldFaceManager(OldSettings()).enroll(name, read_picture(file)))


class AddFromCamera(OldView):
    needs = MAY_ENROLL

    def post(self, request: Request) -> Response:
        name = read_text(read_object(request), "name")
        old = OldSettings()
        manager = OldFaceManager(old)
        manager.find(name)  # refuses a bad name before anybody has to stand still
        try:
            frame = OldCamera(old, may_open=False).look()
        except DoorbellError as error:
            raise Refused(str(error), UNAVAILABLE) from error
        return _added(manager.enroll(name, encode_png(frame)))


class KnownFace(OldView):
    needs = {"DELETE": ["faces.delete_person"]}

    def delete(self, request: Request, name: str) -> Response:
        """Forget everything of them; who is on the watch-list is not known."""
        if not OldFaceManager(OldSettings()).remove_known_face(name):
            raise NotFound("nobody who is known is called so")
        return success(name=name)


class Candidates(OldView):
    def get(self, request: Request) -> Response:
        """The newest faces of strangers."""
        faces = FaceObservation.objects.filter(status=FaceStatus.UNKNOWN, person=None).exclude(capture__image="")
        newest = faces.order_by("-capture__taken_at", "-pk").values_list("pk", flat=True)[:CANDIDATES_MAX]
        return success(items=[{"filename": _face_name(pk), "path": _face_address("unknown", pk)} for pk in newest])


class Candidate(OldView):
    needs = {"DELETE": ["events.delete_faceobservation"]}

    def delete(self, request: Request, filename: str) -> Response:
        """Forget the face; the visit and its picture stay."""
        _stranger(filename).delete()
        return success(filename=filename)


class LabelCandidate(OldView):
    needs = {"POST": ["faces.add_person", "faces.add_facesample", "events.change_faceobservation"]}

    def post(self, request: Request) -> Response:
        """Enroll a stranger's face; the visit names them from then on."""
        sent = read_object(request)
        filename, name = read_text(sent, "filename"), read_text(sent, "name")
        face = _stranger(filename)
        sample = _enroll_stranger(face, name)
        FaceObservation.objects.filter(pk=face.pk, person=None).update(
            person=sample.person, status=FaceStatus.KNOWN, distance=_distance(face, sample)
        )
        return success(name=sample.person.name, filename=_sample_name(sample.pk))


class CroppedFace(OldView):
    def get(self, request: Request, category: str, path: str) -> HttpResponse:
        """A face cut out of the visit's picture. `path` is a name that /api/faces/candidates gave: no file is read
        by it."""
        if category not in STATUSES:
            raise Refused("the category is known or unknown")
        faces = FaceObservation.objects.select_related("capture").filter(status__in=STATUSES[category])
        face = get_object_or_404(faces.exclude(capture__image=""), pk=_number(NAME_OF_FACE, path))
        label = f"old-face-{face.pk}"
        return send_made(
            cast(Any, request), face.capture.image, label, lambda frame: thumbnail(frame, face.box, size=FACE_PX)
        )


class KnownFacePicture(OldView):
    def get(self, request: Request, path: str) -> HttpResponse:
        """An enrolled picture as a JPEG. `path` is a name that /api/faces/known gave."""
        samples = FaceSample.objects.filter(person__is_blocked=False).exclude(image="")
        sample = get_object_or_404(samples, pk=_number(NAME_OF_SAMPLE, path))
        return send_made(cast(Any, request), sample.image, "old-sample", lambda frame: frame)


def _added(sample: FaceSample) -> Response:
    return success(name=sample.person.name, filename=_sample_name(sample.pk))


def _enroll_stranger(face: FaceObservation, name: str) -> FaceSample:
    """Raises InvalidName, EnrollmentError, and has then changed nothing."""
    manager = OldFaceManager(OldSettings())
    person = manager.find(name)
    if person is not None and person.is_blocked:
        raise EnrollmentError("on_watch_list", f"{person.name} is on the watch-list")
    picture = read_file(face.capture.image.storage, face.capture.image.name)
    if person is not None:
        return _add(person, picture, face)
    person = create_person(name)
    try:
        return _add(person, picture, face)
    except BaseException:
        delete_person(person)
        raise


def _add(person: Person, picture: bytes, face: FaceObservation) -> FaceSample:
    return add_sample(person, picture, choose=face.box)


def _distance(face: FaceObservation, sample: FaceSample) -> float | None:
    vector = face.vector
    return None if vector is None else float(((vector - sample.vector) ** 2).sum() ** 0.5)


def _stranger(filename: str) -> FaceObservation:
    """Raises Http404."""
    faces = FaceObservation.objects.select_related("capture").filter(status=FaceStatus.UNKNOWN, person=None)
    return get_object_or_404(faces.exclude(capture__image=""), pk=_number(NAME_OF_FACE, filename))


def _number(pattern: re.Pattern[str], name: str) -> int:
    found = pattern.fullmatch(name)
    if found is None:
        raise Http404("There is no such picture.")
    return int(found[1])


def _picture_of(person: Person) -> str | None:
    """Of the first sample that has one."""
    pk = next((sample.pk for sample in person.samples.all() if sample.image), None)
    return None if pk is None else reverse("legacy-known-face-picture", args=[_sample_name(pk)])


def _face_name(pk: int) -> str:
    return f"face_{pk}.jpg"


def _sample_name(pk: int) -> str:
    return f"sample_{pk}.jpg"


def _face_address(category: str, pk: int) -> str:
    return reverse("legacy-cropped-face", args=[category, _face_name(pk)])
