"""manage.py bench"""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipeline.bench.errors import BenchError
from pipeline.bench.machine import describe_machine
from pipeline.bench.material import DEFAULT_DETECTOR
from pipeline.bench.pictures import find_media, load_household
from pipeline.bench.private import BenchModels, bench_models, measure_privately
from pipeline.bench.results import Result, Row, as_json
from pipeline.bench.rows import NAMES, ROWS
from pipeline.bench.table import heading, line
from pipeline.vision.errors import ModelError


class Command(BaseCommand):
    help = "Measure the doorbell beside face_recognition on the same pictures. Takes about ten minutes."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object, the ratios by the rows' names")
        parser.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME", help=f"of {', '.join(NAMES)}")
        parser.add_argument(
            "--media", type=Path, metavar="FOLDER", help="with enroll/NAME/*, visits/* and two_visitors.mp4"
        )
        parser.add_argument("--models", type=Path, metavar="FOLDER", help="where YuNet's file lies, if not installed")

    def handle(self, *_args: Any, **options: Any) -> None:
        media = find_media(options["media"])
        rows = [row for row in ROWS if not options["only"] or row.name in options["only"]]
        machine = describe_machine()
        try:
            household = load_household(media)
            self._tell(f"{machine['processor']}, {machine['cores']} cores, load {machine['load']}")
            self._tell(f"{len(household.enrolled)} people, {len(household.visits)} visits from {media or 'packages'}\n")
            self._tell(heading())
            with bench_models(settings.MODELS_DIR, options["models"]) as models:
                results = [self._measure(row, models, media) for row in rows]
        except (BenchError, ModelError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(results, machine), indent=2))

    def _measure(self, row: Row, models: BenchModels, media: Path | None) -> Result:
        is_yunet = row.name.endswith("_yunet")
        if is_yunet and models.without_yunet:
            result = Result(row, None, models.without_yunet)
        else:
            result = _result(row, models.folder, media, "yunet" if is_yunet else DEFAULT_DETECTOR)
        self._tell(line(result))
        return result

    def _tell(self, text: str) -> None:
        """The table goes where JSON does not."""
        stream = sys.stderr if self._is_json else self.stdout
        stream.write(f"{text}\n")
        stream.flush()

    def execute(self, *args: Any, **options: Any) -> str | None:
        self._is_json = bool(options.get("json"))
        return super().execute(*args, **options)


def _result(row: Row, models_dir: Path, media: Path | None, detector: str) -> Result:
    try:
        return Result(row, measure_privately(row.name, models_dir, media, detector))
    except BenchError as error:
        return Result(row, None, str(error))
