import pytest

from migration.legacy.credentials import Credentials, read_credentials
from migration.legacy.errors import SourceError
from tests.migration.houses import Unpacked

TOKEN = "123456789:AAE-secret-secret-secret"
COMPLETE = f"""
TELEGRAM_BOT_TOKEN = "{TOKEN}"
TELEGRAM_CHAT_ID = "42"
ADDITIONAL_CHAT_IDS = ["1", 2]
SEND_PHOTOS = False
MAX_PHOTO_SIZE = 2 * 1024 * 1024
RETRY_ATTEMPTS = 3
RETRY_DELAY = 5
"""


def test_the_real_file_is_read_as_the_old_system_used_it(real: Unpacked) -> None:
    found = read_credentials((real.root / "config/credentials_telegram.py").read_bytes())
    expected = real.expected["credentials"]
    assert found.bot_token == expected["values"]["TELEGRAM_BOT_TOKEN"]
    assert list(found.chat_ids) == [
        expected["chat_id_as_legacy_uses_it"],
        *expected["additional_chat_ids_as_legacy_uses_them"],
    ]
    assert found.send_photos
    assert found.was_active


def test_constant_arithmetic_is_worked_out() -> None:
    found = read_credentials(COMPLETE.encode())
    assert found == Credentials(TOKEN, ("42", "1", "2"), False, 2097152, True, ())


def test_the_token_is_in_no_repr() -> None:
    assert "secret" not in repr(read_credentials(COMPLETE.encode()))


def test_the_last_assignment_counts_and_annotations_are_read() -> None:
    text = COMPLETE + 'TELEGRAM_CHAT_ID: str = "43"\n'
    assert read_credentials(text.encode()).chat_ids[0] == "43"


def test_a_missing_name_switched_telegram_off() -> None:
    found = read_credentials(COMPLETE.replace("RETRY_DELAY = 5", "").encode())
    assert not found.was_active
    assert found.notes == ("RETRY_DELAY missing: the old system had switched Telegram off for that",)


def test_code_in_the_file_is_not_run(broken: Unpacked) -> None:
    content = (broken.root / "config/credentials_telegram.py").read_bytes()
    with pytest.raises(SourceError) as caught:
        read_credentials(content)
    assert str(caught.value) == (
        "TELEGRAM_BOT_TOKEN, SEND_PHOTOS: worked out by code, which is not run; RETRY_DELAY missing: the old system "
        "had switched Telegram off for that; TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID not set: Telegram was not in use"
    )


def test_what_is_data_beside_code_is_read(broken: Unpacked) -> None:
    """With a token and a chat put in by hand: the size is arithmetic. A delay is nothing to import."""
    text = (broken.root / "config/credentials_telegram.py").read_text()
    text = text.replace("YOUR_CHAT_ID_HERE", "42") + f'TELEGRAM_BOT_TOKEN = "{TOKEN}"\n'
    found = read_credentials(text.encode())
    assert (found.bot_token, found.chat_ids, found.max_photo_bytes) == (TOKEN, ("42",), 2097152)
    assert not found.was_active


@pytest.mark.parametrize("token", ["", "YOUR_BOT_TOKEN_HERE"])
def test_the_template_is_not_in_use(token: str) -> None:
    with pytest.raises(SourceError, match=r"^TELEGRAM_BOT_TOKEN not set: Telegram was not in use$"):
        read_credentials(COMPLETE.replace(TOKEN, token).encode())


@pytest.mark.parametrize("content", [b"\xff\xfe", b"def", b"(" * 5000, b"x = " + b"-" * 100_000 + b"1", b"\0"])
def test_what_is_no_python_is_refused(content: bytes) -> None:
    with pytest.raises(SourceError):
        read_credentials(content)


def test_an_error_quotes_nothing_of_the_file() -> None:
    with pytest.raises(SourceError) as caught:
        read_credentials(f'TELEGRAM_BOT_TOKEN = "{TOKEN}"\n'.encode())
    assert "secret" not in str(caught.value)
