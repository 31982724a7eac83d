"""A real Mosquitto on loopback, and somebody who listens to it."""

import json
import queue
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage

from pipeline.mqtt.address import BrokerAddress
from pipeline.mqtt.client import new_client

WAIT_S = 60.0  # a bridge that was killed starts anew, maybe beside other work
STEP_S = 0.05
USER, PASSWORD = "doorbell", "p@ss:word/1"


def find_mosquitto() -> str:
    """Debian puts it where only root looks."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("no Mosquitto on this machine; apt install mosquitto brings it")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Mosquitto:
    """Keeps its port over a restart, and nothing else: what it held is gone."""

    folder: Path
    tls: tuple[Path, Path] | None = None  # certificate and key
    has_password: bool = False
    port: int = field(default_factory=free_port)
    _process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        """Returns when it listens: it says so."""
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join(self._config()) + "\n")
        self._process = subprocess.Popen(
            [find_mosquitto(), "-c", str(config)], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if " running" in line:
                return
        pytest.fail(f"Mosquitto did not start: {''.join(said)}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stderr is not None
            self._process.stderr.close()
            self._process = None

    def address(self, *, ca_file: Path | None = None, password: str = PASSWORD) -> BrokerAddress:
        user = (USER, password) if self.has_password else ("", "")
        host = "localhost" if self.tls else "127.0.0.1"
        return BrokerAddress(host, self.port, *user, is_tls=self.tls is not None, ca_file=ca_file)

    def _config(self) -> list[str]:
        lines = [
            f"listener {self.port} 127.0.0.1",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "log_type information",
            f"allow_anonymous {'false' if self.has_password else 'true'}",
            "user root",
        ]
        if self.tls is not None:
            lines += [f"certfile {self.tls[0]}", f"keyfile {self.tls[1]}"]
        if self.has_password:
            lines.append(f"password_file {self._password_file()}")
        return lines

    def _password_file(self) -> Path:
        file = self.folder / "passwords"
        program = shutil.which("mosquitto_passwd")
        assert program is not None
        file.touch(mode=0o600)
        subprocess.run([program, "-b", str(file), USER, PASSWORD], check=True, capture_output=True)
        return file


@dataclass(frozen=True)
class Heard:
    topic: str
    payload: bytes
    is_retained: bool

    @property
    def json(self) -> Any:
        return json.loads(self.payload)


class Listener:
    """Hears everything on the broker, and comes back when the broker does."""

    def __init__(self, address: BrokerAddress, filters: tuple[str, ...] = ("#",)) -> None:
        self.heard: list[Heard] = []
        self._inbox: queue.SimpleQueue[Heard | None] = queue.SimpleQueue()
        self._filters = [(topic, 1) for topic in filters]
        self._client = new_client(address, "")
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_words: self._inbox.put(None)
        self._client.on_message = self._received
        self._client.connect(address.host, address.port)
        self._client.loop_start()
        self.wait_until_subscribed()

    def wait_until_subscribed(self) -> None:
        while self._inbox.get(timeout=WAIT_S) is not None:
            pass

    def say(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WAIT_S)

    def catch_up(self) -> int:
        """Hear everything that the broker has taken by now; returns how many messages were heard in all."""
        mark = f"mark/{len(self.heard)}"
        self.say(mark, b"")
        self.expect(mark)
        return len(self.heard)

    def expect(self, topic: str, *, after: int = 0, step: Callable[[], object] = lambda: None) -> Heard:
        """The first message on `topic` past the first `after` messages heard, calling `step` while it is awaited."""
        return self.expect_that(lambda heard: heard.topic == topic, f"on {topic}", after=after, step=step)

    def expect_that(
        self, fits: Callable[[Heard], bool], what: str, *, after: int = 0, step: Callable[[], object] = lambda: None
    ) -> Heard:
        deadline = time.monotonic() + WAIT_S
        looked = after
        while time.monotonic() < deadline:
            for heard in self.heard[looked:]:
                looked += 1
                if fits(heard):
                    return heard
            step()
            self._take(STEP_S)
        return pytest.fail(f"nothing {what} after {WAIT_S:.0f} s; heard {[each.topic for each in self.heard[after:]]}")

    def on(self, topic: str) -> list[Heard]:
        """What was said on that topic so far."""
        self.catch_up()
        return [heard for heard in self.heard if heard.topic == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, timeout_s: float) -> None:
        try:
            heard = self._inbox.get(timeout=timeout_s)
        except queue.Empty:
            return
        if heard is not None:
            self.heard.append(heard)

    def _connected(self, client: Client, *_words: object) -> None:
        client.subscribe(self._filters)

    def _received(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._inbox.put(Heard(message.topic, bytes(message.payload), message.retain))
