"""How the doorbell was: HealthSnapshot, RecoveryAttempt."""

from django.db import models
from django.utils import timezone


class HealthState(models.TextChoices):
    """The worst that a check found."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class HealthSnapshot(models.Model):
    """Measured facts at a time. Null: it could not be measured then.

    `parts` are the parts of the score, 0 to 1 each; `findings` what the checks found, without those that
    were well. `queues` by name: length and age of the oldest; `workers`: how many serve each queue.
    """

    taken_at = models.DateTimeField(default=timezone.now, db_index=True)
    state = models.CharField(max_length=8, choices=HealthState)
    score = models.FloatField(help_text="0 to 1; 1 is well.")
    parts = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    cpu_percent = models.FloatField("processor, %", null=True)
    memory_percent = models.FloatField("memory, %", null=True)
    temperature_c = models.FloatField("temperature, °C", null=True)
    disk_free_mb = models.PositiveIntegerField("free disk, MB", null=True)
    queues = models.JSONField(null=True)
    workers = models.JSONField(null=True)
    cameras = models.JSONField(null=True)
    events_per_minute = models.FloatField(null=True)
    failures_per_minute = models.FloatField(null=True)
    press_p50_ms = models.FloatField("press to decision, median, ms", null=True)
    press_p95_ms = models.FloatField("press to decision, 95 %, ms", null=True)

    class Meta:
        ordering = ["-taken_at", "-id"]

    def __str__(self) -> str:
        return f"health at {self.taken_at:%Y-%m-%d %H:%M:%S}"


class RecoveryResult(models.TextChoices):
    RUNNING = "running", "under way"
    RECOVERED = "recovered"
    FAILED = "failed"
    GIVEN_UP = "given_up", "given up"


class RecoveryAttempt(models.Model):
    """One try to bring a process back. `number` counts within the window that limits the tries."""

    process = models.CharField(max_length=80)
    cause = models.CharField(max_length=300)
    number = models.PositiveSmallIntegerField(default=1)
    result = models.CharField(max_length=10, choices=RecoveryResult, default=RecoveryResult.RUNNING)
    detail = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(default=timezone.now, db_index=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"{self.process}, attempt {self.number}: {self.get_result_display()}"
