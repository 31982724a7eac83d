"""The damaged and hostile installation is survived, with every rule of its EXPECTED.json kept."""

import tempfile
from pathlib import Path
from typing import Any

import pytest

from events.models import Capture, Event, FaceObservation
from events.notifications.models import NotificationChannel
from faces.models import FaceSample, Person
from migration.importing.report import Report
from migration.models import ReviewItem
from migration.planning.values import Plan, Verdict
from tests.migration.houses import Unpacked
from tests.migration.importing.conftest import Import

WITH_REASON = (Verdict.SKIPPED, Verdict.REVIEW)


@pytest.fixture
def survived(importing: Import, broken_plan: Plan, broken: Unpacked) -> Report:
    return importing(broken_plan, broken.root)


def by_source(report: Report) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for item in report.items():
        found.setdefault(item["source"], []).append(item)
    return found


def shown_path(path: str) -> str:
    return path.encode("unicode_escape").decode() if not path.isprintable() else path


def test_nothing_of_it_was_executed(survived: Report) -> None:
    assert not (Path(tempfile.gettempdir()) / "PWNED").exists()
    assert not Path("/tmp/PWNED").exists()


def test_no_file_changed(importing: Import, broken_plan: Plan, broken: Unpacked) -> None:
    before = broken.fingerprint()
    importing(broken_plan, broken.root)
    assert broken.fingerprint() == before


def test_nothing_was_written_outside_the_media_folder(survived: Report, media: Path) -> None:
    written = [path for path in media.parent.rglob("*") if path.is_file()]
    assert written
    assert all(path.is_relative_to(media) for path in written)
    names = [*Capture.objects.values_list("image", flat=True), *FaceSample.objects.values_list("image", flat=True)]
    assert all(name == "" or name.startswith(("captures/2025/", "samples/")) for name in names)


def test_nothing_was_read_through_links(survived: Report) -> None:
    hostname = Path("/etc/hostname").read_bytes() if Path("/etc/hostname").exists() else b"nobody"
    for capture in Capture.objects.exclude(image=""):
        with capture.image.open("rb") as file:
            assert hostname not in file.read()
    for name in ("secret", "loop", "gone", "inside"):
        (item,) = by_source(survived)[f"data/known_faces/{name}.jpg"]
        assert (item["verdict"], item["reason"]) == (Verdict.SKIPPED, "a link: not read")


def test_every_picture_has_become_what_it_should(survived: Report, broken: Unpacked) -> None:
    found = by_source(survived)
    for expected in broken.expected["pictures"]:
        path, rule = shown_path(expected["path"]), expected["expected"]
        verdicts = {item["verdict"] for item in found.get(path, [])}
        if rule == "ignore":
            assert not verdicts, path
        elif path.endswith("album.jpg/bob.jpg"):
            assert found["data/known_faces/album.jpg"][0]["reason"] == "a folder: not read"
        elif path.endswith(("/alice.jpg", "/alice_20250101_000000.jpg")) and "known_faces" in path:
            # Imported, says the list; but Alice is on the blacklist, and that must win.
            assert verdicts <= {Verdict.SKIPPED, Verdict.REVIEW}, path
        elif rule.startswith(("import", "link")) and "report" not in rule and "review" not in rule:
            assert Verdict.IMPORTED in verdicts, path
        elif rule in ("report", "duplicate") or rule.startswith("report"):
            assert verdicts & set(WITH_REASON) or "noperm" in path or "half" in path, path
        assert all(item["reason"] for item in found.get(path, []) if item["verdict"] in WITH_REASON), path


def test_every_line_of_the_log_has_become_what_it_should(survived: Report, broken: Unpacked) -> None:
    found = by_source(survived)
    for expected in broken.expected["events_log"]:
        items = found.get(f"data/logs/events.log line {expected['line']}", [])
        verdicts = [item["verdict"] for item in items]
        if expected["expected"] == "skip silently":
            assert verdicts == []
        elif expected["expected"].startswith(("report", "skip as duplicate", "import as other")):
            assert verdicts == [Verdict.SKIPPED]
            assert items[0]["reason"]
        else:
            assert verdicts == [Verdict.IMPORTED], expected


def test_alice_who_is_on_both_lists_is_blocked(survived: Report) -> None:
    alice = Person.objects.get(name="Alice")
    assert alice.is_blocked
    assert alice.samples.count() == 1
    assert not Person.objects.filter(name__istartswith="alice", is_blocked=False).exists()
    assert {"alice", "alice copy"} <= {name.lower() for name in alice.aliases.values_list("name", flat=True)}


def test_the_blacklist_is_as_expected(survived: Report, broken: Unpacked) -> None:
    blocked = set(Person.objects.filter(is_blocked=True).values_list("name", flat=True))
    assert blocked == set(broken.expected["legacy_itself_loads"]["blacklist"])


def test_names_are_safe_and_twins_are_one(survived: Report) -> None:
    names = set(Person.objects.values_list("name", flat=True))
    assert {"José Ñandú", "李小龙", "🙂 neighbour", "Zoë", "CON", "-rf", "None", "null", "{{7*7}}"} <= names
    assert all(name.isprintable() and not set(name) & set("<>/\\") and len(name) <= 100 for name in names)
    assert Person.objects.get(name="Zoë").samples.count() == 2


def test_the_broken_database_is_a_partial_import_and_says_so(survived: Report) -> None:
    (note,) = survived.partial
    assert note.source == "data/events.db"
    assert "only part of it could be read" in note.reason
    assert 10 < Event.objects.filter(trigger="motion").count() < 60


def test_a_distance_that_was_nan_is_none(survived: Report) -> None:
    face = FaceObservation.objects.get(capture__event__reason__contains="'bob'")
    assert (face.status, face.distance, face.person) == ("known", None, None)


def test_a_name_full_of_code_is_kept_as_it_is(survived: Report) -> None:
    from migration.models import UnresolvedName

    assert UnresolvedName.objects.filter(name='O\'Brien "the" \\ <script>inf, np.float64(1)</script>').exists()


def test_the_program_in_the_credentials_makes_no_channel(survived: Report) -> None:
    assert not NotificationChannel.objects.exists()
    (item,) = by_source(survived)["config/credentials_telegram.py"]
    assert item["verdict"] == Verdict.SKIPPED
    assert "which is not run" in item["reason"]


def test_a_second_import_changes_nothing(
    survived: Report, importing: Import, broken_plan: Plan, broken: Unpacked
) -> None:
    models: tuple[Any, ...] = (Person, FaceSample, Event, Capture, FaceObservation, ReviewItem)
    before = [list(model.objects.order_by("pk").values()) for model in models]
    second = importing(broken_plan, broken.root)
    assert [list(model.objects.order_by("pk").values()) for model in models] == before
    assert second.count(Verdict.IMPORTED) == second.count(Verdict.REVIEW) == 0
