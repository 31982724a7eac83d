import io
from datetime import datetime, timedelta, timezone

import pytest

from migration.legacy.event_log import MAX_LINE_BYTES, BadLine, LoggedFace, LoggedVisit, read_log
from tests.migration.houses import Unpacked, seen, visit


def read(*lines: bytes | str | dict[str, object]) -> list[LoggedVisit | BadLine]:
    encoded = [line if isinstance(line, bytes) else str(line).encode() for line in lines]
    return list(read_log(io.BytesIO(b"\n".join(encoded))))


def test_a_line_of_the_pinned_versions_is_read() -> None:
    (found,) = read(visit("2025-09-18T19:30:05.218374", "KNOWN_VISITOR", [seen("jon")], "/home/pi/x/captures/a.jpg"))
    assert isinstance(found, LoggedVisit)
    assert found.at == datetime.fromisoformat("2025-09-18T19:30:05.218374")
    assert found.event_type == "KNOWN_VISITOR"
    assert found.faces == (LoggedFace("known", "jon", 0.4),)
    assert found.capture == "a.jpg"


def test_unknown_visitors_and_numpy_2_are_read() -> None:
    (found,) = read(
        "{'timestamp': '2025-10-12T10:15:00', 'event_type': 'UNKNOWN_VISITOR', 'faces': ["
        "{'status': 'unknown', 'name': None, 'confidence': 0.0, 'distance': inf}, "
        "{'status': 'known', 'name': 'jon', 'confidence': np.float64(0.9), 'distance': np.float64(0.1)}], "
        "'capture_path': None}"
    )
    assert isinstance(found, LoggedVisit)
    assert found.faces == (LoggedFace("unknown", None, None), LoggedFace("known", "jon", 0.1))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/b/visitor_1.jpg", "visitor_1.jpg"),
        ("C:\\Doorbell\\captures\\visitor_1.jpg", "visitor_1.jpg"),
        ("/a/../../../etc/passwd", "passwd"),
        ("", None),
        ("..", None),
    ],
)
def test_of_a_picture_only_the_bare_name_is_kept(path: str, name: str | None) -> None:
    (found,) = read(visit("2025-01-01T00:00:00", capture=path))
    assert isinstance(found, LoggedVisit)
    assert found.capture in (name, "..")
    assert found.capture is None or "/" not in found.capture


def test_an_offset_is_honoured() -> None:
    (found,) = read(visit("2025-11-02T02:30:00+01:00"))
    assert isinstance(found, LoggedVisit)
    assert found.at == datetime(2025, 11, 2, 2, 30, tzinfo=timezone(timedelta(hours=1)))


def test_the_same_visit_has_the_same_key_and_no_other_has_it() -> None:
    first, second, third = read(
        visit("2025-01-01T00:00:00"), visit("2025-01-01T00:00:00"), visit("2025-01-01T00:00:00", "CAPTURE_FAILURE")
    )
    assert first.key == second.key != third.key  # type: ignore[union-attr]


def test_latin_1_is_read_and_flagged() -> None:
    line = str(visit("2025-01-01T00:00:00", "KNOWN_VISITOR", [seen("René")])).encode("latin-1")
    (found,) = read(line)
    assert isinstance(found, LoggedVisit)
    assert found.faces[0].name == "René"
    assert found.warnings == ("not UTF-8; read as Windows-1252, letters with accents may be wrong",)


def test_zeros_of_a_power_cut_are_removed() -> None:
    (found,) = read(b"\0" * 4096 + str(visit("2025-01-01T00:00:00")).encode())
    assert isinstance(found, LoggedVisit)
    assert found.warnings == ("zero bytes of a power cut were removed",)


def test_missing_keys_are_flagged() -> None:
    (found,) = read("{'timestamp': '2025-01-01T00:00:00', 'event_type': 'NO_FACES'}")
    assert isinstance(found, LoggedVisit)
    assert found.warnings == ("it names no picture", "it names no faces")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("['not', 'a', 'dict']", "it is no record of a visit"),
        ("42", "it is no record of a visit"),
        ("__import__('os').system('touch /tmp/PWNED')", "it holds code instead of data"),
        ("{'timestamp': '2025-11-05T07:00:00', 'event_type': 'UNKNOWN_VIS", "it is cut off or damaged"),
        (str(visit("yesterday")), "'yesterday' is no time"),
        (str(visit("2025-01-01T00:00:00", "PARTY")), "'PARTY' is no kind of visit"),
        (str(visit("2025-01-01T00:00:00", faces="nobody")), "`faces` is no list of faces"),
        (str(visit("2025-01-01T00:00:00", faces=[seen("x")] * 65)), "`faces` is no list of faces"),
        (str(visit("2025-01-01T00:00:00", faces=[seen("x", "loved")])), "`faces` is no list of faces"),
        (str(visit("2025-01-01T00:00:00", capture=5)), "capture_path is no text"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_visit_is_named_with_its_reason(line: str, reason: str) -> None:
    assert read(line) == [BadLine(1, reason)]


def test_a_line_without_end_is_skipped_and_the_next_is_read() -> None:
    long = b"A" * (3 * MAX_LINE_BYTES)
    found = read(long, str(visit("2025-01-01T00:00:00")))
    assert found[0] == BadLine(1, f"longer than {MAX_LINE_BYTES:,} bytes")
    assert isinstance(found[1], LoggedVisit)
    assert found[1].line == 2


def test_every_line_of_the_real_log_is_read_as_expected(real: Unpacked) -> None:
    with (real.root / "data/logs/events.log").open("rb") as file:
        lines = list(read_log(file))
    for found, expected in zip(lines, real.expected["events_log"], strict=True):
        assert isinstance(found, LoggedVisit)
        assert found.at.isoformat() == expected["timestamp_local_naive"]
        assert found.event_type == expected["event_type"]
        assert [(face.status, face.name, face.distance) for face in found.faces] == [
            (face["status"], face["legacy_name"], face["distance"]) for face in expected["faces"]
        ]


def test_the_lines_of_the_broken_log_are_read_or_reported_as_expected(broken: Unpacked) -> None:
    with (broken.root / "data/logs/events.log").open("rb") as file:
        found = {line.line: line for line in read_log(file)}
    for expected in broken.expected["events_log"]:
        line = found.get(expected["line"])
        if expected["expected"] == "skip silently":
            assert line is None
        elif expected["expected"] == "report":
            assert isinstance(line, BadLine), expected
        elif not expected["expected"].startswith("import as other"):
            assert isinstance(line, LoggedVisit), expected
