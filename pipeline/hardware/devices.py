"""Video devices of Linux: which there are, and why one does not open."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from pathlib import Path

# linux/videodev2.h: struct v4l2_capability and the request that fills it.
_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_VIDIOC_QUERYCAP = 0x80685600
_CAP_VIDEO_CAPTURE = 0x1 | 0x1000  # single- and multi-planar
_CAP_MEM2MEM = 0x4000 | 0x8000  # codecs and scalers: they take pictures in before they give any
_CAP_DEVICE_CAPS = 0x80000000


def capture_devices(folder: Path = Path("/dev")) -> Iterator[Path]:
    """Yield the video devices that say they give pictures, lowest number first; opens no stream."""
    found = (path for path in folder.glob("video*") if path.name.removeprefix("video").isdecimal())
    for path in sorted(found, key=lambda path: int(path.name.removeprefix("video"))):
        if _gives_pictures(path):
            yield path


def why_closed(path: Path) -> str:
    """Return the end of the sentence "camera … cannot be opened: …"."""
    if not path.exists():
        there = ", ".join(str(device) for device in capture_devices(path.parent))
        return f"there is no {path}; " + (f"there is {there}" if there else "plug a camera in")
    if not os.access(path, os.R_OK | os.W_OK):
        return "no permission; run `sudo usermod -aG video $USER` and sign in again"
    return "another program may be using it, or it is no camera; see `fuser -v " + str(path) + "`"


def _gives_pictures(path: Path) -> bool:
    try:
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        answer = fcntl.ioctl(device, _VIDIOC_QUERYCAP, bytes(_CAPABILITY.size))
    except OSError:
        return False
    finally:
        os.close(device)
    return _is_camera(answer)


def _is_camera(capability: bytes) -> bool:
    """capability: struct v4l2_capability, 104 bytes."""
    *_, whole_hardware, this_device = _CAPABILITY.unpack(capability)
    # A webcam has a second device for metadata; only device_caps tells the two apart.
    caps = this_device if whole_hardware & _CAP_DEVICE_CAPS else whole_hardware
    return bool(caps & _CAP_VIDEO_CAPTURE) and not caps & _CAP_MEM2MEM
