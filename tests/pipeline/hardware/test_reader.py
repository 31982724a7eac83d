import logging
import queue
import threading
from collections.abc import Callable, Iterator

import pytest

from pipeline.hardware.cameras import Camera, open_camera, parse_source
from pipeline.hardware.errors import CameraError
from pipeline.hardware.fakes import FakeCamera
from pipeline.hardware.frames import Frame
from pipeline.hardware.reader import CameraState, FrameReader
from tests.pipeline.hardware.conftest import MakeVideo, plain
from tests.pipeline.hardware.mjpeg_server import MjpegServer

# As long as a test waits for what should come at once; only a broken program waits so long.
PATIENCE_S = 30.0


class ScriptedCamera:
    """Gives frames at the times it is told, one for each `show`; `end` ends it."""

    skipped = 0

    def __init__(self) -> None:
        self._frames: queue.Queue[Frame | CameraError | None] = queue.Queue()
        self.closed = threading.Event()
        self._index = 0

    def show(self, time_s: float) -> None:
        self._frames.put(Frame.from_rgb(plain(100), time_s=time_s, index=self._index))
        self._index += 1

    def end(self) -> None:
        self._frames.put(None)

    def break_down(self) -> None:
        self._frames.put(CameraError("camera 'scripted' stopped"))

    def read(self) -> Frame | None:
        frame = self._frames.get(timeout=PATIENCE_S)
        if isinstance(frame, CameraError):
            raise frame
        return frame

    def close(self) -> None:
        self.closed.set()


class States:
    """What on_state was told, in order."""

    def __init__(self) -> None:
        self.told: queue.Queue[tuple[CameraState, str]] = queue.Queue()

    def __call__(self, state: CameraState, reason: str) -> None:
        self.told.put((state, reason))

    def next(self) -> tuple[CameraState, str]:
        return self.told.get(timeout=PATIENCE_S)


def reader_of(open_camera: Callable[[], Camera], **options: object) -> FrameReader:
    return FrameReader(open_camera, retry_min_s=0.001, retry_max_s=0.004, **options)  # type: ignore[arg-type]


def test_newest_frame_is_there_as_soon_as_the_reader_is_started() -> None:
    with reader_of(FakeCamera([plain(10)]).open) as reader:
        frame = reader.latest()

        assert frame is not None
        assert reader.state is CameraState.LIVE
        assert reader.last_frame_s is not None
        assert frame.rgb()[0, 0].tolist() == [10, 10, 10]


def test_waiting_for_a_newer_frame_gives_one_that_was_not_seen() -> None:
    with reader_of(FakeCamera([plain(10), plain(20)], fps=100).open) as reader:
        first = reader.wait_newer(-1, PATIENCE_S)
        assert first is not None
        second = reader.wait_newer(first.index, PATIENCE_S)

        assert second is not None
        assert second.index > first.index
        assert second.time_s > first.time_s


def test_waiting_in_vain_ends_with_none() -> None:
    camera = ScriptedCamera()
    camera.show(1.0)
    with reader_of(lambda: camera) as reader:
        assert reader.wait_newer(0, timeout_s=0.0) is None
        camera.end()


def test_end_of_a_recording_ends_the_waiting_and_closes_the_camera() -> None:
    camera = FakeCamera([plain(10), plain(20)], fps=None, loop=False)
    states = States()
    with reader_of(camera.open, on_state=states) as reader:
        assert states.next() == (CameraState.LIVE, "")
        assert states.next() == (CameraState.ENDED, "")
        assert reader.wait_newer(1, PATIENCE_S) is None
        assert reader.frames == 2
        assert reader.losses == 0


def test_pre_roll_reaches_back_from_the_press_and_no_further() -> None:
    camera = ScriptedCamera()
    for tenth in range(30):
        camera.show(tenth / 10)
    camera.end()
    with reader_of(lambda: camera, pre_roll_s=1.0, pre_roll_frames=10) as reader:
        assert reader.wait_newer(10**9, PATIENCE_S) is None  # until the end

        assert [frame.time_s for frame in reader.pre_roll(before_time_s=2.9)] == [n / 10 for n in range(20, 30)]
        assert [frame.time_s for frame in reader.pre_roll(before_time_s=2.25)] == [2.0, 2.1, 2.2]
        assert reader.pre_roll(before_time_s=60.0) == []


def test_pre_roll_of_a_fast_camera_is_spaced_and_bounded() -> None:
    camera = ScriptedCamera()
    for hundredth in range(300):
        camera.show(hundredth / 100)
    camera.end()
    with reader_of(lambda: camera, pre_roll_s=1.0, pre_roll_frames=4) as reader:
        assert reader.wait_newer(10**9, PATIENCE_S) is None

        times_s = [frame.time_s for frame in reader.pre_roll(before_time_s=2.99)]
        # Four frames a quarter of a second apart, and the newest.
        assert times_s == [2.19, 2.44, 2.69, 2.94, 2.99]


def test_pre_roll_can_be_switched_off() -> None:
    camera = ScriptedCamera()
    camera.show(1.0)
    camera.show(1.5)
    camera.end()
    with reader_of(lambda: camera, pre_roll_s=0.0) as reader:
        assert reader.wait_newer(10**9, PATIENCE_S) is None

        assert reader.pre_roll(before_time_s=1.6) == []


