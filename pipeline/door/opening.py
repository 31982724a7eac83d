"""The light and the chimes that the settings ask for, as far as this machine has them."""

import logging

from django.conf import settings

from pipeline.door.door import Door
from pipeline.errors import DoorbellError
from pipeline.hardware.chime import Chime, RelayChime, SoundChime
from pipeline.hardware.errors import ChimeUnavailable, GpioUnavailable
from pipeline.hardware.status_light import StatusLight

logger = logging.getLogger(__name__)


def open_door() -> Door | None:
    """Start it. None when there is neither light nor chime; the log says why."""
    light, chimes = open_light(), open_chimes()
    if light is None and not chimes:
        return None
    door = Door(light, chimes)
    door.start()
    return door


def open_light() -> StatusLight | None:
    pins = (settings.RED_LED_PIN, settings.YELLOW_LED_PIN, settings.GREEN_LED_PIN)
    if pins == (None, None, None):
        return None
    try:
        return StatusLight(*pins)
    except GpioUnavailable as error:
        logger.info("no status light: %s", error)  # the default on a machine without pins
        return None


def open_chimes() -> list[Chime]:
    """One that was asked for and cannot be had is a warning; the doorbell rings without it."""
    chimes: list[Chime] = []
    try:
        if settings.CHIME_PIN is not None:
            chimes.append(
                RelayChime(settings.CHIME_PIN, pulse_s=settings.CHIME_SECONDS, is_active_low=settings.CHIME_ACTIVE_LOW)
            )
    except GpioUnavailable as error:
        _miss(error)
    try:
        if settings.CHIME_SOUND:
            chimes.append(SoundChime(settings.CHIME_SOUND))
    except ChimeUnavailable as error:
        _miss(error)
    return chimes


def _miss(error: DoorbellError) -> None:
    logger.warning("%s", error)
