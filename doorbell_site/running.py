"""The whole doorbell in the foreground: set up, started, attended to, stopped."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, close_old_connections
from django.urls import reverse

from doorbell_site.first_owner import is_needed, make_link_token
from pipeline.camera_plans import add_first_camera, plan_for_source, plans_from_rows
from pipeline.door.opening import open_door
from pipeline.hardware.button import ButtonWatch, watch_button
from pipeline.hardware.errors import GpioUnavailable
from pipeline.mqtt.plan import is_configured
from pipeline.orchestrator import PipelineOrchestrator, SystemPlan, WebPlan, log_file
from pipeline.processes import CameraPlan
from pipeline.ring import ring
from pipeline.run_lock import only_run
from pipeline.stop_signals import stop_signals
from pipeline.supervisor import Child, ChildState
from pipeline.vision.conversion import ensure_encoder
from pipeline.web_address import check_address, hosts_to_allow, urls

logger = logging.getLogger(__name__)
Say = Callable[[str], None]

LOOK_INTERVAL_S = 1.0
CAMERAS_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class RunPlan:
    """source: the only camera to watch; None watches those of the database, or the first one found."""

    source: str | None = None
    loop: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    has_web: bool = True
    is_verbose: bool = False

    @property
    def address(self) -> str:
        """The page to open on this machine."""
        return urls(self.host, self.port)[0]


@contextmanager
def running(plan: RunPlan, say: Say, set_up: Callable[[], object] | None = None) -> Iterator[PipelineOrchestrator]:
    """Run everything while the block lasts. Ctrl-C and its like raise KeyboardInterrupt in it.

    set_up: called when the database is ready and nothing has started.
    Raises AlreadyRunning, AddressUnusable, CameraError, BrokerError, PartFailed, ModelError.
    """
    with stop_signals() as signals, only_run(settings.RUN_DIR / "doorbell.lock"):
        given = plan_for_source(plan.source, loop=plan.loop) if plan.source else None
        if plan.has_web:
            check_address(plan.host, plan.port)
        prepare(say)
        if set_up is not None:
            set_up()
        orchestrator = make_orchestrator(plan, say)
        signals.hurry = orchestrator.kill
        with ExitStack() as stack:
            stack.callback(say, "Stopped.")
            stack.callback(orchestrator.stop)
            stack.callback(say, "Stopping …")
            start(orchestrator, given, say)
            if (button := watch_for_button()) is not None:
                stack.callback(button.close)
            if (door := open_door()) is not None:
                stack.callback(door.close)
            yield orchestrator


def prepare(say: Say) -> None:
    """The folder, the database and the networks. Raises ModelError."""
    say(f"Everything is kept in {settings.VAR_DIR}")
    call_command("migrate", verbosity=0, interactive=False)
    if settings.ENCODER == "onnx":
        began = time.monotonic()
        ensure_encoder(settings.MODELS_DIR)
        if time.monotonic() - began > 1:
            say("The face encoder was converted and compared with the original.")


def make_orchestrator(plan: RunPlan, say: Say) -> PipelineOrchestrator:
    web = WebPlan(plan.host, plan.port, tuple(hosts_to_allow(plan.host, settings.ALLOWED_HOSTS)))
    config = settings.DOORBELL.pipeline_config
    orchestrator = PipelineOrchestrator(
        SystemPlan(
            detection_workers=config.face_detection.worker_count,
            recognition_workers=config.face_recognition.worker_count,
            web=web if plan.has_web else None,
            has_mqtt=is_configured(),
        ),
        on_change=lambda child, _old, new: notice(child, new),
        on_line=(lambda _child, line: say(line)) if plan.is_verbose else None,
        environment={"DOORBELL_VERBOSE": "1"} if plan.is_verbose else {},
    )
    told: set[str] = set()

    def notice(child: Child, state: ChildState) -> None:
        """Say the first trouble of each process; the log has every one."""
        logger.info("%s is %s", child.name, state.value)
        if state is ChildState.FINISHED:
            say(f"The recording of {child.name} has ended; the doorbell keeps running.")
        elif state is ChildState.WAITING and child.name not in told:
            told.add(child.name)
            reason = orchestrator.last_line(child).removeprefix("CommandError: ")
            say(f"{child.name} ended and is started again, as often as needed. {reason}")

    return orchestrator


def start(orchestrator: PipelineOrchestrator, given: CameraPlan | None, say: Say) -> None:
    """Start everything and return when it works."""
    say("Starting …")
    orchestrator.start()
    if given is None:
        add_first_camera()
    orchestrator.watch_cameras([given] if given else plans_from_rows())
    orchestrator.wait_until_ready()


def attend(orchestrator: PipelineOrchestrator, plan: RunPlan) -> None:
    """Follow what is changed about the cameras, until KeyboardInterrupt. Raises PartFailed."""
    looked_at = time.monotonic()
    while True:
        time.sleep(LOOK_INTERVAL_S)
        orchestrator.check()
        if plan.source is None and time.monotonic() - looked_at >= CAMERAS_EVERY_S:
            looked_at = time.monotonic()
            follow_rows(orchestrator)


def follow_rows(orchestrator: PipelineOrchestrator) -> None:
    try:
        orchestrator.watch_cameras(plans_from_rows())
    except DatabaseError as error:
        logger.warning("the cameras cannot be looked up: %s", error)
    finally:
        close_old_connections()


def watch_for_button() -> ButtonWatch | None:
    """None when no pin is set, or the machine has none."""
    if settings.DOORBELL_PIN is None:
        return None
    try:
        return watch_button(settings.DOORBELL_PIN, press)
    except GpioUnavailable as error:
        logger.info("%s", error)
        return None


def press() -> None:
    """Called in the button's own thread."""
    close_old_connections()
    ring(pressed_by="button")


def tell_where_to_look(plan: RunPlan, say: Say) -> None:
    """The address, and as long as nobody has an account, the link that makes the owner's."""
    first, *others = urls(plan.host, plan.port)
    say(f"Open {first}")
    for other in others:
        say(f"  or {other} on another device")
    if is_needed():
        link = (others or [first])[0].rstrip("/") + reverse("first-owner", args=[make_link_token()])
        say(f"Nobody has an account yet. This link makes the owner's; it works once:\n{link}")


def tell_cameras(orchestrator: PipelineOrchestrator, plan: RunPlan, say: Say) -> None:
    if orchestrator.cameras:
        say(f"Watching: {', '.join(sorted(camera.name for camera in orchestrator.cameras))}")
        return
    add = f"{plan.address.rstrip('/')}{reverse('admin:events_camera_add')}" if plan.has_web else "the admin"
    say(
        "No camera was found; the doorbell runs without one.\n"
        f"Add one at {add}, or plug one in and start again,\n"
        "or try a video: ./doorbell run --source visit.mp4 --loop"
    )


def tell_log(say: Say) -> None:
    say(f"The log is {log_file()}. Ctrl-C stops the doorbell.")
