from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from events import retention
from events.models import Capture, CaptureStatus, Event, Outcome, Trigger
from events.retention import Forgotten, forget_old, make_room
from events.tasks import forget, make_disk_room
from events.telling import cover
from pipeline.config import OrchestratorConfig

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()


def rules(settings: Settings, **values: Any) -> None:
    sections = {
        "event_processing": {"event_retention_days": values.get("events")},
        "storage": {"keep_images_days": values.get("pictures"), "min_free_mb": values.get("free", 500)},
    }
    settings.DOORBELL = OrchestratorConfig.from_dict({"pipeline_config": sections}, environ={})


def visit(age: timedelta, trigger: Trigger = Trigger.MOTION, status: str = CaptureStatus.DONE) -> Capture:
    then: datetime = NOW - age
    event = Event.objects.create(
        trigger=trigger, started_at=then, closed_at=then, settled_at=then, outcome=Outcome.UNKNOWN
    )
    capture = Capture(event=event, taken_at=then, width=1, height=1, status=status)
    capture.image.save("frame.jpg", ContentFile(b"a picture"), save=False)
    capture.save()
    return capture


def pictures(media: Path) -> int:
    return sum(1 for file in media.rglob("*") if file.is_file())


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, media: Path) -> None:
    """A disk of 100 MB of which every picture takes 10."""
    monkeypatch.setattr(retention, "free_mb", lambda: 100 - 10 * pictures(media))


def test_without_a_rule_nothing_is_forgotten(settings: Settings, media: Path) -> None:
    rules(settings)
    visit(timedelta(days=4000))
    assert forget_old(NOW) == Forgotten(0, 0)
    assert pictures(media) == 1


def test_old_visits_go_with_their_pictures(settings: Settings, media: Path) -> None:
    rules(settings, events=30)
    visit(timedelta(days=31))
    kept = visit(timedelta(days=29))
    assert forget_old(NOW) == Forgotten(events=1, pictures=0)
    assert list(Event.objects.all()) == [kept.event]
    assert pictures(media) == 1


def test_more_than_a_batch_is_forgotten_at_once(
    settings: Settings, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    rules(settings, events=30)
    for days in range(31, 36):
        visit(timedelta(days=days))
    assert forget_old(NOW).events == 5
    assert pictures(media) == 0


def test_old_pictures_go_and_what_is_known_stays(settings: Settings, media: Path) -> None:
    rules(settings, pictures=7)
    old = visit(timedelta(days=8))
    visit(timedelta(days=6))
    assert forget_old(NOW) == Forgotten(events=0, pictures=1)
    assert forget_old(NOW) == Forgotten(0, 0)
    old.refresh_from_db()
    assert old.image.name == ""
    assert old.event.outcome == Outcome.UNKNOWN
    assert pictures(media) == 1


def test_a_picture_that_a_worker_still_needs_stays(settings: Settings, media: Path) -> None:
    rules(settings, pictures=7)
    visit(timedelta(days=8), status=CaptureStatus.SAVED)
    assert forget_old(NOW).pictures == 0


def test_a_file_that_is_gone_already_stops_nothing(settings: Settings, media: Path) -> None:
    rules(settings, pictures=7)
    Path(visit(timedelta(days=8)).image.path).unlink()
    assert forget_old(NOW).pictures == 1


def test_a_full_disk_loses_the_oldest_pictures_of_motion_first(
    settings: Settings, media: Path, disk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    rules(settings, free=50)
    press = visit(timedelta(days=9), Trigger.PRESS)
    motions = [visit(timedelta(days=days)) for days in range(8, 0, -1)]
    assert make_room() == 5, "to 60 MB, a fifth above the least"
    for capture in [press, *motions]:
        capture.refresh_from_db()
    assert press.image
    assert [bool(capture.image) for capture in motions] == [False] * 5 + [True] * 3


def test_pictures_of_presses_are_never_given_up_for_room(settings: Settings, media: Path, disk: None) -> None:
    rules(settings, free=95)
    visit(timedelta(days=9), Trigger.PRESS)
    assert make_room() == 0
    assert pictures(media) == 1


def test_with_room_enough_nothing_is_deleted(settings: Settings, media: Path, disk: None) -> None:
    rules(settings, free=50)
    visit(timedelta(days=9))
    assert make_room() == 0


def test_a_page_says_that_a_picture_was_deleted(settings: Settings, media: Path, web: Client) -> None:
    rules(settings, pictures=7)
    capture = visit(timedelta(days=8))
    forget()
    assert cover(capture.event) is None
    page = web.get(capture.event.get_absolute_url()).content.decode()
    assert f'src="/captures/{capture.pk}/' not in page
    assert web.get(f"/captures/{capture.pk}/picture.jpg").status_code == 404


def test_the_scheduler_makes_room(settings: Settings, media: Path, disk: None) -> None:
    rules(settings, free=95)
    visit(timedelta(days=9))
    make_disk_room()
    assert pictures(media) == 0
