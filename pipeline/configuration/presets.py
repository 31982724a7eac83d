"""Sets of values for kinds of computers; docs/vision.md says what they cost and gain."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.configuration.setting import Value

PRESETS: Mapping[str, Mapping[str, Value]] = {
    # Four slow cores, one of them for the camera. Faces from 96 px are those of people within about 2 m.
    "raspberry_pi": {
        "frame_capture.fps": 10.0,
        "motion_detection.enabled": True,
        "face_detection.worker_count": 1,
        "face_detection.model": "hog",
        "face_detection.min_face_px": 96,
        "face_recognition.worker_count": 1,
    },
    # Eight cores and more: faces far away, turned and tilted, with the best detector that needs no download.
    "high_performance": {
        "motion_detection.enabled": True,
        "face_detection.worker_count": 4,
        "face_detection.model": "cnn",
        "face_detection.min_face_px": 40,
        "face_recognition.worker_count": 3,
    },
}
