"""manage.py compare_detectors"""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipeline.bench.comparison import FACE_SIZES_PX, Condition, Tally, compare, conditions, labelled_faces
from pipeline.bench.errors import BenchError
from pipeline.bench.machine import describe_machine
from pipeline.bench.material import DEFAULT_DETECTOR
from pipeline.bench.pictures import find_media, load_household
from pipeline.bench.private import BenchModels, bench_models
from pipeline.vision.detection.scaling import MIN_FACE_PX
from pipeline.vision.engine import DETECTORS, Engine, EngineConfig
from pipeline.vision.errors import ModelError

CAMERA_MIN_FACE_PX = 64


class Command(BaseCommand):
    help = "Print how small, dark, blurred and rolled the faces may be that each detector finds, in 1280 x 720 frames."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--media", type=Path, metavar="FOLDER", help="with enroll/NAME/* and visits/*")
        parser.add_argument("--models", type=Path, metavar="FOLDER", help="where YuNet's file lies, if not installed")
        parser.add_argument("--detectors", nargs="+", choices=DETECTORS, default=DETECTORS, metavar="NAME")
        parser.add_argument(
            "--min-face-px",
            nargs="+",
            type=_pixels,
            default=[CAMERA_MIN_FACE_PX],
            metavar="N",
            help=f"the smallest face looked for, as on a camera's page; {CAMERA_MIN_FACE_PX} is its default",
        )
        parser.add_argument(
            "--sizes", nargs="+", type=_pixels, default=FACE_SIZES_PX, metavar="N", help="of the faces, in pixels"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        # As in a worker, which has one core to itself.
        cv2.setNumThreads(1)
        try:
            with bench_models(settings.MODELS_DIR, options["models"]) as models:
                report = self._report(models, options)
        except (BenchError, ModelError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=2))

    def _report(self, models: BenchModels, options: dict[str, Any]) -> dict[str, Any]:
        detectors = self._measurable(options["detectors"], models.without_yunet)
        household = load_household(find_media(options["media"]))
        faces = labelled_faces(household, Engine(EngineConfig(models.folder, detector=DEFAULT_DETECTOR)))
        tried = conditions(options["sizes"])
        report: dict[str, Any] = {"machine": describe_machine(), "faces": len(faces), "rows": []}
        if not options["json"]:
            machine = report["machine"]
            self.stdout.write(f"{len(faces)} faces of {len(household.enrolled)} people; {machine['processor']}, 1 core")
            self.stdout.write("found / recognised\n\n" + heading(tried))
        for min_face_px in options["min_face_px"]:
            for detector in detectors:
                engine = Engine(EngineConfig(models.folder, detector=detector))
                tallies = {each.name: compare(engine, faces, each, min_face_px) for each in tried}
                report["rows"].append(as_row(detector, min_face_px, tallies))
                if not options["json"]:
                    self.stdout.write(line(detector, min_face_px, tallies))
        return report

    def _measurable(self, detectors: Sequence[str], without_yunet: str) -> list[str]:
        """Raises BenchError where nothing is left."""
        left = [name for name in detectors if name != "yunet" or not without_yunet]
        if not left:
            raise BenchError(without_yunet)
        if len(left) < len(detectors):
            self.stderr.write(f"yunet is left out: {without_yunet}")
        return left


def _pixels(text: str) -> int:
    if not text.isdecimal() or int(text) < MIN_FACE_PX:
        raise ArgumentTypeError(f"{text!r} is no size of a face; use {MIN_FACE_PX} pixels or more")
    return int(text)


def heading(tried: Sequence[Condition]) -> str:
    names = ["detector", "smallest", *(condition.name for condition in tried), "ms"]
    return "| " + " | ".join(names) + " |\n|" + "---|" * len(names)


def line(detector: str, min_face_px: int, tallies: dict[str, Tally]) -> str:
    """A row of a Markdown table; wrong names are told only where there are any."""
    cells = [
        f"{each.found} / {each.recognized}" + (f" ({each.wrong} wrong)" * bool(each.wrong)) for each in tallies.values()
    ]
    return "| " + " | ".join([detector, f"{min_face_px} px", *cells, f"{_median_ms(tallies):.0f}"]) + " |"


def as_row(detector: str, min_face_px: int, tallies: dict[str, Tally]) -> dict[str, Any]:
    counts = {name: {k: v for k, v in asdict(each).items() if k != "times_ms"} for name, each in tallies.items()}
    return {"detector": detector, "min_face_px": min_face_px, "ms": round(_median_ms(tallies), 1), "conditions": counts}


def _median_ms(tallies: dict[str, Tally]) -> float:
    times = sorted(tally.median_ms for tally in tallies.values())
    return times[len(times) // 2]
