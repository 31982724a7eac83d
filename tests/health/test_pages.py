from datetime import timedelta

import pytest
import redis
from django.test import Client
from django.utils import timezone

from events.models import Camera
from health.models import HealthSnapshot, RecoveryAttempt
from health.templatetags.findings import with_code


def keep_some(count: int) -> None:
    now = timezone.now()
    HealthSnapshot.objects.bulk_create(
        HealthSnapshot(
            taken_at=now - timedelta(minutes=minute),
            state="ok",
            score=1 - minute / 100,
            cpu_percent=float(minute),
            press_p50_ms=300.0,
            press_p95_ms=900.0,
            queues={"detection": {"length": minute, "oldest_s": None}},
        )
        for minute in range(count)
    )


@pytest.mark.django_db
def test_the_page_says_what_is_wrong_first_and_draws_what_was(web: Client, broker: redis.Redis) -> None:
    Camera.objects.create(name="yard", source="0", state="lost", state_text="no <power>")
    keep_some(30)
    page = web.get("/health/").content.decode()
    assert page.index("No worker serves the queue detection.") < page.index("Redis answers in")
    assert "Camera yard has given no frame yet. It reported: no &lt;power&gt;" in page
    assert page.count("<svg viewBox") == 4, "score, presses, queues, processor"
    assert 'aria-label="Processor: processor from 0 % to 29 %"' in page
    assert "http://" not in page.replace("http://www.w3.org", "")


@pytest.mark.django_db
@pytest.mark.parametrize("span", ["day", "week", "quarter", "nonsense"])
def test_the_span_is_chosen(web: Client, span: str) -> None:
    keep_some(3)
    page = web.get("/health/", {"span": span}).content.decode()
    chosen = "day" if span == "nonsense" else span
    assert f'<a href="?span={chosen}" aria-current="true">' in page


@pytest.mark.django_db
def test_before_the_first_snapshot_the_page_says_when_it_comes(web: Client) -> None:
    assert "A snapshot is taken every minute" in web.get("/health/").content.decode()


@pytest.mark.django_db
def test_the_page_is_for_who_is_signed_in(client: Client, resident_web: Client) -> None:
    assert client.get("/health/").status_code == 302
    page = resident_web.get("/health/").content.decode()
    assert "in the administration" not in page


@pytest.mark.django_db
def test_snapshots_and_restarts_are_read_in_the_administration(web: Client) -> None:
    keep_some(1)
    RecoveryAttempt.objects.create(process="web server", cause="signal 9 (SIGKILL)")
    HealthSnapshot.objects.update(findings=[{"text": "No <worker>."}])
    page = web.get("/admin/health/healthsnapshot/").content.decode()
    assert "No &lt;worker&gt;." in page
    assert "signal 9 (SIGKILL)" in web.get("/admin/health/recoveryattempt/").content.decode()
    assert web.get("/admin/health/healthsnapshot/add/").status_code == 403


def test_commands_in_a_remedy_are_marked_and_everything_else_is_escaped() -> None:
    assert with_code("Run `a <b>` & wait.") == "Run <code>a &lt;b&gt;</code> &amp; wait."
