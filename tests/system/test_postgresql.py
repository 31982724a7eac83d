"""On PostgreSQL, too: what depends on how rows are locked, the import of an old installation, backup and restore."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.migration.backup.installations import Installation
from tests.migration.houses import Unpacked
from tests.system.doorbell import REPOSITORY, free_port

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

LOCKING = [
    "tests/pipeline/test_ring.py",
    "tests/pipeline/test_sweeper.py",
    "tests/pipeline/test_tasks.py",
    "tests/pipeline/test_upload.py",
    "tests/events/test_claims.py",
    "tests/events/test_decisions.py",
    "tests/events/notifications/test_turns.py",
    "tests/events/test_api.py",
    "tests/faces/test_people.py",
]

WAITING = 1  # import_legacy's exit code while something waits in the review list
# Drawn anew whenever the gallery changes; ended by a restore; with the times at which tables were made.
CHANGING = ("faces_galleryversion", "django_session", "django_migrations")


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


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
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
    # With it pytest-django would read the settings before these tests have a folder of their own.
    surroundings = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *LOCKING],
        cwd=REPOSITORY,
        env={**surroundings, "DATABASE_URL": address},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


class Home(Installation):
    """An installation whose rows are in a PostgreSQL database of its own."""

    def __init__(self, var: Path, server: str, name: str, template: str = "template0") -> None:
        super().__init__(var)
        self.server, self.name = server, name
        self.url = f"{server.rpartition('/')[0]}/{name}"
        with psycopg.connect(server, autocommit=True) as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def copied(self, var: Path, name: str) -> "Home":
        shutil.copytree(self.var, var)
        return Home(var, self.server, name, template=self.name)

    def environment(self, **more: str) -> dict[str, str]:
        return {**super().environment(), "DATABASE_URL": self.url, **more}

    def execute(self, statement: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql.SQL(statement), values).fetchall()

    def rows(self) -> dict[str, list[Any]]:
        """Every row of every table, less what changes on purpose."""
        tables = self.execute("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'")
        return {
            table: sorted(self.execute(f'SELECT * FROM "{table}"'), key=repr)  # noqa: S608
            for (table,) in tables
            if table not in CHANGING
        }

    def done(self, *words: object, code: int = 0, **environment: str) -> str:
        """Run a command that ends as it should, and return what it printed."""
        done = self.manage(*words, **environment)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


NewHome = Callable[[str], Home]


@pytest.fixture
def new_home(address: str, tmp_path: Path) -> NewHome:
    """Make a home in which nothing has run yet."""
    return lambda name: Home(tmp_path / name, address, name)


def unpacked(shared: Path, name: str, folder: Path) -> Unpacked:
    archive = shared / "legacy" / f"{name}.tar.gz"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there")
    return Unpacked(archive, folder)


@pytest.fixture(scope="module")
def old(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    """An old installation, written by the old programs themselves."""
    return unpacked(shared, "legacy-install", tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def imported(address: str, old: Unpacked, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The old installation, imported. Not to be changed."""
    home = Home(tmp_path_factory.mktemp("imported") / "var", address, "imported")
    home.done("migrate", "--verbosity=0")
    said = home.done("import_legacy", old.root, "--timezone", "Europe/Berlin", code=WAITING)
    assert "visit: 20 imported" in said
    return home


def test_the_old_installation_arrives_on_postgresql(imported: Home, old: Unpacked) -> None:
    counts = old.expected["counts"]
    people = dict(imported.execute("SELECT is_blocked, count(*) FROM faces_person GROUP BY is_blocked"))
    assert people == {False: counts["known_people"], True: counts["blacklisted_people"]}
    moments = {at.isoformat() for (at,) in imported.execute("SELECT started_at FROM events_event")}
    logged = {entry["timestamp_utc"].replace("Z", "+00:00") for entry in old.expected["events_log"]}
    assert logged - moments == set()
    ((captures,),) = imported.execute("SELECT count(*) FROM events_capture WHERE image <> ''")
    assert captures == counts["captures"]


def test_a_second_import_changes_nothing_on_postgresql(imported: Home, old: Unpacked) -> None:
    before, pictures = imported.rows(), imported.pictures()
    said = imported.done("import_legacy", old.root, "--timezone", "Europe/Berlin", code=WAITING)
    assert "visit: 20 already there" in said
    assert (imported.rows(), imported.pictures()) == (before, pictures)


def test_an_import_is_taken_back_on_postgresql(imported: Home, tmp_path: Path) -> None:
    home = imported.copied(tmp_path / "var", "taken_back")
    assert home.done("undo_import", "--yes").startswith("removed: 20 visits")
    left = {table for table, rows in home.rows().items() if rows}
    assert left == {"auth_permission", "django_content_type"}
    assert home.pictures() == {}


def test_migrate_imports_and_takes_back_on_postgresql(new_home: NewHome, old: Unpacked) -> None:
    home = new_home("migrated")
    home.done("migrate", "--verbosity=0", LEGACY_DATA_DIR=str(old.root), LEGACY_TIMEZONE="Europe/Berlin")
    assert home.execute("SELECT count(*) FROM faces_person") == [(6,)]
    home.done("migrate", "--verbosity=0", "migration", "0001")
    assert home.execute("SELECT count(*) FROM faces_person") == [(0,)]
    assert home.pictures() == {}


def test_what_postgresql_takes_in_no_text_ends_no_import(new_home: NewHome, shared: Path, tmp_path: Path) -> None:
    """Zero bytes, halves of characters and names that are too long, of the damaged installation."""
    (tmp_path / "broken").mkdir()
    broken = unpacked(shared, "legacy-broken", tmp_path / "broken")
    home = new_home("broken")
    home.done("migrate", "--verbosity=0")
    said = home.done("import_legacy", broken.root, "--timezone", "Europe/Berlin", code=WAITING)
    assert "visit: 60 imported" in said
    assert home.execute("SELECT count(*) FROM faces_person WHERE is_blocked") == [(4,)]


@pytest.fixture(scope="module")
def archive(imported: Home) -> Path:
    return Path(imported.done("backup", "--with-secrets").splitlines()[-1])


def test_a_backup_of_postgresql_comes_back_on_postgresql(imported: Home, archive: Path, new_home: NewHome) -> None:
    imported.done("verify_backup", archive)
    home = new_home("restored")
    home.done("restore", archive, "--yes")
    assert home.rows() == imported.rows()
    assert home.pictures() == imported.pictures()
    next_is_free = "SELECT nextval(pg_get_serial_sequence('events_event', 'id')) > max(id) FROM events_event"
    assert home.execute(next_is_free) == [(True,)]


def test_a_backup_of_postgresql_comes_back_on_sqlite(imported: Home, archive: Path, tmp_path: Path) -> None:
    light = Installation(tmp_path / "light")
    assert light.manage("restore", archive, "--yes").returncode == 0
    assert light.pictures() == imported.pictures()
    arrived = {table: len(rows) for table, rows in light.rows().items() if table not in CHANGING}
    assert arrived == {table: len(rows) for table, rows in imported.rows().items()}


def test_a_restore_that_fails_leaves_postgresql_as_it_was(imported: Home, archive: Path, tmp_path: Path) -> None:
    home = imported.copied(tmp_path / "var", "kept")
    home.execute("UPDATE faces_person SET name = name || ', since then' RETURNING id")
    before, pictures = home.rows(), home.pictures()
    (home.var / "config.json").mkdir()
    assert "everything was undone" in home.manage("restore", archive, "--yes").stderr
    assert (home.rows(), home.pictures()) == (before, pictures)
