"""Read hours such as 22:00-07:00 from a setting."""

from datetime import time

from events.notifications.rules import Hours
from pipeline.errors import DoorbellError


class InvalidHours(DoorbellError):
    code = "invalid_hours"


def parse_hours(text: str) -> Hours | None:
    """None for ''. Raises InvalidHours."""
    if not text.strip():
        return None
    start, _, end = text.partition("-")
    try:
        return Hours(time.fromisoformat(start.strip()), time.fromisoformat(end.strip()))
    except ValueError as error:
        raise InvalidHours(f"{text!r} are no hours; write them like 22:00-07:00") from error
