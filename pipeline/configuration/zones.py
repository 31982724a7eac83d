"""Parts of a picture where nothing is looked for."""

from __future__ import annotations

from typing import TypeAlias

# Corners as (x, y), 0..1 of the picture's width and height; two corners are a rectangle.
Zones: TypeAlias = tuple[tuple[tuple[float, float], ...], ...]

ZONES_WANTED = "a list of zones, each two or more corners [x, y] from 0 to 1"


def zones_from(value: object) -> Zones | None:
    """Read zones out of what JSON gives; None for what is no list of zones."""
    if not isinstance(value, list | tuple):
        return None
    zones = [_zone(zone) for zone in value]
    return tuple(zone for zone in zones if zone is not None) if None not in zones else None


def _zone(value: object) -> tuple[tuple[float, float], ...] | None:
    if not isinstance(value, list | tuple) or len(value) < 2:
        return None
    corners = [_corner(corner) for corner in value]
    return tuple(corner for corner in corners if corner is not None) if None not in corners else None


def _corner(value: object) -> tuple[float, float] | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    x, y = value
    if not all(isinstance(part, int | float) and not isinstance(part, bool) and 0 <= part <= 1 for part in (x, y)):
        return None
    return float(x), float(y)
