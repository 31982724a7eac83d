"""The camera loop: see every frame, open events for presses and motion, save what they want."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import redis
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from events.models import SETTLED, Camera, Capture, Event, Trigger
from pipeline.camera_config import has_disk_space, motion_backlog
from pipeline.hardware.frames import Frame
from pipeline.queues import queue_length
from pipeline.saving import save_capture
from pipeline.vision.geometry import Box
from pipeline.vision.motion import Motion, MotionDetector
from pipeline.visits import Burst, BurstPlan, MotionPlan, MotionVisit, close_event

logger = logging.getLogger(__name__)

# Nobody comes and goes within it, and motion is half of what watching a still scene costs beyond its decoding.
MOTION_LOOKS_APART_S = 0.09
# Intervals from the newest frame, which is up to one frame older than the press, to the first of the pre-roll.
PRE_ROLL_LATER = 0.75


@dataclass(slots=True)
class CaptureCounts:
    """What one run did; `skipped` are motion frames that gave way because detection was behind."""

    skipped: int = 0
    motion_events: int = 0
    press_events: int = 0
    captures: int = 0
    event_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class View:
    """A frame, and how many times the camera suddenly showed something else before it."""

    frame: Frame
    scene: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A frame of the pre-roll that belongs to a press and is saved with the first frame from `due_s` on."""

    due_s: float
    event: Event
    view: View


