"""Old programs at the true processes: camera, light and streams belong to others than the web server."""

import base64
import http.client
import json

import pytest

from pipeline.vision.images import decode_image
from tests.system.doorbell import Doorbell, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@pytest.fixture(autouse=True)
def _wait_until_ready(doorbell: Doorbell) -> None:
    wait_for(lambda: doorbell.call("GET", "/readyz")[0] == 200, 60, "the doorbell is not ready")


def follow(doorbell: Doorbell, path: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", doorbell.port, timeout=30)
    connection.request("GET", path, headers={"Authorization": f"Token {doorbell.token}"})
    return connection, connection.getresponse()


def next_word(stream: http.client.HTTPResponse) -> dict[str, object]:
    while not (line := stream.readline()).startswith(b"data: "):
        assert line, "the stream has ended"
    word: dict[str, object] = json.loads(line.removeprefix(b"data: "))
    return word


def test_a_photo_comes_from_the_camera_process(doorbell: Doorbell) -> None:
    status, body = doorbell.call("GET", "/api/capture-photo")
    assert (status, body["status"]) == (200, "success"), body
    frame = decode_image(base64.b64decode(body["image_data"].partition(",")[2]))
    assert frame.shape == (600, 512, 3)


def test_who_stands_there_is_recognized(doorbell: Doorbell) -> None:
    status, body = doorbell.call("POST", "/api/test-face-recognition")
    assert status == 200, body
    assert "Grace Hopper" in [each["name"] for each in body["results"]]


def test_the_light_is_driven_and_asked(doorbell: Doorbell) -> None:
    def shows(**lit: bool) -> bool:
        return bool(doorbell.call("GET", "/api/status")[1]["gpio"]["led_states"] == lit)

    assert doorbell.call("POST", "/api/set-led", {"status": "alert"})[0] == 200
    wait_for(lambda: shows(red=True, yellow=False, green=False), 30, "the light is not red")
    assert doorbell.call("POST", "/api/set-led", {"status": "idle"})[0] == 200
    wait_for(lambda: shows(red=False, yellow=False, green=True), 60, "the light is not green")


def test_a_press_is_streamed_as_it_happens(doorbell: Doorbell) -> None:
    doorbell.let_it_rest()  # or words of the visit before are streamed
    connection, stream = follow(doorbell, "/stream/events?client_id=test")
    try:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert next_word(stream)["type"] == "connected"
        doorbell.ring()
        while (word := next_word(stream))["type"] != "event_processed":
            assert word["type"] in ("doorbell_pressed", "heartbeat")
        assert isinstance(word["data"], dict)
        assert word["data"]["event_type"] == "KNOWN_VISITOR"
    finally:
        connection.close()


def test_the_camera_is_streamed(doorbell: Doorbell) -> None:
    connection, stream = follow(doorbell, "/stream/video/test?quality=low")
    try:
        for _ in range(3):
            assert stream.readline() == b"--frame\r\n"
            assert stream.readline() == b"Content-Type: image/jpeg\r\n"
            length = int(stream.readline().partition(b": ")[2])
            assert stream.readline() == b"\r\n"
            assert decode_image(stream.read(length)).shape[1] == 320
            assert stream.readline() == b"\r\n"
    finally:
        connection.close()
