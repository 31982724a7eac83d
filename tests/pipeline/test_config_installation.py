import math
import re
from pathlib import Path

import pytest

from pipeline.configuration.environment import Environment
from pipeline.configuration.installation import INSTALLATION, effective_installation, masked

SETTINGS = Path(__file__).resolve().parents[2] / "doorbell_site" / "settings.py"


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("postgres://door:s3cret@db.example/doorbell?sslmode=require", "postgres://********@db.example/doorbell"),
        ("redis://:s3cret@cache:6379/0", "redis://********@cache:6379/0"),
        ("redis+socket:///run/redis.sock", "redis+socket:///run/redis.sock"),
        ("sqlite:////data/doorbell.sqlite3", "sqlite:////data/doorbell.sqlite3"),
        ("a long random text", "********"),
        ("redis://:p@ss@cache:6379/0", "redis://********@cache:6379/0"),
        ("redis://:p/ss@cache:6379/0", "redis://********@cache:6379/0"),
    ],
)
def test_passwords_are_masked(secret: str, shown: str) -> None:
    assert masked(secret) == shown


def test_what_is_not_set_shows_its_default_in_words() -> None:
    shown = effective_installation(Environment({"TIME_ZONE": "Europe/Berlin"}, frozenset({"TIME_ZONE"})))
    assert (shown["TIME_ZONE"].value, shown["TIME_ZONE"].source) == ("Europe/Berlin", ".env TIME_ZONE")
    assert (shown["DATABASE_URL"].value, shown["DATABASE_URL"].source) == ("SQLite in that folder", "default")


def test_every_variable_that_the_settings_read_is_listed() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', SETTINGS.read_text()))
    assert read - {variable.name for variable in INSTALLATION} == set()


def test_numbers_that_are_listed_are_the_settings_own_defaults() -> None:
    read = re.findall(r'env\.(?:int|float)\("([A-Z_]+)", default=([\d_.]+(?: \* [\d_.]+)*)\)', SETTINGS.read_text())
    defaults = {name: math.prod(float(factor) for factor in product.split(" * ")) for name, product in read}
    assert {"CLAIM_LEASE_S", "MAX_PICTURE_BYTES", "MAX_PICTURE_PIXELS"} <= defaults.keys()
    listed = {variable.name: variable.default for variable in INSTALLATION}
    assert {name: float(listed[name]) for name in defaults} == defaults
