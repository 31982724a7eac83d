"""manage.py bench"""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from pipeline.bench.results import Figures
from pipeline.bench.rows import NAMES, ROWS
from pipeline.vision.model_download import YUNET

NOT_INSTALLED = "yunet is not installed; `./doorbell manage fetch_models` brings it"


@pytest.fixture(autouse=True)
def _two_portraits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As on a machine that has no other pictures."""
    monkeypatch.setenv("DOORBELL_SHARED", str(tmp_path / "nowhere"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Rows and detectors that are asked for; each is answered at once, twelve times faster and half as large."""
    rows: list[tuple[str, str]] = []

    def answer(row: str, models_dir: Path, media: Path | None, detector: str) -> Figures:
        rows.append((row, detector))
        return Figures(10.0, 120.0, "ms", {"frames": 3})

    monkeypatch.setattr("pipeline.management.commands.bench.measure_privately", answer)
    return rows


def bench(*words: str) -> str:
    out = StringIO()
    call_command("bench", *words, stdout=out)
    return out.getvalue()


# Another Python starts; that takes long where other programs share the processors.
@pytest.mark.timeout(300)
def test_one_row_is_measured_through_its_own_process() -> None:
    found = json.loads(bench("--json", "--only", "match_10k"))
    details = found["details"]["match_10k"]
    assert found["match_10k"] == round(details["against"] / details["product"], 3) > 0
    assert details["unit"] == "ms"
    assert details["further"]["same_answer"] is True
    assert found["machine"]["cores"] >= 1


def test_json_is_one_object_with_every_ratio_under_its_rows_name(
    asked: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    found: dict[str, Any] = json.loads(bench("--json"))
    assert list(found) == [*NAMES, "details", "machine"]
    without_yunet = [name for name in NAMES if not name.endswith("_yunet")]
    assert {name: found[name] for name in without_yunet} == {
        **dict.fromkeys(without_yunet, 12.0),
        **dict.fromkeys(("idle", "overhead", "two_workers", "memory"), 0.083),
    }
    assert found["details"]["press_yunet"] == {"target": 20, "reason": NOT_INSTALLED}
    # The table is told beside, for whoever waits.
    assert capsys.readouterr().err.count("12.00x") == 6


def test_the_table_has_a_line_for_every_row_and_the_machine_above(asked: list[tuple[str, str]]) -> None:
    told = bench().splitlines()
    assert "cores, load" in told[0]
    assert told[1] == "2 people, 2 visits from packages"
    assert told[3].startswith("row         product")
    assert [line.split()[0] for line in told[4:] if not line.startswith(" ")] == list(NAMES)


def test_rows_with_yunet_say_that_it_is_not_installed(asked: list[tuple[str, str]]) -> None:
    told = bench("--only", "video", "video_yunet")
    assert f">= 15    not measured: {NOT_INSTALLED}" in told
    assert asked == [("video", "hog")]


def test_rows_with_yunet_say_why_it_cannot_be_had_from_where_it_should_lie(
    asked: list[tuple[str, str]], tmp_path: Path
) -> None:
    told = bench("--only", "press_yunet", "encode", "--models", str(tmp_path))
    assert f"not measured: {tmp_path / YUNET.file_name} cannot be copied: No such file or directory" in told
    assert asked == [("encode", "hog")]


def test_rows_with_yunet_are_measured_where_it_is_brought(asked: list[tuple[str, str]], shared: Path) -> None:
    bench("--only", "video_yunet", "--models", str(shared / "models"))
    assert asked == [("video_yunet", "yunet")]


def test_rows_come_in_their_own_order_whatever_the_order_asked_for(asked: list[tuple[str, str]]) -> None:
    bench("--only", "memory", "encode")
    assert [row for row, _ in asked] == ["encode", "memory"]


def test_an_unknown_row_is_refused_with_those_known() -> None:
    with pytest.raises(CommandError, match="invalid choice: 'speed'") as refusal:
        bench("--only", "speed")
    assert all(row.name in str(refusal.value) for row in ROWS)


def test_a_folder_of_pictures_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"/gone is not a folder; name one with enroll/NAME/ in it"):
        bench("--media", str(tmp_path / "gone"))


def test_a_folder_without_people_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"has no people; put pictures in .*/enroll/NAME/"):
        bench("--media", str(tmp_path))


def test_networks_that_cannot_be_made_end_the_command_with_the_reason(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "models").touch()
    settings.MODELS_DIR = tmp_path / "models"
    with pytest.raises(CommandError, match="cannot be written"):
        bench("--only", "encode")
