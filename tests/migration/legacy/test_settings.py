from migration.legacy.scratch import opened_copy
from migration.legacy.settings import OldSetting, read_configurations, read_env
from migration.legacy.tree import SourceTree
from tests.migration.houses import Unpacked


def by_name(settings: list[OldSetting]) -> dict[str, OldSetting]:
    return {setting.name: setting for setting in settings}


def test_the_real_env_gives_the_lines_that_differ_from_the_defaults(real: Unpacked) -> None:
    found = by_name(read_env((real.root / ".env").read_bytes()))
    assert {name: setting.value for name, setting in found.items()} == real.expected["env"]["values"]
    assert [setting.line for setting in found.values() if setting.line] == [
        "DOORBELL_PIN=17",
        "FACE_RECOGNITION_TOLERANCE=0.55",
        "NOTIFY_ON_KNOWN_VISITORS=true",
    ]
    assert found["DOORBELL_PIN"].note == "the old system never read .env: its visits ran with the defaults"


def test_the_broken_env_is_read_as_expected(broken: Unpacked) -> None:
    found = by_name(read_env((broken.root / ".env").read_bytes()))
    notes = {name: setting.note for name, setting in found.items() if "never read" not in setting.note}
    assert notes == {
        "DOORBELL_PIN": "is not the number of a pin (0 to 27); the default 18 stays",
        "BLACKLIST_TOLERANCE": "is out of range (0.01 to 2); the default 0.5 stays",
        "NOTIFY_ON_KNOWN_VISITORS": "counted as false: only the word true meant yes; the default false stays",
        "DEBOUNCE_TIME": "is out of range (0 to 300); the default 2.0 stays",
        "CAMERA_RESOLUTION": "is not WIDTH,HEIGHT; the default 1280,720 stays",
        "EVIL": "not a setting of the old system; its value is not shown",
        "line 11": "not NAME=VALUE; ignored",
    }
    assert found["RED_LED_PIN"].value == "16"
    assert found["FACE_TOLERANCE"].line == "FACE_RECOGNITION_TOLERANCE=0.45", "the last one wins"


def test_unknown_names_keep_their_values_to_themselves() -> None:
    (setting,) = read_env(b"MAIL_PASSWORD=hunter2\n")
    assert "hunter2" not in repr(setting)


def test_config_db_is_read(real: Unpacked) -> None:
    with opened_copy(SourceTree(real.root), "data/config.db") as database:
        found = by_name(read_configurations(database))
    assert found["FACE_TOLERANCE"].value == "0.55"
    assert found["NOTIFY_ON_KNOWN_VISITORS"].line == ""
