"""What sounds inside the house when somebody rings: a relay or buzzer on a pin, or a sound file."""

from __future__ import annotations

import logging
import math
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any, Protocol

import gpiozero

from pipeline.hardware.errors import ChimeUnavailable
from pipeline.hardware.gpio import opening_pin

log = logging.getLogger(__name__)

PULSE_S = 0.5
SOUND_MAX_BYTES = 20 * 1024 * 1024
SOUND_MAX_S = 30.0

# The lightest first; each with what it plays. A path is absolute, so none is taken for an option.
PLAYERS: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = (
    (("aplay", "--quiet"), frozenset({".wav", ".au"})),
    (("pw-play",), frozenset({".wav", ".flac", ".ogg", ".oga"})),
    (("paplay",), frozenset({".wav", ".flac", ".ogg", ".oga"})),
    (("mpg123", "--quiet"), frozenset({".mp3"})),
    (("afplay",), frozenset({".wav", ".mp3", ".aiff", ".m4a", ".flac"})),
    (
        ("ffplay", "-nodisp", "-autoexit", "-loglevel", "quiet"),
        frozenset({".wav", ".mp3", ".ogg", ".oga", ".flac", ".m4a", ".aiff", ".au", ".opus"}),
    ),
)


class Chime(Protocol):
    def sound(self) -> None:
        """Start to sound and return at once; while it still sounds, nothing."""
        ...

    def close(self) -> None: ...


class RelayChime:
    """Closes a relay, or drives a buzzer, for a moment.

    pin: BCM number. pulse_s: how long, > 0. is_active_low: as most relay boards are.
    pin_factory: gpiozero's driver; None takes the machine's. Raises GpioUnavailable.
    """

    def __init__(
        self, pin: int, *, pulse_s: float = PULSE_S, is_active_low: bool = False, pin_factory: Any = None
    ) -> None:
        if not (math.isfinite(pulse_s) and pulse_s > 0):
            raise ValueError(f"a chime cannot sound for {pulse_s} s; use a number above 0")
        self._pulse_s = pulse_s
        with opening_pin("the chime", pin):
            self._relay = gpiozero.DigitalOutputDevice(pin, active_high=not is_active_low, pin_factory=pin_factory)

    def sound(self) -> None:
        # In a thread of gpiozero's own; a press during the pulse begins it anew.
        self._relay.blink(on_time=self._pulse_s, off_time=0, n=1, background=True)

    def close(self) -> None:
        self._relay.close()


class SoundChime:
    """Plays a file with a player that this machine has. Raises ChimeUnavailable."""

    def __init__(self, path: str) -> None:
        self._path = check_sound(path)
        self._command = (*find_player(self._path), str(self._path))
        self._is_playing = threading.Lock()

    def sound(self) -> None:
        if self._is_playing.acquire(blocking=False):
            threading.Thread(target=self._play, name="chime", daemon=True).start()

    def close(self) -> None:
        """A sound that has begun plays to its end."""

    def _play(self) -> None:
        try:
            subprocess.run(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SOUND_MAX_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.warning("the chime did not sound: %s", error)
        finally:
            self._is_playing.release()


def check_sound(path: str) -> Path:
    """Return the absolute path of a sound file, or raise ChimeUnavailable."""
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise ChimeUnavailable(f"the chime's sound {path!r} is no file; name a .wav file, or leave CHIME_SOUND empty")
    known = sorted(set().union(*(suffixes for _, suffixes in PLAYERS)))
    if file.suffix.lower() not in known:
        raise ChimeUnavailable(f"the chime's sound {path!r} is no sound file; use {', '.join(known)}")
    if file.stat().st_size > SOUND_MAX_BYTES:
        raise ChimeUnavailable(
            f"the chime's sound {path!r} has {file.stat().st_size} bytes; use one of {SOUND_MAX_BYTES} at most"
        )
    return file


def find_player(file: Path) -> tuple[str, ...]:
    """Return the command that plays such a file here, without the file. Raises ChimeUnavailable."""
    fitting = [command for command, suffixes in PLAYERS if file.suffix.lower() in suffixes]
    for program, *options in fitting:
        if found := shutil.which(program):
            return (found, *options)
    names = ", ".join(program for program, *_ in fitting)
    raise ChimeUnavailable(f"no player for {file.name} was found; install one of {names} (apt install alsa-utils)")
