"""Every download goes through a real server on loopback, which misbehaves as real ones do."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.vision.errors import ModelError
from pipeline.vision.model_download import YUNET, RemoteModel, fetch, is_installed

CONTENT = bytes(range(256)) * 1000
NAME = "network.onnx"

Answer = Callable[["Handler", str | None], None]


class Handler(BaseHTTPRequestHandler):
    """Gives the next of the server's answers to each request, and remembers the Range it asked for."""

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)  # type: ignore[attr-defined]
        answers: list[Answer] = self.server.answers  # type: ignore[attr-defined]
        (answers.pop(0) if len(answers) > 1 else answers[0])(self, wanted)

    def send(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Tests read the ranges instead."""


class Server:
    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.ranges = []  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}/{NAME}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, *answers: Answer) -> None:
        """One answer per request; the last one is given to all that follow."""
        self._server.answers = list(answers)  # type: ignore[attr-defined]

    @property
    def ranges(self) -> list[str | None]:
        return list(self._server.ranges)  # type: ignore[attr-defined]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def whole(handler: Handler, wanted: str | None) -> None:
    handler.send(200, CONTENT)


def ranged(handler: Handler, wanted: str | None) -> None:
    if wanted is None:
        return whole(handler, wanted)
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    place = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
    return handler.send(206, CONTENT[start:], Content_Range=place)


def broken_after(count: int) -> Answer:
    def answer(handler: Handler, wanted: str | None) -> None:
        handler.send(200, CONTENT[:count], length=len(CONTENT))

    return answer


def status(code: int) -> Answer:
    return lambda handler, wanted: handler.send(code, b"no")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def model(server: Server) -> RemoteModel:
    return RemoteModel(NAME, (server.url,), hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "MIT")


@pytest.fixture
def pauses() -> list[float]:
    return []


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_a_file_is_downloaded_into_a_folder_made_for_it(model: RemoteModel, server: Server, tmp_path: Path) -> None:
    server.answer(whole)
    path = fetch(model, tmp_path / "var" / "models")
    assert path.read_bytes() == CONTENT
    assert left_in(path.parent) == {NAME}
    assert is_installed(model, path.parent)


def test_a_file_that_is_there_is_not_asked_for(model: RemoteModel, server: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    fetch(model, tmp_path)
    assert server.ranges == []


def test_a_damaged_file_is_fetched_again(model: RemoteModel, server: Server, tmp_path: Path) -> None:
    server.answer(whole)
    (tmp_path / NAME).write_bytes(CONTENT[:-1] + b"x")
    assert fetch(model, tmp_path).read_bytes() == CONTENT


def test_a_broken_connection_is_continued_where_it_stopped(
    model: RemoteModel, server: Server, tmp_path: Path, pauses: list[float]
) -> None:
    server.answer(broken_after(100_000), ranged)
    assert fetch(model, tmp_path, pause=pauses.append).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-"]
    assert pauses == [1.0]


def test_a_later_run_continues_what_an_earlier_one_left(model: RemoteModel, server: Server, tmp_path: Path) -> None:
    server.answer(ranged)
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:5])
    assert fetch(model, tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["bytes=5-"]


def test_a_connection_that_breaks_every_time_is_given_up_and_its_part_kept(
    model: RemoteModel, server: Server, tmp_path: Path, pauses: list[float]
) -> None:
    server.answer(broken_after(7))
    with pytest.raises(ModelError) as refused:
        fetch(model, tmp_path, pause=pauses.append)
    assert "the connection ended after 7 of 256000 bytes" in str(refused.value)
    assert "download it elsewhere and give its path" in str(refused.value)
    assert pauses == [1.0, 2.0, 4.0]
    assert left_in(tmp_path) == {f"{NAME}.part"}


def test_a_server_that_ignores_the_range_sends_everything_again(
    model: RemoteModel, server: Server, tmp_path: Path
) -> None:
    server.answer(whole)
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:5])
    assert fetch(model, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "confused",
    [
        status(416),
        lambda handler, wanted: handler.send(206, CONTENT[9:], Content_Range="bytes 9-255999/256000"),
    ],
)
def test_a_part_that_the_server_cannot_continue_is_fetched_from_the_start(
    model: RemoteModel, server: Server, tmp_path: Path, pauses: list[float], confused: Answer
) -> None:
    server.answer(confused, whole)
    (tmp_path / f"{NAME}.part").write_bytes(b"of another file")
    assert fetch(model, tmp_path, pause=pauses.append).read_bytes() == CONTENT
    assert server.ranges == ["bytes=15-", None]


def test_a_server_that_is_busy_is_asked_again(
    model: RemoteModel, server: Server, tmp_path: Path, pauses: list[float]
) -> None:
    server.answer(status(503), status(429), whole)
    assert fetch(model, tmp_path, pause=pauses.append).read_bytes() == CONTENT
    assert pauses == [1.0, 2.0]


def test_a_file_that_is_not_there_is_not_asked_for_twice(model: RemoteModel, server: Server, tmp_path: Path) -> None:
    server.answer(status(404))
    with pytest.raises(ModelError, match="the server answered 404 Not Found"):
        fetch(model, tmp_path)
    assert len(server.ranges) == 1


def test_another_file_of_the_same_size_never_gets_the_name(model: RemoteModel, server: Server, tmp_path: Path) -> None:
    server.answer(lambda handler, wanted: handler.send(200, bytes(len(CONTENT))))
    with pytest.raises(ModelError, match=rf"is not network\.onnx: its sha256 is [0-9a-f]{{64}}, not {model.sha256}"):
        fetch(model, tmp_path)
    assert left_in(tmp_path) == set()


def test_a_spoiled_part_is_thrown_away_so_that_the_next_run_succeeds(
    model: RemoteModel, server: Server, tmp_path: Path
) -> None:
    server.answer(ranged)
    (tmp_path / f"{NAME}.part").write_bytes(b"spoiled")
    with pytest.raises(ModelError, match="its sha256 is"):
        fetch(model, tmp_path)
    assert fetch(model, tmp_path).read_bytes() == CONTENT


def test_a_server_that_sends_without_end_is_cut_off(model: RemoteModel, server: Server, tmp_path: Path) -> None:
    server.answer(lambda handler, wanted: handler.send(200, CONTENT * 2))
    with pytest.raises(ModelError, match=r"is larger than the 256000 bytes of network\.onnx"):
        fetch(model, tmp_path)
    assert not (tmp_path / NAME).exists()


def test_a_second_address_is_tried_where_the_first_fails(
    model: RemoteModel, server: Server, tmp_path: Path, pauses: list[float]
) -> None:
    server.answer(status(410), whole)
    twice = RemoteModel(NAME, (server.url + "/gone", server.url), model.sha256, model.size_bytes, "MIT")
    assert fetch(twice, tmp_path, pause=pauses.append).read_bytes() == CONTENT


def test_a_given_address_replaces_the_pinned_ones(model: RemoteModel, server: Server, tmp_path: Path) -> None:
    server.answer(whole)
    elsewhere = RemoteModel(NAME, ("http://127.0.0.1:9/never",), model.sha256, model.size_bytes, "MIT")
    assert fetch(elsewhere, tmp_path, url=server.url).read_bytes() == CONTENT


def test_no_server_is_a_model_error(model: RemoteModel, server: Server, tmp_path: Path, pauses: list[float]) -> None:
    server.stop()
    with pytest.raises(ModelError, match=r"network\.onnx could not be downloaded: .*Connection refused"):
        fetch(model, tmp_path, pause=pauses.append)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "network.onnx"])
def test_other_kinds_of_address_are_refused(model: RemoteModel, tmp_path: Path, url: str) -> None:
    with pytest.raises(ModelError, match="is neither an https nor an http address"):
        fetch(model, tmp_path, url=url)


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_file_is_taken_from_a_path(model: RemoteModel, server: Server, tmp_path: Path, is_folder: bool) -> None:
    source = tmp_path / "stick"
    source.mkdir()
    (source / NAME).write_bytes(CONTENT)
    path = fetch(model, tmp_path / "models", source=source if is_folder else source / NAME)
    assert path.read_bytes() == CONTENT
    assert server.ranges == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CONTENT[1:], "has 255999 bytes; network.onnx has 256000"),
        (bytes(len(CONTENT)), "is not network.onnx: its sha256 is"),
        (None, "cannot be copied: No such file or directory; name the file or the folder it lies in"),
    ],
)
def test_a_path_without_the_right_file_is_a_model_error(
    model: RemoteModel, tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / NAME).write_bytes(content)
    with pytest.raises(ModelError) as refused:
        fetch(model, tmp_path / "models", source=tmp_path / NAME)
    assert message in str(refused.value)
    assert left_in(tmp_path / "models") == set()


def test_a_folder_that_is_a_file_is_a_model_error(model: RemoteModel, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(ModelError, match="make its folder writable"):
        fetch(model, tmp_path / "models")


def test_yunet_is_pinned_to_the_file_that_the_tests_use(shared: Path, tmp_path: Path) -> None:
    path = fetch(YUNET, tmp_path, source=shared / "models")
    assert path.name == "face_detection_yunet_2023mar.onnx"
    assert all(url.startswith("https://") and url.endswith(path.name) for url in YUNET.urls)
