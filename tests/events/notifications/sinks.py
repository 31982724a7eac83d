"""Real servers on loopback that take what channels send, and misbehave as told."""

import json
import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """What the sink does with a call: `reset` cuts the connection, `hang` never answers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    reset: bool = False
    hang: bool = False


class HttpSink:
    """`decide` says what happens to each call; `calls` holds those that were taken (2xx), `seen` all."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.seen: list[Call] = []
        self.decide: Callable[[Call], Reply] = lambda _call: Reply()
        self.released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, *replies: Reply) -> None:
        """Give these in turn, the last one for ever."""
        left = list(replies)
        self.decide = lambda _call: left.pop(0) if len(left) > 1 else left[0]

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hung up is what some tests are about


def _handler(sink: HttpSink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            call = Call(self.command, self.path, dict(self.headers.items()), body)
            sink.seen.append(call)
            reply = sink.decide(call)
            if reply.hang:
                sink.released.wait()
                self.close_connection = True
                return
            if reply.reset:
                # With a linger of zero seconds closing sends a reset instead of a goodbye.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self.connection.detach())
                self.close_connection = True
                return
            if reply.status < 300:
                sink.calls.append(call)
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_PUT = do_POST  # noqa: N815 - the name is the server's

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


class SmtpSink:
    """Takes every mail; `refuse` is answered to RCPT instead, when set."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.refuse = ""
        self._server = _SmtpServer(("127.0.0.1", 0), _smtp_handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _SmtpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


def _smtp_handler(sink: SmtpSink) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 sink")
            while line := self.rfile.readline():
                verb = line.strip().upper()
                if verb.startswith((b"EHLO", b"HELO")):
                    self._say("250 sink")
                elif verb.startswith(b"RCPT") and sink.refuse:
                    self._say(sink.refuse)
                elif verb == b"DATA":
                    self._say("354 go on")
                    sink.mails.append(message_from_bytes(b"".join(self._data())))
                    self._say("250 taken")
                elif verb == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 fine")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def _data(self) -> Iterator[bytes]:
            while (line := self.rfile.readline()) != b".\r\n":
                yield line

    return Handler


@contextmanager
def closing(sink: Any) -> Iterator[Any]:
    try:
        yield sink
    finally:
        sink.close()
