import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from pipeline.hardware.chime import SOUND_MAX_BYTES, RelayChime, SoundChime, check_sound, find_player
from pipeline.hardware.errors import ChimeUnavailable, GpioUnavailable

PATIENCE_S = 30.0


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "ding dong.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(1600))
    return path


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `aplay` that writes what it was asked to play into a pipe, which a test can wait at; no other player."""
    folder = tmp_path / "bin"
    folder.mkdir()
    os.mkfifo(tmp_path / "played")
    program = folder / "aplay"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(tmp_path / 'played')!r}, 'w').write(repr(sys.argv[1:]))\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return tmp_path / "played"


def changes(pins: MockFactory, pin: int) -> list[bool]:
    return [bool(change.state) for change in pins.pin(pin).states]


def test_relay_closes_for_a_moment_and_opens_again(pins: MockFactory) -> None:
    chime = RelayChime(22, pulse_s=0.01, pin_factory=pins)
    chime.sound()
    chime._relay._blink_thread.join(PATIENCE_S)
    assert changes(pins, 22)[-2:] == [True, False]
    chime.close()


def test_relay_that_closes_on_low_rests_high(pins: MockFactory) -> None:
    chime = RelayChime(22, is_active_low=True, pin_factory=pins)
    assert pins.pin(22).state
    chime._relay.on()
    assert not pins.pin(22).state
    chime.close()


def test_relay_on_a_pin_in_use_is_an_error_that_names_it(pins: MockFactory) -> None:
    first = RelayChime(22, pin_factory=pins)
    with pytest.raises(GpioUnavailable, match=r"^the chime on pin 22 cannot be used: "):
        RelayChime(22, pin_factory=pins)
    first.close()


@pytest.mark.parametrize("pulse_s", [0.0, -1.0, float("nan"), float("inf")])
def test_relay_refuses_a_pulse_without_length(pins: MockFactory, pulse_s: float) -> None:
    with pytest.raises(ValueError, match="a chime cannot sound for"):
        RelayChime(22, pulse_s=pulse_s, pin_factory=pins)


def test_sound_is_played_without_waiting_for_its_end(sound: Path, player: Path) -> None:
    chime = SoundChime(str(sound))
    chime.sound()  # the player is held up by the pipe until somebody reads
    chime.sound()  # it still plays: nothing new begins
    assert player.read_text() == repr(["--quiet", str(sound)])
    assert chime._is_playing.acquire(timeout=PATIENCE_S)


def test_player_that_fails_is_a_line_in_the_log(sound: Path, player: Path, caplog: pytest.LogCaptureFixture) -> None:
    program = Path(player.parent / "bin" / "aplay")
    program.write_text(f"#!{sys.executable}\nraise SystemExit(1)\n")
    chime = SoundChime(str(sound))
    chime.sound()
    assert chime._is_playing.acquire(timeout=PATIENCE_S)
    assert "the chime did not sound: " in caplog.text


@pytest.mark.parametrize("name", ["nothing.wav", "", "/dev/null", "/etc", "--help"])
def test_what_is_no_file_is_no_sound(name: str) -> None:
    with pytest.raises(ChimeUnavailable, match=r"is no file; name a \.wav file, or leave CHIME_SOUND empty"):
        check_sound(name)


def test_what_no_player_knows_is_no_sound(tmp_path: Path) -> None:
    script = tmp_path / "ding.sh"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(ChimeUnavailable, match=r"is no sound file; use \.aiff, \.au, "):
        check_sound(str(script))


def test_sound_that_is_too_large_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "symphony.wav"
    with large.open("wb") as file:
        file.truncate(SOUND_MAX_BYTES + 1)
    with pytest.raises(ChimeUnavailable, match="has 20971521 bytes; use one of 20971520 at most"):
        check_sound(str(large))


def test_without_a_player_the_error_says_what_to_install(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ChimeUnavailable) as caught:
        find_player(sound)
    assert str(caught.value) == (
        "no player for ding dong.wav was found; install one of aplay, pw-play, paplay, afplay, ffplay "
        "(apt install alsa-utils)"
    )


def test_player_is_chosen_by_what_it_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aplay", "mpg123", "ffplay"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Path(find_player(Path("/a.wav"))[0]).name == "aplay"
    assert Path(find_player(Path("/a.MP3"))[0]).name == "mpg123"
    assert Path(find_player(Path("/a.ogg"))[0]).name == "ffplay"


def test_real_player_of_this_machine_ends_without_a_sound_card(sound: Path) -> None:
    """Whatever it says about the missing card, the doorbell goes on."""
    try:
        command = find_player(sound)
    except ChimeUnavailable as error:
        pytest.skip(str(error))
    assert subprocess.run([*command, str(sound)], capture_output=True, timeout=PATIENCE_S, check=False).returncode in (
        0,
        1,
    )
