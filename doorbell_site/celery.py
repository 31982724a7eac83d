"""The Celery application: ids in messages, results in rows."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_prerun
from django.conf import settings
from django.db import connections

from pipeline.config import OrchestratorConfig

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorbell_site.settings")

HOUR_S = 3600.0
ROOM_S = 30.0
# Opening the database and reading its tables costs each task 2 ms; `drop_broken_connections` looks after what is kept.
KEEP_CONNECTIONS = 2**62
PRIORITY_STEPS = [0, 5]  # 0 is a press, 5 is motion; a worker takes from 0 first


def health_schedule(config: OrchestratorConfig) -> dict[str, Any]:
    """What comes late is not made up for: the next one measures the present."""
    every_s = config.metrics_collection_interval
    if not config.pipeline_config.monitoring.enabled:
        return {}
    return {
        "snapshot health": {
            "task": "health.tasks.snapshot_health",
            "schedule": every_s,
            "options": {"expires": every_s},
        },
        "thin health": {"task": "health.tasks.thin_health", "schedule": HOUR_S, "options": {"expires": HOUR_S}},
    }


app = Celery("doorbell")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "priority_steps": PRIORITY_STEPS,
        "sep": ":",
        "queue_order_strategy": "priority",
        # Above the lease: the sweeper, which knows the row, resends a lost task before Redis does.
        "visibility_timeout": max(60.0, 4 * settings.CLAIM_LEASE_S),
        # A sender does not wait for a broker that is away: the row does, and the sweeper sends it.
        "max_retries": 0,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "health_check_interval": 15,
        "global_keyprefix": "doorbell:",
    },
    include=["pipeline.sweeper", "pipeline.heartbeat", "events.notifications.tasks"],
    CELERY_DB_REUSE_MAX=KEEP_CONNECTIONS,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue="events",
    task_default_priority=5,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    task_routes={
        "pipeline.tasks.detect_faces": {"queue": "detection"},
        "pipeline.tasks.recognize_faces": {"queue": "recognition"},
        "events.tasks.*": {"queue": "events"},
        "events.notifications.tasks.deliver": {"queue": "notifications"},
        "pipeline.sweeper.sweep": {"queue": "events"},
        "health.tasks.*": {"queue": "events"},
    },
    beat_schedule={
        "sweep": {"task": "pipeline.sweeper.sweep", "schedule": settings.SWEEP_INTERVAL_S},
        "forget": {"task": "events.tasks.forget", "schedule": HOUR_S, "options": {"expires": HOUR_S}},
        "make disk room": {"task": "events.tasks.make_disk_room", "schedule": ROOM_S, "options": {"expires": ROOM_S}},
        **health_schedule(settings.DOORBELL),
    },
    beat_schedule_filename=str(settings.RUN_DIR / "beat-schedule"),
    timezone="UTC",
)
app.autodiscover_tasks()


@task_prerun.connect
def drop_broken_connections(**_kwargs: Any) -> None:
    """Have this thread open the database anew, when the connection it kept from the task before is of no use now."""
    for connection in connections.all(initialized_only=True):
        if connection.connection is None or connection.in_atomic_block:
            continue
        if connection.errors_occurred or not connection.is_usable():
            connection.close()


@setup_logging.connect
def keep_django_logging(**_kwargs: Any) -> None:
    """Celery would replace the handlers that the settings configured."""
