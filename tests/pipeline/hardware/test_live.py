import base64
import socket
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

from pipeline.hardware import live
from pipeline.hardware.errors import CameraError
from pipeline.hardware.live import LiveCamera
from pipeline.hardware.source import parse_source
from tests.pipeline.hardware.mjpeg_server import MjpegServer, jpeg_of


def endless(camera: LiveCamera) -> Iterator[None]:
    while True:
        camera.read()
        yield


def test_mjpeg_stream_gives_its_pictures_in_order(mjpeg: MjpegServer) -> None:
    camera = LiveCamera(parse_source(mjpeg.url))
    frames = [camera.read() for _ in range(4)]
    camera.close()

    assert [round(float(frame.rgb().mean()), -1) for frame in frames] == [50, 200, 50, 200]
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert sorted(frame.time_s for frame in frames) == [frame.time_s for frame in frames]
    assert all(frame.taken_at.utcoffset() is not None for frame in frames)


def test_stream_read_at_a_lower_rate_lets_frames_go_uncounted(mjpeg: MjpegServer) -> None:
    camera = LiveCamera(parse_source(mjpeg.url), fps=10)
    frames = [camera.read() for _ in range(4)]
    camera.close()

    # 50 frames a second come; at 10 a second they lie about five apart, in any case not one.
    assert all(later.time_s - earlier.time_s > 0.04 for earlier, later in pairwise(frames))
    assert camera.skipped == 0


def test_stream_that_ends_in_the_middle_is_a_lost_camera(mjpeg: MjpegServer) -> None:
    camera = LiveCamera(parse_source(mjpeg.url))
    camera.read()
    mjpeg.is_away.set()

    with pytest.raises(CameraError, match="stopped giving frames; check its power and its connection"):
        list(endless(camera))
    camera.close()


def test_stream_that_falls_silent_is_a_lost_camera(mjpeg: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STREAM_READ_TIMEOUT_S", 0.3)
    camera = LiveCamera(parse_source(mjpeg.url))
    camera.read()
    mjpeg.is_silent.set()

    with pytest.raises(CameraError, match="stopped giving frames"):
        list(endless(camera))
    camera.close()


def test_camera_with_a_password_is_read_and_a_wrong_one_is_shown_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    login = "Basic " + base64.b64encode(b"anna:s3cret").decode()
    with MjpegServer([jpeg_of(100)], login_header=login) as server:
        camera = LiveCamera(parse_source(server.url.replace("http://", "http://anna:s3cret@")))
        assert camera.read().width == 64
        camera.close()
        with pytest.raises(CameraError) as refused:
            LiveCamera(parse_source(server.url.replace("http://", "http://anna:wr0ng@")))

    assert str(refused.value) == (
        f"camera 'http://***@127.0.0.1:{server.port}/video.mjpg' cannot be opened: 127.0.0.1 port {server.port} "
        "answers, but gives no video; check the path, user name and password"
    )
    assert capfd.readouterr().err == ""


def test_host_that_does_not_answer_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    with pytest.raises(CameraError, match=rf"127\.0\.0\.1 port {port} does not answer \(Connection refused\)"):
        LiveCamera(parse_source(f"rtsp://127.0.0.1:{port}/stream1"))


def test_host_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STREAM_OPEN_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        with pytest.raises(CameraError, match="answers, but gives no video"):
            LiveCamera(parse_source(f"http://127.0.0.1:{port}/"))


def test_stream_of_gigantic_pictures_is_refused(mjpeg: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.hardware.opencv.MAX_PIXELS", 64 * 48 - 1)
    camera = LiveCamera(parse_source(mjpeg.url))

    with pytest.raises(CameraError, match="sends 64x48 pixels, more than 3,071; set it to a smaller size"):
        camera.read()
    camera.close()


def test_device_that_is_not_there_is_named() -> None:
    with pytest.raises(CameraError, match=r"camera '987' cannot be opened: there is no /dev/video987; "):
        LiveCamera(parse_source("987"))


def test_rtsp_asks_for_tcp() -> None:
    """A few lines of RTSP, up to the answer that says how the pictures are to be carried."""
    sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=door\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:track1\r\n"
    transports: list[str] = []

    def answer(request: str) -> str:
        number = next(line for line in request.splitlines() if line.startswith("CSeq"))
        if request.startswith("SETUP"):
            transports.extend(line for line in request.splitlines() if line.startswith("Transport"))
            return f"RTSP/1.0 404 Not Found\r\n{number}\r\n\r\n"
        if request.startswith("DESCRIBE"):
            described = f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
            return f"RTSP/1.0 200 OK\r\n{number}\r\n{described}"
        return f"RTSP/1.0 200 OK\r\n{number}\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n"

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            while request := connection.recv(4096).decode():
                connection.sendall(answer(request).encode())

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        with pytest.raises(CameraError):
            LiveCamera(parse_source(f"rtsp://127.0.0.1:{server.getsockname()[1]}/stream1"))
        thread.join(timeout=10)

    assert transports
    assert transports[0].startswith("Transport: RTP/AVP/TCP")
