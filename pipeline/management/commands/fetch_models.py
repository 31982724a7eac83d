"""manage.py fetch_models"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipeline.detector_advice import detector_advice
from pipeline.vision.conversion import ensure_yunet
from pipeline.vision.errors import ModelError
from pipeline.vision.model_download import YUNET, fetch, is_installed


class Command(BaseCommand):
    help = "Bring the yunet detector's model, from OpenCV's model zoo or from a path. A broken download goes on."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group()
        source.add_argument(
            "--from", dest="source", type=Path, metavar="PATH", help="the file, or the folder that it lies in"
        )
        source.add_argument("--url", help="another address of the same file")

    def handle(self, *_args: Any, **options: Any) -> None:
        was_there = is_installed(YUNET, settings.MODELS_DIR)
        try:
            path = fetch(YUNET, settings.MODELS_DIR, url=options["url"], source=options["source"])
            ensure_yunet(settings.MODELS_DIR)
        except ModelError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{path} {'was there already' if was_there else 'is installed'}; license: {YUNET.license}.")
        if advice := detector_advice(settings.MODELS_DIR, settings.DETECTOR):
            self.stdout.write(advice)
