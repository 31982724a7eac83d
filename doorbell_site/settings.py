"""Settings: from the configuration file, the environment and `.env`, with defaults that run on one small computer."""

import hashlib
from pathlib import Path
from typing import Any

import environ
from tzlocal import get_localzone_name

from doorbell_site.paths import broker_socket, private_folder, read_or_create_secret
from pipeline.configuration.files import load_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

VAR_DIR = private_folder(Path(env.str("DOORBELL_VAR", default=str(BASE_DIR / "var"))).expanduser().resolve())
LOG_DIR = private_folder(VAR_DIR / "logs")
MODELS_DIR = private_folder(VAR_DIR / "models")
RUN_DIR = private_folder(VAR_DIR / "run")

# What the doorbell does, as one validated object: `manage.py show_config` prints it. The names below are parts of it.
DOORBELL = load_config(VAR_DIR)
_pipeline = DOORBELL.pipeline_config

# --- Django -----------------------------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY", default="") or read_or_create_secret(VAR_DIR / "secrets" / "secret_key")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("DOORBELL_HTTPS", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SESSION_COOKIE_SECURE else None
# Cookies know hosts but no ports: two doorbells on one machine would sign each other's users out.
INSTALLATION = hashlib.sha256(str(VAR_DIR).encode()).hexdigest()[:8]
SESSION_COOKIE_NAME = f"doorbell_session_{INSTALLATION}"
CSRF_COOKIE_NAME = f"doorbell_csrf_{INSTALLATION}"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "doorbell_site.errors.stale_form"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "doorbell_site.apps.DoorbellAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "doorbell_site.apps.DoorbellSiteConfig",
    "faces",
    "events",
    "pipeline",
    "health",
    "migration",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "doorbell_site.content_policy.ContentSecurityPolicy",
    "doorbell_site.static_files.WholeFiles",
    "doorbell_site.request_size.RequestSizeLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "doorbell_site.urls"
ASGI_APPLICATION = "doorbell_site.asgi.application"
WSGI_APPLICATION = "doorbell_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "events"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="") or get_localzone_name() or "UTC"
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database: SQLite here, or DATABASE_URL ------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(env.str("DATABASE_URL", default="") or f"sqlite:///{VAR_DIR / 'doorbell.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Deferred transactions that read and then write fail under load, whatever the timeout: immediate ones wait.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }

# --- Files ----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
MAX_PICTURE_BYTES = env.int("MAX_PICTURE_BYTES", default=20 * 1024 * 1024)
MAX_PICTURE_PIXELS = env.int("MAX_PICTURE_PIXELS", default=50_000_000)
MAX_REQUEST_BYTES = env.int("MAX_REQUEST_BYTES", default=10 * MAX_PICTURE_BYTES)  # several pictures at once
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
CAPTURE_JPEG_QUALITY = _pipeline.frame_capture.quality

# --- Queues ---------------------------------------------------------------------------------------------------------
BROKER_SOCKET = broker_socket(VAR_DIR)
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="") or f"redis+socket://{BROKER_SOCKET}"
BROKER_IS_EMBEDDED = not env.str("CELERY_BROKER_URL", default="")
CLAIM_LEASE_S = env.float("CLAIM_LEASE_S", default=15.0)  # a claim older than this belongs to a worker that died
SWEEP_INTERVAL_S = env.float("SWEEP_INTERVAL_S", default=5.0)

