"""manage.py calibrate"""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from events.models import FaceObservation, FaceStatus
from faces.models import ENCODING_DIMENSIONS, FaceSample, Person, encoding_from_bytes
from pipeline.config import ConfigError
from pipeline.configuration.files import OWN_FILE, change_config_file, config_file
from pipeline.configured import current_config
from pipeline.vision.calibration import Labelled, Recommendation, Spread, measure_spread, recommend
from pipeline.vision.tracking import USABLE_QUALITY

SEEN_MOST = 5000  # the newest observations; 2.5 MB of encodings
SHARES = (0.05, 0.5, 0.95)
LISTS = {"known": "face_recognition.tolerance", "blocked": "face_recognition.blacklist_tolerance"}


def rate(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 0.2:
        raise ArgumentTypeError(f"{text!r} is not a rate; use a number above 0 and up to 0.2, such as 0.001")
    return number


class Command(BaseCommand):
    help = "Measure how far this household's faces lie apart and recommend tolerances; --apply writes them down."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--false-match-rate", type=rate, default=0.001, metavar="R", help="how rarely a stranger may match; 0.001"
        )
        parser.add_argument("--apply", action="store_true", help="write the recommendation into the configuration file")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        samples, seen = read_samples(), read_seen()
        found: dict[str, tuple[Spread, Recommendation]] = {}
        for name in LISTS:
            people = Person.objects.filter(is_blocked=name == "blocked").values_list("pk", flat=True)
            spread = measure_spread(samples, seen, np.array(list(people), np.int64))
            found[name] = spread, recommend(spread, options["false_match_rate"])
        if options["json"]:
            self.stdout.write(json.dumps({name: _facts(name, *each) for name, each in found.items()}))
        else:
            self._print(found)
        if options["apply"]:
            self._apply({name: advice.tolerance for name, (_, advice) in found.items() if advice.tolerance is not None})

    def _print(self, found: dict[str, tuple[Spread, Recommendation]]) -> None:
        self.stdout.write(
            f"{'list':8} {'compared with':14} {'number':>7} {'5 %':>6} {'50 %':>6} {'95 %':>6} {'now within':>11}"
        )
        for name, (spread, _) in found.items():
            for who, distances in (("the same", spread.same), ("somebody else", spread.different)):
                within = np.searchsorted(distances, _tolerance_now(name), side="right")
                shares = (
                    [f"{np.quantile(distances, share):6.2f}" for share in SHARES] if len(distances) else [" " * 6] * 3
                )
                self.stdout.write(f"{name:8} {who:14} {len(distances):7} {' '.join(shares)} {int(within):11}")
        for name, (_, advice) in found.items():
            value = "no advice" if advice.tolerance is None else f"{advice.tolerance:.2f} recommended"
            self.stdout.write(f"{name}: {_tolerance_now(name):.2f} now, {value}: {advice.why}")
        self.stdout.write(
            "What was seen before was named by the tolerance of its time: such pictures never lie beyond it."
        )

    def _apply(self, advice: dict[str, float]) -> None:
        if not advice:
            self.stdout.write("Nothing was changed: there is no recommendation to apply.")
            return
        path = config_file(settings.VAR_DIR) or settings.VAR_DIR / OWN_FILE
        try:
            change_config_file(path, {LISTS[name]: tolerance for name, tolerance in advice.items()})
        except ConfigError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Written to {path}; start the doorbell again.")
        for name in advice:
            source = current_config().effective()[LISTS[name]].source
            if source.startswith("environment"):
                self.stdout.write(
                    f"But the {source} says {_tolerance_now(name):.2f}, and beats the file: remove it there."
                )


def read_samples() -> Labelled:
    rows = FaceSample.objects.filter(encoding_model=settings.ENCODING_MODEL).values_list("encoding", "person_id")
    return labelled(rows)


def read_seen() -> Labelled:
    """The newest faces that were recognized well enough to say something."""
    named = FaceObservation.objects.filter(
        status__in=(FaceStatus.KNOWN, FaceStatus.BLOCKED), person__isnull=False, quality__gte=USABLE_QUALITY
    ).exclude(encoding=None)
    return labelled(named.order_by("-id").values_list("encoding", "person_id")[:SEEN_MOST])


def labelled(rows: Iterable[tuple[Any, ...]]) -> Labelled:
    """rows: (stored encoding, person's id)."""
    kept = list(rows)
    encodings = np.array([encoding_from_bytes(row[0]) for row in kept], np.float32).reshape(-1, ENCODING_DIMENSIONS)
    return Labelled(encodings, np.array([row[1] for row in kept], np.int64))


def _tolerance_now(name: str) -> float:
    return float(settings.FACE_RECOGNITION_TOLERANCE if name == "known" else settings.BLACKLIST_TOLERANCE)


def _facts(name: str, spread: Spread, advice: Recommendation) -> dict[str, Any]:
    now = _tolerance_now(name)
    return {
        "same": _shares(spread.same),
        "different": _shares(spread.different),
        "tolerance_now": now,
        "false_match_rate_now": spread.false_match_rate(now),
        "missed_rate_now": spread.missed_rate(now),
        "recommended": advice.tolerance,
        "why": advice.why,
    }


def _shares(distances: npt.NDArray[np.float64]) -> dict[str, Any]:
    shares = (
        {f"p{share:.0%}".rstrip("%"): round(float(np.quantile(distances, share)), 4) for share in SHARES}
        if len(distances)
        else {}
    )
    return {"count": len(distances), **shares}
