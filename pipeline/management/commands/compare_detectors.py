"""manage.py compare_detectors"""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipeline.bench.comparison import Tally, compare, conditions, labelled_faces
from pipeline.bench.errors import BenchError
from pipeline.bench.machine import describe_machine
from pipeline.bench.material import DEFAULT_DETECTOR
from pipeline.bench.pictures import find_media, load_household
from pipeline.bench.private import bench_models, has_yunet
from pipeline.detector_advice import FETCH_COMMAND
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
            type=int,
            default=[CAMERA_MIN_FACE_PX],
            metavar="N",
            help=f"the smallest face looked for, as on a camera's page; {CAMERA_MIN_FACE_PX} is its default",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        # As in a worker, which has one core to itself.
        cv2.setNumThreads(1)
        try:
            with bench_models(settings.MODELS_DIR, options["models"]) as models_dir:
                report = self._report(models_dir, options)
        except (BenchError, ModelError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=2))

    def _report(self, models_dir: Path, options: dict[str, Any]) -> dict[str, Any]:
        household = load_household(find_media(options["media"]))
        reference = Engine(EngineConfig(models_dir, detector=DEFAULT_DETECTOR))
        faces = labelled_faces(household, reference)
        report: dict[str, Any] = {"machine": describe_machine(), "faces": len(faces), "rows": []}
        if not options["json"]:
            machine = report["machine"]
            self.stdout.write(f"{len(faces)} faces of {len(household.enrolled)} people; {machine['processor']}, 1 core")
            self.stdout.write("found / recognised\n\n" + heading())
        for min_face_px in options["min_face_px"]:
            for detector in options["detectors"]:
                if detector == "yunet" and not has_yunet(models_dir):
                    self.stderr.write(f"yunet is left out: it is not installed; `{FETCH_COMMAND}` brings it")
                    continue
                engine = Engine(EngineConfig(models_dir, detector=detector))
                tallies = {each.name: compare(engine, faces, each, min_face_px) for each in conditions()}
                report["rows"].append(as_row(detector, min_face_px, tallies))
                if not options["json"]:
                    self.stdout.write(line(detector, min_face_px, tallies))
        return report


def heading() -> str:
    names = ["detector", "smallest", *(condition.name for condition in conditions()), "ms"]
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
