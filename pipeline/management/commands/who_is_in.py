"""manage.py who_is_in"""

import json
from argparse import ArgumentParser
from collections import Counter
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from faces.gallery import current_gallery, tolerances
from faces.models import Person
from pipeline.errors import DoorbellError
from pipeline.management.commands.run_capture import positive_float
from pipeline.recordings import Stay, Timeline, play_recording


class Command(BaseCommand):
    help = "Say who is in a recording, from when to when, as the doorbell would name them. Nothing is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("recording", help="a video file, a picture or a folder of pictures")
        parser.add_argument("--fps", type=positive_float, metavar="N", help="look at so many frames a second at most")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            timeline = play_recording(options["recording"], options["fps"])
        except DoorbellError as error:
            raise CommandError(str(error)) from error
        names = dict(Person.objects.values_list("pk", "name"))
        if options["json"]:
            self.stdout.write(json.dumps(as_json(options["recording"], timeline, names), indent=2))
            return
        if timeline.stays:
            self.stdout.write(f"{'from':>9} {'to':>9} {'frames':>6}  who")
        for stay in timeline.stays:
            self.stdout.write(line(stay, names))
        self.stdout.write(summary(timeline, names))


def line(stay: Stay, names: dict[int, str]) -> str:
    distance = "" if stay.distance is None else f", {stay.distance:.2f} from the nearest sample"
    return f"{clock(stay.from_s):>9} {clock(stay.to_s):>9} {stay.frames:6}  {who(stay, names)}{distance}"


def who(stay: Stay, names: dict[int, str]) -> str:
    if stay.person_id is None:
        return stay.status
    # Somebody may have been deleted since the gallery was read.
    name = names.get(stay.person_id, f"person {stay.person_id}")
    return f"{name} (blocked)" if stay.status == "blocked" else name


def clock(seconds: float) -> str:
    """Minutes and seconds, as players show them: 75:03.4."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def summary(timeline: Timeline, names: dict[int, str]) -> str:
    counts = Counter(who(stay, names) for stay in timeline.stays)
    seen = ", ".join(f"{name} {count} x" for name, count in sorted(counts.items())) or "nobody to be seen"
    frames = "1 frame" if timeline.frames == 1 else f"{timeline.frames} frames"
    told = f"{frames}, {clock(timeline.length_s)} long: {seen}"
    return told if len(current_gallery()) else f"{told}\nNobody is enrolled, so everybody is unknown."


def as_json(recording: str, timeline: Timeline, names: dict[int, str]) -> dict[str, Any]:
    stays = [{**asdict(stay), "person": names.get(stay.person_id or 0)} for stay in timeline.stays]
    return {
        "recording": recording,
        "frames": timeline.frames,
        "length_s": round(timeline.length_s, 3),
        "samples": len(current_gallery()),
        "tolerances": asdict(tolerances()),
        "stays": stays,
    }
