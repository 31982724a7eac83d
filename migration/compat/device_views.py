"""Old addresses of the doorbell itself: status, ring, picture, light, message, log."""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from migration.compat.camera import OldCamera
from migration.compat.face_manager import Identification, OldFaceManager
from migration.compat.gpio import OldGpio
from migration.compat.notifier import BODY_MAX, OldNotifier
from migration.compat.old_settings import OldSettings
from migration.compat.old_views import UNAVAILABLE, OldView, Refused, read_object, read_text, success
from migration.compat.replaced import refuse
from migration.compat.visits import capture_address, recent_events
from pipeline.door.asking import LONGEST_S, ask_light
from pipeline.errors import DoorbellError
from pipeline.hardware.status_light import Pattern
from pipeline.manager.callbacks import Callback
from pipeline.manager.ringing import ring_now
from pipeline.vision.images import encode_jpeg

EVENTS = 20
LOG_LINES = 50
LOG_TAIL_BYTES = 64 * 1024


class _NobodyListens:
    """The web process passes no presses on."""

    def register_event_callback(self, event_type: str, callback: Callback) -> None:
        refuse("a callback in the web process", "a program that holds an OrchestratorManager registers it")


def describe_doorbell() -> dict[str, Any]:
    """The body of the old /api/status."""
    old = OldSettings()
    return {
        "status": "online",
        "timestamp": timezone.localtime().isoformat(),
        "camera": _camera_info(OldCamera(old, may_open=False)),
        "gpio": OldGpio(old, _NobodyListens()).get_gpio_status(),
        "faces": OldFaceManager(old).get_stats(),
        "telegram": {"initialized": OldNotifier(old).initialized},
    }


def _camera_info(camera: OldCamera) -> dict[str, Any]:
    """Without opening it: whether it gives pictures is what its process reported."""
    camera.is_initialized = camera.get_status() == "active"
    return camera.get_camera_info()


class Status(OldView):
    def get(self, request: Request) -> Response:
        return Response(describe_doorbell())


class TriggerDoorbell(OldView):
    def post(self, request: Request) -> Response:
        """Success means that a camera looks; a press without a picture is recorded, and an error."""
        answer = ring_now()
        if answer["status"] != "success":
            raise Refused(answer["message"], UNAVAILABLE)
        return success(message=answer["message"], event_id=answer["event_id"])


class CapturePhoto(OldView):
    def get(self, request: Request) -> Response:
        """A picture of this moment. It is not kept: a GET changes nothing."""
        try:
            frame = OldCamera(OldSettings(), may_open=False).look()
        except DoorbellError as error:
            return Response({"status": "error", "message": str(error)})
        jpeg = base64.b64encode(encode_jpeg(frame, quality=85)).decode("ascii")
        filename = f"test_capture_{timezone.localtime():%Y%m%d_%H%M%S}.jpg"
        return success(image_data=f"data:image/jpeg;base64,{jpeg}", filename=filename)


class RecognizeNow(OldView):
    def post(self, request: Request) -> Response:
        """Look now and say who is there; nothing is recorded."""
        old = OldSettings()
        try:
            frame = OldCamera(old, may_open=False).look()
        except DoorbellError as error:
            raise Refused(str(error), UNAVAILABLE) from error
        manager = OldFaceManager(old)
        found = [manager.identify_face(encoding) for encoding in manager.detect_faces(frame)]
        results = [_json_safe(number, each) for number, each in enumerate(found, 1)]
        return success(faces_detected=len(results), results=results)


class SetLed(OldView):
    def post(self, request: Request) -> Response:
        sent = read_object(request)
        status = read_text(sent, "status", "idle", most=40)
        duration = _read_duration(sent.get("duration"))
        pattern = Pattern(status) if status in set(Pattern) else Pattern.OFF
        if not ask_light(pattern, duration):
            raise Refused("no status light is there, or the doorbell that holds it does not run", UNAVAILABLE)
        return success(led_status=status)


class SendMessage(OldView):
    needs = {"POST": ["events.change_notificationchannel"]}

    def post(self, request: Request) -> Response:
        """HTTP 200 in either case, as it was."""
        sent = read_object(request)
        message = read_text(sent, "message", "This is a test of the doorbell.", most=BODY_MAX)
        priority = read_text(sent, "priority", "normal", most=40)
        notifier = OldNotifier(OldSettings())
        if not notifier.initialized:
            return _not_sent("no notification channel is set up; add one on the Notifications page")
        if not notifier.send_alert(message, priority=priority):
            return _not_sent("no channel took the message; the Notifications page says why")
        return success(message="The message was sent.")


class RecentEvents(OldView):
    def get(self, request: Request) -> Response:
        return success(events=recent_events(EVENTS, capture_address))


class Logs(OldView):
    """For staff: the log names people and addresses."""

    def get(self, request: Request) -> Response:
        if not getattr(request.user, "is_staff", False):
            raise PermissionDenied("The log is for the staff of this doorbell.")
        return success(logs=last_lines(Path(settings.LOG_DIR) / "doorbell.log", LOG_LINES))


def last_lines(path: Path, count: int) -> list[str]:
    """Of the file's last 64 KB; none of a file that is not there yet."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - LOG_TAIL_BYTES))
            tail = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    whole = tail if size <= LOG_TAIL_BYTES else tail[1:]
    return whole[-count:]


def _json_safe(number: int, found: Identification) -> dict[str, Any]:
    """JSON has no infinity: who is unknown has no distance."""
    distance = found["distance"]
    return {"face_id": number, **found, "distance": distance if math.isfinite(distance) else None}


def _read_duration(value: object) -> float:
    if value is None:
        return LONGEST_S
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_S:
        raise Refused(f"duration is {str(value)[:40]!r}; use seconds above 0, up to {LONGEST_S:.0f}")
    return float(value)


def _not_sent(message: str) -> Response:
    return Response({"status": "error", "message": message, "timestamp": timezone.localtime().isoformat()})
