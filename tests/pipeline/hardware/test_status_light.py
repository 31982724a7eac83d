import threading
from collections.abc import Callable

import pytest
from gpiozero.pins.mock import MockFactory

from pipeline.hardware.errors import GpioUnavailable
from pipeline.hardware.status_light import HoldTimer, Pattern, StatusLight, daemon_timer


class HandTimer:
    """Runs out when the test says so."""

    def __init__(self, delay_s: float, action: Callable[[], None]) -> None:
        self.delay_s = delay_s
        self.run_out = action
        self.is_started = self.is_cancelled = False

    def start(self) -> None:
        self.is_started = True

    def cancel(self) -> None:
        self.is_cancelled = True


class Timers:
    def __init__(self) -> None:
        self.made: list[HandTimer] = []

    def __call__(self, delay_s: float, action: Callable[[], None]) -> HoldTimer:
        self.made.append(HandTimer(delay_s, action))
        return self.made[-1]


def lamps(pins: MockFactory) -> str:
    """The colours that are lit, of the pins the doorbell has always used."""
    colours = {"red": 16, "yellow": 20, "green": 21}
    return " ".join(colour for colour, pin in colours.items() if pins.pin(pin).state)


@pytest.mark.parametrize(
    ("pattern", "lit"),
    [
        (Pattern.IDLE, "green"),
        (Pattern.PROCESSING, "yellow"),
        (Pattern.KNOWN, "green"),
        (Pattern.UNKNOWN, "yellow"),
        (Pattern.ALERT, "red"),
        (Pattern.ERROR, "red yellow"),
        (Pattern.OFF, ""),
    ],
)
def test_each_pattern_lights_its_lamps(pins: MockFactory, pattern: Pattern, lit: str) -> None:
    light = StatusLight(pin_factory=pins)

    assert light.show(pattern)

    assert lamps(pins) == lit
    light.close()


def test_light_is_idle_from_the_start(pins: MockFactory) -> None:
    light = StatusLight(pin_factory=pins)

    assert (light.pattern, lamps(pins)) == (Pattern.IDLE, "green")
    light.close()


def test_pattern_is_held_for_its_time_and_then_idle(pins: MockFactory) -> None:
    timers = Timers()
    light = StatusLight(pin_factory=pins, timer=timers)

    light.show(Pattern.ALERT, hold_s=10.0)
    assert (timers.made[0].delay_s, timers.made[0].is_started, lamps(pins)) == (10.0, True, "red")

    timers.made[0].run_out()
    assert lamps(pins) == "green"
    light.close()


def test_held_pattern_yields_to_a_more_important_one_only(pins: MockFactory) -> None:
    timers = Timers()
    light = StatusLight(pin_factory=pins, timer=timers)
    light.show(Pattern.UNKNOWN, hold_s=5.0)

    assert not light.show(Pattern.KNOWN, hold_s=5.0)
    assert not light.show(Pattern.IDLE)
    assert lamps(pins) == "yellow"

    assert light.show(Pattern.ALERT, hold_s=5.0)
    assert lamps(pins) == "red"
    assert timers.made[0].is_cancelled
    light.close()


def test_pattern_without_a_hold_yields_to_any(pins: MockFactory) -> None:
    light = StatusLight(pin_factory=pins)
    light.show(Pattern.PROCESSING)

    assert light.show(Pattern.IDLE)
    assert lamps(pins) == "green"
    light.close()


def test_timer_that_ran_out_too_late_does_not_end_a_newer_pattern(pins: MockFactory) -> None:
    timers = Timers()
    light = StatusLight(pin_factory=pins, timer=timers)
    light.show(Pattern.KNOWN, hold_s=5.0)
    light.show(Pattern.ALERT, hold_s=5.0)

    timers.made[0].run_out()

    assert lamps(pins) == "red"
    light.close()


def test_real_timer_gives_way_to_idle(pins: MockFactory) -> None:
    timers: list[threading.Timer] = []

    def remembered(delay_s: float, action: Callable[[], None]) -> HoldTimer:
        timer = daemon_timer(delay_s, action)
        assert isinstance(timer, threading.Timer)
        timers.append(timer)
        return timer

    light = StatusLight(pin_factory=pins, timer=remembered)
    light.show(Pattern.ERROR, hold_s=0.001)
    timers[0].join(timeout=30)

    assert (light.pattern, lamps(pins)) == (Pattern.IDLE, "green")
    light.close()


@pytest.mark.parametrize("hold_s", [0.0, -1.0, float("nan"), float("inf")])
def test_hold_that_is_no_time_is_refused(pins: MockFactory, hold_s: float) -> None:
    light = StatusLight(pin_factory=pins)

    with pytest.raises(ValueError, match="use a number above 0, or None"):
        light.show(Pattern.KNOWN, hold_s)
    light.close()


def test_lamps_that_are_not_there_are_left_out(pins: MockFactory) -> None:
    light = StatusLight(red_pin=None, yellow_pin=None, green_pin=5, pin_factory=pins)
    light.show(Pattern.ALERT)
    assert not pins.pin(5).state
    light.show(Pattern.KNOWN)
    assert pins.pin(5).state
    light.close()


def test_light_without_any_lamp_needs_no_pins() -> None:
    light = StatusLight(None, None, None)

    assert light.show(Pattern.ALERT)
    assert light.pattern is Pattern.ALERT
    light.close()


def test_closed_light_is_dark_and_stays_so(pins: MockFactory) -> None:
    timers = Timers()
    light = StatusLight(pin_factory=pins, timer=timers)
    light.show(Pattern.ALERT, hold_s=5.0)

    light.close()
    light.close()
    timers.made[0].run_out()

    assert not light.show(Pattern.KNOWN)
    assert light.pattern is Pattern.OFF
    StatusLight(pin_factory=pins).close()  # its pins are free again


def test_pin_that_cannot_be_used_frees_the_others(pins: MockFactory) -> None:
    with pytest.raises(GpioUnavailable, match="the green status LED on pin 16 cannot be used"):
        StatusLight(red_pin=16, yellow_pin=20, green_pin=16, pin_factory=pins)

    StatusLight(pin_factory=pins).close()
