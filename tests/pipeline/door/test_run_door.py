"""manage.py run_door: what this machine has at the door, and nothing else."""

import io
import os
import signal
from collections.abc import Iterator

import gpiozero
import pytest
from django.core.management import CommandError, call_command
from gpiozero.pins.mock import MockFactory
from pytest_django import Settings

from events.models import Event


class PressesThenStops(io.StringIO):
    """Where the command says that it runs: the button is pressed then, and the process asked to end."""

    def __init__(self, pins: MockFactory, pin: int) -> None:
        super().__init__()
        self._button = pins.pin(pin)

    def write(self, text: str) -> int:
        if text.startswith("At the door"):
            self._button.drive_low()
            os.kill(os.getpid(), signal.SIGTERM)
        return super().write(text)


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.django_db(transaction=True)
def test_button_and_light_work_until_it_is_stopped(pins: MockFactory) -> None:
    out = PressesThenStops(pins, 18)
    call_command("run_door", stdout=out)
    assert out.getvalue() == "At the door: button and light and chime.\n"
    assert Event.objects.get().trigger == "press"
    assert not pins.pin(21).state


def test_a_machine_with_nothing_at_the_door_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nothing")
    settings.CHIME_PIN, settings.CHIME_SOUND = None, ""
    errors = io.StringIO()
    with pytest.raises(CommandError, match="there is neither button nor light nor chime here") as caught:
        call_command("run_door", stderr=errors)
    assert caught.value.returncode == 2
    assert "the button on pin 18 cannot be used" in errors.getvalue()
