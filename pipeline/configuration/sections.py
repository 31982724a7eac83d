"""Every setting with its type and its default; `rules` says what each means and how far it goes.

Defaults that are older than this product (tolerance 0.6, worker_count 2, …) are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.configuration.sizes import bytes_of
from pipeline.configuration.validated import Validated
from pipeline.configuration.zones import Zones


@dataclass(frozen=True)
class FrameCapture(Validated, section="frame_capture"):
    """One process a camera: frames, presses, bursts."""

    enabled: bool = True
    fps: float | None = None
    quality: int = 90
    burst_count: int = 5
    burst_interval: float = 0.2
    pre_roll_seconds: float = 1.0
    debounce_time: float = 2.0
    motion_backlog: int = 4


@dataclass(frozen=True)
class MotionDetection(Validated, section="motion_detection"):
    """Visits that nobody rings for."""

    enabled: bool = True
    threshold: int = 25
    min_area: int = 500
    blur_kernel: int = 21
    bg_learning_rate: float = 0.01
    max_static_duration: float = 30.0
    min_motion_duration: float = 0.5
    width: int = 160
    ignored_zones: Zones = ()
    capture_interval: float = 0.5
    calm_seconds: float = 2.0
    longest_seconds: float = 30.0
    most_captures: int = 20


@dataclass(frozen=True)
class FaceDetection(Validated, section="face_detection"):
    enabled: bool = True
    worker_count: int = 2
    detector_type: str = "cpu"
    model: str = "hog"
    min_face_px: int | None = None
    job_timeout: float = 30.0


@dataclass(frozen=True)
class FaceRecognition(Validated, section="face_recognition"):
    enabled: bool = True
    worker_count: int = 2
    encoder: str = "onnx"
    encoding_model: str = "small"
    tolerance: float = 0.6
    blacklist_tolerance: float = 0.5
    margin: float = 0.06
    job_timeout: float = 30.0


@dataclass(frozen=True)
class EventProcessing(Validated, section="event_processing"):
    enabled: bool = True
    event_retention_days: int | None = None


@dataclass(frozen=True)
class Notifications(Validated, section="notifications"):
    enabled: bool = True
    wait_seconds: float = 1.5
    notify_on_known_visitors: bool = False
    include_photo_for_known: bool = False


@dataclass(frozen=True)
class Storage(Validated, section="storage"):
    keep_images_days: int | None = None
    min_free_mb: int = 500
    log_level: str = "INFO"
    log_rotation_size: str = "10MB"
    log_backup_count: int = 5

    @property
    def log_rotation_bytes(self) -> int:
        return bytes_of(self.log_rotation_size)


@dataclass(frozen=True)
class Hardware(Validated, section="hardware"):
    """BCM numbers; none: nothing is wired there."""

    doorbell_pin: int | None = 18
    red_led_pin: int | None = 16
    yellow_led_pin: int | None = 20
    green_led_pin: int | None = 21
    chime_pin: int | None = None
    chime_active_low: bool = False
    chime_seconds: float = 0.5
    chime_sound: str = ""


@dataclass(frozen=True)
class Mqtt(Validated, section="mqtt"):
    """What the texts must look like beyond being texts, `pipeline.mqtt.plan` checks."""

    url: str = ""
    ca_file: str = ""
    insecure: bool = False
    topic: str = "doorbell"
    discovery_prefix: str | None = "homeassistant"
    names: bool = True
    pictures: bool = True
    ring_topic: str = ""
    ring_payload: str = ""
    ring_camera: str = ""


@dataclass(frozen=True)
class Monitoring(Validated, section="monitoring"):
    enabled: bool = True
    stuck_seconds: float = 60.0
    slow_press_seconds: float = 5.0
    snapshot_keep_days: int = 90
    metrics_token: str = ""
