"""manage.py demo"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from doorbell_site.apart import go_apart
from doorbell_site.management.commands.run_doorbell import CANNOT_RUN, GAVE_UP, Speaker, port_number
from doorbell_site.running import RunPlan, attend, running, tell_log, tell_where_to_look
from events.models import Outcome
from faces.enrollment import add_sample
from faces.models import Person
from faces.people import create_person
from pipeline.camera_plans import FRONT_DOOR
from pipeline.demo.film import VISIT_S, make_film
from pipeline.demo.portraits import EILEEN_COLLINS, GRACE_HOPPER
from pipeline.demo.rings import HEADING, NobodyCame, RingResult, ring_for_visitors, row
from pipeline.errors import DoorbellError
from pipeline.orchestrator import PartFailed
from pipeline.web_address import next_free_port

VISITORS = (GRACE_HOPPER, EILEEN_COLLINS)
ENROLLED = GRACE_HOPPER
ROUNDS_WAITED = 3  # a slow machine may miss a visitor; the film begins again
FILM = "visitors-1.mp4"  # a new number when the film changes


class Command(BaseCommand):
    help = "Show the doorbell without a camera: a film of two visitors, one of them enrolled. Its data lie apart."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="end after two rings; exit code 0 when both were right")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=port_number, default=8000, help="8000, or the next one that is free")

    def handle(self, *_args: Any, **options: Any) -> None:
        go_apart("demo")
        try:
            self.show(options)
        except KeyboardInterrupt:
            return
        except (PartFailed, NobodyCame) as error:
            raise CommandError(str(error), returncode=GAVE_UP) from error
        except DoorbellError as error:
            raise CommandError(str(error), returncode=CANNOT_RUN) from error

    def show(self, options: dict[str, Any]) -> None:
        say = Speaker(self)
        film = settings.VAR_DIR / FILM
        if not film.exists():
            say("Filming two visitors at a painted door …")
            make_film(film, VISITORS)
        port = next_free_port(options["host"], options["port"])
        plan = RunPlan(source=str(film), loop=True, host=options["host"], port=port)
        with running(plan, say, set_up=enroll) as manager:
            say(f"{ENROLLED.name} is enrolled, {other_name()} is not. Each comes to the door, and rings …")
            wait_s = ROUNDS_WAITED * len(VISITORS) * VISIT_S
            results: list[RingResult] = []
            say(HEADING)
            for result in ring_for_visitors(FRONT_DOOR, len(VISITORS), wait_s, manager.orchestrator.check):
                results.append(result)
                say(row(len(results), result))
            problem = what_is_wrong(results)
            if options["once"]:
                if problem:
                    raise NobodyCame(problem)
                return
            say(problem or f"As it should be: {ENROLLED.name} is known, the other visitor a stranger.")
            tell_where_to_look(plan, say)
            tell_log(say)
            attend(manager, say)


def enroll() -> None:
    """Once; a later demo finds the person there. Raises EnrollmentError."""
    person = Person.objects.filter(name=ENROLLED.name).first() or create_person(ENROLLED.name)
    if not person.samples.exists():
        add_sample(person, ENROLLED.path().read_bytes())


def other_name() -> str:
    return next(visitor.name for visitor in VISITORS if visitor is not ENROLLED)


def what_is_wrong(results: list[RingResult]) -> str:
    """Nothing, or how the decisions differ from what the film shows."""
    known = [result for result in results if result.outcome == Outcome.KNOWN and result.who == ENROLLED.name]
    strangers = [result for result in results if result.outcome == Outcome.UNKNOWN and not result.people]
    if len(known) == 1 and len(strangers) == 1:
        return ""
    return f"That is not as it should be: {ENROLLED.name} is known, and the other visitor is a stranger."
