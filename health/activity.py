"""What the rows and Redis say about the work that is done."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from events.measurements import percentile
from events.models import SETTLED, Camera, Capture, CaptureStatus, Event, Outcome, Trigger
from events.notifications.models import Notification, NotificationChannel, NotificationStatus
from faces.models import FaceSample
from health.facts import CameraFact, ClockFact, ModelFact, NotificationFact, PressFact, QueueFact, StuckFact
from health.machine import is_clock_synchronised
from health.models import RecoveryAttempt
from pipeline.camera_figures import CameraFigures, camera_figures
from pipeline.configured import current_config
from pipeline.queues import QUEUES, queue_length
from pipeline.vision.errors import ModelError
from pipeline.vision.model_download import YUNET
from pipeline.vision.model_files import MMOD, PREDICTOR_5, PREDICTOR_68, RESNET, model_file

FAILURES_WITHIN = timedelta(minutes=10)
EVENTS_WITHIN = timedelta(minutes=5)
PRESSES_WITHIN = timedelta(hours=1)
MOST_PRESSES = 500
NOTIFICATIONS_WITHIN = timedelta(hours=24)
RESTARTS_WITHIN = timedelta(hours=1)


def cameras(now: datetime) -> tuple[CameraFact, ...]:
    """Those that are enabled."""
    rows = list(Camera.objects.filter(is_enabled=True).order_by("id"))
    try:
        figures = camera_figures([camera.pk for camera in rows])
    except redis.RedisError:
        figures = {}
    return tuple(_camera(camera, figures.get(camera.pk), now) for camera in rows)


def _camera(camera: Camera, figures: CameraFigures | None, now: datetime) -> CameraFact:
    return CameraFact(
        id=camera.pk,
        name=camera.name,
        is_live=camera.is_live,
        state=camera.state,
        state_text=camera.state_text,
        has_source=bool(camera.source),
        silent_s=None if camera.seen_at is None else round((now - camera.seen_at).total_seconds(), 1),
        fps=figures.fps if figures else None,
        frames=figures.frames if figures else None,
        skipped=figures.skipped if figures else None,
    )


def queues(now: datetime) -> dict[str, QueueFact]:
    """Raises redis.RedisError."""
    oldest = _oldest_rows(now)
    return {queue: QueueFact(queue_length(queue), _age_s(oldest.get(queue), now)) for queue in QUEUES}


def _oldest_rows(now: datetime) -> dict[str, datetime | None]:
    """Since when the row that waits longest for each queue does so."""
    waiting = Capture.objects.exclude(status__in=SETTLED).aggregate(
        detection=Min("status_at", filter=Q(status=CaptureStatus.SAVED)),
        recognition=Min("status_at", filter=Q(status=CaptureStatus.DETECTED)),
    )
    undecided = _undecided().aggregate(events=Min("closed_at"))
    due = Notification.objects.filter(status=NotificationStatus.WAITING, next_try_at__lte=now)
    return {**waiting, **undecided, **due.aggregate(notifications=Min("next_try_at"))}


def _undecided() -> QuerySet[Event]:
    """Events whose captures are all through."""
    unfinished = Capture.objects.filter(event=OuterRef("pk")).exclude(status__in=SETTLED)
    return Event.objects.filter(~Exists(unfinished), closed_at__isnull=False, settled_at=None)


def _age_s(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else max(0.0, round((now - since).total_seconds(), 1))


def stuck(now: datetime) -> StuckFact:
    """The sweeper renews `status_at` whenever it sends a row again: the age is what tells."""
    before = now - timedelta(seconds=current_config().pipeline_config.monitoring.stuck_seconds)
    captures = Capture.objects.exclude(status__in=SETTLED).filter(created_at__lt=before).count()
    return StuckFact(captures, _undecided().filter(closed_at__lt=before).count())


def failures_per_minute(now: datetime) -> float:
    """Captures given up."""
    failed = Capture.objects.filter(status=CaptureStatus.FAILED, status_at__gte=now - FAILURES_WITHIN).count()
    return failed / (FAILURES_WITHIN / timedelta(minutes=1))


def events_per_minute(now: datetime) -> float:
    return Event.objects.filter(started_at__gte=now - EVENTS_WITHIN).count() / (EVENTS_WITHIN / timedelta(minutes=1))


def presses(now: datetime) -> PressFact:
    rows = Event.objects.filter(trigger=Trigger.PRESS, decided_at__isnull=False, started_at__gte=now - PRESSES_WITHIN)
    with_picture = rows.exclude(outcome=Outcome.NO_PICTURE).only("started_at", "decided_at")[:MOST_PRESSES]
    durations = [float(event.decided_ms) for event in with_picture if event.decided_ms is not None]
    return PressFact(len(durations), percentile(durations, 0.5), percentile(durations, 0.95))


def notifications(now: datetime) -> NotificationFact:
    counted = Notification.objects.filter(created_at__gte=now - NOTIFICATIONS_WITHIN).aggregate(
        sent=Count("pk", filter=Q(status=NotificationStatus.SENT)),
        failed=Count("pk", filter=Q(status=NotificationStatus.FAILED)),
        waiting=Count("pk", filter=Q(status=NotificationStatus.WAITING)),
    )
    failing = NotificationChannel.objects.filter(is_enabled=True, failures__gt=0).values_list("name", flat=True)
    return NotificationFact(**counted, failing=tuple(failing))


def restarts(now: datetime) -> int:
    return RecoveryAttempt.objects.filter(started_at__gte=now - RESTARTS_WITHIN).count()


def clock(now: datetime) -> ClockFact:
    newest = Event.objects.values_list("started_at", flat=True).first()
    ahead_s = 0.0 if newest is None else max(0.0, (newest - now).total_seconds())
    return ClockFact(is_clock_synchronised(), ahead_s)


def models(_now: datetime) -> ModelFact:
    samples = FaceSample.objects.aggregate(
        samples=Count("pk"), foreign_samples=Count("pk", filter=~Q(encoding_model=settings.ENCODING_MODEL))
    )
    return ModelFact(missing=tuple(_missing_models()), **samples)


def _missing_models() -> Iterable[str]:
    detectors = {"cnn": [MMOD]}.get(settings.DETECTOR, [])
    predictor = PREDICTOR_68 if settings.ENCODING_MODEL == "large" else PREDICTOR_5
    for name in [*detectors, predictor, RESNET]:
        try:
            model_file(name)
        except ModelError as error:
            yield str(error)
    yunet = settings.MODELS_DIR / YUNET.file_name
    if settings.DETECTOR == "yunet" and not yunet.is_file():
        yield f"the yunet detector needs {yunet}; run `./doorbell manage fetch_models`"
