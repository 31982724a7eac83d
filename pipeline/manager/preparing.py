"""What must be there before anything starts: the database, the networks, and the door's own parts."""

import logging
import time
from contextlib import ExitStack

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, close_old_connections

from pipeline.door.opening import open_door
from pipeline.hardware.button import ButtonWatch, watch_button
from pipeline.hardware.errors import GpioUnavailable
from pipeline.manager.networks import make_networks
from pipeline.manager.options import Say
from pipeline.ring import ring

logger = logging.getLogger(__name__)

MADE = {
    "encoder": "The face encoder was converted and compared with the original.",
    "cnn": "The cnn detector was converted.",
    "yunet": "The yunet detector was made ready.",
}
PRESS_TRIES = 20
PRESS_PAUSE_S = 5.0  # a locked database is waited for besides


def prepare(say: Say) -> None:
    """The folder, the database and the networks. Raises ModelError."""
    say(f"Everything is kept in {settings.VAR_DIR}")
    call_command("migrate", verbosity=0, interactive=False)
    for name in make_networks():
        say(MADE[name])


def attend_the_door(stack: ExitStack) -> None:
    """Button, light and chime, as far as they are set up here; the stack lets go of them."""
    if (button := watch_for_button()) is not None:
        stack.callback(button.close)
    if (door := open_door()) is not None:
        stack.callback(door.close)


def watch_for_button() -> ButtonWatch | None:
    """None when no pin is set, or the machine has none."""
    if settings.DOORBELL_PIN is None:
        return None
    try:
        return watch_button(settings.DOORBELL_PIN, press)
    except GpioUnavailable as error:
        logger.info("%s", error)
        return None


def press() -> None:
    """Called in the button's own thread. A database that is locked or away for a minute costs no press."""
    for attempt in range(PRESS_TRIES):
        close_old_connections()
        try:
            ring(pressed_by="button")
        except DatabaseError as error:
            logger.error("the button was pressed, which cannot be recorded yet: %s", error)
            time.sleep(PRESS_PAUSE_S if attempt < PRESS_TRIES - 1 else 0)
        else:
            return
