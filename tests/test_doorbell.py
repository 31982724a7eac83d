"""The script ./doorbell, in a small repository of its own: real environments, real pip, tiny packages."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from tests.conftest import REPOSITORY

MANAGE = """
import json, os, sys
names = ("DOORBELL_VAR", "PYTHONPATH")
environment = {name: os.environ.get(name) for name in names}
print(json.dumps({"words": sys.argv[1:], "prefix": sys.prefix, "pid": os.getpid(), **environment}))
"""
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def make_wheel(folder: Path, name: str, version: str) -> None:
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", WHEEL)
        wheel.writestr(f"{info}/RECORD", "")


class Clone(NamedTuple):
    """A clone with tiny requirements; nothing in it reaches the network."""

    root: Path

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(self.root / "doorbell"), *words]
        return subprocess.run(
            command, env=self.environment(**environment), capture_output=True, text=True, check=False, timeout=100
        )

    def environment(self, **more: str) -> dict[str, str]:
        own = {"HOME": str(self.root / "home"), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.root / "wheels")}
        return {"PATH": os.environ["PATH"], **own, **more}

    def require(self, name: str, *lines: str) -> None:
        (self.root / "requirements" / f"{name}.txt").write_text("\n".join(["# pinned", *lines, ""]))

    def version_of(self, package: str) -> str:
        code = f"import {package}; print({package}.VERSION)"
        return subprocess.check_output([self.root / ".venv" / "bin" / "python", "-c", code], text=True).strip()


@pytest.fixture(scope="module")
def new_clone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Clone]:
    def make() -> Clone:
        root = tmp_path_factory.mktemp("clone")
        shutil.copy(REPOSITORY / "doorbell", root)
        shutil.copytree(REPOSITORY / "requirements" / "bootstrap", root / "requirements" / "bootstrap")
        (root / "manage.py").write_text(MANAGE)
        (root / "wheels").mkdir()
        for name, version in (("setuptools", "81.0.0"), ("hinge", "1.0"), ("hinge", "2.0"), ("knocker", "1.0")):
            make_wheel(root / "wheels", name, version)
        clone = Clone(root)
        clone.require("base", "setuptools==81.0.0", "hinge==1.0")
        clone.require("demo", "knocker==1.0")
        return clone

    return make


@pytest.fixture(scope="module")
def installed(new_clone: Callable[[], Clone]) -> Clone:
    clone = new_clone()
    first = clone.run("manage", "check")
    assert first.returncode == 0, first.stderr
    return clone


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script as a module, with a root of its own."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = spec_from_loader("doorbell_script", SourceFileLoader("doorbell_script", str(REPOSITORY / "doorbell")))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def test_first_start_installs_and_passes_the_words_on(new_clone: Callable[[], Clone]) -> None:
    clone = new_clone()
    first = clone.run("run", "--source", "visit.mp4", DOORBELL_VAR="elsewhere")
    *said, answer = first.stdout.splitlines()
    assert said[0].startswith("Making .venv with Python 3.")
    assert said[1] == "Installing 2 packages of requirements/base.txt …"
    assert said[-1].startswith("Installed in ")
    told = json.loads(answer)
    assert told["words"] == ["run_doorbell", "--source", "visit.mp4"]
    assert told["prefix"] == str(clone.root / ".venv")
    assert told["DOORBELL_VAR"] == "elsewhere"
    assert clone.version_of("hinge") == "1.0"


def test_second_start_installs_nothing(installed: Clone) -> None:
    second = installed.run("manage", "ring", "--wait", "5", PIP_FIND_LINKS="/nonexistent")
    assert json.loads(second.stdout)["words"] == ["ring", "--wait", "5"]
    assert second.stderr == ""


def test_the_command_takes_the_place_of_the_script(installed: Clone) -> None:
    command = [sys.executable, str(installed.root / "doorbell"), "manage"]
    with subprocess.Popen(command, env=installed.environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.read())["pid"] == process.pid


def test_demo_brings_its_own_requirements(installed: Clone) -> None:
    demo = installed.run("demo", "--once")
    assert demo.stdout.splitlines()[0] == "Installing 1 packages of requirements/demo.txt …"
    assert json.loads(demo.stdout.splitlines()[-1])["words"] == ["demo", "--once"]
    assert installed.version_of("knocker") == "1.0"


def test_changed_requirements_are_installed(new_clone: Callable[[], Clone], installed: Clone) -> None:
    installed.require("base", "setuptools==81.0.0", "hinge==2.0")
    assert "Installing 2 packages" in installed.run("manage").stdout
    assert installed.version_of("hinge") == "2.0"


def test_half_finished_install_is_done_again(installed: Clone) -> None:
    (installed.root / ".venv" / "doorbell.json").unlink()
    assert "Installing 2 packages" in installed.run("manage").stdout
    assert "Installing" not in installed.run("manage").stdout


def test_environment_of_a_python_that_is_gone_is_made_anew(installed: Clone) -> None:
    python = installed.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nonexistent/python3.11")
    again = installed.run("manage")
    assert again.returncode == 0
    assert again.stdout.startswith("Making .venv")


def test_modules_of_other_installations_stay_outside(installed: Clone, tmp_path: Path) -> None:
    told = installed.run("manage", PYTHONPATH=str(tmp_path)).stdout
    assert json.loads(told.splitlines()[-1])["PYTHONPATH"] is None


def test_install_that_fails_shows_the_end_of_what_pip_said(new_clone: Callable[[], Clone]) -> None:
    clone = new_clone()
    clone.require("base", "nowhere-to-be-had==9.9")
    failed = clone.run("run")
    assert failed.returncode == 1
    assert "This step of the set-up failed:" in failed.stderr
    assert "No matching distribution found for nowhere-to-be-had==9.9" in failed.stderr
    assert "it goes on where it stopped" in failed.stderr
    clone.require("base", "hinge==1.0")
    assert clone.run("run").returncode == 0


def test_damaged_pip_is_refused(new_clone: Callable[[], Clone]) -> None:
    clone = new_clone()
    wheel = next((clone.root / "requirements" / "bootstrap").glob("pip-*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-1])
    refused = clone.run("run")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"\n{wheel} is damaged; restore it: git checkout -- requirements/bootstrap/{wheel.name}\n"
    )


def test_of_two_at_once_the_second_waits(new_clone: Callable[[], Clone]) -> None:
    clone = new_clone()
    folder = os.open(clone.root, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    command = [sys.executable, str(clone.root / "doorbell"), "manage"]
    with subprocess.Popen(command, env=clone.environment(), stdout=subprocess.PIPE, text=True) as second:
        assert second.stdout is not None
        assert second.stdout.readline() == "Another ./doorbell is installing here; waiting for it …\n"
        assert not (clone.root / ".venv").exists()
        os.close(folder)
        assert "Installed in" in second.stdout.read()
    assert second.returncode == 0


def test_interrupted_script_ends_as_interrupted(new_clone: Callable[[], Clone]) -> None:
    clone = new_clone()
    folder = os.open(clone.root, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    command = [sys.executable, str(clone.root / "doorbell"), "manage"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=clone.environment(), stdout=pipe, stderr=pipe, text=True) as waiting:
        assert waiting.stdout is not None
        assert waiting.stderr is not None
        waiting.stdout.readline()
        waiting.send_signal(signal.SIGINT)
        assert waiting.stderr.read() == ""
    os.close(folder)
    assert waiting.returncode == -signal.SIGINT


@pytest.mark.parametrize("words", [[], ["help"], ["--help"]])
def test_help_names_every_command(script: ModuleType, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(words) == 0
    said = capsys.readouterr().out
    assert all(f"./doorbell {command}" in said for command in ("run", "demo", "test", "manage", "help"))


def test_unknown_command_is_named(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["runn"]) == 2
    assert capsys.readouterr().err == "./doorbell knows no 'runn'; it knows run, demo, test, manage and help\n"


def test_old_python_gives_way_to_a_newer_one(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class Replaced(Exception):
        pass

    def execv(program: str, words: list[str]) -> None:
        raise Replaced(program, words)

    monkeypatch.setattr(script.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(script.sys, "argv", ["./doorbell", "run"])
    monkeypatch.setattr(script.shutil, "which", {"python3.12": "/opt/python3.12"}.get)
    monkeypatch.setattr(script.os, "execv", execv)
    with pytest.raises(Replaced) as replaced:
        script.insist_on_python()
    assert replaced.value.args == ("/opt/python3.12", ["/opt/python3.12", "./doorbell", "run"])


def test_old_python_alone_is_refused(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(script.shutil, "which", lambda _name: None)
    assert script.main(["run"]) == 1
    assert "The doorbell needs Python 3.11 or newer, and this is " in capsys.readouterr().err


def test_32_bit_system_is_refused(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script.platform, "machine", lambda: "armv7l")
    assert script.main(["run"]) == 1
    assert "The doorbell needs a 64-bit system, Intel or Arm, and this is armv7l with a" in capsys.readouterr().err


def test_gpio_library_of_the_system_is_linked(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packages = tmp_path / ".venv" / "lib" / "python3.13" / "site-packages"
    system = tmp_path / "dist-packages"
    packages.mkdir(parents=True)
    system.mkdir()
    for name in ("lgpio.py", "_lgpio.cpython-313-aarch64-linux-gnu.so", "RPi.py"):
        (system / name).touch()
    monkeypatch.setattr(script, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(script, "SYSTEM_PACKAGES", system)
    for _ in range(2):
        script.link_system_gpio()
        linked = sorted(path.name for path in packages.iterdir())
        assert linked == ["_lgpio.cpython-313-aarch64-linux-gnu.so", "lgpio.py"]


@pytest.mark.parametrize(
    ("check", "test", "code"),
    [("pass", "True", 0), ("print('line 7: ugly'); exit(3)", "True", 1), ("pass", "False", 1)],
)
def test_tests_run_last_and_any_failure_counts(
    script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    check: str,
    test: str,
    code: int,
) -> None:
    (tmp_path / "test_door.py").write_text(f"def test_door():\n    assert {test}\n")
    monkeypatch.setattr(script, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(script, "CHECKS", {"style": ("-c", check)})
    assert script.run_tests(["-p", "no:django", "-p", "no:cacheprovider"]) == code
    said = capfd.readouterr().out
    assert ("style: ok\n" in said) is (check == "pass")
    assert ("style: FAILED\nline 7: ugly\n\nNOT PASSED: style (see above)" in said) is (check != "pass")
    assert ("1 passed in" if test == "True" else "1 failed in") in said.splitlines()[-1]


def test_bundled_pip_is_the_one_that_the_script_expects(script: ModuleType) -> None:
    wheel = REPOSITORY / "requirements" / "bootstrap" / script.PIP_WHEEL.name
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == script.PIP_SHA256
