"""A press, through the true processes, to its page and its answer; and what happens when one of them dies."""

import http.client
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image

from tests.conftest import Portraits
from tests.system.doorbell import Doorbell, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@pytest.fixture(autouse=True)
def _ready_and_at_rest(doorbell: Doorbell) -> None:
    """Two tests are two visits."""
    wait_for(lambda: doorbell.call("GET", "/readyz")[0] == 200, 60, "the doorbell is not ready")
    doorbell.let_it_rest()


def test_a_press_is_recognized_and_shown(doorbell: Doorbell) -> None:
    event = doorbell.decided(doorbell.ring())
    assert event["outcome"] == "known"
    assert [person["name"] for person in event["people"]] == ["Grace Hopper"]
    assert event["trigger"] == "press"
    assert event["camera"] == "front door"
    # Decided on the first frame: the others may not be through yet.
    faces = [face for capture in event["captures"] for face in capture["observations"]]
    face = next(face for face in faces if face["status"] == "known")
    assert face["box"]["left"] < face["box"]["right"]
    status, picture = doorbell.call("GET", f"/api/captures/{event['captures'][0]['id']}/image/")
    assert status == 200
    assert picture.startswith(b"\xff\xd8")


def test_the_page_of_a_press_asks_for_a_sign_in(doorbell: Doorbell) -> None:
    number = doorbell.ring()
    connection = http.client.HTTPConnection("127.0.0.1", doorbell.port, timeout=10)
    connection.request("GET", f"/events/{number}/")
    response = connection.getresponse()
    assert response.status == 302
    assert "sign-in" in (response.headers["Location"] or "")
    connection.close()


def test_the_ring_command_waits_for_the_decision(doorbell: Doorbell) -> None:
    answer = json.loads(doorbell.manage("ring", "--wait", "20"))
    assert answer["outcome"] == "known"
    assert [person["name"] for person in answer["people"]] == ["Grace Hopper"]
    assert answer["faces"] == 1
    assert 0 <= answer["picture_ms"] <= answer["decided_ms"]


def test_two_presses_at_once_are_one_visit(doorbell: Doorbell) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = set(pool.map(lambda _: doorbell.ring(), range(4)))
    assert len(numbers) == 1
    assert doorbell.decided(numbers.pop())["outcome"] == "known"


@pytest.mark.parametrize("queue", ["detection", "recognition", "events"])
def test_a_press_survives_a_worker_that_is_killed_in_the_middle(doorbell: Doorbell, queue: str) -> None:
    worker = doorbell.child("worker", f"{queue}-")
    worker.send_signal(signal.SIGSTOP)  # it may hold the task, and does nothing with it
    number = doorbell.ring()
    wait_for(lambda: len(doorbell.event(number)["captures"]) > 0, 10, "no capture")
    worker.kill()
    assert doorbell.decided(number, within_s=60)["outcome"] == "known"


def test_a_worker_that_is_killed_while_it_holds_a_claim_is_replaced_and_the_picture_decided(
    doorbell: Doorbell, portraits: Portraits
) -> None:
    with Image.open(portraits.grace_hopper) as portrait:
        large = BytesIO()
        portrait.resize((5120, 6000)).save(large, "JPEG", quality=90)  # a second's work
    worker = doorbell.child("worker", "detection-")
    status, answer = doorbell.upload(large.getvalue())
    assert status == 202, answer
    wait_for(lambda: doorbell.capture_status(answer["capture"]) != "saved", 10, "not claimed", 0.002)
    held = doorbell.capture_status(answer["capture"])
    worker.kill()
    assert held == "detecting"
    assert doorbell.decided(answer["event"], within_s=60)["outcome"] == "known"


def test_a_press_while_the_broker_is_down_is_decided_when_it_is_back(doorbell: Doorbell) -> None:
    doorbell.child("unixsocket").kill()
    number = doorbell.ring()
    event = doorbell.decided(number, within_s=60)
    assert event["outcome"] == "known"
    assert len(event["captures"]) > 0


def test_a_press_while_the_camera_process_restarts_is_an_event_all_the_same(doorbell: Doorbell) -> None:
    doorbell.child("run_capture").kill()
    number = doorbell.ring()
    assert doorbell.decided(number, within_s=60)["outcome"] in ("known", "no_picture")
    wait_for(lambda: doorbell.event(doorbell.ring())["outcome"] != "no_picture", 60, "the camera is not back", 2.5)
