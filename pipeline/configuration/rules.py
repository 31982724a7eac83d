"""What every setting means, how far it goes, and which environment variable sets it."""

from __future__ import annotations

from pipeline.configuration.setting import Rule

# As pipeline.vision.engine names them; that module loads the networks' runtimes, this one must not.
MODELS = ("hog", "cnn", "yunet")
DETECTOR_TYPES = ("cpu", "gpu")
ENCODERS = ("onnx", "reference")
ENCODING_MODELS = ("small", "large")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

SUPERVISION = {
    "health_check_interval": Rule(
        "Seconds between two looks of the manager at its processes.", ("HEALTH_CHECK_INTERVAL",), above=0, most=3600
    ),
    "metrics_collection_interval": Rule(
        "Seconds between two health snapshots.", ("METRICS_COLLECTION_INTERVAL",), above=0, most=86400
    ),
    "auto_recovery_enabled": Rule("Restart what dies or falls silent.", ("AUTO_RECOVERY_ENABLED",)),
    "max_restart_attempts": Rule(
        "Restarts of one process within the cooldown before it is given up.",
        ("MAX_RESTART_ATTEMPTS",),
        least=0,
        most=100,
    ),
    "restart_cooldown_seconds": Rule(
        "Seconds of calm after which the restarts are counted anew.", ("RESTART_COOLDOWN_SECONDS",), above=0, most=86400
    ),
    "cpu_threshold": Rule("Processor load, percent, above which health warns.", ("CPU_THRESHOLD",), above=0, most=100),
    "memory_threshold": Rule(
        "Memory in use, percent, above which health warns.", ("MEMORY_THRESHOLD",), above=0, most=100
    ),
    "queue_backlog_threshold": Rule(
        "Waiting messages of one queue above which health warns.", ("QUEUE_BACKLOG_THRESHOLD",), least=1, most=1_000_000
    ),
    "alert_on_high_cpu": Rule("Whether the processor's load may warn at all.", ("ALERT_ON_HIGH_CPU",)),
    "alert_on_high_memory": Rule("Whether the memory in use may warn at all.", ("ALERT_ON_HIGH_MEMORY",)),
    "alert_on_errors": Rule("Whether failures per minute may warn at all.", ("ALERT_ON_ERRORS",)),
    "error_threshold_per_minute": Rule(
        "Failed captures a minute above which health warns.", ("ERROR_THRESHOLD_PER_MINUTE",), least=0, most=100_000
    ),
}

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

NOTIFICATIONS = {
    "enabled": Rule("Tell people about visits.", ("NOTIFICATIONS_ENABLED",), django="NOTIFICATIONS_ENABLED"),
    "wait_seconds": Rule(
        "How long a message of a press waits for the name.",
        ("NOTIFY_WAIT_S",),
        least=0,
        most=60,
        django="NOTIFY_WAIT_S",
    ),
    "notify_on_known_visitors": Rule(
        "Also tell about known people.", ("NOTIFY_ON_KNOWN_VISITORS",), django="NOTIFY_ON_KNOWN_VISITORS"
    ),
    "include_photo_for_known": Rule(
        "With a picture of them.", ("INCLUDE_PHOTO_FOR_KNOWN",), django="INCLUDE_PHOTO_FOR_KNOWN"
    ),
}

STORAGE = {
    "keep_images_days": Rule(
        "Days after which a visit's pictures are deleted; what is known of it stays; none: never.",
        ("KEEP_IMAGES_DAYS",),
        least=1,
        most=36500,
    ),
    "min_free_mb": Rule(
        "Free disk space, MB, below which motion takes no more pictures.",
        ("MIN_FREE_DISK_MB",),
        least=0,
        most=1_000_000,
    ),
    "log_level": Rule(
        "What reaches the log.", ("LOG_LEVEL", "DOORBELL_LOG_LEVEL"), choices=LOG_LEVELS, django="LOG_LEVEL"
    ),
    "log_rotation_size": Rule("Size at which the log starts anew.", ("MAX_LOG_FILE_SIZE",), is_size=True),
    "log_backup_count": Rule("Old logs that are kept.", ("LOG_BACKUP_COUNT",), least=0, most=1000),
}

