"""GPIOHandler: be told of presses, simulate one, and drive the status light."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from migration.compat.old_settings import OldSettings
from migration.compat.replaced import Replaced
from pipeline.door.asking import LONGEST_S, ask_light, shown_pattern
from pipeline.door.opening import open_light
from pipeline.hardware.status_light import LAMPS, Pattern, StatusLight
from pipeline.manager.callbacks import DOORBELL_PRESSED, Callback
from pipeline.ring import ring

logger = logging.getLogger(__name__)

OnPress = Callable[[int | None], object]
NO_HEARTBEAT = "the light is green while the doorbell is idle; no thread blinks it"
# The pattern that lights one colour alone.
COLOURS = {"red": Pattern.ALERT, "yellow": Pattern.PROCESSING, "green": Pattern.KNOWN}
BLINKS_MAX = 100
INTERVAL_MAX_S = 10.0
TEST_S = 0.5


class TellsOfEvents(Protocol):
    """As much of OrchestratorManager as is needed."""

    def register_event_callback(self, event_type: str, callback: Callback) -> None: ...


class OldGpio(Replaced):
    """The button and, mostly, the light belong to the doorbell's process, which is told what is wanted. Where none
    has the light, it is opened here until `cleanup`."""

    REPLACED = {"led_thread": NO_HEARTBEAT, "led_thread_running": NO_HEARTBEAT}

    def __init__(self, old_settings: OldSettings, manager: TellsOfEvents) -> None:
        self.settings = old_settings
        self.doorbell_callback: OnPress | None = None
        self._manager = manager
        self._is_subscribed = False
        self._turn = threading.Lock()
        self._told: deque[int] = deque(maxlen=200)
        self._passing_on = threading.local()
        self._light: StatusLight | None = None

    @property
    def callback(self) -> OnPress | None:
        """A later name of `doorbell_callback`."""
        return self.doorbell_callback

    @property
    def initialized(self) -> bool:
        """Whether presses are passed on."""
        return self.doorbell_callback is not None

    @property
    def use_real_gpio(self) -> bool:
        """Whether this machine has pins."""
        return self._light is not None or Path("/dev/gpiochip0").exists()

    @property
    def is_passing_on(self) -> bool:
        """Whether this thread runs the callback of a press that is recorded already."""
        return getattr(self._passing_on, "is_true", False)

    @property
    def led_states(self) -> dict[str, bool]:
        """What the light shows now; without one, nothing is lit."""
        pattern = self._light.pattern if self._light is not None else shown_pattern() or Pattern.OFF
        lamps = LAMPS[pattern]
        return {"red": lamps.red, "yellow": lamps.yellow, "green": lamps.green}

    def setup_doorbell_button(self, callback: OnPress) -> None:
        """Have `callback(pin)` called once a press, in a thread of its own, whoever rang: button, page, API, MQTT."""
        self.doorbell_callback = callback
        if not self._is_subscribed:
            self._manager.register_event_callback(DOORBELL_PRESSED, self._pressed)
            self._is_subscribed = True

    def simulate_doorbell_press(self) -> None:
        """Ring, and call the callback. Raises DatabaseError when the press cannot be recorded."""
        with self._turn:  # the news of this press waits here, and finds that it was passed on
            self._told.append(ring(pressed_by="a simulated press").event.pk)
        self._pass_on()

    def set_status_led(self, status: str, duration: float | None = None) -> bool:
        """Show idle, processing, known, unknown, alert, error or off (anything else is off too), for `duration`
        seconds or until the next. False: there is no light.

        Raises ValueError for a duration that is no time above 0, up to a day.
        """
        pattern = Pattern(status) if status in set(Pattern) else Pattern.OFF
        if ask_light(pattern, LONGEST_S if duration is None else float(duration)):
            self.release_light()
            return True
        if self._light is None:
            self._light = open_light()
        return self._light is not None and self._light.show(pattern, duration)

    def blink_led(self, color: str, times: int = 3, interval: float = 0.5) -> bool:
        """Blink one LED; returns when it is over, False at once when there is no light. Raises ValueError."""
        if color not in COLOURS:
            raise ValueError(f"there is no {color!r} LED; there is {', '.join(COLOURS)}")
        if not 1 <= times <= BLINKS_MAX or not 0 < interval <= INTERVAL_MAX_S:
            raise ValueError(
                f"{times} times {interval} s is no blinking; use 1 to {BLINKS_MAX} times, up to {INTERVAL_MAX_S:g} s"
            )
        return self._play([COLOURS[color], Pattern.OFF] * times, interval)

    def test_leds(self) -> bool:
        """Light red, yellow and green, half a second each; False at once when there is no light."""
        return self._play(list(COLOURS.values()), TEST_S)

    def get_gpio_status(self) -> dict[str, Any]:
        """doorbell_state: `mock` without pins; the level is read by the doorbell's process, so else `unknown`."""
        return {
            "initialized": self.initialized,
            "doorbell_pin": self.settings.DOORBELL_PIN,
            "led_pins": self.settings.STATUS_LED_PINS,
            "led_states": self.led_states,
            "doorbell_state": "unknown" if self.use_real_gpio else "mock",
        }

    def cleanup(self) -> None:
        """Pass no more presses on, and let go of the light."""
        self.doorbell_callback = None
        self.release_light()

    def _play(self, patterns: list[Pattern], interval: float) -> bool:
        pause = threading.Event()
        for pattern in patterns:
            if not self.set_status_led(pattern.value):
                return False
            pause.wait(interval)
        return self.set_status_led(Pattern.IDLE.value)

    def _pressed(self, facts: dict[str, Any]) -> None:
        with self._turn:
            if facts["event_id"] in self._told:
                return
            self._told.append(facts["event_id"])
        self._pass_on()

    def _pass_on(self) -> None:
        if (callback := self.doorbell_callback) is not None:
            threading.Thread(target=self._call, args=(callback,), name="doorbell-callback", daemon=True).start()

    def _call(self, callback: OnPress) -> None:
        self._passing_on.is_true = True
        try:
            callback(self.settings.DOORBELL_PIN)
        except Exception:  # the owner's program; the next press must find it called all the same
            logger.exception("the callback of a press failed")

    def release_light(self) -> None:
        """Leave the pins to the doorbell's process."""
        light, self._light = self._light, None
        if light is not None:
            light.close()
