"""What depends on how a database locks rows holds on PostgreSQL, too."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.doorbell import REPOSITORY, free_port

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

LOCKING = [
    "tests/pipeline/test_ring.py",
    "tests/pipeline/test_sweeper.py",
    "tests/pipeline/test_upload.py",
    "tests/events/test_claims.py",
    "tests/events/test_decisions.py",
    "tests/events/test_api.py",
    "tests/faces/test_people.py",
]


def programs() -> Path:
    """The folder of initdb, where Debian keeps it off the PATH."""
    on_path = shutil.which("initdb")
    found = [Path(on_path)] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed")
    return found[-1].parent


def as_server_user(*words: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return list(words)
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *words]


@pytest.fixture
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = Path("/tmp") / f"doorbell-pg-{os.getpid()}", free_port()
    folder.mkdir(mode=0o700)
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, log = folder / "data", folder / "log"
    bin_folder = programs()
    initdb = [str(bin_folder / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync"]
    pg_ctl = [str(bin_folder / "pg_ctl"), "-D", str(data), "-w"]
    options = f"-k {folder} -h 127.0.0.1 -p {port} -c fsync=off"
    subprocess.run(as_server_user(*initdb), check=True, capture_output=True, cwd=folder)
    subprocess.run(
        as_server_user(*pg_ctl, "-l", str(log), "-o", options, "start"),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    subprocess.run(as_server_user(*pg_ctl, "-m", "immediate", "stop"), check=True, capture_output=True, cwd=folder)
    shutil.rmtree(folder)


def test_locks_and_leases_hold_on_postgresql(address: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *LOCKING],
        cwd=REPOSITORY,
        env={**os.environ, "DATABASE_URL": address},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
