"""When and where something moves, on a small grey copy of the frame: about 0.2 ms a 720p frame.

The background is a running average. A pixel moves where it differs from the background, once a change of the whole
picture's brightness is taken out; what remains is cleaned of specks and cut into boxes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.geometry import Box
from pipeline.vision.scenes import is_scene_cut

# Corners as (x, y), 0..1 of the frame's width and height; two corners are a rectangle.
Zone: TypeAlias = tuple[tuple[float, float], ...]

# Areas and the blur are given for a picture of this width, the one that the old program captured.
_REFERENCE_WIDTH_PX = 640
# bg_learning_rate is given for this many frames a second.
_REFERENCE_FPS = 10.0
# More of the picture than this, changed from one frame to the next, is a lamp or a moved camera: nobody is that fast.
_LIGHTING_SHARE = 0.5
_MAX_GAIN = 2.5
# Pixels that changed together but kept their pattern show the same things in another light. Plain surfaces have none.
_SAME_THINGS_CORRELATION = 0.9
_FLAT_DEVIATION = 4.0
# The brightness is compared on every third pixel each way.
_SAMPLE = (slice(None, None, 3), slice(None, None, 3))


@dataclass(frozen=True, slots=True)
class MotionConfig:
    """The legacy `motion_detection` words that still mean something.

    threshold: grey levels, 0..255, by which a pixel must differ from the background.
    min_area: pixels of a 640 px wide picture that a moving thing must cover; drops and insects cover less.
    blur_kernel: odd, pixels of the same picture; smooths the sensor's noise.
    bg_learning_rate: share of a frame that enters the background, at 10 frames a second; other rates are adjusted.
    max_static_duration: seconds after which something left standing belongs to the background.
    min_motion_duration: seconds that something must move before it is reported.
    width: of the small copy, pixels. 160 finds a person who fills a twentieth of the picture's width.
    ignored_zones: a street, a tree; nothing is looked for there.

    Raises ValueError with the setting's name.
    """

    threshold: int = 25
    min_area: int = 500
    blur_kernel: int = 21
    bg_learning_rate: float = 0.01
    max_static_duration: float = 30.0
    min_motion_duration: float = 0.5
    width: int = 160
    ignored_zones: tuple[Zone, ...] = ()

    def __post_init__(self) -> None:
        _check("threshold", self.threshold, 1 <= self.threshold <= 254, "1 to 254")
        _check("min_area", self.min_area, self.min_area >= 1, "1 or more")
        _check("blur_kernel", self.blur_kernel, self.blur_kernel > 0 and self.blur_kernel % 2 == 1, "an odd number")
        _check("bg_learning_rate", self.bg_learning_rate, 0 < self.bg_learning_rate < 1, "between 0 and 1")
        _check("max_static_duration", self.max_static_duration, self.max_static_duration > 0, "more than 0")
        _check("min_motion_duration", self.min_motion_duration, self.min_motion_duration >= 0, "0 or more")
        _check("width", self.width, 40 <= self.width <= 640, "40 to 640")
        for zone in self.ignored_zones:
            inside = all(0 <= part <= 1 for corner in zone for part in corner)
            _check("ignored_zones", zone, len(zone) >= 2 and inside, "two or more corners (x, y), each 0 to 1")


@dataclass(frozen=True, slots=True)
class Motion:
    """Something moves: since when (seconds of the caller's clock) and where, in the frame's pixels, largest first."""

    since_s: float
    boxes: tuple[Box, ...]

    def region(self, frame_height: int, frame_width: int, margin: float = 0.5) -> Box:
        """The box around all boxes, grown on each side by `margin` of its own side and clipped: where to look for
        faces. Often only a part of a person moves.
        """
        top, bottom = min(box.top for box in self.boxes), max(box.bottom for box in self.boxes)
        left, right = min(box.left for box in self.boxes), max(box.right for box in self.boxes)
        down, across = round((bottom - top) * margin), round((right - left) * margin)
        return Box(top - down, right + across, bottom + down, left - across).clipped(frame_height, frame_width)


class MotionDetector:
    """Watches one camera; frames come in order of time. A frame of another size starts it afresh.

    saw_cut: whether the newest frame shows another scene than the one before.
    """

    def __init__(self, config: MotionConfig | None = None) -> None:
        self.config = config or MotionConfig()
        self.saw_cut = False
        self._frame_shape: tuple[int, ...] = ()
        self._zone_mask: UInt8Array | None = None
        self._background: Float32Array = np.empty(0, np.float32)
        self._previous: UInt8Array = np.empty(0, np.uint8)
        self._previous_s = 0.0
        self._since_s: float | None = None
        self._last_moved_s = 0.0

    def update(self, frame: UInt8Array, time_s: float) -> Motion | None:
        """Look at an (H, W, 3) RGB frame. None: nothing moves, or not for long enough yet."""
        grey = self._small_grey(frame)
        if frame.shape != self._frame_shape:
            self.saw_cut = bool(self._frame_shape)
            self._start(frame.shape, grey)
            self._previous_s = time_s
            return None
        self.saw_cut = is_scene_cut(self._previous[_SAMPLE], grey[_SAMPLE])
        elapsed_s, self._previous_s = max(time_s - self._previous_s, 0.0), time_s
        if self._is_lighting_jump(grey):
            self._background = grey.astype(np.float32)
            self._previous = grey
            return self._report((), time_s)
        self._previous = grey
        moving = self._moving(grey, self._background)
        boxes = self._boxes(grey, moving)
        self._learn(grey, moving, elapsed_s)
        return self._report(boxes, time_s)

    def _small_grey(self, frame: UInt8Array) -> UInt8Array:
        height, width = frame.shape[:2]
        size = (self.config.width, max(1, round(height * self.config.width / width)))
        if width > 3 * size[0]:
            # One linear step over many pixels would skip most of them; two cheap ones average 2 x 2 of the first.
            frame = np.asarray(cv2.resize(frame, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_LINEAR), np.uint8)
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        kernel = max(3, round(self.config.blur_kernel * self._scale) | 1)
        return np.asarray(cv2.GaussianBlur(small, (kernel, kernel), 0), np.uint8)

    @property
    def _scale(self) -> float:
        return self.config.width / _REFERENCE_WIDTH_PX

    def _start(self, frame_shape: tuple[int, ...], grey: UInt8Array) -> None:
        self._frame_shape = frame_shape
        self._background = grey.astype(np.float32)
        self._previous = grey
        self._since_s = None
        self._zone_mask = _zone_mask(self.config.ignored_zones, grey.shape) if self.config.ignored_zones else None

    def _is_lighting_jump(self, grey: UInt8Array) -> bool:
        sample, before = grey[_SAMPLE].astype(np.int16), self._previous[_SAMPLE].astype(np.int16)
        changed = np.abs(sample - before) > self.config.threshold
        return bool(np.count_nonzero(changed) > changed.size * _LIGHTING_SHARE)

    def _moving(self, grey: UInt8Array, background: Float32Array) -> UInt8Array:
        """Mark the pixels that differ from the background with 255, without specks."""
        expected = cv2.convertScaleAbs(background, alpha=_gain(grey[_SAMPLE], background[_SAMPLE]))
        _, moving = cv2.threshold(cv2.absdiff(grey, expected), self.config.threshold, 255, cv2.THRESH_BINARY)
        if self._zone_mask is not None:
            moving = cv2.bitwise_and(moving, self._zone_mask)
        return np.asarray(cv2.morphologyEx(moving, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)

    def _boxes(self, grey: UInt8Array, moving: UInt8Array) -> tuple[Box, ...]:
        min_area = self.config.min_area * self._scale**2
        if cv2.countNonZero(moving) < min_area:
            return ()
        joined = cv2.dilate(moving, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
        # Dilation joins the parts of one person; only the pixels that moved count for the area.
        labels[moving == 0] = 0
        areas = np.bincount(labels.ravel(), minlength=count)
        found = [label for label in range(1, count) if areas[label] >= min_area]
        found = [label for label in found if not self._is_light(grey, moving, labels == label, stats[label].tolist())]
        found.sort(key=lambda label: -int(areas[label]))
        return tuple(self._in_frame(*(int(part) for part in stats[label, :4])) for label in found)

    def _is_light(self, grey: UInt8Array, moving: UInt8Array, here: npt.NDArray[np.bool_], stats: list[int]) -> bool:
        """Whether the same things are seen in another light: a lamp, a headlight, a shadow. It is learned at once."""
        left, top, width, height = stats[:4]
        part = (slice(top, top + height), slice(left, left + width))
        here = here[part]
        now, before = grey[part][here].astype(np.float32), self._background[part][here]
        now_apart, before_apart = now - now.mean(), before - before.mean()
        squares = float(now_apart @ now_apart), float(before_apart @ before_apart)
        if min(squares) < _FLAT_DEVIATION**2 * now.size:
            return False
        if float(now_apart @ before_apart) < _SAME_THINGS_CORRELATION * math.sqrt(squares[0] * squares[1]):
            return False
        self._background[part][here] = now
        moving[part][here] = 0
        return True

    def _in_frame(self, left: int, top: int, width: int, height: int) -> Box:
        factor = self._frame_shape[1] / self.config.width
        box = Box(
            top=math.floor(top * factor),
            right=math.ceil((left + width) * factor),
            bottom=math.ceil((top + height) * factor),
            left=math.floor(left * factor),
        )
        return box.clipped(self._frame_shape[0], self._frame_shape[1])

    def _learn(self, grey: UInt8Array, moving: UInt8Array, elapsed_s: float) -> None:
        usual_s = -1 / (_REFERENCE_FPS * math.log1p(-self.config.bg_learning_rate))
        still = cv2.bitwise_not(moving)
        cv2.accumulateWeighted(grey, self._background, 1 - math.exp(-elapsed_s / usual_s), mask=still)
        if cv2.countNonZero(moving):
            slow = 1 - math.exp(-elapsed_s / self.config.max_static_duration)
            cv2.accumulateWeighted(grey, self._background, slow, mask=moving)

    def _report(self, boxes: tuple[Box, ...], time_s: float) -> Motion | None:
        if boxes:
            self._last_moved_s = time_s
            self._since_s = time_s if self._since_s is None else self._since_s
            lasted_s = time_s - self._since_s
            return Motion(self._since_s, boxes) if lasted_s >= self.config.min_motion_duration else None
        if time_s - self._last_moved_s > self.config.min_motion_duration:
            self._since_s = None
        return None


def _gain(grey: UInt8Array, background: Float32Array) -> float:
    """How much brighter most of the picture is than its background: a cloud, the camera's exposure."""
    ratios = (grey + np.float32(1)) / (background + np.float32(1))
    return min(max(float(np.median(ratios)), 1 / _MAX_GAIN), _MAX_GAIN)


def _zone_mask(zones: tuple[Zone, ...], shape: tuple[int, ...]) -> UInt8Array:
    mask = np.full(shape, 255, np.uint8)
    for zone in zones:
        corners = np.array(zone) * (shape[1] - 1, shape[0] - 1)
        if len(zone) == 2:
            (left, top), (right, bottom) = corners
            corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 0)
    return mask


def _check(name: str, value: object, is_good: bool, wanted: str) -> None:
    if not is_good:
        raise ValueError(f"{name}={value!r} makes no sense for motion; use {wanted}")
