"""The way of a picture: captured, searched for motion and faces, recognised, decided upon."""

from __future__ import annotations

from pipeline.configuration.setting import Rule

# As pipeline.vision.engine names them; that module loads the networks' runtimes, this one must not.
MODELS = ("hog", "cnn", "yunet")
DETECTOR_TYPES = ("cpu", "gpu")
ENCODERS = ("onnx", "reference")
ENCODING_MODELS = ("small", "large")

FRAME_CAPTURE = {
    "enabled": Rule("Watch the enabled cameras here; false where another machine does.", ("FRAME_CAPTURE_ENABLED",)),
    "fps": Rule(
        "Frames a second that are looked at; none: every one that the camera gives.",
        ("CAMERA_FPS", "DOORBELL_CAMERA_FPS"),
        above=0,
        most=240,
    ),
    "quality": Rule(
        "JPEG quality of saved pictures.", ("CAPTURE_JPEG_QUALITY",), least=1, most=100, django="CAPTURE_JPEG_QUALITY"
    ),
    "burst_count": Rule(
        "Pictures of a press: the newest one, the others half from before and half from after it.",
        ("BURST_COUNT",),
        least=1,
        most=50,
    ),
    "burst_interval": Rule("Seconds between the pictures of a press.", ("BURST_INTERVAL",), above=0, most=10),
    "pre_roll_seconds": Rule(
        "How far back the pictures of a press may reach.", ("PRE_ROLL_SECONDS",), least=0, most=10
    ),
    "debounce_time": Rule(
        "Seconds after a press in which further presses belong to the same visit.",
        ("DEBOUNCE_TIME",),
        least=0,
        most=300,
        django="DEBOUNCE_TIME",
    ),
    "motion_backlog": Rule(
        "While so many pictures wait for a detection worker, motion takes no more; presses always do.",
        ("MOTION_BACKLOG",),
        least=1,
        most=1000,
    ),
}

MOTION_DETECTION = {
    "enabled": Rule("Motion opens visits, too; false: only presses do.", ("MOTION_DETECTION_ENABLED",)),
    "threshold": Rule("Grey levels by which a pixel must change.", ("MOTION_THRESHOLD",), least=1, most=254),
    "min_area": Rule(
        "Pixels of a 640 px wide picture that a moving thing must cover.",
        ("MOTION_MIN_AREA", "MIN_CONTOUR_AREA"),
        least=1,
        most=1_000_000,
    ),
    "blur_kernel": Rule(
        "Smoothing against the sensor's noise, pixels.", ("MOTION_BLUR_KERNEL",), least=1, most=255, is_odd=True
    ),
    "bg_learning_rate": Rule(
        "Share of a frame that enters the background, at 10 frames a second.",
        ("MOTION_LEARNING_RATE",),
        above=0,
        below=1,
    ),
    "max_static_duration": Rule(
        "Seconds after which something left standing belongs to the background.",
        ("MOTION_MAX_STATIC_DURATION",),
        above=0,
        most=86400,
    ),
    "min_motion_duration": Rule(
        "Seconds that something must move before it counts.", ("MOTION_MIN_DURATION",), least=0, most=60
    ),
    "width": Rule("Pixels of the small copy in which motion is looked for.", ("MOTION_WIDTH",), least=40, most=640),
    "ignored_zones": Rule("A street, a tree: nothing is looked for there. JSON.", ("MOTION_IGNORED_ZONES",)),
    "capture_interval": Rule(
        "Seconds between two pictures of a motion.", ("MOTION_CAPTURE_INTERVAL",), above=0, most=60
    ),
    "calm_seconds": Rule("Seconds of stillness that end the visit.", ("MOTION_CALM_SECONDS",), above=0, most=600),
    "longest_seconds": Rule(
        "Seconds after which a visit by motion ends.", ("MOTION_LONGEST_SECONDS",), above=0, most=80
    ),
    "most_captures": Rule("Pictures after which a visit by motion ends.", ("MOTION_MOST_CAPTURES",), least=1, most=500),
}

FACE_DETECTION = {
    "enabled": Rule("Run detection workers here; false where other machines do.", ("FACE_DETECTION_ENABLED",)),
    "worker_count": Rule(
        "Detection workers.", ("DETECTION_WORKERS", "WORKER_COUNT", "DOORBELL_WORKER_COUNT"), least=1, most=64
    ),
    "detector_type": Rule(
        "The processor that cnn and yunet run on; hog always takes the CPU.",
        ("DETECTOR_TYPE", "DOORBELL_DETECTOR_TYPE"),
        choices=DETECTOR_TYPES,
        django="DETECTOR_TYPE",
    ),
    "model": Rule(
        "The face detector; yunet needs `manage.py fetch_models` once.",
        ("DETECTOR",),
        choices=MODELS,
        django="DETECTOR",
    ),
    "min_face_px": Rule(
        "Smallest face looked for, pixels, for all cameras; none: as each camera's page says. Larger is faster.",
        ("MIN_FACE_PX",),
        least=20,
        most=1000,
    ),
    "job_timeout": Rule(
        "Seconds after which a worker that is still at one picture is replaced.",
        ("DETECTION_TIMEOUT",),
        least=1,
        most=3600,
    ),
}

FACE_RECOGNITION = {
    "enabled": Rule("Run recognition workers here; false where other machines do.", ("FACE_RECOGNITION_ENABLED",)),
    "worker_count": Rule(
        "Recognition workers.", ("RECOGNITION_WORKERS", "WORKER_COUNT", "DOORBELL_WORKER_COUNT"), least=1, most=64
    ),
    "encoder": Rule(
        "onnx, or reference: the same network run by face_recognition, much slower.",
        ("ENCODER",),
        choices=ENCODERS,
        django="ENCODER",
    ),
    "encoding_model": Rule(
        "Alignment by 5 points (small) or 68 (large). After a change, re-encode the people in the admin.",
        ("ENCODING_MODEL",),
        choices=ENCODING_MODELS,
        django="ENCODING_MODEL",
    ),
    "tolerance": Rule(
        "Largest distance at which a known person is recognised.",
        ("FACE_RECOGNITION_TOLERANCE", "FACE_TOLERANCE", "DOORBELL_FACE_TOLERANCE"),
        above=0,
        most=2,
        django="FACE_RECOGNITION_TOLERANCE",
    ),
    "blacklist_tolerance": Rule(
        "Largest distance at which a blocked person is recognised.",
        ("BLACKLIST_TOLERANCE",),
        above=0,
        most=2,
        django="BLACKLIST_TOLERANCE",
    ),
    "margin": Rule(
        "How much nearer than the second person one picture must be to name somebody on its own.",
        ("RECOGNITION_MARGIN",),
        least=0,
        most=2,
        django="RECOGNITION_MARGIN",
    ),
    "job_timeout": Rule(
        "Seconds after which a worker that is still at one picture is replaced.",
        ("RECOGNITION_TIMEOUT",),
        least=1,
        most=3600,
    ),
}

EVENT_PROCESSING = {
    "enabled": Rule("Run the events worker and the scheduler here; one machine must.", ("EVENT_PROCESSING_ENABLED",)),
    "event_retention_days": Rule(
        "Days after which a visit is forgotten, with its pictures; none: never.",
        ("EVENT_RETENTION_DAYS",),
        least=1,
        most=36500,
    ),
}
