"""A press reaches a webhook through the true processes, and a webhook that hangs holds up no press and no other one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Portraits
from tests.events.notifications.sinks import HttpSink, Reply, closing
from tests.system.doorbell import Doorbell, share_networks, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

ADD_CHANNEL = """
from events.notifications.channels import KINDS, create_channel
config = {{"url": "{url}/hook", "secret": "a secret of sixteen"}}
create_channel("Sink", KINDS["webhook"], config)
"""
REMOVE_CHANNELS = """
from events.notifications.models import NotificationChannel
NotificationChannel.objects.all().delete()
"""


@pytest.fixture
def sink(doorbell: Doorbell) -> Iterator[HttpSink]:
    sink = HttpSink()
    doorbell.manage("shell", "-c", ADD_CHANNEL.format(url=sink.url))
    wait_for(lambda: doorbell.call("GET", "/readyz")[0] == 200, 60, "the doorbell is not ready")
    doorbell.let_it_rest()
    yield sink
    doorbell.manage("shell", "-c", REMOVE_CHANNELS)
    sink.close()


def calls_about(sink: HttpSink, event: int) -> list[str]:
    return [call.json["type"] for call in sink.calls if call.json["event"] and call.json["event"]["id"] == event]


def test_a_press_reaches_a_webhook(doorbell: Doorbell, sink: HttpSink) -> None:
    number = doorbell.ring()
    wait_for(lambda: "visit.decided" in calls_about(sink, number), 30, "the webhook was not called")
    call = next(call for call in sink.calls if call.json["type"] == "visit.decided")
    assert call.json["title"] == "Grace Hopper is at the door"
    assert call.json["event"]["people"][0]["name"] == "Grace Hopper"


def test_a_webhook_that_hangs_and_fails_holds_up_no_press_and_hears_of_it_later(
    doorbell: Doorbell, sink: HttpSink
) -> None:
    sink.answer(Reply(hang=True), Reply(500), Reply(200))
    number = doorbell.ring()
    assert doorbell.decided(number)["outcome"] == "known"
    assert calls_about(sink, number) == []
    wait_for(lambda: "visit.decided" in calls_about(sink, number), 90, "the webhook was not called again")
    assert calls_about(sink, number).count("visit.decided") == 1


@pytest.fixture
def patient(folder: Path, portraits: Portraits) -> Iterator[Doorbell]:
    """Waits for a channel's answer until long after the test."""
    bell = Doorbell(folder / "patient", "--source", str(portraits.grace_hopper), "--loop")
    bell.environment |= {"NOTIFY_TIMEOUT_S": "100"}
    share_networks(bell.folder / "var")
    bell.start()
    yield bell
    bell.stop()


def test_a_channel_that_hangs_delays_no_other_one_and_no_stop(patient: Doorbell) -> None:
    patient.sign_up()
    with closing(HttpSink()) as hangs, closing(HttpSink()) as told:
        hangs.answer(Reply(hang=True))
        for sink in (hangs, told):
            patient.manage("shell", "-c", ADD_CHANNEL.format(url=sink.url))
        number = patient.ring()
        wait_for(lambda: "visit.decided" in calls_about(told, number), 60, "the other channel was not told")
        wait_for(lambda: hangs.seen, 60, "the channel that hangs was not called")
        assert (len(hangs.seen), hangs.calls) == (1, [])
        assert patient.stop() == 0
