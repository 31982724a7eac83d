"""The process that measures one row: a request as JSON on stdin, its figures as one line of JSON on stdout."""

import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

from pipeline.errors import DoorbellError

# Modules are imported when their row runs: what one needs would count against the memory of another.
MEASURES = {
    "encode": "encode:measure",
    "cnn_detect": "cnn_detect:measure",
    "press": "press:measure",
    "press_yunet": "press:measure",
    "video": "video:measure",
    "video_yunet": "video:measure",
    "idle": "idle:measure",
    "match_10k": "matching:measure_10k",
    "match_1m": "matching:measure_1m",
    "overhead": "throughput:measure_overhead",
    "two_workers": "throughput:measure_two_workers",
    "memory": "memory:measure",
}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    from pipeline.bench.material import Material

    media = Path(request["media"]) if request["media"] else None
    material = Material(media, settings.MODELS_DIR, request["detector"])
    module, _, function = MEASURES[request["row"]].partition(":")
    try:
        return asdict(getattr(import_module(f"pipeline.bench.{module}"), function)(material))
    except DoorbellError as error:
        return {"reason": str(error)}


def main() -> None:
    request = json.load(sys.stdin)
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    sys.stdout.write(json.dumps(answer(request)) + "\n")


if __name__ == "__main__":
    main()
