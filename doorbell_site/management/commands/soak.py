"""manage.py soak"""

import json
import shutil
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from doorbell_site.apart import go_apart
from doorbell_site.management.commands.demo import enroll
from pipeline.demo.portraits import GRACE_HOPPER
from pipeline.errors import DoorbellError
from pipeline.manager.options import RunOptions
from pipeline.manager.soak import CONFIG, Soak
from pipeline.orchestrator_manager import OrchestratorManager
from pipeline.stop_signals import stop_signals

CANNOT_RUN = 2
KEPT = "models"


class Command(BaseCommand):
    help = (
        "Ring many times at a doorbell of its own while its processes are killed at random. Prints one JSON line; "
        "exit code 0 when no press was lost and none decided twice."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--presses", type=int, default=100, metavar="N")
        parser.add_argument("--seed", type=int, help="the same kills and pauses again; printed at the start")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["presses"] < 1:
            raise CommandError(f"--presses is {options['presses']}; ring at least once", returncode=CANNOT_RUN)
        go_apart("soak")
        forget_earlier()
        seed = Random().randrange(10**6) if options["seed"] is None else options["seed"]  # noqa: S311 - no secret
        self.stderr.write(f"seed {seed}, in {settings.VAR_DIR}")
        try:
            is_clean = self.soak(options["presses"], seed)
        except KeyboardInterrupt:
            return
        except DoorbellError as error:
            raise CommandError(str(error), returncode=CANNOT_RUN) from error
        if not is_clean:
            sys.exit(1)

    def soak(self, presses: int, seed: int) -> bool:
        options = RunOptions(source=str(GRACE_HOPPER.path()), loop=True, set_up=enroll)
        with stop_signals() as signals:
            manager = OrchestratorManager(CONFIG, run=options)
            signals.hurry = manager.kill
            try:
                manager.start()
                result = Soak(manager.orchestrator, Random(seed), manager.orchestrator.check).run(presses)  # noqa: S311
            finally:
                manager.stop()
        self.stdout.write(json.dumps(asdict(result)))
        return result.is_clean


def forget_earlier() -> None:
    """Everything of an earlier soak but its models, whose conversion takes a while, and the log, which is open."""
    connections.close_all()
    for path in Path(settings.VAR_DIR).iterdir():
        if path.name in (KEPT, "logs", "secrets"):
            continue
        if path.name == "run":
            (path / "manager.json").unlink(missing_ok=True)
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
