"""The bell's button on a GPIO pin."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import gpiozero

from pipeline.hardware.gpio import opening_pin

log = logging.getLogger(__name__)

DEFAULT_PIN = 18
# Contacts of a bell button settle within 20 ms; a press by hand lasts longer than 80.
BOUNCE_S = 0.05


class ButtonWatch:
    """Calls on_press for each press, in a thread of its own, one after the other.

    The driver's thread only notes the press: on_press may take its time, and no press is missed meanwhile.
    """

    def __init__(self, button: Any, on_press: Callable[[], object]) -> None:
        self._button = button
        self._on_press = on_press
        self._presses: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="button", daemon=True)
        self._thread.start()
        button.when_pressed = self._note

    def close(self, timeout_s: float = 2.0) -> None:
        """Free the pin and end the thread; presses noted before are still passed on."""
        if self._button.closed:
            return
        self._button.close()
        self._presses.put(False)
        self._thread.join(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _note(self) -> None:
        self._presses.put(True)

    def _run(self) -> None:
        while self._presses.get():
            try:
                self._on_press()
            except Exception:  # the thread's edge: the next press must find it alive
                log.exception("a press of the button was not passed on")


def watch_button(pin: int, on_press: Callable[[], object], *, pin_factory: Any = None) -> ButtonWatch:
    """Watch a button between `pin` (BCM number) and ground, pulled up: a press is the falling edge.

    pin_factory: gpiozero's driver; None takes the machine's, or the one that GPIOZERO_PIN_FACTORY names.
    Raises GpioUnavailable.
    """
    with opening_pin("the button", pin):
        button = gpiozero.Button(pin, pull_up=True, bounce_time=BOUNCE_S, pin_factory=pin_factory)
    return ButtonWatch(button, on_press)
