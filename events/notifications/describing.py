"""Put a rule into one sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from events.models import Camera, Outcome
from events.notifications.models import NotificationChannel
from events.notifications.rules import SYSTEM, WEEKDAYS, Rule
from events.telling import capitalized, join_names
from faces.models import Person

OUTCOME_WORDS = {
    Outcome.NO_FACE.value: "no face",
    Outcome.NO_PICTURE.value: "no picture",
    SYSTEM: "trouble with the doorbell",
}


@dataclass(frozen=True, slots=True)
class Names:
    """By id; what was deleted is missing."""

    cameras: Mapping[int, str]
    people: Mapping[int, str]
    channels: Mapping[int, str]

    @classmethod
    def load(cls) -> "Names":
        return cls(
            cameras=dict(Camera.objects.values_list("pk", "name")),
            people=dict(Person.objects.values_list("pk", "name")),
            channels=dict(NotificationChannel.objects.values_list("pk", "name")),
        )


def describe_rule(rule: Rule, names: Names) -> str:
    """'Outcome unknown or blocked, by press, at Front door: …'"""
    conditions = [
        _listed("outcome", (OUTCOME_WORDS.get(outcome, outcome) for outcome in sorted(rule.outcomes))),
        _listed("by", sorted(rule.triggers)),
        _listed("at", _known(rule.camera_ids, names.cameras, "a deleted camera")),
        _listed("with", _known(rule.person_ids, names.people, "a deleted person")),
        _listed("on", (WEEKDAYS[day] for day in sorted(rule.weekdays))),
        f"from {rule.hours}" if rule.hours else "",
    ]
    return f"{capitalized(', '.join(filter(None, conditions)) or 'every visit')}: {_effect(rule, names)}."


def _effect(rule: Rule, names: Names) -> str:
    if not rule.is_telling:
        return "nobody is told"
    whom = "every channel"
    if rule.channel_ids is not None:
        whom = join_names(_known(rule.channel_ids, names.channels, "a deleted channel"))
    minutes = round(rule.repeat_after.total_seconds() / 60)
    parts = [
        f"{rule.priority} priority to {whom}",
        "with picture" if rule.with_picture else "without picture",
        f"not from {rule.quiet}" if rule.quiet else "",
        f"at most once in {minutes} min" if minutes else "",
    ]
    return ", ".join(filter(None, parts))


def _listed(word: str, values: Iterable[str]) -> str:
    found = list(values)
    return f"{word} {' or '.join(found)}" if found else ""


def _known(ids: Iterable[int], names: Mapping[int, str], missing: str) -> list[str]:
    return sorted({names.get(pk, missing) for pk in ids})
