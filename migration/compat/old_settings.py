"""The old settings' names, answered by what this installation is set to. docs/legacy-api.md has the table."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from migration.compat.replaced import Replaced

NO_FBI_LIST = "the FBI's list is not fetched; add people to the watch-list on the People page"
AT_THE_CAMERA = "set it at the camera itself, or in the system's camera settings"


class OldSettings(Replaced):
    """Read-only: what is set, is set in the environment, `.env` or the configuration file. Folders exist."""

    REPLACED = {
        "MIN_FACE_SIZE": "the camera's smallest face in pixels, on its page in the admin",
        "CAMERA_RESOLUTION": "the camera's own; get_camera_info()['resolution'] tells what it gives",
        "CAMERA_ROTATION": AT_THE_CAMERA,
        "CAMERA_BRIGHTNESS": AT_THE_CAMERA,
        "CAMERA_CONTRAST": AT_THE_CAMERA,
        "OPENCV_CAMERA_MAX_INDEX_TO_TRY": "every camera of the machine is tried, or the source that is set",
        "MAX_CAPTURE_ATTEMPTS": "a lost camera is opened again until it is back",
        "CAPTURE_RETRY_DELAY": "a lost camera is opened again until it is back",
        "FBI_API_URL": NO_FBI_LIST,
        "FBI_UPDATE_ENABLED": NO_FBI_LIST,
        "FBI_MAX_ENTRIES": NO_FBI_LIST,
        "TELEGRAM_BOT_TOKEN": "notification channels, on the Notifications page; secrets are not shown again",
    }

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"settings.{name} cannot be set from a program: name it in the environment, .env or the configuration file"
        )

    @property
    def PROJECT_ROOT(self) -> Path:  # noqa: N802 - the old name, as all of these
        return Path(settings.BASE_DIR)

    @property
    def DATA_DIR(self) -> Path:  # noqa: N802
        return Path(settings.VAR_DIR)

    @property
    def CAPTURES_DIR(self) -> Path:  # noqa: N802
        """Where the pictures of visits lie, in a folder a day."""
        return _folder("captures")

    @property
    def KNOWN_FACES_DIR(self) -> Path:  # noqa: N802
        """Where enrolled pictures lie, under names that say nothing; add them by `add_known_face`."""
        return _folder("samples")

    @property
    def BLACKLIST_FACES_DIR(self) -> Path:  # noqa: N802
        """The same folder: who is on the watch-list is said by the person's row."""
        return _folder("samples")

    @property
    def CROPPED_FACES_DIR(self) -> Path:  # noqa: N802
        """For crops that the owner's programs write. The doorbell writes none: it cuts a face out of the visit's
        picture when somebody looks at it, as /api/faces/candidates does."""
        return _folder("cropped_faces")

    @property
    def LOGS_DIR(self) -> Path:  # noqa: N802
        return Path(settings.LOG_DIR)

    @property
    def DOORBELL_PIN(self) -> int | None:  # noqa: N802
        return settings.DOORBELL_PIN

    @property
    def STATUS_LED_PINS(self) -> dict[str, int | None]:  # noqa: N802
        return {"red": settings.RED_LED_PIN, "yellow": settings.YELLOW_LED_PIN, "green": settings.GREEN_LED_PIN}

    @property
    def DEBOUNCE_TIME(self) -> float:  # noqa: N802
        """Seconds."""
        return settings.DEBOUNCE_TIME

    @property
    def FACE_RECOGNITION_TOLERANCE(self) -> float:  # noqa: N802
        return settings.FACE_RECOGNITION_TOLERANCE

    @property
    def BLACKLIST_TOLERANCE(self) -> float:  # noqa: N802
        return settings.BLACKLIST_TOLERANCE

    @property
    def REQUIRE_FACE_FOR_CAPTURE(self) -> bool:  # noqa: N802
        """A visit without a visible face is kept with its picture, as `no_face`."""
        return False

    @property
    def NOTIFY_ON_KNOWN_VISITORS(self) -> bool:  # noqa: N802
        return settings.NOTIFY_ON_KNOWN_VISITORS

    @property
    def INCLUDE_PHOTO_FOR_KNOWN(self) -> bool:  # noqa: N802
        return settings.INCLUDE_PHOTO_FOR_KNOWN

    @property
    def LOG_LEVEL(self) -> str:  # noqa: N802
        return settings.LOG_LEVEL

    @property
    def MAX_LOG_FILE_SIZE(self) -> int:  # noqa: N802
        """Bytes."""
        return settings.DOORBELL.pipeline_config.storage.log_rotation_bytes

    @property
    def LOG_BACKUP_COUNT(self) -> int:  # noqa: N802
        return settings.DOORBELL.pipeline_config.storage.log_backup_count


def _folder(name: str) -> Path:
    folder = Path(settings.MEDIA_ROOT) / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
