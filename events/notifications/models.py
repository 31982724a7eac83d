"""Who is told of what: NotificationChannel, NotificationRule, Notification, RuleResult.

`events.models` imports this module, so that Django finds the models; relations are named, not imported.
"""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from events.notifications.sealing import seal, unseal


class Priority(models.TextChoices):
    LOW = "low"
    NORMAL = "normal"
    URGENT = "urgent"


class Step(models.TextChoices):
    """What a message is about. `system` messages belong to no event."""

    BEGAN = "began", "somebody is at the door"
    DECIDED = "decided", "who it is"
    CORRECTED = "corrected", "what changed"
    SYSTEM = "system", "the doorbell itself"


class NotificationStatus(models.TextChoices):
    """`sending` is a claim. `skipped`: there was no need any more, or no wish; `error` says why."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


UNFINISHED = (NotificationStatus.WAITING, NotificationStatus.SENDING)


class NotificationChannel(models.Model):
    """A way by which messages go. What the kind needs to know lies sealed in `sealed_config`."""

    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    sealed_config = models.TextField(editable=False)
    is_enabled = models.BooleanField("enabled", default=True)
    is_told_everything = models.BooleanField(
        "told of every visit",
        default=False,
        help_text="Whatever the rules say: for automations, logs and other programs.",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="notification_channels",
        help_text="Whose browser it is; the channel goes with the account.",
    )
    paused_until = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField("failures in a row", default=0, editable=False)
    last_sent_at = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(Lower("name"), name="notification_channel_name_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def config(self) -> dict[str, Any]:
        """The settings of the kind, secrets in clear: never to be shown. Raises ConfigUnreadable."""
        return unseal(self.sealed_config)

    @config.setter
    def config(self, config: dict[str, Any]) -> None:
        self.sealed_config = seal(config)


def no_choices() -> list[Any]:
    return []


class NotificationRule(models.Model):
    """Which visits are told to whom. Rules are read in order; the first that applies decides.
    An empty condition is no condition.

    Cameras, people and channels are kept by id: a rule about somebody who was deleted must apply to
    nobody, not to everybody.
    """

    position = models.PositiveSmallIntegerField(default=100, help_text="Rules are read from the smallest number up.")
    name = models.CharField(max_length=60)
    is_enabled = models.BooleanField("enabled", default=True)
    outcomes = models.JSONField(default=no_choices, blank=True)
    triggers = models.JSONField(default=no_choices, blank=True)
    camera_ids = models.JSONField(default=no_choices, blank=True)
    person_ids = models.JSONField(default=no_choices, blank=True)
    weekdays = models.JSONField(default=no_choices, blank=True)
    time_from = models.TimeField("from", null=True, blank=True)
    time_until = models.TimeField("until", null=True, blank=True)
    is_telling = models.BooleanField("tells", default=True, help_text="Off: such a visit is told to nobody.")
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.NORMAL)
    with_picture = models.BooleanField(default=True)
    is_told_at_once = models.BooleanField(
        "told before it is decided", default=True, help_text="“Somebody is at the door”, when recognition takes longer."
    )
    channel_ids = models.JSONField(default=no_choices, blank=True)
    quiet_from = models.TimeField(
        "quiet from", null=True, blank=True, help_text="Empty: the quiet hours of the household, NOTIFY_QUIET_HOURS."
    )
    quiet_until = models.TimeField(null=True, blank=True)
    repeat_after_min = models.PositiveIntegerField(
        "at most one message per person in, minutes",
        default=0,
        validators=[MaxValueValidator(10_080)],
        help_text="0: no limit. A visit in which nobody is named counts for its camera.",
    )

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Notification(models.Model):
    """One message to one channel about one step of one visit; the outbox.

    `title`, `body` and `outcome` are what was really said. `receipts` names what each receiver got, so
    that a retry leaves them out and a later step can replace it. `armed_at` is since when it is tried.
    """

    event = models.ForeignKey(
        "events.Event", null=True, blank=True, on_delete=models.CASCADE, related_name="notifications"
    )
    channel = models.ForeignKey(NotificationChannel, on_delete=models.CASCADE, related_name="notifications")
    step = models.CharField(max_length=10, choices=Step)
    status = models.CharField(max_length=8, choices=NotificationStatus, default=NotificationStatus.WAITING)
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.NORMAL)
    with_picture = models.BooleanField(default=False)
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    outcome = models.CharField(max_length=12, blank=True)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    receipts = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    armed_at = models.DateTimeField(default=timezone.now, editable=False)
    next_try_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(null=True, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "channel", "step"],
                condition=models.Q(event__isnull=False),
                name="notification_once_per_step",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(status__in=("waiting", "sending")),
                name="notification_unfinished",
            ),
            models.Index(fields=["-created_at", "-id"], name="notification_newest_first"),
        ]

    def __str__(self) -> str:
        return f"notification {self.pk}"


class RuleResult(models.Model):
    """What the rules said about one visit, in words; one row a visit, renewed while it is decided."""

    event = models.OneToOneField("events.Event", on_delete=models.CASCADE, related_name="rule_result")
    reasons = models.JSONField(default=no_choices)
    is_told = models.BooleanField(default=False)
    joined = models.ForeignKey(
        "events.Event", null=True, blank=True, on_delete=models.SET_NULL, related_name="joined_by"
    )
    person_ids = models.JSONField(default=no_choices)
    evaluated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"rules on event {self.event_id}"
