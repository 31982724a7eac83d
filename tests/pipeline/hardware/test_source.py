from pathlib import Path

import pytest

from pipeline.errors import DoorbellError
from pipeline.hardware.errors import CameraError
from pipeline.hardware.source import Source, SourceKind, mask_credentials, parse_source


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0", SourceKind.DEVICE),
        (" 12 ", SourceKind.DEVICE),
        ("/dev/video0", SourceKind.DEVICE),
        ("/dev/v4l/by-id/usb-046d_HD_Webcam-video-index0", SourceKind.DEVICE),
        ("rtsp://door.local/stream1", SourceKind.STREAM),
        ("rtsps://door.local:322/stream1", SourceKind.STREAM),
        ("http://[::1]:8080/video", SourceKind.STREAM),
        ("https://door.local/video.mjpg", SourceKind.STREAM),
        ("picamera2", SourceKind.PICAMERA2),
        ("auto", SourceKind.AUTO),
    ],
)
def test_live_sources_are_known_by_their_address(text: str, kind: SourceKind) -> None:
    source = parse_source(text)

    assert source.kind is kind
    assert source.address == text.strip()
    assert source.is_live


@pytest.mark.parametrize(
    ("name", "kind"),
    [("clip.MP4", SourceKind.VIDEO), ("door.jpeg", SourceKind.PICTURE), ("pictures", SourceKind.FOLDER)],
)
def test_files_are_known_by_what_lies_there(tmp_path: Path, name: str, kind: SourceKind) -> None:
    path = tmp_path / name
    path.touch() if path.suffix else path.mkdir()

    source = parse_source(str(path))

    assert source == Source(kind, str(path))
    assert not source.is_live


def test_scheme_may_be_written_in_capitals() -> None:
    assert parse_source("RTSP://Door.local/Stream1").address == "rtsp://Door.local/Stream1"


def test_wrong_scheme_is_refused_with_what_to_use() -> None:
    with pytest.raises(CameraError) as refused:
        parse_source("rtps://door")

    assert str(refused.value) == (
        "camera 'rtps://door' is not a camera address; use 0, /dev/video0, rtsp://…, http://… or a video file"
    )
    assert isinstance(refused.value, DoorbellError)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "-1",
        "1234",
        "²",
        "nothing",
        "/dev/null",
        "rtsp://",
        "http://:80/",
        "http://door:99999/",
        "http://door:0/",
        "http://[::1/",
        "rtsp://door/a b",
        "rtsp://door/\nx",
        "file:///etc/passwd",
        "a\0b",
        "x" * 9999,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(CameraError, match="is not a camera address; use 0"):
        parse_source(text)


def test_missing_video_is_called_missing() -> None:
    with pytest.raises(CameraError, match=r"camera 'clips/door\.mp4' is not there; check the path"):
        parse_source("clips/door.mp4")


def test_text_file_is_not_played_as_a_film_of_its_letters(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello\n" * 1000)

    with pytest.raises(CameraError, match="its name does not end like a video's or a picture's"):
        parse_source(str(path))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://anna:s3cret@door/1", "rtsp://***@door/1"),
        ("rtsp://anna:s3/c@ret@door/1", "rtsp://***@door/1"),
        ("http://door/video?user=anna&pwd=s3cret", "http://door/video?***"),
        ("rtsp://door/user=anna_password=s3cret_channel=1", "rtsp://door/user=***_password=***_channel=1"),
        ("cannot open rtsp://anna:s3cret@door/1 now", "cannot open rtsp://***@door/1 now"),
        ("rtsp://door/1", "rtsp://door/1"),
        ("mail anna@door", "mail anna@door"),
    ],
)
def test_credentials_are_masked(text: str, shown: str) -> None:
    assert mask_credentials(text) == shown


def test_source_shows_its_password_to_nobody() -> None:
    source = parse_source("rtsp://anna:s3cret@door/1?token=s3cret")

    assert "s3cret" in source.address
    assert f"{source} {source!r} {[source]}".count("s3cret") == 0


def test_refusal_shows_no_password() -> None:
    with pytest.raises(CameraError) as refused:
        parse_source("rtps://anna:s3cret@door")

    assert "s3cret" not in str(refused.value)
