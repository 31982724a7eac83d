"""gpiozero's ways to fail, told as one."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from gpiozero import BadPinFactory, GPIOZeroError
from gpiozero.exc import PinFactoryFallback

from pipeline.hardware.errors import GpioUnavailable


@contextmanager
def opening_pin(purpose: str, pin: int) -> Iterator[None]:
    """Turn whatever gpiozero and its drivers raise while a pin is opened into GpioUnavailable.

    purpose: what the pin is for, as in "the button on pin 18 …".
    """
    with warnings.catch_warnings():
        # One warning for each driver that is not installed; the error says enough.
        warnings.simplefilter("ignore", PinFactoryFallback)
        try:
            yield
        except BadPinFactory as error:
            raise GpioUnavailable(
                f"{purpose} on pin {pin} cannot be used: this machine has no GPIO pins that a driver was found for; "
                "on a Raspberry Pi install lgpio, elsewhere ring from the web page, the API or `manage.py ring`"
            ) from error
        except _driver_errors() as error:
            raise GpioUnavailable(
                f"{purpose} on pin {pin} cannot be used: {error}; pins are BCM numbers, 0 to 27, each for one use, "
                "and the user running this must be in the group gpio"
            ) from error


def _driver_errors() -> tuple[type[Exception], ...]:
    """RPi.GPIO raises RuntimeError; lgpio and pigpio have an exception of their own, if they were imported at all."""
    own = (getattr(sys.modules.get(driver), "error", None) for driver in ("lgpio", "pigpio"))
    found = (error for error in own if isinstance(error, type) and issubclass(error, Exception))
    return GPIOZeroError, OSError, RuntimeError, ValueError, *found
