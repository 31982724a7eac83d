"""The stages as Celery tasks: one id in, claim the row, do one thing, pass the id on."""

import logging
from typing import Any

from celery import shared_task
from celery.signals import celeryd_after_setup

from events import measurements
from events.claims import Claim, claim
from events.models import CaptureStatus
from events.tasks import decide
from faces.engine import get_engine
from pipeline.recognizing import recognize
from pipeline.stages import Stage, run_stage
from pipeline.vision.errors import ModelError

logger = logging.getLogger(__name__)


@shared_task
def detect_faces(capture_id: int) -> None:
    """Find the faces of a saved capture; queue `detection`."""
    # Imported here: OpenCV takes 16 MB that the workers of the other queues do without.
    from pipeline.detecting import detect

    mine = claim(capture_id, ready=CaptureStatus.SAVED, working=CaptureStatus.DETECTING)
    if mine is not None:
        _run(measurements.DETECTION, detect, mine)


@shared_task
def recognize_faces(capture_id: int) -> None:
    """Encode the faces of a detected capture; queue `recognition`."""
    mine = claim(capture_id, ready=CaptureStatus.DETECTED, working=CaptureStatus.RECOGNIZING)
    if mine is not None:
        _run(measurements.RECOGNITION, recognize, mine)


def _run(name: str, stage: Stage, mine: Claim) -> None:
    """Whoever takes a capture through decides its event: a message to the queue `events` took 2.5 ms."""
    with measurements.together():
        if run_stage(name, stage, mine):
            decide(mine.event_id)


@celeryd_after_setup.connect
def load_networks(instance: Any, **_kwargs: Any) -> None:
    """Before a worker takes its first message, so that the first visitor does not wait for it."""
    queues = instance.app.amqp.queues.consume_from
    try:
        if "detection" in queues:
            from pipeline import detecting  # noqa: F401 - what the first task would import

            get_engine().load_detector()
        if queues.keys() & {"detection", "recognition"}:
            get_engine().load_encoder()
    except ModelError as error:
        logger.error("every picture will be given up: %s", error)
