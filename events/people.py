"""Who was there."""

from dataclasses import dataclass

from events.models import Event, FaceObservation, FaceStatus


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """`distance` is the smallest of this person's observations in the event."""

    person_id: int
    name: str
    is_blocked: bool
    distance: float | None


def people_at(event: Event) -> list[PersonSeen]:
    """Blocked people first, then by name. Works on prefetched captures__observations__person."""
    seen: dict[int, PersonSeen] = {}
    for capture in event.captures.all():
        for observation in capture.observations.all():
            if (found := _named(observation)) is not None:
                seen[found.person_id] = _nearer(found, seen.get(found.person_id))
    return sorted(seen.values(), key=lambda person: (not person.is_blocked, person.name))


def count_faces(event: Event) -> int:
    """How many different faces the event shows: one a track."""
    faces = [face for capture in event.captures.all() for face in capture.observations.all()]
    return len({face.track for face in faces if face.status != FaceStatus.DOUBTFUL})


def _named(observation: FaceObservation) -> PersonSeen | None:
    person = observation.person
    if person is None or observation.status not in (FaceStatus.KNOWN, FaceStatus.BLOCKED):
        return None
    return PersonSeen(person.pk, person.name, observation.status == FaceStatus.BLOCKED, observation.distance)


def _nearer(one: PersonSeen, other: PersonSeen | None) -> PersonSeen:
    if other is None or other.distance is None or (one.distance is not None and one.distance < other.distance):
        return one
    return other
