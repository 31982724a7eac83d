from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box
from pipeline.vision.images import thumbnail
from pipeline.vision.motion import Motion, MotionConfig, MotionDetector

HEIGHT, WIDTH = 480, 640
FPS = 10.0


@pytest.fixture(scope="session")
def porch() -> UInt8Array:
    """A still scene with edges and surfaces: a wall of soft patches, brighter to the right."""
    random = np.random.default_rng(3)
    patches = np.kron(random.integers(60, 150, (12, 16)), np.ones((40, 40)))
    shade = np.linspace(-20, 20, WIDTH)
    return np.repeat((patches + shade)[:, :, None], 3, axis=2).astype(np.uint8)


@pytest.fixture(scope="session")
def visitor(grace_hopper: UInt8Array) -> UInt8Array:
    return thumbnail(grace_hopper, Box(120, 400, 380, 140), size=120, margin=0.0)


def noisy(frame: UInt8Array, seed: int = 0) -> UInt8Array:
    """What a camera's sensor adds to every frame."""
    noise = np.random.default_rng(seed).normal(0, 4, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)


def with_visitor(porch: UInt8Array, visitor: UInt8Array, left: int, top: int = 200) -> UInt8Array:
    frame = porch.copy()
    frame[top : top + len(visitor), left : left + len(visitor)] = visitor
    return frame


def watch(frames: Iterable[UInt8Array], config: MotionConfig | None = None) -> list[Motion | None]:
    detector = MotionDetector(config)
    return [detector.update(noisy(frame, seed), seed / FPS) for seed, frame in enumerate(frames)]


def walking(porch: UInt8Array, visitor: UInt8Array, count: int = 20) -> list[UInt8Array]:
    """Ten frames of nothing, then somebody walks in from the left."""
    return [*[porch] * 10, *(with_visitor(porch, visitor, 20 + 20 * step) for step in range(count))]


def test_a_still_scene_does_not_move(porch: UInt8Array) -> None:
    assert watch([porch] * 50) == [None] * 50


def test_a_visitor_moves_after_half_a_second_and_where_they_are(porch: UInt8Array, visitor: UInt8Array) -> None:
    found = watch(walking(porch, visitor))

    assert found[:15] == [None] * 15
    assert all(found[15:])
    last = found[-1]
    assert last is not None
    assert last.since_s == pytest.approx(1.0)
    assert last.region(HEIGHT, WIDTH, margin=0).iou(Box(200, 520, 320, 400)) > 0.5


def test_boxes_are_in_the_pixels_of_any_frame(porch: UInt8Array, visitor: UInt8Array) -> None:
    large = [np.asarray(frame.repeat(2, axis=0).repeat(2, axis=1)) for frame in walking(porch, visitor)]

    last = watch(large)[-1]

    assert last is not None
    assert last.region(2 * HEIGHT, 2 * WIDTH, margin=0).iou(Box(400, 1040, 640, 800)) > 0.5


def test_the_region_to_search_is_larger_and_inside_the_frame() -> None:
    motion = Motion(0.0, (Box(0, 100, 100, 0), Box(200, 640, 400, 500)))

    assert motion.region(HEIGHT, WIDTH, margin=0) == Box(0, 640, 400, 0)
    assert motion.region(HEIGHT, WIDTH) == Box(0, 640, 480, 0)
    assert Motion(0.0, (Box(100, 200, 200, 100),)).region(HEIGHT, WIDTH) == Box(50, 250, 250, 50)


def test_a_glimpse_is_not_reported(porch: UInt8Array, visitor: UInt8Array) -> None:
    frames = [*[porch] * 10, *[with_visitor(porch, visitor, 300)] * 3, *[porch] * 10]

    assert not any(watch(frames))


@pytest.mark.parametrize("factor", [0.4, 0.7, 1.6])
def test_a_lamp_for_the_whole_scene_is_not_motion(porch: UInt8Array, factor: float) -> None:
    lit = np.clip(porch * factor, 0, 255).astype(np.uint8)

    assert not any(watch([*[porch] * 10, *[lit] * 20, *[porch] * 20]))


def test_dusk_and_the_cameras_exposure_are_not_motion(porch: UInt8Array) -> None:
    assert not any(watch((porch * (1 - 0.02 * step)).astype(np.uint8) for step in range(40)))