HARDWARE = {
    "doorbell_pin": Rule(
        "The button, to ground; none: no button.", ("DOORBELL_PIN",), least=0, most=27, django="DOORBELL_PIN"
    ),
    "red_led_pin": Rule("The red status LED.", ("RED_LED_PIN",), least=0, most=27, django="RED_LED_PIN"),
    "yellow_led_pin": Rule("The yellow status LED.", ("YELLOW_LED_PIN",), least=0, most=27, django="YELLOW_LED_PIN"),
    "green_led_pin": Rule("The green status LED.", ("GREEN_LED_PIN",), least=0, most=27, django="GREEN_LED_PIN"),
    "chime_pin": Rule(
        "A relay or buzzer that sounds at each press; none: nothing is wired.",
        ("CHIME_PIN",),
        least=0,
        most=27,
        django="CHIME_PIN",
    ),
    "chime_active_low": Rule(
        "The relay closes when its pin is low, as on most relay boards.",
        ("CHIME_ACTIVE_LOW",),
        django="CHIME_ACTIVE_LOW",
    ),
    "chime_seconds": Rule("How long it stays closed.", ("CHIME_SECONDS",), above=0, most=30, django="CHIME_SECONDS"),
    "chime_sound": Rule("A sound file that is played at each press.", ("CHIME_SOUND",), django="CHIME_SOUND"),
}

MQTT = {
    "url": Rule(
        "The broker, mqtt://user:password@host:1883 or mqtts://…:8883; none: no MQTT.",
        ("MQTT_URL",),
        is_secret=True,
        django="MQTT_URL",
    ),
    "ca_file": Rule(
        "Certificates (PEM) that the broker's must be signed by; none: those of the system.",
        ("MQTT_CA_FILE",),
        django="MQTT_CA_FILE",
    ),
    "insecure": Rule(
        "Take any certificate: encrypted, but perhaps by somebody in between.",
        ("MQTT_INSECURE",),
        django="MQTT_INSECURE",
    ),
    "topic": Rule(
        "What all topics begin with; another one for each doorbell on a broker.", ("MQTT_TOPIC",), django="MQTT_TOPIC"
    ),
    "discovery_prefix": Rule(
        "Where Home Assistant looks for new devices; none: nothing is announced.",
        ("MQTT_DISCOVERY_PREFIX",),
        django="MQTT_DISCOVERY_PREFIX",
    ),
    "names": Rule("Say who was there, with a sensor for each person.", ("MQTT_NAMES",), django="MQTT_NAMES"),
    "pictures": Rule("Leave the last picture with the broker.", ("MQTT_PICTURES",), django="MQTT_PICTURES"),
    "ring_topic": Rule(
        "Another doorbell's topic, whose messages ring this one.", ("MQTT_RING_TOPIC",), django="MQTT_RING_TOPIC"
    ),
    "ring_payload": Rule(
        "Which of them do: a text such as ON, or a field such as action=single; none: all.",
        ("MQTT_RING_PAYLOAD",),
        django="MQTT_RING_PAYLOAD",
    ),
    "ring_camera": Rule(
        "The camera by which they ring; none: the first one.", ("MQTT_RING_CAMERA",), django="MQTT_RING_CAMERA"
    ),
}

MONITORING = {
    "enabled": Rule("Take health snapshots.", ("MONITORING_ENABLED",)),
    "stuck_seconds": Rule(
        "Seconds without progress after which a picture or a visit counts as stuck.",
        ("STUCK_SECONDS",),
        least=5,
        most=3600,
    ),
    "slow_press_seconds": Rule(
        "From press to decision, the 95th percentile of the last hour: above it health warns.",
        ("SLOW_PRESS_SECONDS",),
        above=0,
        most=600,
    ),
    "snapshot_keep_days": Rule(
        "Days for which health snapshots are kept.", ("SNAPSHOT_KEEP_DAYS",), least=1, most=3650
    ),
    "metrics_token": Rule(
        "Bearer token with which a Prometheus server may read /metrics; empty: only who may sign in reads it.",
        ("METRICS_TOKEN",),
        is_secret=True,
        django="METRICS_TOKEN",
    ),
}

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
