"""docs/configuration.md says what the code says."""

from pathlib import Path

import pytest

from pipeline.config import PRESETS, all_keys
from pipeline.configuration.installation import INSTALLATION, Variable
from pipeline.configuration.setting import Key

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text()


def written(key: Key) -> str:
    value = key.default
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return "[]" if value == () else f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("key", all_keys(), ids=lambda key: key.path)
def test_every_setting_is_in_the_table(key: Key) -> None:
    variables = ", ".join(f"`{name}`" for name in key.rule.env)
    assert f"| `{key.path}` | {variables} | {written(key)} | {key.rule.meaning} |\n" in PAGE


def test_the_tables_hold_nothing_else() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `") and line.count(" | ") == 3]
    assert len(rows) == len(all_keys())


@pytest.mark.parametrize("variable", INSTALLATION, ids=lambda variable: variable.name)
def test_every_variable_of_the_installation_is_in_the_table(variable: Variable) -> None:
    assert f"| `{variable.name}` | {variable.default} | {variable.meaning} |\n" in PAGE


def test_the_presets_are_in_the_table() -> None:
    for path in {path for values in PRESETS.values() for path in values}:
        cells = [str(values[path]).lower() if path in values else "" for values in PRESETS.values()]
        assert f"| `{path}` | {' | '.join(cells)} |\n" in PAGE
