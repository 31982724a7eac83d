"""The rules that hold: the rows of the household, or the defaults while there are none."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from events.notifications.hours import parse_hours
from events.notifications.models import NotificationRule, Priority
from events.notifications.rules import Hours, Rule, default_rules


def current_rules() -> list[Rule]:
    """In the order in which they are read. Switched-off rows are left out; with no row at all the
    defaults hold, which follow the settings."""
    quiet = parse_hours(settings.NOTIFY_QUIET_HOURS)
    rows = list(NotificationRule.objects.all())
    if not rows:
        return list(defaults())
    quiet = household_quiet()
    return [rule_of(row, quiet) for row in rows if row.is_enabled]


def household_quiet() -> Hours | None:
    return parse_hours(settings.NOTIFY_QUIET_HOURS)


def defaults() -> tuple[Rule, ...]:
    return default_rules(
        tell_known=settings.NOTIFY_ON_KNOWN_VISITORS,
        picture_of_known=settings.INCLUDE_PHOTO_FOR_KNOWN,
        quiet=household_quiet(),
    )


def rule_of(row: NotificationRule, quiet: Hours | None) -> Rule:
    return Rule(
        name=row.name,
        outcomes=frozenset(row.outcomes),
        triggers=frozenset(row.triggers),
        camera_ids=frozenset(row.camera_ids),
        person_ids=frozenset(row.person_ids),
        weekdays=frozenset(row.weekdays),
        hours=Hours(row.time_from, row.time_until) if row.time_from and row.time_until else None,
        is_telling=row.is_telling,
        priority=Priority(row.priority),
        with_picture=row.with_picture,
        is_told_at_once=row.is_told_at_once,
        channel_ids=frozenset(row.channel_ids) or None,
        quiet=Hours(row.quiet_from, row.quiet_until) if row.quiet_from and row.quiet_until else quiet,
        repeat_after=timedelta(minutes=row.repeat_after_min),
    )


def write_down_defaults() -> int:
    """Make the defaults rows that can be changed; returns how many, 0 when there are rows already."""
    with transaction.atomic():
        if NotificationRule.objects.exists():
            return 0
        rows = [
            NotificationRule(
                position=10 * number,
                name=rule.name,
                outcomes=sorted(rule.outcomes),
                triggers=sorted(rule.triggers),
                is_telling=rule.is_telling,
                priority=rule.priority,
                with_picture=rule.with_picture,
            )
            for number, rule in enumerate(defaults(), start=1)
        ]
        return len(NotificationRule.objects.bulk_create(rows))
