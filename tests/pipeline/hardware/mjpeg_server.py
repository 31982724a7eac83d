"""A network camera on loopback: JPEG after JPEG over HTTP, which can end in mid-stream, fall silent and return."""

from __future__ import annotations

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import cv2
import numpy as np


def jpeg_of(grey: int, width: int = 64, height: int = 48) -> bytes:
    is_encoded, encoded = cv2.imencode(".jpg", np.full((height, width, 3), grey, np.uint8))
    assert is_encoded
    return bytes(encoded.tobytes())


class MjpegServer:
    """`fps` frames a second to each client. The password, if any, is asked for as HTTP Basic."""

    def __init__(self, jpegs: list[bytes], *, fps: float = 50.0, login_header: str = "") -> None:
        self.jpegs = jpegs
        self.period_s = 1 / fps
        self.login_header = login_header
        self.is_away = threading.Event()
        self.is_silent = threading.Event()
        self.closing = threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.serve(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/video.mjpg"

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        if self.is_away.is_set():
            request.send_error(503)
            return
        if self.login_header and request.headers.get("Authorization") != self.login_header:
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="camera"')
            request.end_headers()
            return
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        with suppress(ConnectionError):  # the client has seen enough
            self._send_frames(request)

    def _send_frames(self, request: BaseHTTPRequestHandler) -> None:
        number = 0
        while not self.is_away.is_set() and not self.closing.wait(self.period_s):
            if self.is_silent.is_set():
                continue
            jpeg = self.jpegs[number % len(self.jpegs)]
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            request.wfile.write(head.encode() + jpeg + b"\r\n")
            number += 1

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
