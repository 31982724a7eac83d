import pytest

from events.models import Outcome
from pipeline.door.lights import ALERT_SHOWN_S, PROCESSING_MAX_S, SHOWN_S, VisitLights
from pipeline.hardware.status_light import Pattern


def test_a_press_is_processed_until_it_is_decided() -> None:
    lights = VisitLights()
    assert lights.pattern(0.0) == Pattern.IDLE
    lights.pressed(1, now_s=0.0)
    assert (lights.pattern(1.0), lights.undecided()) == (Pattern.PROCESSING, [1])
    lights.decided(1, Outcome.KNOWN, now_s=1.0)
    assert (lights.pattern(1.0), lights.undecided()) == (Pattern.KNOWN, [])


@pytest.mark.parametrize(
    ("outcome", "pattern", "shown_s"),
    [
        (Outcome.KNOWN, Pattern.KNOWN, SHOWN_S),
        (Outcome.UNKNOWN, Pattern.UNKNOWN, SHOWN_S),
        (Outcome.BLOCKED, Pattern.ALERT, ALERT_SHOWN_S),
        (Outcome.NO_PICTURE, Pattern.ERROR, SHOWN_S),
    ],
)
def test_an_outcome_stays_for_a_while_and_gives_way_to_idle(outcome: Outcome, pattern: Pattern, shown_s: float) -> None:
    lights = VisitLights()
    lights.pressed(1, now_s=0.0)
    lights.decided(1, outcome, now_s=0.0)
    assert lights.pattern(shown_s - 0.1) == pattern
    assert lights.pattern(shown_s) == Pattern.IDLE


def test_a_press_that_shows_no_face_ends_in_idle() -> None:
    lights = VisitLights()
    lights.pressed(1, now_s=0.0)
    lights.decided(1, Outcome.NO_FACE, now_s=1.0)
    assert lights.pattern(1.0) == Pattern.IDLE


def test_a_press_that_nobody_decides_does_not_keep_the_light() -> None:
    lights = VisitLights()
    lights.pressed(1, now_s=0.0)
    assert lights.pattern(PROCESSING_MAX_S) == Pattern.IDLE


def test_a_later_decision_on_the_same_visit_replaces_the_earlier_one() -> None:
    lights = VisitLights()
    lights.pressed(1, now_s=0.0)
    lights.decided(1, Outcome.UNKNOWN, now_s=1.0)
    lights.decided(1, Outcome.KNOWN, now_s=2.0)
    assert lights.pattern(2.0) == Pattern.KNOWN


def test_of_several_visits_the_most_important_shows() -> None:
    lights = VisitLights()
    lights.pressed(1, now_s=0.0)
    lights.decided(1, Outcome.BLOCKED, now_s=0.0)
    lights.pressed(2, now_s=1.0)
    lights.decided(2, Outcome.KNOWN, now_s=2.0)
    assert lights.pattern(2.0) == Pattern.ALERT


def test_motion_shows_only_people_on_the_watch_list() -> None:
    lights = VisitLights()
    lights.decided(1, Outcome.UNKNOWN, now_s=0.0)
    assert lights.pattern(0.0) == Pattern.IDLE
    lights.decided(2, Outcome.BLOCKED, now_s=0.0)
    assert lights.pattern(0.0) == Pattern.ALERT


def test_trouble_shows_while_there_is_nothing_else_to_show() -> None:
    lights = VisitLights()
    lights.is_in_trouble = True
    assert lights.pattern(0.0) == Pattern.ERROR
    lights.pressed(1, now_s=0.0)
    assert lights.pattern(0.0) == Pattern.PROCESSING
