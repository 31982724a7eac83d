"""Going back to an older version keeps the faces that there are."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from events.models import Capture, Event, FaceObservation, Trigger


def migrate(name: str) -> None:
    MigrationExecutor(connection).migrate([("events", name)])


@pytest.mark.django_db(transaction=True)
def test_a_version_that_stored_landmarks_can_be_gone_back_to() -> None:
    now = timezone.now()
    event = Event.objects.create(trigger=Trigger.PRESS)
    capture = Capture.objects.create(event=event, image="x.jpg", taken_at=now, width=1, height=1)
    face = FaceObservation.objects.create(
        capture=capture, box_top=0, box_right=1, box_bottom=1, box_left=0, confidence=1, quality=1
    )
    try:
        migrate("0005_chips_between_stages")
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, landmarks FROM events_faceobservation")
            assert cursor.fetchall() == [(face.pk, "[]")]
    finally:
        migrate("0006_no_landmarks")
    face.refresh_from_db()
    assert face.quality == 1
