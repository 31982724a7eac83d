"""Commands that show or try the doorbell, with data of their own."""

import os
import sys
from pathlib import Path

from django.conf import settings

IS_APART = "DOORBELL_APART"
# No broker, database, button, recipient or old installation of the real doorbell; an empty value hides one that `.env`
# gives.
APART = {
    **dict.fromkeys(("DATABASE_URL", "CELERY_BROKER_URL", "DOORBELL_CONFIG", "MQTT_URL", "LEGACY_DATA_DIR"), ""),
    **dict.fromkeys(("DOORBELL_PIN", "RED_LED_PIN", "YELLOW_LED_PIN", "GREEN_LED_PIN"), "none"),
    "NOTIFICATIONS_ENABLED": "false",
}


def go_apart(name: str) -> None:
    """Begin anew with the folder of that name in the real one; returns once that is so.

    The settings have read the real folder's name by now, so the process is replaced.
    """
    if os.environ.get(IS_APART) == name:
        return
    environment = {**os.environ, **APART, IS_APART: name, "DOORBELL_VAR": str(Path(settings.VAR_DIR) / name)}
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)  # noqa: S606