def test_camera_that_never_opens_is_the_callers_problem() -> None:
    camera = FakeCamera([plain(10)])
    camera.vanish()
    reader = reader_of(camera.open)

    with pytest.raises(CameraError, match="camera 'fake' cannot be opened: it is unplugged; plug it in"):
        reader.start()

    assert camera.openings == 1
    assert reader.state is CameraState.ENDED
    assert reader.stop()


def test_camera_that_opens_but_gives_nothing_is_the_callers_problem_too() -> None:
    camera = ScriptedCamera()
    camera.break_down()

    with pytest.raises(CameraError, match="camera 'scripted' stopped"):
        reader_of(lambda: camera).start()

    assert camera.closed.is_set()


def test_lost_camera_is_opened_again_and_frames_count_on() -> None:
    camera = FakeCamera([plain(10)], fps=100)
    states = States()
    with reader_of(camera.open, on_state=states) as reader:
        assert states.next() == (CameraState.LIVE, "")
        camera.vanish()
        assert states.next() == (CameraState.LOST, "camera 'fake' stopped giving frames; plug it in or open it")
        last = reader.latest()
        assert last is not None
        assert states.next() == (CameraState.LOST, "camera 'fake' cannot be opened: it is unplugged; plug it in")
        assert (reader.state, reader.error.split(":")[0]) == (CameraState.LOST, "camera 'fake' cannot be opened")

        camera.come_back()

        newer = reader.wait_newer(last.index, PATIENCE_S)
        assert newer is not None
        assert newer.index > last.index
        assert states.next() == (CameraState.LIVE, "")
        assert reader.losses == 1


def test_loss_and_return_are_said_once_each(caplog: pytest.LogCaptureFixture) -> None:
    camera = FakeCamera([plain(10)], fps=100)
    states = States()
    with caplog.at_level(logging.INFO), reader_of(camera.open, on_state=states):
        states.next()
        camera.vanish()
        states.next()
        states.next()
        camera.come_back()
        assert states.next() == (CameraState.LIVE, "")

    assert caplog.messages == [
        "camera 'fake' stopped giving frames; plug it in or open it; trying again until it is back",
        "camera 'fake' cannot be opened: it is unplugged; plug it in; trying again until it is back",
        "the camera is back",
    ]


def test_pauses_between_attempts_double_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    camera = ScriptedCamera()
    camera.show(1.0)
    camera.break_down()

    def open_once_then_fail() -> Camera:
        if pauses:
            raise CameraError("camera 'scripted' is gone")
        return camera

    reader = FrameReader(open_once_then_fail)

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 9:
            reader._stopping.set()
        return reader._stopping.is_set()

    monkeypatch.setattr(reader._stopping, "wait", wait)
    reader.start()
    reader._thread.join(PATIENCE_S)

    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_drivers_surprise_is_logged_and_counts_as_a_lost_camera(caplog: pytest.LogCaptureFixture) -> None:
    camera = FakeCamera([plain(10)], fps=100)

    def fail() -> Camera:
        raise KeyError("no such key")

    openings: Iterator[Callable[[], Camera]] = iter([camera.open, fail, camera.open])
    states = States()
    with reader_of(lambda: next(openings)(), on_state=states):
        assert states.next() == (CameraState.LIVE, "")
        camera.vanish()
        camera.come_back()
        assert states.next()[0] is CameraState.LOST
        assert states.next() == (
            CameraState.LOST,
            "the camera failed: KeyError: 'no such key'; the log has the details",
        )
        assert states.next() == (CameraState.LIVE, "")

    assert any(record.exc_info for record in caplog.records)


def test_mistake_in_on_state_does_not_cost_the_camera(caplog: pytest.LogCaptureFixture) -> None:
    def fail(state: CameraState, reason: str) -> None:
        raise RuntimeError("no such listener")

    with reader_of(FakeCamera([plain(10)], fps=100).open, on_state=fail) as reader:
        assert reader.wait_newer(2, PATIENCE_S) is not None

    assert "what was to happen when the camera went live did not" in caplog.messages


def test_stopping_ends_the_thread_and_closes_the_camera() -> None:
    camera = ScriptedCamera()
    camera.show(1.0)
    reader = reader_of(lambda: camera)
    reader.start()
    assert not reader.stop(timeout_s=0.0)  # it waits for a frame

    camera.show(2.0)

    assert reader.stop(PATIENCE_S)
    assert camera.closed.is_set()
    assert reader.state is CameraState.ENDED


def test_network_camera_that_goes_away_and_returns_is_followed(mjpeg: MjpegServer) -> None:
    states = States()
    source = parse_source(mjpeg.url)
    with reader_of(lambda: open_camera(source, realtime=True, loop=True), on_state=states) as reader:
        assert states.next() == (CameraState.LIVE, "")
        mjpeg.is_away.set()
        state, reason = states.next()
        assert (state, "stopped giving frames" in reason) == (CameraState.LOST, True)
        frames_before = reader.frames

        mjpeg.is_away.clear()

        frame = reader.wait_newer(frames_before - 1, PATIENCE_S)
        assert frame is not None
        assert frame.index >= frames_before
        assert reader.losses == 1


def test_skipped_frames_of_a_recording_are_counted(make_video: MakeVideo) -> None:
    source = parse_source(str(make_video(frames=5, fps=240)))
    with reader_of(lambda: open_camera(source, realtime=True, loop=False)) as reader:
        assert reader.wait_newer(10**9, PATIENCE_S) is None

        assert reader.frames + reader.skipped == 5
