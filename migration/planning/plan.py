"""Read an old installation whole, and say what an import would do."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from migration.legacy.caches import MAX_CACHE_BYTES, Cache, read_cache
from migration.legacy.credentials import MAX_CREDENTIALS_BYTES, Credentials, read_credentials
from migration.legacy.errors import SourceError
from migration.legacy.event_database import read_events
from migration.legacy.event_log import read_log
from migration.legacy.face_database import FiledPerson, read_people
from migration.legacy.faces_seen import SeenPicture, look_at
from migration.legacy.layout import LEFT_ALONE, Layout, find_layout
from migration.legacy.scratch import opened_copy
from migration.legacy.settings import MAX_ENV_BYTES, OldSetting, read_configurations, read_env
from migration.legacy.text import shown
from migration.legacy.tree import Entry, EntryKind, SourceTree
from migration.planning.doubtful_times import are_kept, zone_doubt
from migration.planning.enrolled import FaceList, Reconciled, reconcile
from migration.planning.logged_visits import LogPlanner
from migration.planning.people import plan_people
from migration.planning.shelves import IGNORED, CaptureShelf, CropShelf, pictures_in
from migration.planning.stored_visits import StoredPlanner
from migration.planning.values import PARTIAL, Note, Plan, ReviewPlan, Verdict, VisitPlan

MOST_NAMED = 100
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif")
LOST_TIMES = "the file times are not those of the old host: pictures without a cache entry go to review"
Progress = Callable[[str, int, int], None]


def no_progress(_what: str, _done: int, _total: int) -> None:
    """For callers who do not watch."""


@dataclass(slots=True)
class _Reader:
    """Reads part by part; what cannot be read becomes a note or a warning, and the rest goes on."""

    tree: SourceTree
    layout: Layout
    zone: ZoneInfo
    keep_unknown_encodings: bool
    progress: Progress
    notes: list[Note] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def entries(self, folder: str, kind: str) -> list[Entry]:
        try:
            return self.tree.entries(folder)
        except SourceError as error:
            self.skip(kind, folder, error)
            return []

    def skip(self, kind: str, source: str, reason: object) -> None:
        self.notes.append(Note(kind, shown(source), Verdict.SKIPPED, str(reason)))


def make_plan(
    tree: SourceTree, zone: ZoneInfo, *, keep_unknown_encodings: bool = False, progress: Progress = no_progress
) -> Plan:
    """Raises SourceError when there is no old installation in `tree`; nothing else ends it."""
    reader = _Reader(tree, find_layout(tree), zone, keep_unknown_encodings, progress)
    captures = _captures(reader)
    known_files, blocked_files = (_face_files(reader, blocked) for blocked in (False, True))
    times_are_kept = are_kept([*known_files[0], *blocked_files[0], *captures])
    if not times_are_kept:
        reader.warnings.append(LOST_TIMES)
    elif doubt := zone_doubt(captures, zone):
        reader.warnings.append(doubt)
    blocked = _reconciled(reader, blocked_files, times_are_kept, is_blocked=True)
    known = _reconciled(reader, known_files, times_are_kept, is_blocked=False)
    people = plan_people(blocked.active, known.active, _filed(reader), [*blocked.doubtful, *known.doubtful])
    credentials, settings = _credentials(reader), _settings(reader)
    _left_alone(reader)
    return Plan(
        zone=zone.key,
        people=tuple(people.people),
        reviews=tuple(people.reviews),
        credentials=credentials,
        settings=tuple(settings),
        notes=(*reader.notes, *blocked.notes, *known.notes, *people.notes),
        warnings=tuple(reader.warnings),
        visit_count=_visit_count(reader) + len(captures),
        visits=lambda: _visits(reader, captures, times_are_kept),
    )


def _captures(reader: _Reader) -> list[Entry]:
    pictures, notes = pictures_in(reader.entries(reader.layout.captures, "capture"), "capture")
    reader.notes += notes
    return pictures


def _face_files(reader: _Reader, is_blocked: bool) -> tuple[list[Entry], list[Entry]]:
    """Return the pictures that the old system read, and those that it overlooked."""
    folder = reader.layout.blocked_faces if is_blocked else reader.layout.known_faces
    kind = "blocked face" if is_blocked else "known face"
    read, unseen = [], []
    for entry in reader.entries(folder, kind):
        if entry.kind is not EntryKind.FILE:
            reader.skip(kind, entry.path, f"a {entry.kind.value}: not read")
            _overlooked(reader, entry, kind)
        elif entry.name in IGNORED:
            continue
        elif entry.name.startswith("."):
            reader.skip(kind, entry.path, "a hidden file")
        elif entry.name.endswith(".jpg"):
            read.append(entry)
        elif entry.name.lower().endswith(PICTURE_ENDINGS):
            unseen.append(entry)
        else:
            reader.skip(kind, entry.path, "not a picture")
    return read, unseen


def _overlooked(reader: _Reader, folder: Entry, kind: str) -> None:
    """Name what lies in a folder among the pictures, or the first of it: the owner may miss it."""
    if folder.kind is EntryKind.FOLDER:
        for inside in reader.entries(folder.path, kind)[:MOST_NAMED]:
            reader.skip(kind, inside.path, "in a folder: the old system did not look into it")


def _reconciled(
    reader: _Reader, files: tuple[list[Entry], list[Entry]], times_are_kept: bool, *, is_blocked: bool
) -> Reconciled:
    path = reader.layout.blocked_cache if is_blocked else reader.layout.known_cache
    cache, cached_at = _cache(reader, path, has_pictures=bool(files[0]))
    looked = [_look(reader, entries) for entries in files]
    return reconcile(FaceList(is_blocked, cache, path, cached_at if times_are_kept else None, looked[0], looked[1]))


def _cache(reader: _Reader, path: str, *, has_pictures: bool) -> tuple[Cache | None, float | None]:
    try:
        entry = reader.tree.entry(path)
        if entry is None:
            if has_pictures:
                reader.warnings.append(f"there is no {path}: names come from the files, deletions are not known")
            return None, None
        cache = read_cache(reader.tree.read(path, MAX_CACHE_BYTES))
    except SourceError as error:
        reader.skip("cache", path, error)
        reader.warnings.append(
            f"{path} is not used ({error}): names come from the files, and people removed in the old web pages "
            "may be among them"
        )
        return None, None
    for refused in cache.refused:
        reader.skip("cache", path, refused)
    return cache, entry.modified_at


def _look(reader: _Reader, entries: list[Entry]) -> tuple[SeenPicture, ...]:
    seen = []
    for number, entry in enumerate(entries, start=1):
        seen.append(look_at(reader.tree, entry))
        reader.progress("looking at enrolled pictures", number, len(entries))
    return tuple(seen)


def _filed(reader: _Reader) -> list[FiledPerson]:
    path = reader.layout.face_database
    if not _exists(reader, path):
        return []
    try:
        with opened_copy(reader.tree, path) as database:
            people, bad = read_people(database)
            reader.notes += [Note(PARTIAL, path, Verdict.SKIPPED, warning) for warning in database.warnings]
    except SourceError as error:
        reader.skip("faces.db", path, error)
        return []
    for face in bad:
        reader.skip("faces.db person", f"faces.db {face.row}", face.reason)
    return people


def _credentials(reader: _Reader) -> Credentials | None:
    path = reader.layout.credentials
    if not _exists(reader, path):
        return None
    try:
        return read_credentials(reader.tree.read(path, MAX_CREDENTIALS_BYTES))
    except SourceError as error:
        reader.skip("notification channel", path, error)
        return None


def _settings(reader: _Reader) -> list[OldSetting]:
    found: list[OldSetting] = []
    if _exists(reader, reader.layout.env):
        try:
            found += read_env(reader.tree.read(reader.layout.env, MAX_ENV_BYTES))
        except SourceError as error:
            reader.skip("settings", reader.layout.env, error)
    if _exists(reader, reader.layout.config_database):
        try:
            with opened_copy(reader.tree, reader.layout.config_database) as database:
                found += read_configurations(database)
        except SourceError as error:
            reader.skip("settings", reader.layout.config_database, error)
    if _exists(reader, reader.layout.settings):
        reader.skip("settings", reader.layout.settings, "a program: values edited in it are not read; set them anew")
    return found


def _left_alone(reader: _Reader) -> None:
    for name, reason in LEFT_ALONE.items():
        if _exists(reader, reader.layout.path(name)):
            reader.skip("other", reader.layout.path(name), reason)


def _exists(reader: _Reader, path: str) -> bool:
    try:
        return reader.tree.entry(path) is not None
    except SourceError:
        return False


def _visit_count(reader: _Reader) -> int:
    count = 0
    with suppress(SourceError), reader.tree.opened(reader.layout.event_log) as file:
        while chunk := file.read(1024 * 1024):
            count += chunk.count(b"\n")
    return count


def _visits(reader: _Reader, captures: list[Entry], times_are_kept: bool) -> Iterator[VisitPlan | ReviewPlan | Note]:
    known, unknown = (_crops(reader, folder) for folder in reader.layout.cropped_faces)
    for _, notes in (known, unknown):
        yield from notes
    path = reader.layout.event_log
    planner = LogPlanner(path, reader.zone, CaptureShelf(captures), CropShelf(known[0], unknown[0]), times_are_kept)
    if _exists(reader, path):
        try:
            with reader.tree.opened(path) as file:
                yield from planner.visits(read_log(file))
        except (SourceError, OSError) as error:
            yield Note("visit", path, Verdict.SKIPPED, str(error))
    yield from planner.stray_pictures()
    yield from _stored_visits(reader)


def _crops(reader: _Reader, folder: str) -> tuple[list[Entry], list[Note]]:
    try:
        return pictures_in(reader.tree.entries(folder), "cropped face")
    except SourceError as error:
        return [], [Note("cropped face", folder, Verdict.SKIPPED, str(error))]


def _stored_visits(reader: _Reader) -> Iterator[VisitPlan | Note]:
    path = reader.layout.event_database
    if not _exists(reader, path):
        return
    planner = StoredPlanner(path, keep_unknown_encodings=reader.keep_unknown_encodings)
    try:
        with opened_copy(reader.tree, path) as database:
            yield from planner.visits(read_events(database))
            yield from (Note(PARTIAL, path, Verdict.SKIPPED, warning) for warning in database.warnings)
    except SourceError as error:
        yield Note("events.db", path, Verdict.SKIPPED, str(error))
