"""Brings a model file that no package holds into the models folder, from its maker's address or from a given path.

A file gets its name only when its sha256 is the pinned one; what a broken connection left is continued, not repeated.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from pipeline.vision.errors import ModelError

CHUNK_BYTES = 64 * 1024
TIMEOUT_S = 30
ATTEMPTS = 4
FIRST_PAUSE_S = 1.0
PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE = 206, 416
WORTH_ANOTHER_TRY = (408, 425, 429, 500, 502, 503, 504)
TRANSIENT = (URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError)

Pause = Callable[[float], None]


@dataclass(frozen=True)
class RemoteModel:
    """A file known to its last byte."""

    file_name: str
    urls: tuple[str, ...]  # tried in this order
    sha256: str
    size_bytes: int
    license: str


YUNET = RemoteModel(
    file_name="face_detection_yunet_2023mar.onnx",
    urls=(
        "https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/face_detection_yunet_2023mar.onnx",
        "https://huggingface.co/opencv/face_detection_yunet/resolve/main/face_detection_yunet_2023mar.onnx",
    ),
    sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    size_bytes=232_589,
    license="MIT",
)


class DownloadError(ModelError):
    """This address does not give the file; another one may."""


def fetch(
    model: RemoteModel,
    models_dir: Path,
    url: str | None = None,
    source: Path | None = None,
    pause: Pause = time.sleep,
) -> Path:
    """Return the model's file in models_dir, fetching it first where it is not there yet.

    url: another http or https address of the same file; source: a file, or a folder that holds it, to copy instead.
    pause: waits so many seconds between attempts. Raises ModelError when the file cannot be had or is another one.
    """
    target = models_dir / model.file_name
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with _only_one(target) as part:
            if not _is_model(target, model):
                _bring(model, part, (url,) if url else model.urls, source, pause)
                part.replace(target)
    except OSError as error:
        raise ModelError(f"{target} cannot be written: {error}; make its folder writable") from error
    return target


def is_installed(model: RemoteModel, models_dir: Path) -> bool:
    return (models_dir / model.file_name).is_file()


def _bring(model: RemoteModel, part: Path, urls: tuple[str, ...], source: Path | None, pause: Pause) -> None:
    if source is not None:
        _copy(model, source, part)
        _check(model, part, str(source))
        return
    failures = []
    for url in urls:
        try:
            _download(model, url, part, pause)
            _check(model, part, url)
            return
        except DownloadError as error:
            failures.append(str(error))
    raise ModelError(
        f"{model.file_name} could not be downloaded: {'; '.join(failures)}; "
        "where there is no network, download it elsewhere and give its path"
    )


def _copy(model: RemoteModel, source: Path, part: Path) -> None:
    path = source / model.file_name if source.is_dir() else source
    try:
        if path.stat().st_size != model.size_bytes:
            raise ModelError(f"{path} has {path.stat().st_size} bytes; {model.file_name} has {model.size_bytes}")
        shutil.copyfile(path, part)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be copied: {error.strerror}; name the file or the folder it lies in"
        ) from error


def _download(model: RemoteModel, url: str, part: Path, pause: Pause) -> None:
    """Fill the part file, going on where an earlier attempt stopped."""
    for attempt in range(ATTEMPTS):
        if attempt:
            pause(FIRST_PAUSE_S * 2 ** (attempt - 1))
        try:
            _continue(model, url, part)
            return
        except TRANSIENT as error:
            failure = error
    raise DownloadError(f"{url}: {failure}")


def _continue(model: RemoteModel, url: str, part: Path) -> None:
    done = part.stat().st_size if part.exists() else 0
    if done >= model.size_bytes:
        return
    with _answer(url, done, part) as answer:
        resumes = answer.status == PARTIAL_CONTENT and _starts_at(answer, done)
        if answer.status == PARTIAL_CONTENT and not resumes:
            part.unlink(missing_ok=True)
            raise ConnectionError("the server sent another part than the one asked for")
        with part.open("ab" if resumes else "wb") as file:
            _receive(answer, file, model)


def _answer(url: str, done: int, part: Path) -> http.client.HTTPResponse:
    if urlsplit(url).scheme not in ("http", "https"):
        raise DownloadError(f"{url} is neither an https nor an http address")
    headers = {"Range": f"bytes={done}-"} if done else {}
    try:
        answer: http.client.HTTPResponse = urlopen(Request(url, headers=headers), timeout=TIMEOUT_S)  # noqa: S310
    except HTTPError as error:
        error.close()
        if error.code == RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
            raise ConnectionError("the server cannot go on where the last attempt stopped") from error
        if error.code in WORTH_ANOTHER_TRY:
            raise ConnectionError(f"the server answered {error.code} {error.reason}") from error
        raise DownloadError(f"{url}: the server answered {error.code} {error.reason}") from error
    return answer


def _starts_at(answer: http.client.HTTPResponse, done: int) -> bool:
    return (answer.headers.get("Content-Range") or "").startswith(f"bytes {done}-")


def _receive(answer: http.client.HTTPResponse, file: BinaryIO, model: RemoteModel) -> None:
    """Write what comes; never more than the model's size, whatever the server sends or says."""
    while chunk := answer.read(CHUNK_BYTES):
        if file.tell() + len(chunk) > model.size_bytes:
            file.truncate(0)
            raise DownloadError(f"{answer.url} is larger than the {model.size_bytes} bytes of {model.file_name}")
        file.write(chunk)
    if file.tell() < model.size_bytes:
        raise ConnectionError(f"the connection ended after {file.tell()} of {model.size_bytes} bytes")


def _check(model: RemoteModel, part: Path, origin: str) -> None:
    if not _is_model(part, model):
        found = _sha256(part)
        part.unlink()
        raise DownloadError(f"{origin} is not {model.file_name}: its sha256 is {found}, not {model.sha256}")


def _is_model(path: Path, model: RemoteModel) -> bool:
    return path.is_file() and path.stat().st_size == model.size_bytes and _sha256(path) == model.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _only_one(target: Path) -> Iterator[Path]:
    """The part file, whose name outlives an interrupted run, for one process at a time."""
    with target.with_name(f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield target.with_name(f"{target.name}.part")
