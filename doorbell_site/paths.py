"""The one folder that a running doorbell writes to, and what lies where in it."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes on Linux, 104 on macOS


def private_folder(path: Path) -> Path:
    """Make the folder, readable by its owner alone."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def broker_socket(var_dir: Path) -> Path:
    """Where the embedded broker listens: under `var_dir`, or, when that path is too long for a
    unix socket, under a folder of the temporary directory that belongs to this user alone."""
    socket = var_dir / "run" / "redis.sock"
    if len(os.fsencode(socket)) <= SOCKET_PATH_MAX:
        return socket
    digest = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"doorbell-{os.getuid()}-{digest}" / "redis.sock"


def read_or_create_secret(path: Path) -> str:
    """Return the secret kept in `path`, making it on the first call; two processes starting
    together agree on one, because only one of them can link its file to the name."""
    if not path.exists():
        private_folder(path.parent)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
