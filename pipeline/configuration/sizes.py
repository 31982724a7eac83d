"""Sizes as people write them."""

from __future__ import annotations

import re

SIZE_WANTED = "a size such as 500KB, 10MB or 1GB"
_UNITS = {"": 1, "B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}


def bytes_of(text: str) -> int:
    """Return the bytes of `10MB`, or of `10485760`. Raises ValueError with what it must be."""
    found = re.fullmatch(r"(\d{1,12})\s*([KMG]?B?)", text.strip().upper())
    if found is None or found[2] not in _UNITS or int(found[1]) == 0:
        raise ValueError(SIZE_WANTED)
    return int(found[1]) * _UNITS[found[2]]
