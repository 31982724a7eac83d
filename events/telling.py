"""Say in words what an event came to. Works on what `events_to_show` fetched; queries nothing."""

from dataclasses import dataclass

from django.conf import settings

from events.models import Capture, Event, FaceObservation, FaceStatus, Outcome
from events.people import PersonSeen, people_at


@dataclass(frozen=True, slots=True)
class Sighting:
    """One face of a visit: somebody, nobody known, or somebody deleted since. `face` is the
    observation that shows it best."""

    face: FaceObservation
    person: PersonSeen | None

    @property
    def name(self) -> str:
        if self.person:
            return self.person.name
        return "Unknown person" if self.is_unknown else "Deleted person"

    @property
    def is_unknown(self) -> bool:
        return self.person is None and self.face.status == FaceStatus.UNKNOWN

    @property
    def certainty(self) -> str:
        if self.person:
            return describe_certainty(self.person)
        return "Nobody enrolled looks like this." if self.is_unknown else "Was recognized then."


def who(event: Event) -> str:
    """A line for lists: 'Grace Hopper and an unknown person'."""
    if event.outcome == Outcome.PENDING:
        return "Looking…"
    if event.outcome == Outcome.NO_PICTURE:
        return "No picture"
    seen = sightings(event)
    unknown = sum(each.is_unknown for each in seen)
    names = [each.name for each in seen if each.person]
    if len(seen) > len(names) + unknown:
        names.append("somebody deleted since")
    if unknown:
        names.append("an unknown person" if unknown == 1 else f"{unknown} unknown people")
    return capitalized(join_names(names)) if names else "Nobody seen"


def headline(event: Event) -> str:
    """A sentence for the event's own page."""
    if event.outcome == Outcome.PENDING:
        return "Looking at the pictures…"
    if event.outcome == Outcome.NO_PICTURE:
        return "There is no picture of this visit."
    if event.outcome == Outcome.NO_FACE:
        return "No face was seen."
    blocked = [person.name for person in people_at(event) if person.is_blocked]
    if blocked:
        return f"On the watch-list: {join_names(blocked)}."
    return f"{who(event)} came to the door."


def sightings(event: Event) -> list[Sighting]:
    """People first, as `people_at` orders them, then the faces of nobody known: one a track."""
    faces = [face for capture in event.captures.all() for face in capture.observations.all()]
    known = [Sighting(_best([f for f in faces if f.person_id == p.person_id]), p) for p in people_at(event)]
    others: dict[object, list[FaceObservation]] = {}
    for face in faces:
        if face.person is None and face.status not in (FaceStatus.PENDING, FaceStatus.DOUBTFUL):
            # Without a track nothing says that two faces are one person's.
            others.setdefault((face.status, face.pk if face.track is None else -face.track), []).append(face)
    return known + [Sighting(_best(each), None) for each in others.values()]


def cover(event: Event) -> Capture | None:
    """The capture that shows the visit best: the one with the best face, else the first. None without
    a picture, or when they were all deleted."""
    captures = [capture for capture in event.captures.all() if capture.image]
    return max(captures, key=_best_quality, default=None)


def describe_certainty(person: PersonSeen) -> str:
    """Distances are Euclidean; the tolerance is the largest that still counts as this person."""
    tolerance = settings.BLACKLIST_TOLERANCE if person.is_blocked else settings.FACE_RECOGNITION_TOLERANCE
    if person.distance is None:
        return "Recognized."
    share = person.distance / tolerance
    word = "Very sure" if share <= 2 / 3 else "Sure" if share <= 5 / 6 else "Fairly sure"
    return f"{word}: distance {person.distance:.2f}, up to {tolerance:.2f} counts as the same person."


def join_names(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _best(faces: list[FaceObservation]) -> FaceObservation:
    return max(faces, key=lambda face: face.quality)


def _best_quality(capture: Capture) -> float:
    return max((face.quality for face in capture.observations.all()), default=-1.0)
