"""Run one camera: from its frames and its presses to captures, until it ends or is told to stop."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from django.db import DatabaseError

from events.models import Camera
from pipeline.camera_config import burst_plan, has_disk_space, motion_backlog, motion_config, motion_plan
from pipeline.camera_figures import CameraFigures, FrameRate, tell_figures
from pipeline.capture import CameraLoop, report_camera, unsettled_captures
from pipeline.hardware.cameras import Camera as FrameSource
from pipeline.hardware.cameras import open_camera
from pipeline.hardware.frames import Frame
from pipeline.hardware.reader import CameraState, FrameReader, iterate
from pipeline.hardware.source import Source
from pipeline.heartbeat import CameraPulse
from pipeline.presses import PressListener
from pipeline.snapshots import SnapshotListener
from pipeline.vision.motion import MotionDetector

logger = logging.getLogger(__name__)

REPORT_EVERY_S = 2.0
TICK_S = 0.25
ROOM_WAIT_S = 60.0
SETTLE_WAIT_S = 60.0
STOPPED_WAIT_S = 5.0
LOOK_EVERY_S = 0.02
DISK_FULL = "The disk is nearly full: motion takes no pictures until there is room; presses still do."


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """fast: a recording is read as fast as the queues allow, and nothing in it is skipped."""

    source: Source
    fast: bool = False
    loop: bool = False
    fps: float | None = None
    max_frames: int | None = None
    motion: bool = True
    pre_roll_s: float = 1.0


@dataclass(frozen=True, slots=True)
class WatchResult:
    frames: int
    skipped: int
    motion_events: int
    press_events: int
    captures: int
    seconds: float


class Watch:
    """One camera being watched. `run` blocks; `stop` may come from a signal or another thread."""

    def __init__(self, camera: Camera, plan: WatchPlan, on_progress: Callable[["Watch"], None] | None = None) -> None:
        self.camera = camera
        self.plan = plan
        self.frames = 0
        self._skipped = 0
        self._on_progress = on_progress
        self._stopping = threading.Event()
        self._reported_s = -REPORT_EVERY_S
        self._frame_rate = FrameRate()
        self._pulse = CameraPulse()
        self.loop = CameraLoop(
            camera,
            motion=MotionDetector(motion_config()) if plan.motion else None,
            pre_roll_s=plan.pre_roll_s,
            burst_plan=burst_plan(),
            motion_plan=motion_plan(),
            wait_for_room=self._wait_for_room if plan.fast else None,
        )

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> WatchResult:
        """Raises CameraError when the camera never opens."""
        started_s = time.monotonic()
        presses = PressListener(self.camera, self.loop.pressed)
        snapshots = SnapshotListener(self.camera, self.loop.newest)
        snapshots.start()
        try:
            if self.plan.fast:
                self._play(presses)
            else:
                self._watch(presses)
        finally:
            presses.stop()
            snapshots.stop()
            self.loop.finish()
            report_camera(self.camera, "ended", "it was stopped" if self._stopping.is_set() else "its recording ended")
        self._wait_until_settled()
        return self._result(time.monotonic() - started_s)

    def _play(self, presses: PressListener) -> None:
        with closing(iterate(self._open())) as frames:
            presses.start()
            for frame in frames:
                self._pulse.beat()
                self._saw(frame)
                self.loop.tick(frame.time_s)
                if self._is_over():
                    return

    def _watch(self, presses: PressListener) -> None:
        with FrameReader(self._open, pre_roll_s=0, on_state=self._camera_changed) as reader:
            presses.start()
            newest = -1
            while not self._is_over():
                self._pulse.beat()
                frame = reader.wait_newer(newest, TICK_S)
                if frame is not None:
                    self._skipped += frame.index - newest - 1 if newest >= 0 else 0
                    newest = frame.index
                    self._saw(frame)
                elif reader.state is CameraState.ENDED:
                    break
                self.loop.tick(time.monotonic())
            self._skipped += reader.skipped

    def _open(self) -> FrameSource:
        plan = self.plan
        return open_camera(plan.source, realtime=not plan.fast, loop=plan.loop, fps=plan.fps)

    def _saw(self, frame: Frame) -> None:
        self.frames += 1
        self.loop.saw(frame)
        now_s = time.monotonic()
        if now_s - self._reported_s >= REPORT_EVERY_S:
            self._reported_s = now_s
            report_camera(self.camera, "live", "" if has_disk_space() or not self.plan.motion else DISK_FULL)
            tell_figures(self.camera, self._figures())
        if self._on_progress is not None:
            self._on_progress(self)

    def _figures(self) -> CameraFigures:
        counts = self.loop.counts
        return CameraFigures(
            fps=self._frame_rate.since_last(self.frames),
            frames=self.frames,
            skipped=self._skipped + counts.skipped,
            motion_events=counts.motion_events,
            press_events=counts.press_events,
            captures=counts.captures,
        )

    def _camera_changed(self, state: CameraState, reason: str) -> None:
        """Called in the reader's thread."""
        if state is CameraState.LIVE:
            report_camera(self.camera, "live")
        elif state is CameraState.LOST:
            self.loop.forget_frames()
            report_camera(self.camera, "lost", reason)

    def _is_over(self) -> bool:
        return self._stopping.is_set() or (self.plan.max_frames is not None and self.frames >= self.plan.max_frames)

    def _wait_for_room(self) -> None:
        self._wait_for_workers(motion_backlog() - 1, ROOM_WAIT_S)

    def _wait_until_settled(self) -> None:
        if not self._wait_for_workers(0, STOPPED_WAIT_S if self._stopping.is_set() else SETTLE_WAIT_S):
            logger.warning("camera %s ended; the workers have not finished its captures yet", self.camera)

    def _wait_for_workers(self, left: int, limit_s: float) -> bool:
        """Wait until at most `left` captures of this run are unfinished; False when the time ran out."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            self._pulse.beat()
            try:
                if unsettled_captures(self.loop.counts.event_ids) <= left:
                    return True
            except DatabaseError as error:
                logger.warning("the captures cannot be looked at: %s", error)
            time.sleep(LOOK_EVERY_S)
        return False

    def _result(self, seconds: float) -> WatchResult:
        counts = self.loop.counts
        return WatchResult(
            frames=self.frames,
            skipped=self._skipped + counts.skipped,
            motion_events=counts.motion_events,
            press_events=counts.press_events,
            captures=counts.captures,
            seconds=round(seconds, 3),
        )
