"""Which pattern the status light shows: what the open visits come to, the most important first."""

from dataclasses import dataclass

from events.models import Outcome
from pipeline.hardware.status_light import Pattern

PROCESSING_MAX_S = 30.0  # a press that nobody decides shall not keep the light yellow
SHOWN_S = 10.0
ALERT_SHOWN_S = 30.0
PATTERNS = {
    Outcome.KNOWN: Pattern.KNOWN,
    Outcome.UNKNOWN: Pattern.UNKNOWN,
    Outcome.BLOCKED: Pattern.ALERT,
    Outcome.NO_PICTURE: Pattern.ERROR,
}


@dataclass(frozen=True, slots=True)
class Shown:
    pattern: Pattern
    until_s: float


class VisitLights:
    """Times are time.monotonic(). `is_in_trouble`: something keeps the doorbell from working, so idle is an error."""

    def __init__(self) -> None:
        self.is_in_trouble = False
        self._visits: dict[int, Shown] = {}
        self._asked: Shown | None = None

    def asked(self, pattern: Pattern, until_s: float) -> None:
        """A program wants this; what a visit shows comes first, unless it is less important. Idle takes it back."""
        self._asked = None if pattern == Pattern.IDLE else Shown(pattern, until_s)

    def pressed(self, event_id: int, now_s: float) -> None:
        self._visits[event_id] = Shown(Pattern.PROCESSING, now_s + PROCESSING_MAX_S)

    def decided(self, event_id: int, outcome: str, now_s: float) -> None:
        """A later word replaces an earlier one. Of what nobody rang for only somebody on the watch-list is shown."""
        if event_id not in self._visits and outcome != Outcome.BLOCKED:
            return
        pattern = PATTERNS.get(Outcome(outcome))
        if pattern is None:
            self._visits.pop(event_id, None)
        else:
            self._visits[event_id] = Shown(pattern, now_s + (ALERT_SHOWN_S if pattern == Pattern.ALERT else SHOWN_S))

    def undecided(self) -> list[int]:
        """Presses whose outcome is still awaited."""
        return [event_id for event_id, shown in self._visits.items() if shown.pattern == Pattern.PROCESSING]

    def pattern(self, now_s: float) -> Pattern:
        self._visits = {event_id: shown for event_id, shown in self._visits.items() if shown.until_s > now_s}
        if self._asked is not None and self._asked.until_s <= now_s:
            self._asked = None
        rest = Pattern.ERROR if self.is_in_trouble else Pattern.IDLE
        patterns = [shown.pattern for shown in (*self._visits.values(), *([self._asked] if self._asked else []))]
        return max(patterns, key=lambda pattern: pattern.importance, default=rest)
