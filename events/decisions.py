"""Who was there: from the observations of an event to its tracks, their identities and its outcome."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, cast

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from events.broadcast import DECIDED, broadcast
from events.measurements import count_visit
from events.models import SETTLED, Capture, Event, FaceObservation, FaceStatus, Outcome
from events.notifications.outbox import visit_decided
from faces.gallery import current_gallery, tolerances
from pipeline.vision.identity import Identity, identify, is_decisive, outcome
from pipeline.vision.matching import Gallery
from pipeline.vision.tracking import Sighting, Track, group_into_tracks

logger = logging.getLogger(__name__)

Visitors: TypeAlias = tuple[tuple[Track, Identity], ...]

# Two portraits at four sizes, searched at four: HOG's false finds (badges on a suit) have at most 0.35, its faces at
# least 0.45. A fixed pattern comes again in every frame, so being seen often makes it no surer.
DOUBTFUL_CONFIDENCE = 0.36
NO_PICTURE = "The camera gave no picture."

# In SQL, since building the same with Django's querysets takes 3 ms of a press, and running it 0.3. Without the chips.
UNSETTLED = "SELECT * FROM events_event WHERE id = %s AND settled_at IS NULL"
CAPTURES = """
    SELECT id, taken_at, scene, status, error FROM events_capture WHERE event_id = %s ORDER BY taken_at, id
"""
FACES = """
    SELECT face.id, face.capture_id, box_top, box_right, box_bottom, box_left, confidence, quality, encoding,
        track, face.status, person_id, distance
    FROM events_faceobservation AS face JOIN events_capture AS capture ON capture.id = face.capture_id
    WHERE capture.event_id = %s ORDER BY capture.taken_at, capture.id, box_left, face.id
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`is_final`: every capture there will be has been taken into account."""

    outcome: Outcome
    is_final: bool
    visitors: Visitors
    reason: str = ""


def decide_event(event_id: int) -> None:
    """Decide on what there is so far; safe to run again, and run again after every capture.

    The first decision may come before the last frame, when the evidence is plain; frames that come
    later may still add somebody, or withdraw a name.
    """
    gallery = current_gallery()
    with transaction.atomic():
        event = _lock_unsettled(event_id)
        if event is None:
            return
        verdict = judge(event, gallery)
        is_news = verdict.outcome not in (Outcome.PENDING, event.outcome)
        _store(event, verdict, gallery)
        _tell(event)
        if is_news:
            transaction.on_commit(lambda: _announce(event))
        if verdict.is_final:
            transaction.on_commit(lambda: count_visit(event))


def _lock_unsettled(event_id: int) -> Event | None:
    """Of two who decide at once the second waits here; on SQLite, where a transaction begins."""
    in_turn = "FOR UPDATE" if connection.features.has_select_for_update else ""
    return next(iter(Event.objects.raw(f"{UNSETTLED} {in_turn}", [event_id])), None)


def judge(event: Event, gallery: Gallery) -> Verdict:
    """Pure but for reading the event's captures."""
    captures = {capture.pk: capture for capture in Capture.objects.raw(CAPTURES, [event.pk])}
    # One of a capture that came between the two statements counts with the next decision.
    faces = [face for face in FaceObservation.objects.raw(FACES, [event.pk]) if face.capture_id in captures]
    is_final = event.closed_at is not None and all(capture.status in SETTLED for capture in captures.values())
    sightings = [_sighting(captures[face.capture_id], face) for face in faces]
    tracks = group_into_tracks(sightings, _cuts(captures.values()))
    visitors = tuple((track, identify(track, gallery, tolerances())) for track in tracks)
    identities = [identity for _, identity in _counted(visitors)]
    if is_final and all(capture.error for capture in captures.values()):
        reason = event.reason or next((capture.error for capture in captures.values()), NO_PICTURE)
        return Verdict(Outcome.NO_PICTURE, is_final, visitors, reason)
    if is_final or (identities and all(is_decisive(identity, tolerances()) for identity in identities)):
        return Verdict(Outcome(outcome(identities)), is_final, visitors)
    return Verdict(Outcome.PENDING, is_final, visitors)


def _counted(visitors: Visitors) -> Visitors:
    """Leave out what the detector itself doubts in every frame, beside faces that are surely some: a
    pattern taken for a face must not turn a visit of the family into one of a stranger."""
    sure = tuple(visitor for visitor in visitors if not _is_doubtful(visitor[0]))
    return sure or visitors


def _is_doubtful(track: Track) -> bool:
    surest = max(cast(FaceObservation, sighting.key).confidence for sighting in track.sightings)
    return surest < DOUBTFUL_CONFIDENCE


def _cuts(captures: Iterable[Capture]) -> list[float]:
    """When the camera suddenly showed something else, in seconds."""
    ordered = sorted(captures, key=lambda capture: capture.taken_at)
    return [after.taken_at.timestamp() for before, after in pairwise(ordered) if before.scene != after.scene]


def _sighting(capture: Capture, face: FaceObservation) -> Sighting:
    return Sighting(
        time_s=capture.taken_at.timestamp(), box=face.box, quality=face.quality, key=face, encoding=face.vector
    )


def _store(event: Event, verdict: Verdict, gallery: Gallery) -> None:
    now = timezone.now()
    counted = _counted(verdict.visitors)
    for number, (track, identity) in enumerate(verdict.visitors):
        named = identity if (track, identity) in counted else None
        for sighting in track.sightings:
            _store_face(sighting, number, named, gallery)
    if verdict.is_final:
        event.settled_at = now
    if verdict.outcome != Outcome.PENDING:
        event.outcome = verdict.outcome
        event.reason = verdict.reason[:300]
        event.decided_at = event.decided_at or now
    event.save(update_fields=["settled_at", "outcome", "reason", "decided_at"])


def _store_face(sighting: Sighting, number: int, identity: Identity | None, gallery: Gallery) -> None:
    """Name the face as its track is named, with its own distance; write only what changed."""
    face = cast(FaceObservation, sighting.key)
    found: tuple[int, str, int | None, float | None] = (number, FaceStatus.DOUBTFUL, None, None)
    if identity is not None:
        found = (number, identity.status, identity.person_id, _own_distance(sighting, identity, gallery))
    if found != (face.track, face.status, face.person_id, face.distance):
        face.track, face.status, face.person_id, face.distance = found
        face.save(update_fields=["track", "status", "person", "distance"])


def _own_distance(sighting: Sighting, identity: Identity, gallery: Gallery) -> float | None:
    """To the nearest sample of the person named, or, for a stranger, of anybody."""
    if sighting.encoding is None or not len(gallery):
        return None
    samples = gallery.encodings
    if identity.person_id is not None:
        samples = samples[gallery.person_ids == identity.person_id]
    return round(float(np.linalg.norm(samples - sighting.encoding, axis=1).min()), 4)


def _tell(event: Event) -> None:
    """Have the notifications written in this transaction; trouble with them must not cost the decision."""
    try:
        visit_decided(event)
    except Exception:
        logger.exception("event %s: nobody can be notified", event.pk)


def _announce(event: Event) -> None:
    broadcast(DECIDED, event=event.pk, outcome=event.outcome)
    logger.info("event %s: %s after %s ms", event.pk, event.outcome, event.decided_ms)
