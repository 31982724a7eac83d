import pytest

from pipeline.hardware.errors import CameraError
from pipeline.hardware.fakes import FakeCamera
from pipeline.hardware.reader import iterate
from tests.pipeline.hardware.conftest import plain


def test_fake_camera_plays_its_pictures_as_rgb() -> None:
    red = plain(0)
    red[:, :, 0] = 255
    camera = FakeCamera([red, plain(10)], fps=None, loop=False)

    frames = list(iterate(camera.open()))

    assert [frame.rgb()[0, 0].tolist() for frame in frames] == [[255, 0, 0], [10, 10, 10]]


def test_vanished_fake_camera_fails_until_it_comes_back() -> None:
    camera = FakeCamera([plain(10)]).open()
    camera.vanish()

    with pytest.raises(CameraError, match="stopped giving frames"):
        camera.read()
    with pytest.raises(CameraError, match="it is unplugged"):
        camera.open()
    camera.come_back()
    assert camera.open().read() is not None
    assert camera.openings == 3


def test_fake_camera_needs_a_picture() -> None:
    with pytest.raises(ValueError, match="give it at least one"):
        FakeCamera([])
