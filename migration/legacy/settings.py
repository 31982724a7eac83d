"""`.env` and `config.db`: what the owner wanted the old system to do, checked, with the names of today."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from migration.legacy.errors import SourceError
from migration.legacy.scratch import Database
from migration.legacy.text import shown

MAX_ENV_BYTES = 256 * 1024
NEVER_LOADED = "the old system never read .env: its visits ran with the defaults"


@dataclass(frozen=True, slots=True)
class OldSetting:
    """`value`: as written. `line`: what to put into the new `.env`, "" for nothing. `note`: why."""

    source: str
    name: str
    value: str
    line: str
    note: str


@dataclass(frozen=True, slots=True)
class _Known:
    """`check` returns the value as the new system takes it; raises ValueError with the reason."""

    new_name: str
    check: Callable[[str], str]
    default: str
    note: str = ""


def _pin(text: str) -> str:
    if not text.isascii() or not text.isdigit() or int(text) > 27:
        raise ValueError("is not the number of a pin (0 to 27)")
    return str(int(text))


def _between(low: float, high: float) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            value = float(text)
        except ValueError:
            raise ValueError("is not a number") from None
        if not low <= value <= high:
            raise ValueError(f"is out of range ({low:g} to {high:g})")
        return text

    return check


def _true(text: str) -> str:
    if text.lower() in ("true", "false"):
        return text.lower()
    raise ValueError("counted as false: only the word true meant yes")


def _level(text: str) -> str:
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        raise ValueError("is no level of a log")
    return text.upper()


def _resolution(text: str) -> str:
    if not re.fullmatch(r"\d{2,5}\s*,\s*\d{2,5}", text):
        raise ValueError("is not WIDTH,HEIGHT")
    return text


_DISTANCE = _between(0.01, 2)
_KEPT_BY_CAMERA = "the camera decides now; nothing to set"
_GONE = "no longer a setting"
KNOWN: dict[str, _Known] = {
    "DOORBELL_PIN": _Known("DOORBELL_PIN", _pin, "18"),
    "RED_LED_PIN": _Known("RED_LED_PIN", _pin, "16"),
    "YELLOW_LED_PIN": _Known("YELLOW_LED_PIN", _pin, "20"),
    "GREEN_LED_PIN": _Known("GREEN_LED_PIN", _pin, "21"),
    "DEBOUNCE_TIME": _Known("DEBOUNCE_TIME", _between(0, 300), "2.0"),
    "FACE_TOLERANCE": _Known("FACE_RECOGNITION_TOLERANCE", _DISTANCE, "0.6"),
    "FACE_RECOGNITION_TOLERANCE": _Known("FACE_RECOGNITION_TOLERANCE", _DISTANCE, "0.6"),
    "BLACKLIST_TOLERANCE": _Known("BLACKLIST_TOLERANCE", _DISTANCE, "0.5"),
    "NOTIFY_ON_KNOWN_VISITORS": _Known("NOTIFY_ON_KNOWN_VISITORS", _true, "false"),
    "INCLUDE_PHOTO_FOR_KNOWN": _Known("INCLUDE_PHOTO_FOR_KNOWN", _true, "false"),
    "LOG_LEVEL": _Known("LOG_LEVEL", _level, "INFO"),
    "MAX_LOG_FILE_SIZE": _Known("MAX_LOG_FILE_SIZE", _between(1024, 1e12), "10485760"),
    "LOG_BACKUP_COUNT": _Known("LOG_BACKUP_COUNT", _between(0, 1000), "5"),
    "CAMERA_RESOLUTION": _Known("", _resolution, "1280,720", _KEPT_BY_CAMERA),
    "CAMERA_ROTATION": _Known("", _between(0, 360), "0", _KEPT_BY_CAMERA),
    "CAMERA_BRIGHTNESS": _Known("", _between(0, 100), "50", _KEPT_BY_CAMERA),
    "CAMERA_CONTRAST": _Known("", _between(0, 100), "50", _KEPT_BY_CAMERA),
    "REQUIRE_FACE_FOR_CAPTURE": _Known("", _true, "false", "every press keeps its picture now"),
    "MIN_FACE_SIZE": _Known("", _between(1, 10_000), "50", "each camera has its own smallest face now"),
    "MAX_CAPTURE_ATTEMPTS": _Known("", _between(1, 100), "3", _GONE),
    "CAPTURE_RETRY_DELAY": _Known("", _between(0, 60), "0.5", _GONE),
    "FBI_UPDATE_ENABLED": _Known("", _true, "true", "wanted lists are no longer fetched"),
    "FBI_MAX_ENTRIES": _Known("", _between(0, 10_000), "50", "wanted lists are no longer fetched"),
    "FBI_API_URL": _Known("", str, "", "wanted lists are no longer fetched"),
    "DEVELOPMENT_MODE": _Known("", _true, "false", _GONE),
    "PORT": _Known("", _between(1, 65535), "5000", "`./doorbell run --port` says it now"),
}
# config.db: section, key, and the variable of the same meaning.
_CONFIGURATIONS = {
    ("face_recognition", "tolerance"): "FACE_TOLERANCE",
    ("face_recognition", "blacklist_tolerance"): "BLACKLIST_TOLERANCE",
    ("notifications", "notify_on_known_visitors"): "NOTIFY_ON_KNOWN_VISITORS",
    ("notifications", "include_photo_for_known"): "INCLUDE_PHOTO_FOR_KNOWN",
}


def read_env(content: bytes) -> list[OldSetting]:
    """Read `.env`, whatever wrote it: BOM, `export`, quotes, blanks, comments. Nothing is expanded.

    Of a name given twice the last counts. Values of unknown names are not returned: they may be secrets.
    """
    found: dict[str, str] = {}
    settings = []
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), start=1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        name, separator, value = text.partition("=")
        if not separator or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip()):
            settings.append(OldSetting(".env", f"line {number}", "", "", "not NAME=VALUE; ignored"))
            continue
        found[name.strip()] = _unquoted(value)
    return [*settings, *(_checked(".env", name, value) for name, value in found.items())]


def read_configurations(database: Database) -> list[OldSetting]:
    """Read `config.db`. Raises SourceError."""
    if not database.has_table("configurations"):
        raise SourceError("it has no table `configurations`")
    return [_checked("config.db", name, value) for name, value in _configured(database)]


def _configured(database: Database) -> Iterator[tuple[str, str]]:
    for row in database.rows("configurations", "rowid", ("config_key", "config_value")):
        try:
            section = json.loads(row["config_value"])
        except (TypeError, ValueError, RecursionError):
            continue
        for key, value in section.items() if isinstance(section, dict) else ():
            name = _CONFIGURATIONS.get((str(row["config_key"]), str(key)))
            if name is not None:
                yield name, str(value)


def _unquoted(value: str) -> str:
    text = value.strip()
    quoted = re.match(r"""(["'])(?P<inside>.*?)\1""", text)
    return quoted["inside"] if quoted else re.split(r"\s+#", text, maxsplit=1)[0].strip()


def _checked(source: str, name: str, value: str) -> OldSetting:
    known = KNOWN.get(name)
    if known is None:
        return OldSetting(source, name, "", "", "not a setting of the old system; its value is not shown")
    try:
        usable = known.check(value)
    except ValueError as error:
        return OldSetting(source, name, shown(value)[:100], "", f"{error}; the default {known.default} stays")
    note = known.note or (NEVER_LOADED if source == ".env" else "the old system never read it back")
    line = f"{known.new_name}={usable}" if known.new_name and usable != known.default else ""
    return OldSetting(source, name, shown(value)[:100], line, note)