class CameraLoop:
    """Feed it frames and presses; it makes events and captures of them.

    `saw` and `tick` belong to the thread that reads the camera, `pressed` may come from any other.
    wait_for_room: called instead of skipping when detection is behind (a file that is played `--fast`).
    """

    def __init__(
        self,
        camera: Camera,
        *,
        motion: MotionDetector | None,
        pre_roll_s: float = 1.0,
        burst_plan: BurstPlan | None = None,
        motion_plan: MotionPlan | None = None,
        wait_for_room: Callable[[], None] | None = None,
    ) -> None:
        self.camera = camera
        self.counts = CaptureCounts()
        self._motion = motion
        self._pre_roll_s = pre_roll_s
        self._burst_plan = burst_plan or BurstPlan()
        self._motion_plan = motion_plan or MotionPlan()
        self._wait_for_room = wait_for_room
        self._pre_roll: deque[View] = deque()
        self._bursts: list[Burst] = []
        self._waiting: list[Waiting] = []
        self._visit: MotionVisit | None = None
        self._scene = 0
        self._looked_s = -math.inf
        self._lock = threading.Lock()

    def saw(self, frame: Frame) -> None:
        """Look at the next frame."""
        motion = self._look_for_motion(frame)
        view = View(frame, self._scene)
        with self._lock:
            self._remember(view)
            bursts = list(self._bursts)
            due = next((each for each in self._waiting if each.due_s <= frame.time_s), None)
        if due is not None:
            self._save_waiting([due])
        for burst in bursts:
            if burst.wants(frame) and self._save(burst.event, view):
                burst.took(frame)
        self._follow_motion(view, motion)

    def tick(self, now_s: float) -> None:
        """Close what is complete, or has waited too long for a camera that is silent."""
        for burst in list(self._bursts):
            waited_s = now_s - burst.next_s
            if burst.is_complete or waited_s > burst.plan.patience_s:
                self._end_burst(burst)
        if self._visit is not None and self._visit.is_over(now_s):
            self._end_visit()

    def pressed(self, event: Event) -> None:
        """Save the newest frame at once. Those of the pre-roll and those to come follow in turn, so that the first has
        the processors for itself: the decision may need no other."""
        plan = self._burst_plan
        with self._lock:
            views = list(self._pre_roll)
            now_s = views[-1].frame.time_s if views else time.monotonic()
            self._bursts.append(Burst(event, plan, now_s))
            earlier = views[:-1][::-1][: plan.before]
            self._waiting += [
                Waiting(now_s + plan.interval_s * (number + PRE_ROLL_LATER), event, view)
                for number, view in enumerate(earlier)
            ]
            self.counts.press_events += 1
            self.counts.event_ids.append(event.pk)
        if views:
            self._save(event, views[-1])

    def finish(self) -> None:
        """The camera has ended: nothing more will come for what is open."""
        for burst in list(self._bursts):
            self._end_burst(burst)
        if self._visit is not None:
            self._end_visit()

    def newest(self) -> Frame | None:
        """The last frame seen; None before the first, and while the camera is lost."""
        with self._lock:
            return self._pre_roll[-1].frame if self._pre_roll else None

    def forget_frames(self) -> None:
        """The camera was lost: what it showed before is not what a visitor sees who rings now."""
        with self._lock:
            self._pre_roll.clear()

    def _look_for_motion(self, frame: Frame) -> Motion | None:
        if self._motion is None or frame.time_s - self._looked_s < MOTION_LOOKS_APART_S:
            return None
        self._looked_s = frame.time_s
        # Motion asks for no colours: their order may stay the camera's, which saves a conversion of each frame.
        motion = self._motion.update(frame.bgr, frame.time_s)
        self._scene += self._motion.saw_cut
        return motion

    def _remember(self, view: View) -> None:
        """Keep frames a burst interval apart, and always the newest."""
        kept, now_s = self._pre_roll, view.frame.time_s
        apart_s = self._burst_plan.interval_s * 0.99  # times are rounded
        if len(kept) > 1 and kept[-1].frame.time_s - kept[-2].frame.time_s < apart_s:
            kept.pop()
        kept.append(view)
        while now_s - kept[0].frame.time_s > self._pre_roll_s:
            kept.popleft()

    def _save_waiting(self, due: list[Waiting]) -> None:
        with self._lock:
            self._waiting = [each for each in self._waiting if each not in due]
        for each in due:
            self._save(each.event, each.view)

    def _end_burst(self, burst: Burst) -> None:
        self._save_waiting([each for each in self._waiting if each.event == burst.event])
        with self._lock:
            self._bursts.remove(burst)
        close_event(burst.event, reason=self._silence(burst.event))

    def _silence(self, event: Event) -> str:
        if Capture.objects.filter(event=event).exists():
            return ""
        return f"Camera {self.camera.name} gave no picture; its page in the admin says what it last reported."

    def _follow_motion(self, view: View, motion: Motion | None) -> None:
        frame = view.frame
        if motion is not None and self._visit is None:
            self._begin_visit(frame)
        visit = self._visit
        if visit is None:
            return
        if motion is not None:
            visit.moved(frame.time_s)
            region = motion.region(frame.height, frame.width)
            if visit.wants(frame) and self._has_room() and self._save(visit.event, view, region):
                visit.took(frame)
        if visit.is_over(frame.time_s):
            self._end_visit()

    def _begin_visit(self, frame: Frame) -> None:
        try:
            event = Event.objects.create(camera=self.camera, trigger=Trigger.MOTION, started_at=frame.taken_at)
        except DatabaseError as error:
            logger.error("motion on camera %s could not be recorded: %s", self.camera, error)
            return
        logger.info("event %s: motion on camera %s", event.pk, self.camera)
        self.counts.motion_events += 1
        self.counts.event_ids.append(event.pk)
        self._visit = MotionVisit(event, self._motion_plan, frame.time_s, frame.time_s, frame.time_s)

    def _end_visit(self) -> None:
        if self._visit is not None:
            close_event(self._visit.event)
        self._visit = None

    def _has_room(self) -> bool:
        """Presses never wait here; motion obeys the disk and the queue."""
        if not has_disk_space():
            self.counts.skipped += 1
            return False
        try:
            is_behind = queue_length("detection") >= motion_backlog()
        except redis.RedisError:
            is_behind = True
        if is_behind and self._wait_for_room is not None:
            self._wait_for_room()
            return True
        self.counts.skipped += is_behind
        return not is_behind

    def _save(self, event: Event, view: View, region: Box | None = None) -> bool:
        """False when disk or database refused; the frame after this one tries again."""
        frame = view.frame
        try:
            jpeg = frame.jpeg(settings.CAPTURE_JPEG_QUALITY)
            size = (frame.height, frame.width)
            save_capture(event, jpeg, size, frame.taken_at, region=region, scene=view.scene)
        except (OSError, DatabaseError) as error:
            logger.error("event %s: a frame of camera %s could not be saved: %s", event.pk, self.camera, error)
            return False
        self.counts.captures += 1
        return True


def unsettled_captures(event_ids: list[int]) -> int:
    return Capture.objects.filter(event__in=event_ids[-500:]).exclude(status__in=SETTLED).count()


def report_camera(camera: Camera, state: str, text: str = "") -> None:
    """Write how the camera is where people look; a frame was seen when the state is `live`."""
    changes = {"state": state, "state_text": text[:300]} | ({"seen_at": timezone.now()} if state == "live" else {})
    try:
        Camera.objects.filter(pk=camera.pk).update(**changes)
    except DatabaseError as error:
        logger.warning("camera %s is %s, but that could not be recorded: %s", camera, state, error)
