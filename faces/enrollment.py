"""Turn a photograph into a FaceSample, or say why it cannot be one."""

import logging
import threading
from collections.abc import Iterable, Sequence

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from faces.engine import get_engine
from faces.gallery import current_gallery, tolerances
from faces.models import FaceSample, Person, encoding_to_bytes, sample_path
from faces.people import gallery_changed
from pipeline.errors import DoorbellError
from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.encoding import CHIP_PX
from pipeline.vision.gate import CandidateFace, Refusal, check_face, check_picture, foreground_faces
from pipeline.vision.geometry import Box
from pipeline.vision.images import ImageError, decode_image, encode_png, resize_to_width
from pipeline.vision.quality import confidence_of, measure_quality

logger = logging.getLogger(__name__)

SAMPLE_MARGIN = 0.6  # of the box, kept around the face: all that its chip is cut from, and little of the room
SAMPLE_FACE_PX = 400  # larger faces are shrunk: the encoder sees 150 px
MIN_FACE_PX = 48  # below the gate's limit: a small face is refused by its size, not overlooked
_one_at_a_time = threading.RLock()  # dlib's predictor and the engine serve one thread


class EnrollmentError(DoorbellError):
    """`code`: the gate's or the decoder's word. `value` and `limit`: what was measured, what it must reach.
    `boxes`: the faces to choose from. `is_question`: `add_sample(…, confirmed=True)` takes the picture."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        value: float | None = None,
        limit: float | None = None,
        boxes: Sequence[Box] = (),
        is_question: bool = False,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.value = value
        self.limit = limit
        self.boxes = list(boxes)
        self.is_question = is_question


def add_sample(person: Person, picture: bytes, *, choose: Box | None = None, confirmed: bool = False) -> FaceSample:
    """Enroll one photograph.

    choose: which of several faces, as a box that EnrollmentError offered. confirmed: take the face
    even if it looks like somebody else. Raises EnrollmentError, and has then changed nothing.
    """
    frame = _decode(picture)
    with _one_at_a_time:
        faces = find_faces(frame)
        face = _passed(faces, person, choose, confirmed=confirmed)
    return _store(person, frame, face)


def find_faces(frame: UInt8Array) -> list[CandidateFace]:
    """Return every face in an (H, W, 3) RGB picture, measured and encoded; may be called from any thread."""
    with _one_at_a_time:
        engine = get_engine()
        faces = engine.detect(frame, min_face_px=MIN_FACE_PX)
        landmarks = [engine.landmarks(frame, face.box) for face in faces]
        chips = [engine.chip(frame, points) for points in landmarks]
        encodings = engine.encode(np.array(chips, np.uint8).reshape(-1, CHIP_PX, CHIP_PX, 3))
    return [
        CandidateFace(face.box, measure_quality(chip, face.box, points, _confidence(face.score)), encoding)
        for face, chip, points, encoding in zip(faces, chips, landmarks, encodings, strict=True)
    ]


def reencode_samples(people: Iterable[Person]) -> int:
    """Encode stored samples again, with the engine as it is set now; return how many were encoded.

    A sample whose picture is gone, or shows no face to this detector any more, keeps what it has.
    """
    count = 0
    for sample in FaceSample.objects.filter(person__in=list(people)).exclude(image=""):
        encoding = _encode_again(sample)
        if encoding is None:
            logger.warning("photo %s of person %s could not be encoded again", sample.pk, sample.person_id)
            continue
        with transaction.atomic():
            FaceSample.objects.filter(pk=sample.pk).update(
                encoding=encoding_to_bytes(encoding), encoding_model=settings.ENCODING_MODEL
            )
            gallery_changed()
        count += 1
    return count


def _confidence(score: float) -> float:
    return confidence_of(get_engine().config.detector, score)


def _decode(picture: bytes) -> UInt8Array:
    try:
        return decode_image(picture, max_bytes=settings.MAX_PICTURE_BYTES, max_pixels=settings.MAX_PICTURE_PIXELS)
    except ImageError as error:
        raise EnrollmentError(error.code, str(error)) from error


def _passed(faces: list[CandidateFace], person: Person, choose: Box | None, *, confirmed: bool) -> CandidateFace:
    gallery = current_gallery()
    if choose is None:
        refusals = check_picture(faces, gallery, person.pk, tolerances=tolerances())
        face = next(iter(foreground_faces(faces)), None)
    else:
        face = _chosen(faces, choose)
        refusals = check_face(face, gallery, person.pk, tolerances=tolerances())
    standing = [refusal for refusal in refusals if not (confirmed and refusal.code == "looks_like_someone_else")]
    if standing or face is None:
        raise _refused(standing)
    return face


def _chosen(faces: list[CandidateFace], box: Box) -> CandidateFace:
    best = max(faces, key=lambda face: face.box.iou(box), default=None)
    if best is None or best.box.iou(box) < 0.5:
        raise EnrollmentError("no_face", "there is no face at the chosen place; choose one of those shown")
    return best


def _refused(refusals: list[Refusal]) -> EnrollmentError:
    """The first reason speaks; a refusal comes before a question."""
    first = min(refusals, key=lambda refusal: refusal.severity != "refuse")
    return EnrollmentError(
        first.code,
        _with_name(first),
        value=first.value,
        limit=first.limit,
        boxes=first.boxes,
        is_question=first.severity == "ask",
    )


def _with_name(refusal: Refusal) -> str:
    """The gate knows ids; people know names."""
    if refusal.code != "looks_like_someone_else" or refusal.person_id is None:
        return refusal.detail
    name = Person.objects.filter(pk=refusal.person_id).values_list("name", flat=True).first()
    return refusal.detail.replace("somebody else", name) if name else refusal.detail


def _store(person: Person, frame: UInt8Array, face: CandidateFace) -> FaceSample:
    picture, box = _cut_out(frame, face.box)
    encoding = _encode(picture, box)
    sample = FaceSample(
        person=person,
        encoding=encoding_to_bytes(encoding),
        encoding_model=settings.ENCODING_MODEL,
        quality=face.quality.score,
        box_top=box.top,
        box_right=box.right,
        box_bottom=box.bottom,
        box_left=box.left,
    )
    written = default_storage.save(sample_path(sample, ""), ContentFile(encode_png(picture)))
    sample.image.name = written
    try:
        with transaction.atomic():
            sample.save()
            gallery_changed()
    except BaseException:
        default_storage.delete(written)
        raise
    logger.info("person %s: photo %s added", person.pk, sample.pk)
    return sample


def _cut_out(frame: UInt8Array, box: Box) -> tuple[UInt8Array, Box]:
    """Return the face with a margin, shrunk where it is large, and its box in that picture.

    It is kept without loss: JPEG at quality 95 moves an encoding by up to 0.1.
    """
    margin = round(max(box.width, box.height) * SAMPLE_MARGIN)
    part = Box(box.top - margin, box.right + margin, box.bottom + margin, box.left - margin).clipped(*frame.shape[:2])
    picture, box = frame[part.top : part.bottom, part.left : part.right], box.moved(-part.left, -part.top)
    if box.width <= SAMPLE_FACE_PX:
        return np.ascontiguousarray(picture), box
    smaller = resize_to_width(picture, round(picture.shape[1] * SAMPLE_FACE_PX / box.width))
    return smaller, box.scaled(smaller.shape[1] / picture.shape[1])


def _encode(picture: UInt8Array, box: Box) -> Float32Array:
    with _one_at_a_time:
        engine = get_engine()
        encodings = engine.encode(engine.chip(picture, box)[np.newaxis])
    return np.asarray(encodings[0], np.float32)


def _encode_again(sample: FaceSample) -> Float32Array | None:
    try:
        with sample.image.open("rb") as file:
            frame = _decode(file.read())
    except (OSError, EnrollmentError):
        return None
    box = Box(sample.box_top, sample.box_right, sample.box_bottom, sample.box_left)
    return _encode(frame, box) if box.area else None
