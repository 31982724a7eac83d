"""manage.py run_door"""

import signal
import threading
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from pipeline.door.opening import open_door
from pipeline.hardware.button import watch_button
from pipeline.hardware.errors import GpioUnavailable
from pipeline.ring import ring

CANNOT_RUN = 2


def press() -> None:
    """Called in the button's own thread."""
    close_old_connections()
    ring(pressed_by="button")


class Command(BaseCommand):
    help = (
        "Button, status light and chime of this machine, until it is stopped: for a small computer at the door while "
        "the rest runs elsewhere. Where run_doorbell runs, it does this itself."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stopping.set())
        with ExitStack() as stack:
            parts = [*self._open_button(stack), *self._open_door(stack)]
            if not parts:
                raise CommandError(
                    "there is neither button nor light nor chime here; DOORBELL_PIN, RED_LED_PIN and CHIME_SOUND "
                    "name some, and the log says what is wrong with them",
                    returncode=CANNOT_RUN,
                )
            self.stdout.write(f"At the door: {' and '.join(parts)}.")
            self.stdout.flush()
            stopping.wait()

    def _open_button(self, stack: ExitStack) -> list[str]:
        if settings.DOORBELL_PIN is None:
            return []
        try:
            stack.enter_context(watch_button(settings.DOORBELL_PIN, press))
        except GpioUnavailable as error:
            self.stderr.write(str(error))
            return []
        return ["button"]

    def _open_door(self, stack: ExitStack) -> list[str]:
        door = open_door()
        if door is None:
            return []
        stack.callback(door.close)
        return ["light and chime"]
