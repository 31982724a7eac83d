"""The rules, without a database."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.notifications.hours import InvalidHours, parse_hours
from events.notifications.models import Priority
from events.notifications.rules import Hours, Rule, Telling, ToldWithin, Visit, default_rules, evaluate, why_not

MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
GRACE, ADA = (1, "Grace Hopper"), (2, "Ada Lovelace")
EVERYBODY = Rule("Everybody")
DEFAULTS = default_rules(tell_known=False, picture_of_known=False)


def visit(
    outcome: str = "unknown", *people: tuple[int, str], trigger: str = "press", at: datetime = MONDAY_NOON
) -> Visit:
    return Visit(outcome, trigger, MONDAY_NOON, camera_id=7, camera="Front door", people=people)


def telling(event_id: int, minutes_ago: float, *person_ids: int, outcome: str = "known", camera_id: int = 7) -> Telling:
    at = MONDAY_NOON - timedelta(minutes=minutes_ago)
    return Telling(event_id, at, outcome, camera_id, frozenset(person_ids))


def within(tellings: list[Telling]) -> ToldWithin:
    return lambda _limit: tellings


@pytest.mark.parametrize(
    ("rule", "obstacle"),
    [
        (Rule("x", outcomes=frozenset({"blocked"})), "the outcome is unknown"),
        (Rule("x", triggers=frozenset({"motion"})), "the visit came by press"),
        (Rule("x", camera_ids=frozenset({8})), "the camera is Front door"),
        (Rule("x", person_ids=frozenset({1})), "nobody on its list was seen"),
        (Rule("x", weekdays=frozenset({5, 6})), "it is Monday"),
        (Rule("x", hours=Hours(time(20), time(8))), "it is 12:00, not within 20:00 to 08:00"),
        (Rule("x", hours=Hours(time(8), time(20))), None),
        (Rule("x"), None),
    ],
)
def test_each_condition_says_why_it_is_not_met(rule: Rule, obstacle: str | None) -> None:
    assert why_not(rule, visit()) == obstacle


def test_one_of_the_named_people_is_enough() -> None:
    assert why_not(Rule("x", person_ids=frozenset({2, 3})), visit("known", GRACE, ADA)) is None


def test_the_first_rule_that_applies_decides_and_the_way_there_is_told() -> None:
    silent = Rule("Never at noon", hours=Hours(time(12), time(13)), is_telling=False)
    decision = evaluate([Rule("Motion", triggers=frozenset({"motion"})), silent, EVERYBODY], visit())
    assert decision.rule is None
    assert decision.reasons == (
        "Rule “Motion” does not apply: the visit came by press.",
        "Rule “Never at noon” applies: nobody is told.",
    )


def test_no_rule_means_nobody() -> None:
    assert evaluate([], visit()).reasons == ("No rule applies, so nobody is told.",)


def test_quiet_hours_silence_all_but_urgent_messages() -> None:
    noon = Hours(time(11), time(13))
    assert evaluate([Rule("x", quiet=noon)], visit()).reasons[-1] == (
        "Rule “x” applies, but 11:00 to 13:00 are quiet hours."
    )
    assert evaluate([Rule("x", quiet=noon, priority=Priority.URGENT)], visit()).rule is not None


@pytest.mark.parametrize(
    ("outcome", "trigger", "priority", "with_picture"),
    [
        ("blocked", "press", Priority.URGENT, True),
        ("unknown", "press", Priority.NORMAL, True),
        ("no_face", "press", Priority.LOW, True),
        ("no_picture", "press", Priority.NORMAL, False),
        ("system", "", Priority.NORMAL, False),
        ("blocked", "motion", Priority.URGENT, True),
    ],
)
def test_the_defaults_tell_as_the_old_system_did(
    outcome: str, trigger: str, priority: Priority, with_picture: bool
) -> None:
    rule = evaluate(DEFAULTS, visit(outcome, trigger=trigger)).rule
    assert rule is not None
    assert (rule.priority, rule.with_picture, rule.channel_ids) == (priority, with_picture, None)


@pytest.mark.parametrize(("outcome", "trigger"), [("known", "press"), ("no_face", "motion"), ("no_picture", "motion")])
def test_the_defaults_are_silent_about(outcome: str, trigger: str) -> None:
    assert evaluate(DEFAULTS, visit(outcome, GRACE, trigger=trigger)).rule is None


def test_known_people_are_told_when_asked_for_with_a_picture_when_asked_for() -> None:
    for picture in (False, True):
        rule = evaluate(default_rules(tell_known=True, picture_of_known=picture), visit("known", GRACE)).rule
        assert rule is not None
        assert (rule.priority, rule.with_picture) == (Priority.LOW, picture)


def test_a_person_is_told_once_in_the_time_set() -> None:
    rule = Rule("x", repeat_after=timedelta(minutes=30))
    decision = evaluate([rule], visit("known", GRACE), told=within([telling(5, 10, 1)]))
    assert decision.rule is None
    assert decision.joined == 5
    assert decision.reasons == ("Rule “x” applies, but a visit of the same people was told at 11:50, with event 5.",)
    assert evaluate([rule], visit("known", GRACE), told=within([telling(5, 31, 1)])).rule is rule


def test_somebody_else_coming_along_is_news() -> None:
    rule = Rule("x", repeat_after=timedelta(minutes=30))
    assert evaluate([rule], visit("known", GRACE, ADA), told=within([telling(5, 10, 1)])).rule is rule
    assert evaluate([rule], visit("known", GRACE, ADA), told=within([telling(5, 10, 1), telling(6, 5, 2)])).rule is None


def test_strangers_count_for_their_camera_and_a_known_companion_does_not_hide_them() -> None:
    rule = Rule("x", repeat_after=timedelta(minutes=30))
    told = [telling(5, 10, outcome="unknown")]
    assert evaluate([rule], visit("unknown", GRACE), told=within([telling(4, 1, 1)])).rule is rule
    assert evaluate([rule], visit("unknown"), told=within(told)).rule is None
    assert (
        evaluate([rule], visit("unknown"), told=within([telling(5, 10, outcome="unknown", camera_id=8)])).rule is rule
    )


def test_motion_is_grouped_and_presses_are_not() -> None:
    told = [telling(5, 5, outcome="unknown")]
    ten_minutes = timedelta(minutes=10)
    assert evaluate([EVERYBODY], visit(trigger="motion"), told=within(told), group_motion=ten_minutes).joined == 5
    assert evaluate([EVERYBODY], visit(trigger="press"), told=within(told), group_motion=ten_minutes).rule is EVERYBODY
    worse = evaluate([EVERYBODY], visit("blocked", trigger="motion"), told=within(told), group_motion=ten_minutes)
    assert worse.rule is EVERYBODY


@pytest.mark.parametrize(
    ("moment", "is_in"), [("22:00", True), ("03:00", True), ("06:59", True), ("07:00", False), ("12:00", False)]
)
def test_hours_may_go_over_midnight(moment: str, is_in: bool) -> None:
    hours = parse_hours("22:00-07:00")
    assert hours is not None
    assert hours.include(time.fromisoformat(moment)) is is_in


@given(st.times(), st.times(), st.times())
def test_every_moment_is_in_the_hours_or_in_the_rest_of_the_day(start: time, end: time, moment: time) -> None:
    if start != end:
        assert Hours(start, end).include(moment) != Hours(end, start).include(moment)


@pytest.mark.parametrize("text", ["22", "22:00", "25:00-07:00", "night"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidHours) as error:
        parse_hours(text)
    assert str(error.value) == f"{text!r} are no hours; write them like 22:00-07:00"
