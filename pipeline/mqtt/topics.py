"""The topics under which the doorbell speaks. `docs/home-assistant.md` lists them for people."""

import hashlib
import re
from dataclasses import dataclass

from pipeline.mqtt.address import InvalidMqttSetting

TOPIC_MAX_BYTES = 200  # of the 65,535 that MQTT allows; ours are appended
WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Topics:
    """base: MQTT_TOPIC, which also tells two doorbells on one broker apart."""

    base: str

    @property
    def availability(self) -> str:
        return f"{self.base}/availability"

    @property
    def press(self) -> str:
        return f"{self.base}/press"

    @property
    def visit(self) -> str:
        return f"{self.base}/visit"

    @property
    def last_visit(self) -> str:
        return f"{self.base}/last_visit"

    @property
    def picture(self) -> str:
        return f"{self.base}/picture"

    @property
    def health(self) -> str:
        return f"{self.base}/health"

    @property
    def ring(self) -> str:
        return f"{self.base}/ring"

    @property
    def message(self) -> str:
        return f"{self.base}/message"

    def camera(self, camera_id: int) -> str:
        return f"{self.base}/camera/{camera_id}/live"

    def last_seen(self, person_id: int) -> str:
        return f"{self.base}/person/{person_id}/last_seen"

    def at_the_door(self, person_id: int) -> str:
        return f"{self.base}/person/{person_id}/at_the_door"

    @property
    def kept(self) -> tuple[str, ...]:
        """Filters for the retained topics that come and go with cameras, people and visits."""
        return (self.last_visit, f"{self.base}/camera/+/live", f"{self.base}/person/+/last_seen")

    @property
    def slug(self) -> str:
        """The base as an identifier of Home Assistant: a-z, 0-9 and underscores."""
        return WORD.sub("_", self.base.lower()).strip("_") or _digest(self.base)

    @property
    def client_id(self) -> str:
        """The same after every restart, so that the broker ends a session that was left open and its last will
        comes before our word that we are back. At most 23 characters, as MQTT 3.1.1 asks."""
        return f"doorbell-{_digest(self.base)}"


def check_topic(topic: str, name: str) -> str:
    """Return a topic that can be published to, or raise InvalidMqttSetting."""
    if not topic.strip() or topic != topic.strip() or topic.endswith("/") or len(topic.encode()) > TOPIC_MAX_BYTES:
        raise InvalidMqttSetting(
            f"{name} is {topic[:60]!r}; use 1 to {TOPIC_MAX_BYTES} bytes, no blanks around it and no slash at the end"
        )
    if topic.startswith("$") or any(character in "+#" or not character.isprintable() for character in topic):
        raise InvalidMqttSetting(f"{name} is {topic[:60]!r}; + # control characters and a $ in front cannot be in it")
    return topic


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
