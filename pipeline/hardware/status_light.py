"""Three LEDs that show how a visit goes."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

import gpiozero

from pipeline.hardware.errors import GpioUnavailable
from pipeline.hardware.gpio import opening_pin

RED_PIN = 16
YELLOW_PIN = 20
GREEN_PIN = 21


class Pattern(StrEnum):
    """In order of importance, least first."""

    OFF = "off"
    IDLE = "idle"
    PROCESSING = "processing"
    KNOWN = "known"
    UNKNOWN = "unknown"
    ERROR = "error"
    ALERT = "alert"

    @property
    def importance(self) -> int:
        return list(Pattern).index(self)


class Lamps(NamedTuple):
    green: bool
    yellow: bool
    red: bool


LAMPS = {
    Pattern.OFF: Lamps(green=False, yellow=False, red=False),
    Pattern.IDLE: Lamps(green=True, yellow=False, red=False),
    Pattern.PROCESSING: Lamps(green=False, yellow=True, red=False),
    Pattern.KNOWN: Lamps(green=True, yellow=False, red=False),
    Pattern.UNKNOWN: Lamps(green=False, yellow=True, red=False),
    Pattern.ERROR: Lamps(green=False, yellow=True, red=True),
    Pattern.ALERT: Lamps(green=False, yellow=False, red=True),
}


class HoldTimer(Protocol):
    """As much of threading.Timer as is needed."""

    def start(self) -> None: ...

    def cancel(self) -> None: ...


def daemon_timer(delay_s: float, action: Callable[[], None]) -> HoldTimer:
    timer = threading.Timer(delay_s, action)
    timer.daemon = True
    return timer


class StatusLight:
    """Shows one pattern at a time; with a hold, the pattern stays for that long and then gives way to idle.

    Pins are BCM numbers; None: that LED is not there. Without any, nothing is opened and nothing shows.
    pin_factory: gpiozero's driver; None takes the machine's. Raises GpioUnavailable.
    """

    def __init__(
        self,
        red_pin: int | None = RED_PIN,
        yellow_pin: int | None = YELLOW_PIN,
        green_pin: int | None = GREEN_PIN,
        *,
        pin_factory: Any = None,
        timer: Callable[[float, Callable[[], None]], HoldTimer] = daemon_timer,
    ) -> None:
        self._new_timer = timer
        self._lock = threading.Lock()
        self._hold: HoldTimer | None = None
        self._is_closed = False
        self._leds: dict[str, Any] = {}
        try:
            for colour, pin in (("red", red_pin), ("yellow", yellow_pin), ("green", green_pin)):
                if pin is not None:
                    with opening_pin(f"the {colour} status LED", pin):
                        self._leds[colour] = gpiozero.LED(pin, pin_factory=pin_factory)
        except GpioUnavailable:
            self._close_leds()
            raise
        self.pattern = Pattern.OFF
        self._light(Pattern.IDLE)

    def show(self, pattern: Pattern, hold_s: float | None = None) -> bool:
        """Show `pattern`; returns at once. False: a more important pattern is being held, so it is not shown.

        hold_s: how long it stays, > 0; then the light is idle again. None: until the next pattern, whichever.
        """
        if hold_s is not None and not (math.isfinite(hold_s) and hold_s > 0):
            raise ValueError(f"a pattern cannot be held for {hold_s} s; use a number above 0, or None")
        with self._lock:
            is_held = self._hold is not None and pattern.importance < self.pattern.importance
            if self._is_closed or is_held:
                return False
            self._release()
            self._light(pattern)
            if hold_s is not None:
                self._start_hold(hold_s)
            return True

    def close(self) -> None:
        """Put the LEDs out and free their pins."""
        with self._lock:
            self._is_closed = True
            self._release()
            self._light(Pattern.OFF)
            self._close_leds()

    def _start_hold(self, hold_s: float) -> None:
        def end() -> None:
            with self._lock:
                # A newer pattern got here first: this timer had run out, but was waiting for the lock.
                if self._hold is hold:
                    self._hold = None
                    self._light(Pattern.IDLE)

        hold = self._new_timer(hold_s, end)
        self._hold = hold
        hold.start()

    def _release(self) -> None:
        if self._hold is not None:
            self._hold.cancel()
            self._hold = None

    def _light(self, pattern: Pattern) -> None:
        self.pattern = pattern
        for colour, is_on in LAMPS[pattern]._asdict().items():
            if colour in self._leds:
                self._leds[colour].value = is_on

    def _close_leds(self) -> None:
        for led in self._leds.values():
            led.close()
        self._leds.clear()
