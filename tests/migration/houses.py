"""Old installations for tests: made here, file by file, or unpacked from those that real programs wrote."""

import hashlib
import json
import os
import pickle
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

LONG_AGO = datetime(2025, 9, 1, 12, tzinfo=UTC)


def vector(seed: int) -> npt.NDArray[np.float64]:
    """An encoding that is nobody's: (128,) float64, as long as a face's, 1.9 and more from others."""
    numbers = np.random.default_rng(seed).normal(size=128)
    return np.asarray(1.4 * numbers / np.linalg.norm(numbers), np.float64)


class House:
    """The folder of an old installation."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("known_faces", "blacklist_faces", "captures", "cropped_faces/known", "cropped_faces/unknown"):
            (root / "data" / folder).mkdir(parents=True)
        (root / "data" / "logs").mkdir()
        (root / "config").mkdir()

    def put(self, path: str, content: bytes | str | Path, at: datetime = LONG_AGO) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, target)
        else:
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(target, (at.timestamp(), at.timestamp()))
        return target

    def cache(self, path: str, names: Sequence[str], encodings: Sequence[Any], at: datetime = LONG_AGO) -> Path:
        return self.put(path, pickle.dumps({"encodings": list(encodings), "names": list(names)}), at)

    def log(self, *lines: dict[str, Any] | str) -> Path:
        """Dicts are written as the old program wrote them, by repr."""
        return self.put("data/logs/events.log", "".join(f"{line}\n" for line in lines))


def visit(
    at: str, event_type: str = "NO_FACES", faces: Sequence[Any] = (), capture: str | None = None
) -> dict[str, Any]:
    written = faces if isinstance(faces, str) else list(faces)
    return {"timestamp": at, "event_type": event_type, "faces": written, "capture_path": capture}


def seen(name: str | None, status: str = "known", distance: float = 0.4) -> dict[str, Any]:
    return {"status": status, "name": name, "confidence": 1 - distance, "distance": distance}


class Unpacked:
    """An installation of the shared material, unpacked once, with what an import of it must arrive at."""

    def __init__(self, archive: Path, folder: Path) -> None:
        # tar, not tarfile: the links out of the broken one are part of it.
        subprocess.run(["tar", "xzf", str(archive), "-C", str(folder)], check=True)
        (self.root,) = folder.iterdir()

    @cached_property
    def expected(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "EXPECTED.json").read_text())
        return found

    def fingerprint(self) -> dict[str, tuple[float, str]]:
        """Every file's time and content, links as what they are."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            if path.is_symlink():
                found[str(path)] = (path.lstat().st_mtime, os.readlink(path))  # noqa: PTH115 - as it is written
            elif path.is_file():
                found[str(path)] = (path.stat().st_mtime, hashlib.sha256(path.read_bytes()).hexdigest())
        return found


def make_database(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path
