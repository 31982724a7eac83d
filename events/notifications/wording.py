"""What a message says, in plain text. Channels escape it for whatever they render."""

from dataclasses import dataclass
from datetime import datetime

from events.models import Outcome, Trigger
from events.notifications.models import Step

TITLE_MAX = 200
CORRECTION = "Correction: "
BODY_MAX = 800  # with the title, less than the 1024 characters of a Telegram caption


@dataclass(frozen=True, slots=True)
class Scene:
    """A visit as it is put into words. `at` is local time; `blocked` and `known` are names; `unknown`
    counts the faces of nobody known; `grouped` counts the visits that an earlier message stands for."""

    outcome: str
    trigger: str
    at: datetime
    camera: str = ""
    blocked: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    unknown: int = 0
    reason: str = ""
    grouped: int = 0
    link: str = ""


def title_of(scene: Scene, step: Step, *, is_correction: bool = False) -> str:
    """is_correction: a message of its own that takes an earlier one back."""
    title = _began(scene) if step == Step.BEGAN else _decided(scene)
    return (f"{CORRECTION}{title}" if is_correction else title)[:TITLE_MAX]


def plain_title(title: str) -> str:
    """What a correction says, to be compared with what would be said now."""
    return title.removeprefix(CORRECTION)


def body_of(scene: Scene, step: Step) -> str:
    lines = [", ".join(part for part in (scene.camera, f"{scene.at:%A %H:%M:%S}") if part)]
    if step == Step.BEGAN:
        lines.append("The pictures are still being looked at.")
    elif scene.outcome == Outcome.BLOCKED and (others := _join(*scene.known, *_strangers(scene))):
        lines.append(f"Also there: {others}.")
    elif scene.outcome == Outcome.NO_PICTURE and scene.reason:
        lines.append(scene.reason)
    if scene.grouped:
        lines.append(f"{scene.grouped} more like this since the last message.")
    if scene.link:
        lines.append(scene.link)
    return "\n".join(lines)[:BODY_MAX]


def _began(scene: Scene) -> str:
    return "Somebody is at the door" if scene.trigger == Trigger.PRESS else "Something is going on"


def _decided(scene: Scene) -> str:
    rang = scene.trigger == Trigger.PRESS
    if scene.outcome == Outcome.NO_PICTURE:
        return "Somebody rang; there is no picture" if rang else "Something happened; there is no picture"
    if scene.outcome == Outcome.NO_FACE:
        return "Somebody rang; no face was seen" if rang else "Something moved; no face was seen"
    if scene.outcome == Outcome.BLOCKED:
        return f"Watch-list: {_join(*scene.blocked)} {_is_there(scene, len(scene.blocked))}"
    names = (*scene.known, *_strangers(scene))
    text = f"{_join(*names) or 'somebody'} {_is_there(scene, max(len(scene.known) + scene.unknown, 1))}"
    return text[:1].upper() + text[1:]


def _is_there(scene: Scene, count: int) -> str:
    if scene.trigger == Trigger.UPLOAD:
        return "was seen" if count == 1 else "were seen"
    return "is at the door" if count == 1 else "are at the door"


def _strangers(scene: Scene) -> tuple[str, ...]:
    if not scene.unknown:
        return ()
    return ("an unknown person" if scene.unknown == 1 else f"{scene.unknown} unknown people",)


def _join(*names: str) -> str:
    return names[0] if len(names) == 1 else " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
