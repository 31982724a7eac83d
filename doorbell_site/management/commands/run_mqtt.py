"""manage.py run_mqtt"""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from health.assessment import assess
from health.findings import Level
from pipeline.errors import DoorbellError
from pipeline.mqtt.bridge import Bridge
from pipeline.mqtt.messages import Health
from pipeline.mqtt.plan import configured_plan, is_configured

CANNOT_RUN = 2


def read_health() -> Health:
    assessment = assess()
    texts = {level: tuple(each.text for each in assessment.findings if each.level == level) for level in Level}
    return Health(texts[Level.ERROR], texts[Level.WARNING], assessment.score.value)


class Command(BaseCommand):
    help = (
        "Keep the MQTT broker in MQTT_URL informed and listen to it, until it is stopped. run_doorbell starts this by "
        "itself; of all machines of a doorbell one runs it."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not is_configured():
            raise CommandError("MQTT_URL is not set; docs/home-assistant.md shows a set-up", returncode=CANNOT_RUN)
        try:
            bridge = Bridge(configured_plan(), read_health)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda _number, _frame: bridge.stop())
            self.stdout.write(f"Talking to {bridge.plan.broker} about {bridge.plan.topics.base}/…")
            self.stdout.flush()
            bridge.run()
        except DoorbellError as error:
            raise CommandError(str(error), returncode=CANNOT_RUN) from error
