"""What the configuration says about cameras, in the words of the parts that they are made of."""

from functools import lru_cache
from time import monotonic

import psutil
from django.conf import settings

from pipeline.configured import current_config
from pipeline.vision.motion import MotionConfig
from pipeline.visits import BurstPlan, MotionPlan

DISK_LOOK_EVERY_S = 2


def motion_config() -> MotionConfig:
    chosen = current_config().pipeline_config.motion_detection
    return MotionConfig(
        threshold=chosen.threshold,
        min_area=chosen.min_area,
        blur_kernel=chosen.blur_kernel,
        bg_learning_rate=chosen.bg_learning_rate,
        max_static_duration=chosen.max_static_duration,
        min_motion_duration=chosen.min_motion_duration,
        width=chosen.width,
        ignored_zones=chosen.ignored_zones,
    )


def motion_plan() -> MotionPlan:
    chosen = current_config().pipeline_config.motion_detection
    return MotionPlan(
        interval_s=chosen.capture_interval,
        calm_s=chosen.calm_seconds,
        longest_s=chosen.longest_seconds,
        most=chosen.most_captures,
    )


def burst_plan() -> BurstPlan:
    """The newest picture is one of `burst_count`; of an even rest, as many come before it as after."""
    chosen = current_config().pipeline_config.frame_capture
    before = (chosen.burst_count - 1) // 2
    return BurstPlan(before=before, after=chosen.burst_count - 1 - before, interval_s=chosen.burst_interval)


def motion_backlog() -> int:
    """Pictures that may wait for a detection worker before motion takes no more."""
    return current_config().pipeline_config.frame_capture.motion_backlog


def has_disk_space() -> bool:
    """Whether motion may still take pictures; presses always may try."""
    return _free_mb(int(monotonic() / DISK_LOOK_EVERY_S)) >= current_config().pipeline_config.storage.min_free_mb


@lru_cache(maxsize=1)
def _free_mb(_moment: int) -> float:
    return psutil.disk_usage(str(settings.VAR_DIR)).free / 1024**2
