"""Rows `press` and `press_yunet`: from the button to the decision, through the true processes."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings

from events.models import Camera, Event
from events.people import people_at
from events.timing import picture_ms
from pipeline.bench import peer
from pipeline.bench.material import Material
from pipeline.bench.pictures import Visit
from pipeline.bench.results import Figures
from pipeline.bench.running import enroll, press, running, wait_until
from pipeline.bench.scenes import write_scene
from pipeline.bench.timing import elapsed_ms
from pipeline.configured import current_config
from pipeline.detecting import read_frame
from pipeline.orchestrator import PipelineOrchestrator, SystemPlan
from pipeline.processes import CameraPlan

CAMERA = "front door"
PRESSES = 18  # of all visits together
PRE_ROLL_S = 1.2


@dataclass(frozen=True, slots=True)
class Press:
    """against_ms: the old way on the picture that the press took first. names: who the event came to name."""

    visit: Visit
    product_ms: float
    against_ms: float
    picture_ms: float
    names: frozenset[str]


def measure(material: Material) -> Figures:
    """Visits of enrolled people count; one with a stranger is decided when the burst is through, and told beside."""
    known = list(material.enrolled_encodings()[1].astype(np.float64))
    enroll(material.household)
    config = current_config().pipeline_config
    plan = SystemPlan(config.face_detection.worker_count, config.face_recognition.worker_count)
    presses: list[Press] = []
    rounds = max(2, PRESSES // len(material.household.visits))
    with running(plan) as orchestrator:
        for visit in material.household.visits:
            camera = _show(orchestrator, visit)
            _press_once(camera, visit, known)  # the first frame of a worker does not count
            presses += [_press_once(camera, visit, known) for _ in range(rounds)]
    return _figures(presses)


def _figures(presses: list[Press]) -> Figures:
    counted = [each for each in presses if not each.visit.has_strangers]
    strangers = [each.product_ms for each in presses if each.visit.has_strangers]
    further = {
        "presses": len(presses),
        "named_right": sum(each.names == set(each.visit.names) for each in presses),
        "first_picture_ms": round(statistics.median(each.picture_ms for each in presses), 1),
        "with_a_stranger_ms": round(statistics.median(strangers), 1) if strangers else None,
        "slowest_ms": round(max(each.product_ms for each in counted), 1),
    }
    product = statistics.median(each.product_ms for each in counted)
    return Figures(product, statistics.median(each.against_ms for each in counted), "ms", further)


def _show(orchestrator: PipelineOrchestrator, visit: Visit) -> Camera:
    """Have the camera see this visit, and only it."""
    Camera.objects.filter(name=CAMERA).update(state="", seen_at=None)
    scene = write_scene(visit.path, Path(settings.VAR_DIR))
    orchestrator.watch_cameras([CameraPlan(CAMERA, str(scene), loop=True)])
    wait_until(lambda: any(camera.is_live for camera in Camera.objects.filter(name=CAMERA)), "the camera")
    time.sleep(PRE_ROLL_S)
    return Camera.objects.get(name=CAMERA)


def _press_once(camera: Camera, visit: Visit, known: peer.Encodings) -> Press:
    """Press, let the whole burst be worked on, and then have the peer look at the same picture."""
    event, product_ms = press(camera)
    wait_until(lambda: Event.objects.filter(pk=event.pk).exclude(settled_at=None).exists(), "the burst")
    event = Event.objects.prefetch_related("captures__observations__person").get(pk=event.pk)
    first = min(event.captures.all(), key=lambda capture: capture.pk)
    frame = read_frame(str(first.image))
    against_ms = elapsed_ms(lambda: peer.recognize_as_the_old_doorbell(frame, known))
    names = frozenset(person.name for person in people_at(event))
    return Press(visit, product_ms, against_ms, float(picture_ms(event) or 0), names)
