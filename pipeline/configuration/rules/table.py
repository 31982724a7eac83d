"""What every setting means, how far it goes, and which environment variable sets it."""

from __future__ import annotations

from pipeline.configuration.rules.house import HARDWARE, MQTT, NOTIFICATIONS
from pipeline.configuration.rules.stages import (
    EVENT_PROCESSING,
    FACE_DETECTION,
    FACE_RECOGNITION,
    FRAME_CAPTURE,
    MOTION_DETECTION,
)
from pipeline.configuration.rules.upkeep import MONITORING, STORAGE, SUPERVISION
from pipeline.configuration.setting import Rule

# By section; "" holds those in none.
RULES: dict[str, dict[str, Rule]] = {
    "": SUPERVISION,
    "frame_capture": FRAME_CAPTURE,
    "motion_detection": MOTION_DETECTION,
    "face_detection": FACE_DETECTION,
    "face_recognition": FACE_RECOGNITION,
    "event_processing": EVENT_PROCESSING,
    "notifications": NOTIFICATIONS,
    "storage": STORAGE,
    "hardware": HARDWARE,
    "mqtt": MQTT,
    "monitoring": MONITORING,
}
