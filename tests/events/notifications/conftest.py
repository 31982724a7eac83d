"""Channels to real servers on loopback, visits with people in them, and a worker that needs no broker."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

import pytest
from django.core.files.base import ContentFile
from django.db.models import Q
from django.utils import timezone
from pytest_django import Settings

from events.models import Camera, Capture, CaptureStatus, Event, FaceObservation, FaceStatus, Outcome
from events.notifications.channels import KINDS
from events.notifications.claims import lease
from events.notifications.delivery import deliver_notification
from events.notifications.models import Notification, NotificationChannel, NotificationStatus
from faces.models import Person
from tests.conftest import Portraits
from tests.events.notifications.sinks import HttpSink, SmtpSink

SECRET = "a secret of sixteen"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "events/notifications" in item.nodeid:  # Apprise tries imghdr, which Python 3.13 removed, before its own
            item.add_marker(pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"))


@pytest.fixture(autouse=True)
def _no_waiting(settings: Settings) -> None:
    """Nothing is worth waiting for in a test: what failed is due again at once."""
    settings.NOTIFY_RETRY_BASE_S = 0.0
    settings.NOTIFY_WAIT_S = 0.0
    settings.NOTIFY_QUIET_HOURS = ""
    settings.NOTIFY_ON_KNOWN_VISITORS = False
    settings.INCLUDE_PHOTO_FOR_KNOWN = False
    settings.PUBLIC_URL = "https://door.example"


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    sink = HttpSink()
    yield sink
    sink.close()


@pytest.fixture
def smtp() -> Iterator[SmtpSink]:
    sink = SmtpSink()
    yield sink
    sink.close()


class MakeChannel(Protocol):
    def __call__(self, kind: str, config: dict[str, object], *, told_everything: bool = ...) -> NotificationChannel: ...


@pytest.fixture
def make_channel(db: None) -> MakeChannel:
    def make(kind: str, config: dict[str, object], *, told_everything: bool = False) -> NotificationChannel:
        KINDS[kind].open(config)
        name = f"{kind} {NotificationChannel.objects.count() + 1}"
        channel = NotificationChannel(name=name, kind=kind, is_told_everything=told_everything)
        channel.config = config
        channel.save()
        return channel

    return make


@pytest.fixture
def webhook(make_channel: MakeChannel, sink: HttpSink) -> NotificationChannel:
    return make_channel("webhook", {"url": f"{sink.url}/hook", "secret": SECRET})


@pytest.fixture
def mail(make_channel: MakeChannel, smtp: SmtpSink) -> NotificationChannel:
    """A channel that cannot take back what it said."""
    url = f"mailto://127.0.0.1:{smtp.port}?from=door@example.com&to=me@example.com&mode=insecure"
    return make_channel("apprise", {"url": url})


@pytest.fixture
def camera(db: None) -> Camera:
    return Camera.objects.create(name="Front door", state="live", seen_at=timezone.now())


class MakeVisit(Protocol):
    def __call__(
        self,
        outcome: Outcome = ...,
        *people: Person,
        unknown: int = ...,
        trigger: str = ...,
        at: datetime | None = ...,
    ) -> Event: ...


@pytest.fixture
def make_visit(camera: Camera, media: object, portraits: Portraits) -> MakeVisit:
    """An event as the decision leaves it, with one real picture."""

    def make(
        outcome: Outcome = Outcome.PENDING,
        *people: Person,
        unknown: int = 0,
        trigger: str = "press",
        at: datetime | None = None,
    ) -> Event:
        event = Event.objects.create(camera=camera, trigger=trigger, started_at=at or timezone.now())
        capture = Capture(event=event, taken_at=event.started_at, width=512, height=600, status=CaptureStatus.DONE)
        capture.image.save("frame.jpg", ContentFile(portraits.grace_hopper.read_bytes()))
        return decide(event, outcome, *people, unknown=unknown)

    return make


def decide(event: Event, outcome: Outcome, *people: Person, unknown: int = 0) -> Event:
    """Store a decision on the event's picture, replacing an earlier one."""
    capture = event.captures.get()
    capture.observations.all().delete()
    faces: list[Person | None] = [*people, *([None] * unknown)]
    for track, person in enumerate(faces):
        known = FaceStatus.BLOCKED if person and person.is_blocked else FaceStatus.KNOWN
        FaceObservation.objects.create(
            capture=capture,
            box_top=100,
            box_right=300,
            box_bottom=300,
            box_left=100 + track,
            confidence=1.0,
            quality=0.9,
            track=track,
            status=known if person else FaceStatus.UNKNOWN,
            person=person,
            distance=0.3 if person else None,
        )
    event.outcome = outcome
    event.decided_at = None if outcome == Outcome.PENDING else timezone.now()
    event.save()
    return event


@pytest.fixture
def grace(db: None) -> Person:
    return Person.objects.create(name="Grace Hopper")


@pytest.fixture
def burglar(db: None) -> Person:
    return Person.objects.create(name="Bill Sikes", is_blocked=True)


Work = Callable[[], int]


@pytest.fixture
def work(db: None) -> Work:
    """Deliver whatever is due, once each, as a worker would; returns how many were due."""

    def run() -> int:
        now = timezone.now()
        is_due = Q(status=NotificationStatus.WAITING, next_try_at__lte=now)
        is_abandoned = Q(status=NotificationStatus.SENDING, claimed_at__lt=now - lease())
        due = list(Notification.objects.filter(is_due | is_abandoned).order_by("pk").values_list("pk", flat=True))
        for pk in due:
            deliver_notification(pk)
        return len(due)

    return run