# --- The doorbell --------------------------------------------------------------------------------------------------
DOORBELL_PIN = _pipeline.hardware.doorbell_pin
RED_LED_PIN = _pipeline.hardware.red_led_pin
YELLOW_LED_PIN = _pipeline.hardware.yellow_led_pin
GREEN_LED_PIN = _pipeline.hardware.green_led_pin
CHIME_PIN = _pipeline.hardware.chime_pin
CHIME_ACTIVE_LOW = _pipeline.hardware.chime_active_low
CHIME_SECONDS = _pipeline.hardware.chime_seconds
CHIME_SOUND = _pipeline.hardware.chime_sound
DEBOUNCE_TIME = _pipeline.frame_capture.debounce_time
FACE_RECOGNITION_TOLERANCE = _pipeline.face_recognition.tolerance
BLACKLIST_TOLERANCE = _pipeline.face_recognition.blacklist_tolerance
RECOGNITION_MARGIN = _pipeline.face_recognition.margin
DETECTOR = _pipeline.face_detection.model
DETECTOR_TYPE = _pipeline.face_detection.detector_type
ENCODER = _pipeline.face_recognition.encoder
ENCODING_MODEL = _pipeline.face_recognition.encoding_model
NOTIFICATIONS_ENABLED = _pipeline.notifications.enabled
NOTIFY_WAIT_S = _pipeline.notifications.wait_seconds
NOTIFY_ON_KNOWN_VISITORS = _pipeline.notifications.notify_on_known_visitors
INCLUDE_PHOTO_FOR_KNOWN = _pipeline.notifications.include_photo_for_known
METRICS_TOKEN = _pipeline.monitoring.metrics_token
MQTT_URL = _pipeline.mqtt.url
MQTT_CA_FILE = _pipeline.mqtt.ca_file
MQTT_INSECURE = _pipeline.mqtt.insecure
MQTT_TOPIC = _pipeline.mqtt.topic
MQTT_DISCOVERY_PREFIX = _pipeline.mqtt.discovery_prefix
MQTT_NAMES = _pipeline.mqtt.names
MQTT_PICTURES = _pipeline.mqtt.pictures
MQTT_RING_TOPIC = _pipeline.mqtt.ring_topic
MQTT_RING_PAYLOAD = _pipeline.mqtt.ring_payload
MQTT_RING_CAMERA = _pipeline.mqtt.ring_camera

# --- Notifications --------------------------------------------------------------------------------------------------
NOTIFY_SECRET_KEY = env.str("NOTIFY_SECRET_KEY", default="") or read_or_create_secret(
    VAR_DIR / "secrets" / "notifications_key"
)  # seals what the channels know; several machines share one
PUBLIC_URL = env.str("PUBLIC_URL", default="")  # where people reach the pages, for links in messages
NOTIFY_QUIET_HOURS = env.str("NOTIFY_QUIET_HOURS", default="")  # 22:00-07:00; urgent messages go out all the same
NOTIFY_MOTION_GROUP_S = env.float("NOTIFY_MOTION_GROUP_S", default=600.0)  # motion alike within this is told once
NOTIFY_TIMEOUT_S = env.float("NOTIFY_TIMEOUT_S", default=10.0)
NOTIFY_LEASE_S = env.float("NOTIFY_LEASE_S", default=120.0)  # above what the slowest channel takes
NOTIFY_RETRY_BASE_S = env.float("NOTIFY_RETRY_BASE_S", default=2.0)
NOTIFY_GIVE_UP_S = env.float("NOTIFY_GIVE_UP_S", default=6 * 3600.0)
WEB_PUSH_HOSTS = env.list(  # the push services of Chrome and its like, Firefox, Safari, Edge, and their subdomains
    "WEB_PUSH_HOSTS",
    default=["fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com"],
)
NOTIFY_PICTURE_LINK_S = env.int("NOTIFY_PICTURE_LINK_S", default=24 * 3600)

# --- API -----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "doorbell_site.paging.Pages",
    "PAGE_SIZE": 25,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.FormParser"],
    "DEFAULT_THROTTLE_RATES": {"sign_in_as": "10/min", "sign_in_from": "60/min"},
    "NUM_PROXIES": 0,  # X-Forwarded-For is what the sender likes it to be
    "EXCEPTION_HANDLER": "doorbell_site.errors.json_error",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Doorbell",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Who rang, who is known, and the pictures. Every call needs a session or a token.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATION_PARAMETERS": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "doorbell_site.schema.describe_errors",
    ],
    "ENUM_NAME_OVERRIDES": {
        "CaptureStatus": "events.models.CaptureStatus",
        "FaceStatus": "events.models.FaceStatus",
        "HealthState": "health.models.HealthState",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LEGACY_API_ENABLED = env.bool("LEGACY_API_ENABLED", default=False)  # the old system's addresses, too

# --- Log: one line a fact, no faces, no secrets ---------------------------------------------------------------------
LOG_LEVEL = _pipeline.storage.log_level
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "file": {
            "class": "concurrent_log_handler.ConcurrentRotatingFileHandler",
            "filename": str(LOG_DIR / "doorbell.log"),
            "maxBytes": _pipeline.storage.log_rotation_bytes,
            "backupCount": _pipeline.storage.log_backup_count,
            "chmod": 0o600,
            "formatter": "line",
        },
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "loggers": {
        # Two lines for every task; what a task did, it says itself.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
    "root": {
        "handlers": ["file", "console"] if env.bool("DOORBELL_VERBOSE", default=False) else ["file"],
        "level": LOG_LEVEL,
    },
}
