"""A doorbell in a folder of its own, used as its owner does: by manage.py, in a process each time."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY

CHANGING = ("django_session", "faces_galleryversion")

SEED = """
import sys
from pathlib import Path
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone
from events.notifications.models import NotificationChannel
from faces.people import create_person, gallery_changed
from tests import seeding

hopper, astronaut = map(Path, sys.argv[1:])
User.objects.create_superuser("owner", password="a long passphrase")
Session.objects.create(session_key="s" * 32, session_data="x", expire_date=timezone.now())
grace = create_person("Grace Hopper")
seeding.add_plain_sample(grace, hopper, seeding.HOPPER_BOX)
gallery_changed()
for picture, box, person in [(hopper, seeding.HOPPER_BOX, grace), (astronaut, seeding.ASTRONAUT_BOX, None)]:
    capture = seeding.add_capture(seeding.add_event(), picture)
    seeding.add_face(capture, box, person)
channel = NotificationChannel(name="telegram", kind="telegram")
channel.config = {"token": "123:secret"}
channel.save()
"""


class Installation:
    def __init__(self, var: Path) -> None:
        self.var = var

    @property
    def database(self) -> Path:
        return self.var / "doorbell.sqlite3"

    @property
    def media(self) -> Path:
        return self.var / "media"

    def copy(self, to: Path) -> "Installation":
        shutil.copytree(self.var, to)
        return Installation(to)

    def manage(self, *words: object, answer: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(REPOSITORY / "manage.py"), *map(str, words)],
            env=self.environment(**environment),
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *words: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(REPOSITORY / "manage.py"), *map(str, words)],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def seed(self, *pictures: Path) -> None:
        """Two visits, one person with one photograph, a channel, a session, an owner."""
        assert self.manage("migrate", "--verbosity=0").returncode == 0
        code = f"import django\ndjango.setup()\n{SEED}"
        command = [sys.executable, "-c", code, *map(str, pictures)]
        subprocess.run(command, env=self.environment(), cwd=REPOSITORY, check=True)

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "DOORBELL_VAR": str(self.var), "DATABASE_URL": "", **more}

    def execute(self, statement: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.database)) as database, database:
            return database.execute(statement, values).fetchall()

    def rows(self) -> dict[str, list[Any]]:
        """Every row of every table, less what a restore changes on purpose."""
        tables = self.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {
            table: sorted(self.execute(f'SELECT * FROM "{table}"'), key=repr)  # noqa: S608
            for (table,) in tables
            if table not in (*CHANGING, "sqlite_sequence")
        }

    def pictures(self) -> dict[str, bytes]:
        files = (path for path in self.media.rglob("*") if path.is_file())
        return {str(path.relative_to(self.media)): path.read_bytes() for path in files}

    def secrets(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in (self.var / "secrets").iterdir()}

    def state(self) -> tuple[Any, ...]:
        """All that a failed restore must leave as it was."""
        return self.rows(), self.pictures(), self.secrets(), self.gallery_version()

    def gallery_version(self) -> int:
        return int(self.execute("SELECT version FROM faces_galleryversion")[0][0])

    def capture_files(self) -> list[Path]:
        return sorted((self.media / "captures").rglob("*.jpg"))
