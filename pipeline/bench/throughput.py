"""Rows `overhead` and `two_workers`: captures a second through the queues, the workers and the database."""

from __future__ import annotations

import statistics
import time
from itertools import cycle, islice

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from events.models import SETTLED, Capture, Event, Trigger, capture_path
from faces.gallery import current_gallery
from pipeline.bench.material import Material
from pipeline.bench.results import Figures
from pipeline.bench.running import enroll, running, wait_until
from pipeline.bench.scenes import door_scene, read_picture
from pipeline.detecting import default_min_face_px
from pipeline.orchestrator import SystemPlan
from pipeline.queues import MOTION_PRIORITY, send
from pipeline.tasks import detect_faces
from pipeline.vision.encoding import CHIP_PX
from pipeline.vision.engine import Engine
from pipeline.vision.images import decode_image, encode_jpeg
from pipeline.vision.quality import confidence_of, measure_quality

CAPTURES = 40
ROUNDS = 4


def measure_overhead(material: Material) -> Figures:
    """One worker of each kind against one process that does the same with each picture, from its file to a name."""
    jpegs = prepare(material)
    engine = material.engine()
    through, plain = [], []
    with running(SystemPlan(1, 1)):
        rate_of_workers(jpegs[:4])
        _rate_of_loop(engine, jpegs[:4])
        for _ in range(ROUNDS):
            through.append(rate_of_workers(jpegs))
            plain.append(_rate_of_loop(engine, jpegs))
    return Figures(statistics.median(through), statistics.median(plain), "captures/s", {"captures": CAPTURES})


def measure_two_workers(material: Material) -> Figures:
    """Two of each kind against one of each, in turns."""
    jpegs = prepare(material)
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for count, found in rates.items():
            with running(SystemPlan(count, count)):
                rate_of_workers(jpegs[: 4 * count])
                found.append(rate_of_workers(jpegs))
    return Figures(statistics.median(rates[2]), statistics.median(rates[1]), "captures/s", {"captures": CAPTURES})


def prepare(material: Material) -> list[bytes]:
    enroll(material.household)
    frames = [door_scene(read_picture(visit.path)) for visit in material.household.visits]
    return list(islice(cycle([encode_jpeg(frame, 90) for frame in frames]), CAPTURES))


def rate_of_workers(jpegs: list[bytes]) -> float:
    """Save all captures, then send them on; the time runs from the first message to the last decision."""
    captures = [_save(jpeg) for jpeg in jpegs]
    numbers = [capture.event_id for capture in captures]
    began_s = time.perf_counter()
    for capture in captures:
        send(detect_faces, capture.pk, priority=MOTION_PRIORITY)
    wait_until(lambda: not Event.objects.filter(pk__in=numbers, settled_at=None).exists(), "the workers", 300)
    passed_s = time.perf_counter() - began_s
    unfinished = Capture.objects.filter(event__in=numbers).exclude(status=SETTLED[0]).count()
    return (len(jpegs) - unfinished) / passed_s


def _save(jpeg: bytes) -> Capture:
    now = timezone.now()
    event = Event.objects.create(trigger=Trigger.UPLOAD, started_at=now, closed_at=now)
    height, width = decode_image(jpeg).shape[:2]
    capture = Capture(event=event, taken_at=now, width=width, height=height)
    capture.image.name = default_storage.save(capture_path(capture, ""), ContentFile(jpeg))
    capture.save()
    return capture


def _rate_of_loop(engine: Engine, jpegs: list[bytes]) -> float:
    names = [default_storage.save(f"loop/{number}.jpg", ContentFile(jpeg)) for number, jpeg in enumerate(jpegs)]
    began_s = time.perf_counter()
    for name in names:
        with default_storage.open(name) as file:
            _recognize(engine, file.read())
    return len(jpegs) / (time.perf_counter() - began_s)


def _recognize(engine: Engine, jpeg: bytes) -> None:
    frame = decode_image(jpeg)
    faces = engine.detect(frame, default_min_face_px(frame))
    landmarks = [engine.landmarks(frame, face.box) for face in faces]
    chips = [engine.chip(frame, points) for points in landmarks]
    for face, chip, points in zip(faces, chips, landmarks, strict=True):
        measure_quality(chip, face.box, points, confidence_of(engine.config.detector, face.score))
    encodings = engine.encode(np.array(chips, np.uint8).reshape(-1, CHIP_PX, CHIP_PX, 3))
    if len(encodings):
        current_gallery().nearest(encodings)
