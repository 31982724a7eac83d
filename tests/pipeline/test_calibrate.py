"""manage.py calibrate"""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from faces.models import FaceSample, encoding_to_bytes
from faces.people import create_person

pytestmark = pytest.mark.django_db


def enroll(name: str, *places: float, is_blocked: bool = False) -> None:
    person = create_person(name, is_blocked=is_blocked)
    for place in places:
        encoding = np.zeros(128, np.float32)
        encoding[0] = place
        FaceSample.objects.create(
            person=person, encoding=encoding_to_bytes(encoding), encoding_model="small", quality=1.0,
            box_top=0, box_right=1, box_bottom=1, box_left=0,
        )  # fmt: skip


def calibrate(*words: str) -> str:
    out = StringIO()
    call_command("calibrate", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def var(settings: Settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def test_two_people_are_too_little_to_tell_and_nothing_changes(var: Path) -> None:
    enroll("Grace", 0.0, 0.3)
    enroll("Eileen", 1.0)
    said = calibrate()
    assert "known: 0.60 now, no advice: too little to tell: 3 comparisons with somebody else" in said
    assert list(var.iterdir()) == []


def test_an_empty_installation_is_told_the_same(var: Path) -> None:
    facts: dict[str, Any] = json.loads(calibrate("--json"))
    assert facts["known"]["recommended"] is None
    assert facts["known"]["same"] == {"count": 0}


def test_a_recommendation_is_written_only_when_asked_for(var: Path) -> None:
    for number in range(8):
        enroll(f"Person {number}", float(number), number + 0.1)
    facts = json.loads(calibrate("--json", "--false-match-rate", "0.05"))
    assert facts["known"]["recommended"] == 0.6
    assert list(var.iterdir()) == []
    said = calibrate("--apply", "--false-match-rate", "0.05")
    written = json.loads((var / "config.json").read_text())
    assert written == {"pipeline_config": {"face_recognition": {"tolerance": 0.6}}}
    assert f"Written to {var / 'config.json'}; start the doorbell again." in said


def test_without_advice_there_is_nothing_to_apply(var: Path) -> None:
    assert "Nothing was changed: there is no recommendation to apply." in calibrate("--apply")
    assert list(var.iterdir()) == []


@pytest.mark.parametrize("rate", ["0", "1", "often", "-0.1", "nan"])
def test_a_rate_that_is_none_is_refused(rate: str) -> None:
    with pytest.raises(CommandError, match="is not a rate"):
        calibrate(f"--false-match-rate={rate}")
