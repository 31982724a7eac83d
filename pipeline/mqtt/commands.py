"""Presses that come by MQTT. Whatever lies on the broker is somebody else's word until it is checked."""

import json
import logging
import queue
import threading
from typing import Any

from django.db import DatabaseError, close_old_connections, connection

from pipeline.errors import DoorbellError
from pipeline.mqtt.packets import Incoming
from pipeline.mqtt.plan import ForeignBell
from pipeline.ring import find_camera, ring

logger = logging.getLogger(__name__)

PRESS = "PRESS"  # what a button of Home Assistant sends
COMMAND_MAX_BYTES = 1024
FOREIGN_MAX_BYTES = 16 * 1024
CAMERA_NAME_MAX = 60
WAITING_MAX = 10


class RefusedCommand(DoorbellError):
    code = "refused_command"


def camera_in(payload: bytes) -> str | int | None:
    """Which camera a ring command names: None for the first one. Raises RefusedCommand.

    An empty payload is refused: it is how a retained message is deleted.
    """
    text = _text(payload, COMMAND_MAX_BYTES)
    if text == PRESS:
        return None
    facts = _json(text)
    if not isinstance(facts, dict) or set(facts) - {"camera"}:
        raise RefusedCommand(f'it is {_shown(text)}; send {PRESS} or {{"camera": "name or id"}}')
    camera = facts.get("camera")
    if camera is None or (isinstance(camera, int) and not isinstance(camera, bool)):
        return camera
    if isinstance(camera, str) and len(camera) <= CAMERA_NAME_MAX:
        return camera
    raise RefusedCommand(f"its camera is {_shown(json.dumps(camera))}; send a name or an id")


def means_ring(payload: bytes, wanted: str) -> bool:
    """Whether a message on another doorbell's topic is a press.

    wanted: '' for any message but an empty one; `ON` for that very text; `action=single` for a JSON object with that
    value, `Button1.Action=SINGLE` for one in another. Raises RefusedCommand for what is no text.
    """
    text = _text(payload, FOREIGN_MAX_BYTES)
    if not wanted:
        return True
    path, is_field, value = wanted.partition("=")
    if text == wanted or not is_field:
        return text == wanted
    return _as_text(_field(_json(text), path.strip())) == value.strip()


class CommandDesk:
    """Takes commands from the network's thread and rings in one of its own, one after the other."""

    def __init__(self, ring_topic: str, bell: ForeignBell | None) -> None:
        self._ring_topic = ring_topic
        self._bell = bell
        self._waiting: queue.Queue[Incoming | None] = queue.Queue(maxsize=WAITING_MAX)
        self._thread = threading.Thread(target=self._run, name="mqtt-commands", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._put(None)
        self._thread.join(2.0)

    def take(self, message: Incoming) -> bool:
        """Called in the network's thread; False when the message is no command. What the broker kept from before
        is no press now, and more than WAITING_MAX at once are none either."""
        if message.topic != self._ring_topic and (self._bell is None or message.topic != self._bell.topic):
            return False
        if message.is_retained:
            logger.info("a ring command retained on %s is ignored; publish it without the retain flag", message.topic)
        else:
            self._put(message)
        return True

    def _put(self, message: Incoming | None) -> None:
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            logger.warning("too many ring commands by MQTT at once; some are dropped")

    def _run(self) -> None:
        try:
            while (message := self._waiting.get()) is not None:
                self._obey(message)
        finally:
            connection.close()

    def _obey(self, message: Incoming) -> None:
        try:
            close_old_connections()
            self._ring(message)
        except DoorbellError as error:
            logger.warning("a message on %s does not ring: %s", message.topic, error)
        except DatabaseError:
            logger.exception("a press by MQTT on %s could not be recorded", message.topic)

    def _ring(self, message: Incoming) -> None:
        bell = self._bell
        if bell is None or message.topic != bell.topic:
            ring(find_camera(camera_in(message.payload)), pressed_by=f"MQTT, {message.topic}")
        elif means_ring(message.payload, bell.payload):
            ring(find_camera(bell.camera), pressed_by=f"MQTT, {message.topic}")


def _text(payload: bytes, longest: int) -> str:
    if len(payload) > longest:
        raise RefusedCommand(f"it has {len(payload)} bytes; at most {longest} are read")
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError as error:
        raise RefusedCommand("it is not UTF-8") from error
    if not text:
        raise RefusedCommand("it is empty")
    return text


def _json(text: str) -> Any:
    """None for what is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _field(facts: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(facts, dict):
            return None
        facts = facts.get(name)
    return facts


def _as_text(value: Any) -> str | None:
    """true, 1 and single as somebody writes them in a setting."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _shown(text: str) -> str:
    return repr(text[:60])
