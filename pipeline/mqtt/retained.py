"""What the broker keeps for whoever asks later: entities, the last visit, who was seen when, what works."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Max, Q

from events.models import Camera, Capture, Event, FaceStatus, Trigger
from events.notifications.message import Picture
from events.notifications.scenes import load_event
from events.telling import cover
from faces.models import Person
from pipeline.mqtt.discovery import discovery
from pipeline.mqtt.messages import OFF, ON, as_json, visit_facts
from pipeline.mqtt.packets import Outgoing
from pipeline.mqtt.plan import MqttPlan
from pipeline.mqtt.told import VISITORS, stage_of

NAMED = (FaceStatus.KNOWN, FaceStatus.BLOCKED)


def retained_now(plan: MqttPlan, last_seen: Mapping[int, str]) -> dict[str, bytes]:
    """Every retained topic with what it should hold, but for availability, picture and health.

    last_seen: times in ISO 8601 by person id.
    """
    cameras = list(Camera.objects.filter(is_enabled=True))
    people = list(Person.objects.all()) if plan.with_names else []
    states = {plan.topics.camera(camera.pk): ON if camera.is_live else OFF for camera in cameras}
    if (event := last_visit()) is not None:
        states[plan.topics.last_visit] = as_json(visit_facts(event, plan, stage=stage_of(event)))
    times = {plan.topics.last_seen(p.pk): last_seen[p.pk].encode() for p in people if p.pk in last_seen}
    return discovery(plan, cameras, people) | states | times


def last_visit() -> Event | None:
    """The newest visit of a person, as `load_event` gives it."""
    newest = Event.objects.filter(outcome__in=VISITORS).values_list("pk", flat=True).first()
    return None if newest is None else load_event(newest)


def last_picture() -> Capture | None:
    """Of the newest press or visit of a person that has one."""
    worth_showing = Q(outcome__in=VISITORS) | Q(trigger=Trigger.PRESS)
    event = Event.objects.filter(worth_showing, captures__image__gt="").values_list("pk", flat=True).first()
    return None if event is None else cover(load_event(event))


class LastSeen:
    """When each person was seen last. Reading that for everybody goes through all observations, so it is done once
    a session, and after a visit for those who were there."""

    def __init__(self, plan: MqttPlan) -> None:
        self._plan = plan
        self._times: dict[int, str] | None = None

    @property
    def times(self) -> dict[int, str]:
        """ISO 8601 by person id."""
        if self._times is None:
            self._times = self._read(Q()) if self._plan.with_names else {}
        return self._times

    def renew(self, people: Iterable[int]) -> None:
        if self._plan.with_names and (ids := set(people)):
            self._times = {pk: at for pk, at in self.times.items() if pk not in ids} | self._read(Q(pk__in=ids))

    def _read(self, who: Q) -> dict[int, str]:
        seen = Person.objects.filter(who, observations__status__in=NAMED)
        times = seen.annotate(at=Max("observations__capture__event__started_at")).values_list("pk", "at")
        return {pk: at.isoformat() for pk, at in times}


@dataclass
class Kept:
    """Remembers, for one session, what the broker holds of ours; says what has to change.

    `found`: topics that the broker had from before.
    """

    plan: MqttPlan
    found: set[str] = field(default_factory=set)
    _sent: dict[str, bytes] = field(default_factory=dict)
    _picture: int | None = None
    _has_picture: bool | None = None  # None: nobody knows yet

    def changes(self, wanted: dict[str, bytes]) -> list[Outgoing]:
        """What brings the broker from what it holds to `wanted`. Entities that are gone are forgotten."""
        new = [topic for topic, payload in wanted.items() if self._sent.get(topic) != payload]
        gone = (self._sent.keys() | self.found) - wanted.keys()
        self._sent = dict(wanted)
        self.found.clear()
        return [
            *(Outgoing(topic, wanted[topic], is_retained=True) for topic in new),
            *(Outgoing(topic, b"", is_retained=True) for topic in sorted(gone)),
        ]

    def picture_changes(self, capture: Capture | None) -> list[Outgoing]:
        """The picture, when it is another one than the broker holds; an empty one when there is none any more."""
        newest = capture.pk if capture and self.plan.with_pictures else None
        if self._has_picture is not None and newest == self._picture:
            return []
        jpeg = Picture(capture).jpeg() if capture and newest else None
        is_news = jpeg is not None or self._has_picture is not False
        self._picture, self._has_picture = newest, jpeg is not None
        return [Outgoing(self.plan.topics.picture, jpeg or b"", is_retained=True)] if is_news else []
