"""manage.py import_legacy and undo_import"""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from events.models import Event
from faces.models import Person
from migration.models import ImportRun, ReviewItem
from migration.settling import discard
from tests.conftest import Portraits
from tests.migration.houses import House, Unpacked, seen, visit
from tests.migration.importing.test_undo import CREDENTIALS


def run(*arguments: Any) -> tuple[int, str]:
    """Return the exit code and what was said."""
    out = io.StringIO()
    try:
        call_command("import_legacy", *map(str, arguments), stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


@pytest.fixture
def lived_in(house: House, portraits: Portraits, db: None, media: Path) -> House:
    house.put("data/known_faces/Grace.jpg", portraits.grace_hopper)
    house.put("config/credentials_telegram.py", CREDENTIALS)
    house.put(".env", "DOORBELL_PIN=17\nBLACKLIST_TOLERANCE=7\nMAIL_PASSWORD=hunter2\n")
    house.log(visit("2025-09-22T16:20:00", "KNOWN_VISITOR", [seen("Grace")]), "half a li")
    return house


def test_it_shows_a_plan_then_what_it_did(lived_in: House) -> None:
    code, said = run(lived_in.root, "--timezone", "Europe/Berlin")
    assert code == 0
    plan, _, done = said.partition("Done\n")
    assert "1 people, 0 of them blocked, with 1 pictures or encodings" in plan
    assert "notification channel: Telegram" in plan
    assert "old local times are read as Europe/Berlin (as you said)" in plan
    assert "known face: 1 imported" in done
    assert "visit: 1 imported, 1 skipped" in done
    assert "data/logs/events.log line 2: skipped: it is cut off or damaged" in done
    assert "DOORBELL_PIN=17" in done
    assert "BLACKLIST_TOLERANCE=7: is out of range (0.01 to 2); the default 0.5 stays" in done


def test_without_a_zone_it_says_that_it_took_the_configured_one(lived_in: House) -> None:
    _, said = run(lived_in.root)
    assert "old local times are read as UTC (the zone of this doorbell; --timezone gives another)" in said
    assert Event.objects.get().started_at.hour == 16
    assert ImportRun.objects.get().timezone == "UTC"


def test_a_dry_run_writes_nothing(lived_in: House, media: Path) -> None:
    code, said = run(lived_in.root, "--dry-run")
    assert code == 0
    assert "Would be done (nothing was written)" in said
    assert not Event.objects.exists()
    assert not Person.objects.exists()
    assert not ImportRun.objects.exists()
    assert list(media.iterdir()) == []


def test_something_to_review_is_exit_code_1_until_it_is_settled(lived_in: House, portraits: Portraits) -> None:
    lived_in.put("data/captures/visitor_1.jpg", portraits.grace_hopper)
    assert run(lived_in.root, "--dry-run")[0] == 1
    code, said = run(lived_in.root)
    assert code == 1
    assert "Look at the review list in the administration: /admin/migration/reviewitem/" in said
    assert run(lived_in.root)[0] == 1
    discard(ReviewItem.objects.get())
    assert run(lived_in.root)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["{root}/nowhere"], "is not a folder; give the folder of the old installation"),
        (["{root}/config"], "holds no old installation: no data/known_faces"),
        (["{root}", "--timezone", "Mars/Olympus"], "'Mars/Olympus' is not a time zone"),
    ],
)
def test_nothing_to_read_is_exit_code_2(lived_in: House, arguments: list[str], reason: str) -> None:
    code, said = run(*(argument.format(root=lived_in.root) for argument in arguments))
    assert code == 2
    assert reason in said
    assert not ImportRun.objects.exists()


def test_the_report_tells_every_item_with_its_reason_and_no_secret(lived_in: House, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    run(lived_in.root, "--report", path, "--timezone", "Europe/Berlin")
    text = path.read_text()
    report = json.loads(text)
    assert report["timezone"] == "Europe/Berlin"
    assert report["source"] == str(lived_in.root)
    assert report["counts"]["visit"] == {"imported": 1, "skipped": 1}
    assert {"kind": "visit", "source": "data/logs/events.log line 2", "verdict": "skipped",
            "reason": "it is cut off or damaged"} in report["items"]  # fmt: skip
    assert {setting["name"] for setting in report["settings"]} == {
        "DOORBELL_PIN",
        "BLACKLIST_TOLERANCE",
        "MAIL_PASSWORD",
    }
    assert all(item["reason"] for item in report["items"] if item["verdict"] == "skipped")
    assert "secret" not in text
    assert "hunter2" not in text


def test_a_report_that_cannot_be_written_is_said(lived_in: House, tmp_path: Path) -> None:
    code, said = run(lived_in.root, "--report", tmp_path / "no" / "report.json")
    assert code != 0
    assert "the import is done, but" in said
    assert Event.objects.count() == 1


def test_the_real_installation_twice_in_a_row(real: Unpacked, db: None, media: Path, tmp_path: Path) -> None:
    arguments = [real.root, "--timezone", "Europe/Berlin", "--report", tmp_path / "report.json"]
    assert run(*arguments)[0] == 1
    first = json.loads((tmp_path / "report.json").read_text())
    assert run(*arguments)[0] == 1
    second = json.loads((tmp_path / "report.json").read_text())
    assert first["counts"]["visit"] == {"imported": 20}
    assert second["counts"]["visit"] == {"already there": 20}
    assert ImportRun.objects.count() == 1
    assert "FAKE-TOKEN" not in (tmp_path / "report.json").read_text()


def test_the_wrong_zone_shows_in_the_file_times(real: Unpacked, db: None, media: Path) -> None:
    _, said = run(real.root, "--dry-run", "--timezone", "UTC")
    assert "pictures are +1 or +2 h away from UTC: give the zone of the old host with --timezone" in said


def test_undo_removes_what_was_imported(lived_in: House, django_capture_on_commit_callbacks: Any) -> None:
    run(lived_in.root)
    out = io.StringIO()
    with django_capture_on_commit_callbacks(execute=True):
        call_command("undo_import", "--yes", stdout=out)
    assert out.getvalue() == "removed: 1 visits, 1 channels, 1 samples, 1 persons\n"
    assert not Event.objects.exists()


def test_undo_asks_first(lived_in: House, monkeypatch: pytest.MonkeyPatch) -> None:
    run(lived_in.root)
    monkeypatch.setattr("builtins.input", lambda _question: "n")
    with pytest.raises(CommandError, match="nothing was removed"):
        call_command("undo_import")
    assert Event.objects.exists()
