"""manage.py run_doorbell"""

import logging
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from doorbell_site.running import RunPlan, attend, running, tell_cameras, tell_log, tell_where_to_look
from pipeline.config import PRESETS, OrchestratorConfig, read_config_file
from pipeline.configuration.files import load_config
from pipeline.errors import DoorbellError
from pipeline.orchestrator import PartFailed
from pipeline.system_checks import DEPLOYMENT

CANNOT_RUN = 2
GAVE_UP = 1


def port_number(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise ArgumentTypeError(f"{text!r} is not a port; use a number from 1 to 65535")
    return int(text)


class Command(BaseCommand):
    help = "Run the whole doorbell until Ctrl-C: broker, workers, cameras, button and web server."
    # The others judge the code: they load every page, its dlib and OpenCV with it, and 50 MB of that would stay.
    requires_system_checks = (DEPLOYMENT,)
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", help="0, /dev/video0, rtsp://…, http://… or a video file, for this run alone")
        parser.add_argument("--loop", action="store_true", help="play a video file for ever")
        parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 serves the whole network")
        parser.add_argument("--port", type=port_number, default=8000)
        parser.add_argument("--no-web", action="store_true", help="without the web server")
        parser.add_argument("--verbose", action="store_true", help="show the log")
        parser.add_argument("--config", type=Path, metavar="FILE.json", help="settings for this run alone")
        parser.add_argument("--preset", choices=sorted(PRESETS), help="values for a kind of computer")

    def handle(self, *_args: Any, **options: Any) -> None:
        plan = RunPlan(
            source=options["source"],
            loop=options["loop"],
            host=options["host"],
            port=options["port"],
            has_web=not options["no_web"],
            is_verbose=options["verbose"] or shows_log(),
        )
        if plan.is_verbose and not shows_log():
            show_log()
        try:
            self.run(plan, chosen_config(options["config"], options["preset"]))
        except KeyboardInterrupt:
            return
        except PartFailed as error:
            raise CommandError(str(error), returncode=GAVE_UP) from error
        except DoorbellError as error:
            raise CommandError(str(error), returncode=CANNOT_RUN) from error

    def run(self, plan: RunPlan, config: OrchestratorConfig | None) -> None:
        say = Speaker(self)
        with running(plan, say, config=config) as manager:
            tell_cameras(manager, plan, say)
            if plan.has_web:
                tell_where_to_look(plan, say)
            tell_log(say)
            attend(manager, say)


def chosen_config(file: Path | None, preset: str | None) -> OrchestratorConfig | None:
    """None for the installation's own. Raises ConfigError."""
    if file is None:
        return None if preset is None else load_config(settings.VAR_DIR, preset)
    return OrchestratorConfig.from_dict(read_config_file(file), preset=preset, origin=f"file {file}")


class Speaker:
    """Lines of several threads, each whole and at once, also into a pipe. A closed terminal silences it."""

    def __init__(self, command: BaseCommand) -> None:
        self._out = command.stdout
        self._lock = threading.RLock()

    def __call__(self, text: str) -> None:
        with self._lock:
            try:
                self._out.write(text)
                self._out.flush()
            except OSError:
                logging.getLogger(__name__).info("%s", text)


def shows_log() -> bool:
    """Whether the settings already send it to the console."""
    return any(type(handler) is logging.StreamHandler for handler in logging.getLogger().handlers)


def show_log() -> None:
    """This process's own part of it; those of the others come through their output."""
    root = logging.getLogger()
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(next(handler.formatter for handler in root.handlers if handler.formatter))
    root.addHandler(console)
