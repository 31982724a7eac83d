"""Have the people of the house told of trouble with the doorbell itself, once, and once more when it is over."""

from collections import deque

from events.notifications.outbox import system_error
from health.assessment import Assessment
from health.findings import Finding, Level

CONFIRMED = 2  # assessments in a row: what comes back by itself within one wakes nobody


class Owners:
    """Whom that reaches, and how, is for the notification rules to say.

    What is noted is kept until the database takes it; `write` is for a thread that may wait for that.
    """

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._told: dict[str, Finding] = {}
        self._unwritten: deque[tuple[str, str]] = deque()

    def hear(self, assessment: Assessment) -> None:
        """Note what is in error for the second time in a row, and what is no more."""
        errors = {each.check: each for each in assessment.findings if each.level is Level.ERROR}
        self._seen = {check: self._seen.get(check, 0) + 1 for check in errors}
        for check, finding in errors.items():
            if self._seen[check] >= CONFIRMED and check not in self._told:
                self._told[check] = finding
                self.note(f"Trouble: {check}", f"{finding.text} {finding.remedy}".strip())
        for check in [check for check in self._told if check not in errors]:
            self.note(f"Well again: {check}", f"It was: {self._told.pop(check).text}")

    def note(self, title: str, body: str) -> None:
        """May be called from any thread."""
        self._unwritten.append((title, body))

    def write(self) -> None:
        """Raises DatabaseError; what could not be written is kept for the next time."""
        while self._unwritten:
            system_error(*self._unwritten[0])
            self._unwritten.popleft()
