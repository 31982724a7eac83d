"""The damaged and hostile installation is survived, with every rule of its EXPECTED.json kept."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from events.models import Capture, Event, FaceObservation
from events.notifications.models import NotificationChannel
from faces.models import FaceSample, Person
from migration.importing.report import Report
from migration.models import ReviewItem
from migration.planning.values import Plan, Verdict
from tests.conftest import REPOSITORY
from tests.migration.houses import Unpacked
from tests.migration.importing.conftest import Import, by_source

WITH_REASON = (Verdict.SKIPPED, Verdict.REVIEW)


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


IMPORT, REVIEW, REPORT = Verdict.IMPORTED, Verdict.REVIEW, Verdict.SKIPPED
# What the words of EXPECTED.json allow. Items of the review list are reported with path and reason, too.
ALLOWED = {
    "import": {IMPORT},
    "import blacklisted": {IMPORT},
    "link to line 1": {IMPORT},
    "link to line 2": {IMPORT},
    "import with a warning, or report": {IMPORT, REPORT},
    "import with a safe display name, or report": {IMPORT, REVIEW, REPORT},
    "import or review": {IMPORT, REVIEW},
    "import without event or report": {REVIEW, REPORT},
    "review": {REVIEW},
    "report": {REVIEW, REPORT},
    "report if unreadable (running as root it reads fine)": {IMPORT, REPORT},
    "report or treat as duplicate of alice.jpg": {REPORT},
    "duplicate": {REPORT},
    "conflict": {REPORT},
    "ignore": set(),
}


def test_every_picture_has_become_what_it_should(survived: Report, broken: Unpacked) -> None:
    found = by_source(survived)
    for expected in broken.expected["pictures"]:
        path = shown_path(expected["path"])
        items, allowed = found.get(path, []), ALLOWED[expected["expected"]]
        verdicts = {item["verdict"] for item in items}
        assert len(verdicts) == bool(allowed), f"{path}: {verdicts}"
        assert verdicts <= allowed, f"{path}: {verdicts}, not {allowed}"
        assert all(item["reason"] for item in items if item["verdict"] in WITH_REASON), path


def test_alice_who_is_on_both_lists_is_blocked_with_all_her_pictures(survived: Report) -> None:
    alice = Person.objects.get(name="Alice")
    assert alice.is_blocked
    assert alice.samples.count() == 2
    assert not Person.objects.filter(name__istartswith="alice", is_blocked=False).exists()
    names = set(alice.aliases.values_list("name", flat=True))
    assert {"alice", "alice copy", "alice_20250101_000000"} <= {name.lower() for name in names}
    found = by_source(survived)
    reasons = {name: item["reason"] for name in found if "alice" in name for item in found[name]}
    assert reasons["data/known_faces/alice.jpg"] == "'Alice' is on both lists: enrolled as blocked"
    assert reasons["data/known_faces/alice copy.jpg"] == (
        "the same picture as data/known_faces/alice.jpg, which is 'alice'"
    )
    assert reasons["data/known_faces/alice_20250101_000000.jpg"] == (
        "'Alice' is on both lists: enrolled as blocked, though it lies 0.77 from the other pictures"
    )
    assert reasons["data/blacklist_faces/alice.jpg"] == (
        "the same picture as data/known_faces/alice.jpg: 'Alice' is on both lists, and the blacklist wins"
    )


def test_both_faces_of_a_couple_wait_for_the_owners_choice(survived: Report) -> None:
    couple = ReviewItem.objects.filter(source="data/known_faces/couple.jpg")
    assert [item.kind for item in couple] == ["several_faces", "several_faces"]
    assert not Person.objects.filter(name="couple").exists()


def test_caches_that_cannot_be_trusted_are_refused_and_the_pictures_taken(survived: Report) -> None:
    found = by_source(survived)
    reasons = {path: found[f"data/{path}.pkl"][0]["reason"] for path in CACHES}
    assert reasons == CACHES
    assert all(found[f"data/{path}.pkl"][0]["verdict"] == Verdict.SKIPPED for path in CACHES)
    assert not FaceSample.objects.filter(image="").exists()


CACHES = {
    "known_faces_cache": "refused: it calls 'posix.system'; a malicious or foreign file",
    "blacklist_faces_cache": "3 encodings but 2 names: which belongs to which is not known",
    "face_encodings_cache": "no version of the old system wrote it; it is never loaded",
}


def test_nobody_comes_from_the_bad_rows_of_faces_db(survived: Report) -> None:
    found = by_source(survived)
    reasons = {source: found[source][0]["reason"] for source in found if source.startswith("faces.db encoding")}
    assert reasons == {
        "faces.db encoding 7": "belongs to nobody: there is no person 'ghost'",
        "faces.db encoding 8": "its encoding is not JSON",
        "faces.db encoding 9": "an encoding has 128 numbers, this one has 64",
        "faces.db encoding 10": "the encoding holds something that is no number",
        "faces.db encoding 11": "its encoding is no text that holds 128 numbers",
    }
    kinds = dict(ReviewItem.objects.filter(source__startswith="faces.db").values_list("source", "kind"))
    assert kinds == {
        "faces.db person alice, encoding 1": "unlike",
        "faces.db person agent_x, encoding 2": "unlike",
        "faces.db person html, encoding 3": "unclear_list",
        "faces.db person dup_a, encoding 4": "both_lists",
        "faces.db person dup_b, encoding 5": "both_lists",
        "faces.db person anon_1, encoding 6": "unnamed",
    }
    assert not Person.objects.filter(name__in=["Same Name", "anon_1", "ghost"]).exists()


@pytest.mark.usefixtures("survived")
def test_what_is_shown_of_it_is_escaped(admin_client: Client) -> None:
    visit = Event.objects.get(reason__contains="<script>")
    shown = {
        "/admin/migration/personalias/": b"&lt;img src=x onerror=alert(1)&gt;",
        "/admin/migration/reviewitem/": b"faces.db person html",
        "/people/": b"{{7*7}}",
        f"/events/{visit.pk}/": b"&lt;script&gt;inf, np.float64(1)&lt;/script&gt;",
    }
    for path, text in shown.items():
        answer = admin_client.get(path)
        assert answer.status_code == 200, path
        assert text in answer.content, path
        assert not any(code in answer.content for code in (b"<img src=x", b"<script>inf", b"<b>Zo")), path


def test_the_command_survives_it_in_little_memory(broken: Unpacked, tmp_path: Path) -> None:
    """As a process of its own, for what it takes at most."""
    environment = {**os.environ, "DOORBELL_VAR": str(tmp_path / "var"), "TMPDIR": str(tmp_path)}
    before = broken.fingerprint()
    assert run_manage(environment, "migrate", "-v0")[0] == 0
    report = tmp_path / "report.json"
    code, usage = run_manage(environment, "import_legacy", str(broken.root), "--report", str(report))
    assert (code, usage.ru_maxrss < 1_000_000) == (1, True), usage
    assert len(json.loads(report.read_text())["items"]) > 100
    assert broken.fingerprint() == before
    assert list(tmp_path.rglob("PWNED")) == []


def run_manage(environment: dict[str, str], *words: str) -> tuple[int, resource.struct_rusage]:
    """Return the exit code, and what the process took; its memory in KiB."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *words], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


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
