"""The whole doorbell in the foreground: set up, started, attended to, stopped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from doorbell_site.first_owner import is_needed, make_link_path
from pipeline.config import OrchestratorConfig
from pipeline.manager.options import RunOptions, Say, set_up_nothing
from pipeline.orchestrator import PartFailed, WebPlan, log_file
from pipeline.orchestrator_manager import OrchestratorManager, SystemHealth, SystemState
from pipeline.stop_signals import stop_signals
from pipeline.web_address import hosts_to_allow, urls

HEALTH_LINE_EVERY_S = 300.0


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
def running(
    plan: RunPlan, say: Say, set_up: Callable[[], object] | None = None, config: OrchestratorConfig | None = None
) -> Iterator[OrchestratorManager]:
    """Run everything while the block lasts. Ctrl-C and its like raise KeyboardInterrupt in it.

    set_up: called when the database is ready and nothing has started. config: None goes by the installation's own.
    Raises AlreadyRunning, AddressUnusable, CameraError, BrokerError, PartFailed, ModelError.
    """
    with stop_signals() as signals:
        manager = OrchestratorManager(config, run=run_options(plan, say, set_up or set_up_nothing))
        signals.hurry = manager.kill
        try:
            manager.start()
            yield manager
        finally:
            manager.stop()


def run_options(plan: RunPlan, say: Say, set_up: Callable[[], object]) -> RunOptions:
    web = WebPlan(plan.host, plan.port, tuple(hosts_to_allow(plan.host, settings.ALLOWED_HOSTS)))
    return RunOptions(
        source=plan.source,
        loop=plan.loop,
        web=web if plan.has_web else None,
        say=say,
        on_line=say if plan.is_verbose else None,
        set_up=set_up,
    )


def attend(manager: OrchestratorManager, say: Say) -> None:
    """Say every five minutes how it is, until KeyboardInterrupt. Raises PartFailed when nothing will bring it back."""
    while not manager.wait(HEALTH_LINE_EVERY_S):
        say(health_line(manager.get_health_status()))
    if manager.state is SystemState.ERROR:
        raise PartFailed(str(manager.last_error))


def health_line(health: SystemHealth) -> str:
    """`Running for 2 h 5 min: performance 1.00, 0.2 visits a minute, all well.`"""
    minutes = int(health.uptime // 60)
    lasting = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    rate = health.pipeline_status["events_per_minute"]
    visits = "" if rate is None else f", {rate:.1f} visits a minute"
    counts = {"error": health.error_count, "warning": health.warning_count}
    some = [f"{number} {what}{'' if number == 1 else 's'}" for what, number in counts.items() if number]
    trouble = f"{' and '.join(some)} since the start" if some else "all well"
    state, score = health.state.value.capitalize(), health.performance_score
    return f"{state} for {lasting}: performance {score:.2f}{visits}, {trouble}."


def tell_where_to_look(plan: RunPlan, say: Say) -> None:
    """The address, and as long as nobody has an account, the link that makes the owner's."""
    first, *others = urls(plan.host, plan.port)
    say(f"Open {first}")
    for other in others:
        say(f"  or {other} on another device")
    if is_needed():
        link = (others or [first])[0].rstrip("/") + make_link_path()
        say(f"Nobody has an account yet. This link makes the owner's; it works once:\n{link}")


def tell_cameras(manager: OrchestratorManager, plan: RunPlan, say: Say) -> None:
    if cameras := manager.orchestrator.cameras:
        say(f"Watching: {', '.join(sorted(camera.name for camera in cameras))}")
        return
    add = f"{plan.address.rstrip('/')}{reverse('admin:events_camera_add')}" if plan.has_web else "the admin"
    say(
        "No camera was found; the doorbell runs without one.\n"
        f"Add one at {add}, or plug one in and start again,\n"
        "or try a video: ./doorbell run --source visit.mp4 --loop"
    )


def tell_log(say: Say) -> None:
    say(f"The log is {log_file()}. Ctrl-C stops the doorbell.")