def test_a_lamp_on_a_part_of_the_scene_is_not_motion(porch: UInt8Array) -> None:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    lamp = 1 + 0.7 * np.exp(-((columns - 200) ** 2 + (rows - 200) ** 2) / 150**2)
    lit = np.clip(porch * lamp[:, :, None], 0, 255).astype(np.uint8)

    assert not any(watch([*[porch] * 10, *[lit] * 20]))


def test_a_visitor_is_seen_after_the_lamp_went_on(porch: UInt8Array, visitor: UInt8Array) -> None:
    lit = np.clip(porch * 1.6, 0, 255).astype(np.uint8)
    frames = [*[porch] * 10, *[lit] * 5, *(with_visitor(lit, visitor, 20 + 20 * step) for step in range(12))]

    assert watch(frames)[-1] is not None


def test_rain_is_not_motion(porch: UInt8Array) -> None:
    random = np.random.default_rng(5)

    def rain() -> UInt8Array:
        frame = porch.copy()
        for top, left in zip(random.integers(0, HEIGHT - 16, 120), random.integers(0, WIDTH - 3, 120), strict=True):
            frame[top : top + 16, left : left + 2] = 230
        return frame

    assert not any(watch([*[porch] * 5, *(rain() for _ in range(30))]))


@pytest.mark.parametrize(
    "zone", [((0.0, 0.35), (1.0, 0.75)), ((0.0, 0.3), (1.0, 0.3), (1.0, 0.8), (0.0, 0.8))], ids=["rectangle", "polygon"]
)
def test_nothing_moves_in_an_ignored_zone(
    porch: UInt8Array, visitor: UInt8Array, zone: tuple[tuple[float, float], ...]
) -> None:
    frames = walking(porch, visitor)

    assert not any(watch(frames, MotionConfig(ignored_zones=(zone,))))
    assert any(watch(frames, MotionConfig(ignored_zones=(((0.0, 0.8), (1.0, 1.0)),))))


def test_what_stays_becomes_the_background(porch: UInt8Array, visitor: UInt8Array) -> None:
    parcel = with_visitor(porch, visitor, 300)

    found = watch([*[porch] * 10, *[parcel] * 60], MotionConfig(max_static_duration=1.0))

    assert any(found)
    assert found[-10:] == [None] * 10


def test_a_smaller_threshold_and_area_see_more(porch: UInt8Array, visitor: UInt8Array) -> None:
    faint = (0.75 * porch + 0.25 * with_visitor(porch, visitor, 300)).astype(np.uint8)

    frames = [*[porch] * 10, *[faint] * 10]

    assert not any(watch(frames))
    assert any(watch(frames, MotionConfig(threshold=10, min_area=200)))


def test_a_frame_of_another_size_starts_afresh(porch: UInt8Array) -> None:
    detector = MotionDetector()
    assert detector.update(porch, 0.0) is None

    assert detector.update(porch[:240, :320], 0.1) is None
    assert detector.update(porch[:240, :320], 0.2) is None


def test_a_clock_that_stands_still_or_goes_back_is_no_error(porch: UInt8Array, visitor: UInt8Array) -> None:
    detector = MotionDetector()
    for time_s in (5.0, 5.0, 4.0):
        assert detector.update(with_visitor(porch, visitor, int(40 * time_s)), time_s) is None


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("threshold", 0, "threshold=0 makes no sense for motion; use 1 to 254"),
        ("min_area", 0, "min_area=0 makes no sense for motion; use 1 or more"),
        ("blur_kernel", 4, "blur_kernel=4 makes no sense for motion; use an odd number"),
        ("bg_learning_rate", 1.0, "bg_learning_rate=1.0 makes no sense for motion; use between 0 and 1"),
        ("max_static_duration", 0, "max_static_duration=0 makes no sense for motion; use more than 0"),
        ("min_motion_duration", -1, "min_motion_duration=-1 makes no sense for motion; use 0 or more"),
        ("width", 10_000, "width=10000 makes no sense for motion; use 40 to 640"),
        ("ignored_zones", (((0, 0), (2, 1)),), "two or more corners"),
        ("ignored_zones", (((0, 0),),), "two or more corners"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(setting: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MotionConfig(**{setting: value})  # type: ignore[arg-type]
