"""Where the parts of an old installation, or of one of its backup folders, lie."""

from dataclasses import dataclass

from migration.legacy.errors import SourceError
from migration.legacy.tree import EntryKind, SourceTree

PARTS = ("known_faces", "blacklist_faces", "captures", "cropped_faces", "logs")
FILES = ("known_faces_cache.pkl", "blacklist_faces_cache.pkl", "events.db", "faces.db")

# Files of the old `data` folder that are known and left alone, and why.
LEFT_ALONE = {
    "backups": "copies of what is read anyway",
    "migration_backup": "copies of what is read anyway",
    "face_encodings_cache.pkl": "no version of the old system wrote it; it is never loaded",
    "notifications.db": "what the old system had sent; nothing here needs it",
    "metrics.db": "measurements of the old system; nothing here needs them",
    "sensors": "side data of the old system; nothing here needs it",
    "archived_events": "side data of the old system; nothing here needs it",
    "test_events.db": "side data of the old system; nothing here needs it",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """`data`: the folder with the pictures and databases, "" when the root is that folder itself."""

    data: str

    def path(self, name: str) -> str:
        return f"{self.data}/{name}" if self.data else name

    @property
    def known_faces(self) -> str:
        return self.path("known_faces")

    @property
    def blocked_faces(self) -> str:
        return self.path("blacklist_faces")

    @property
    def known_cache(self) -> str:
        return self.path("known_faces_cache.pkl")

    @property
    def blocked_cache(self) -> str:
        return self.path("blacklist_faces_cache.pkl")

    @property
    def captures(self) -> str:
        return self.path("captures")

    @property
    def cropped_faces(self) -> tuple[str, str]:
        return self.path("cropped_faces/known"), self.path("cropped_faces/unknown")

    @property
    def event_log(self) -> str:
        return self.path("logs/events.log")

    @property
    def event_database(self) -> str:
        return self.path("events.db")

    @property
    def face_database(self) -> str:
        return self.path("faces.db")

    @property
    def config_database(self) -> str:
        return self.path("config.db")

    credentials = "config/credentials_telegram.py"
    settings = "config/settings.py"
    env = ".env"


def find_layout(tree: SourceTree) -> Layout:
    """Return where things lie: under `data`, or, in a `backup_…` folder, at the root.

    Raises SourceError when nothing of an old installation is there.
    """
    for data in ("data", ""):
        layout = Layout(data)
        try:
            found = {entry.name: entry.kind for entry in tree.entries(data)}
        except SourceError:
            continue
        if any(found.get(part) is EntryKind.FOLDER for part in PARTS):
            return layout
        if any(found.get(name) is EntryKind.FILE for name in FILES):
            return layout
    raise SourceError(
        f"{tree.root} holds no old installation: no data/known_faces, data/captures, data/logs or data/events.db; "
        "give the folder that contains `data`"
    )
