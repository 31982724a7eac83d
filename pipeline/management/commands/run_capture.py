"""manage.py run_capture"""

import json
import signal
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events.models import Camera
from faces.people import clean_name
from pipeline.configured import current_config
from pipeline.errors import DoorbellError
from pipeline.hardware.source import Source, parse_source
from pipeline.ring import UnknownCamera, find_camera
from pipeline.watching import Watch, WatchPlan

NEVER_OPENED = 2
PROGRESS_EVERY_S = 0.5


def positive_int(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def positive_float(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1000:
        raise ArgumentTypeError(f"{text!r} is not a number of frames a second; use 0.1 to 999")
    return number


class Command(BaseCommand):
    help = "Watch one camera: presses and motion become events. Prints one JSON line at the end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", help="0, /dev/video0, rtsp://…, http://…, a video file, a picture or a folder")
        parser.add_argument("--camera", default="front door", metavar="NAME")
        speed = parser.add_mutually_exclusive_group()
        speed.add_argument("--realtime", action="store_true", help="play a file at its own speed, as a camera would")
        speed.add_argument("--fast", action="store_true", help="play a file as fast as the queue allows, skip nothing")
        parser.add_argument("--loop", action="store_true", help="play a file for ever")
        parser.add_argument("--max-frames", type=positive_int, metavar="N")
        parser.add_argument("--fps", type=positive_float, metavar="N", help="look at so many frames a second at most")
        parser.add_argument("--no-motion", action="store_true", help="only presses open events")
        parser.add_argument("--pre-roll", type=float, metavar="SECONDS", help="how far back a press reaches")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            camera = find_or_add_camera(options["camera"])
            plan = self._plan(self._source(camera, options["source"]), options)
            watch = Watch(camera, plan, Progress() if sys.stderr.isatty() else None)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: watch.stop())
            result = watch.run()
        except DoorbellError as error:
            raise CommandError(str(error), returncode=NEVER_OPENED) from error
        self.stdout.write(json.dumps(asdict(result)))

    def _source(self, camera: Camera, given: str | None) -> Source:
        if not given and not camera.source:
            raise CommandError(f"camera {camera.name} has no source; give one with --source", returncode=NEVER_OPENED)
        return parse_source(given or camera.source)

    def _plan(self, source: Source, options: dict[str, Any]) -> WatchPlan:
        config = current_config().pipeline_config
        return WatchPlan(
            source=source,
            fast=options["fast"] and not source.is_live,
            loop=options["loop"],
            fps=options["fps"] or config.frame_capture.fps,
            max_frames=options["max_frames"],
            motion=config.motion_detection.enabled and not options["no_motion"],
            pre_roll_s=config.frame_capture.pre_roll_seconds if options["pre_roll"] is None else options["pre_roll"],
        )


def find_or_add_camera(name: str) -> Camera:
    """Raises InvalidName."""
    name = clean_name(name)
    try:
        camera = find_camera(name)
    except UnknownCamera:
        camera = None
    return camera or Camera.objects.create(name=name[:60])


class Progress:
    """One line on a terminal, rewritten."""

    def __init__(self) -> None:
        self._shown_s = 0.0

    def __call__(self, watch: Watch) -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s < PROGRESS_EVERY_S:
            return
        self._shown_s = now_s
        counts = watch.loop.counts
        events = counts.motion_events + counts.press_events
        sys.stderr.write(f"\r{watch.frames} frames, {events} events, {counts.captures} captures ")
        sys.stderr.flush()
