"""A doorbell that runs for a measurement: its processes, its people, its presses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import close_old_connections

from events.broadcast import DECIDED, listen
from events.models import Camera, Event
from faces.enrollment import add_sample
from faces.people import create_person
from pipeline.bench.errors import BenchError
from pipeline.bench.pictures import Household
from pipeline.orchestrator import PipelineOrchestrator, SystemPlan
from pipeline.ring import ring

PATIENCE_S = 30.0
LOOK_INTERVAL_S = 0.05  # each look costs the workers a millisecond of their processors


@contextmanager
def running(plan: SystemPlan) -> Iterator[PipelineOrchestrator]:
    """The true processes of the doorbell, ready to work. Raises BrokerError, PartFailed."""
    orchestrator = PipelineOrchestrator(plan)
    try:
        orchestrator.start()
        orchestrator.wait_until_ready()
        yield orchestrator
    finally:
        orchestrator.stop()


def enroll(household: Household) -> None:
    for name, pictures in household.enrolled.items():
        person = create_person(name)
        for picture in pictures:
            add_sample(person, picture.read_bytes(), confirmed=True)


def press(camera: Camera) -> tuple[Event, float]:
    """Press the bell, and return the event with the milliseconds until its decision was told."""
    words = listen(DECIDED, poll_s=LOOK_INTERVAL_S)
    next(words)
    began_s = time.perf_counter()
    event = ring(camera, pressed_by="bench").event
    for word in words:
        passed_s = time.perf_counter() - began_s
        if word is not None and word[1]["event"] == event.pk:
            return event, passed_s * 1000
        if passed_s > PATIENCE_S:
            break
    raise BenchError(f"the press of event {event.pk} was not decided within {PATIENCE_S:.0f} s")


def wait_until(is_so: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            raise BenchError(f"waited {within_s:.0f} s for {what}")
        time.sleep(LOOK_INTERVAL_S)
        close_old_connections()
