"""Where frames come from, read from one line of text. Passwords in it are shown to nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.hardware.errors import CameraError

USABLE = "0, /dev/video0, rtsp://…, http://… or a video file"

STREAM_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"})
# A closed list: FFmpeg would play a text file too, as a film of its letters.
VIDEO_SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".h264", ".h265", ".hevc", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov"}
    | {".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv"}
)

_DEVICE_NUMBER = re.compile(r"[0-9]{1,3}")
_DEVICE_PATH = re.compile(r"/dev/(video[0-9]{1,3}|v4l/by-(id|path)/[^/]+)")
_CONTROL_OR_SPACE = re.compile(r"[\x00-\x20\x7f]")

# Up to the last @: a password may hold an unescaped / or @.
_USER_INFO = re.compile(r"(?<=://)\S*@")
_QUERY = re.compile(r"(://[^\s?]*\?)\S+")
# Some cameras take the login as part of the path: rtsp://host/user=admin_password=secret_channel=1.
_LOGIN_IN_PATH = re.compile(r"((?:user|pass|pwd|token|key|auth)[a-z]*=)[^\s&/]*?(?=_[a-z]+=|[\s&/]|$)", re.IGNORECASE)


class SourceKind(StrEnum):
    AUTO = "auto"
    PICAMERA2 = "picamera2"
    DEVICE = "device"
    STREAM = "stream"
    VIDEO = "video"
    PICTURE = "picture"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, repr=False)
class Source:
    """`address` is the text that was given, password and all; str() and repr() hide the password."""

    kind: SourceKind
    address: str

    @property
    def is_live(self) -> bool:
        """A live source has no end and cannot be played faster."""
        return self.kind not in (SourceKind.VIDEO, SourceKind.PICTURE, SourceKind.FOLDER)

    def __str__(self) -> str:
        return mask_credentials(self.address)

    def __repr__(self) -> str:
        return f"Source({self.kind.value}, {mask_credentials(self.address)!r})"


def parse_source(text: str) -> Source:
    """Return the source that `text` names, without opening it.

    A device number, /dev/video0 (or a path under /dev/v4l), rtsp(s)://…, http(s)://… (MJPEG), an existing video
    file, picture or folder of pictures, `picamera2`, or `auto` for the first camera found when it is opened.
    Raises CameraError.
    """
    address = text.strip()
    if address in (SourceKind.AUTO, SourceKind.PICAMERA2):
        return Source(SourceKind(address), address)
    if _DEVICE_NUMBER.fullmatch(address) or _DEVICE_PATH.fullmatch(address):
        return Source(SourceKind.DEVICE, address)
    if "://" in address:
        return Source(SourceKind.STREAM, _checked_url(address))
    return Source(_kind_of_path(address), address)


def mask_credentials(text: str) -> str:
    """Return `text` with user names, passwords and query strings of the URLs in it replaced by ***."""
    without_user = _USER_INFO.sub("***@", text)
    return _LOGIN_IN_PATH.sub(r"\1***", _QUERY.sub(r"\1***", without_user))


def _checked_url(address: str) -> str:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in STREAM_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        usable = False
    if not usable or _CONTROL_OR_SPACE.search(address):
        raise _not_a_camera(address)
    # FFmpeg knows its protocols in small letters only.
    return parts.scheme + address[len(parts.scheme) :]


def _kind_of_path(address: str) -> SourceKind:
    path = Path(address)
    try:
        if address and path.is_dir():
            return SourceKind.FOLDER
        is_file = path.is_file()
    except OSError:  # too long for a path, or in a folder that may not be read
        is_file = False
    if not is_file:
        raise _not_a_camera(address)
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return SourceKind.PICTURE
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return SourceKind.VIDEO
    raise CameraError(
        f"camera '{_shortened(address)}' is a file, but its name does not end like a video's or a picture's; "
        "rename it (.mp4, .mkv, .avi, .jpg, .png …) or convert it"
    )


def _not_a_camera(address: str) -> CameraError:
    shown = _shortened(mask_credentials(address))
    if "://" not in address and Path(address).suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES:
        return CameraError(f"camera '{shown}' is not there; check the path, or use {USABLE}")
    return CameraError(f"camera '{shown}' is not a camera address; use {USABLE}")


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
