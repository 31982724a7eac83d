"""`config/credentials_telegram.py`: Python, read as data. A token never leaves this file's value but by its field."""

import ast
from dataclasses import dataclass, field

from migration.legacy.errors import SourceError
from migration.legacy.literals import PARSE_ERRORS, Dialect, NotLiteral, literal

MAX_CREDENTIALS_BYTES = 64 * 1024
TEMPLATE = ("", "YOUR_BOT_TOKEN_HERE", "YOUR_CHAT_ID_HERE")
REQUIRED = (
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_CHAT_ID",
    "ADDITIONAL_CHAT_IDS",
    "SEND_PHOTOS",
    "MAX_PHOTO_SIZE",
    "RETRY_ATTEMPTS",
    "RETRY_DELAY",
)
_DIALECT = Dialect(arithmetic=True)


@dataclass(frozen=True, slots=True)
class Credentials:
    """`notes`: what was odd, without any value. `was_active`: the old system sent messages with these."""

    bot_token: str = field(repr=False)
    chat_ids: tuple[str, ...] = field(repr=False)
    send_photos: bool
    max_photo_bytes: int
    was_active: bool
    notes: tuple[str, ...]


def read_credentials(content: bytes) -> Credentials:
    """Read the assignments at the top level; the last one counts. Nothing is imported or run.

    Raises SourceError when there is no usable token or chat; its text holds no value of the file.
    """
    values, coded = _values(_parsed(content))
    notes = [f"{', '.join(coded)}: worked out by code, which is not run"] if coded else []
    token, chat = _text(values.get("TELEGRAM_BOT_TOKEN")), _text(values.get("TELEGRAM_CHAT_ID"))
    missing = [name for name in REQUIRED if name not in values and name not in coded]
    unset = [name for name, text in (("TELEGRAM_BOT_TOKEN", token), ("TELEGRAM_CHAT_ID", chat)) if text in TEMPLATE]
    if missing:
        notes.append(f"{', '.join(missing)} missing: the old system had switched Telegram off for that")
    if unset:
        raise SourceError("; ".join([*notes, f"{' and '.join(unset)} not set: Telegram was not in use"]))
    return Credentials(
        bot_token=token,
        chat_ids=tuple(dict.fromkeys([chat, *_chats(values.get("ADDITIONAL_CHAT_IDS"), notes)])),
        send_photos=bool(values.get("SEND_PHOTOS", True)),
        max_photo_bytes=_size(values.get("MAX_PHOTO_SIZE")),
        was_active=not missing and not coded,
        notes=tuple(notes),
    )


def _parsed(content: bytes) -> ast.Module:
    try:
        return ast.parse(content.decode("utf-8-sig"))
    except PARSE_ERRORS as error:
        raise SourceError("not readable as Python") from error


def _values(module: ast.Module) -> tuple[dict[str, object], list[str]]:
    """Return what is data, and the names of what is not."""
    values: dict[str, object] = {}
    coded: dict[str, None] = {}
    for statement in module.body:
        name, value = _assignment(statement)
        if name not in REQUIRED or value is None:
            continue
        try:
            values[name] = literal(value, _DIALECT)
            coded.pop(name, None)
        except NotLiteral:
            values.pop(name, None)
            coded[name] = None
    return values, list(coded)


def _assignment(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=annotated):
            return name, annotated
        case _:
            return "", None


def _text(found: object) -> str:
    """Return a token or a chat as text; "" for what is neither."""
    return str(found).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _chats(found: object, notes: list[str]) -> list[str]:
    if not isinstance(found, list):
        return []
    chats = [str(chat).strip() for chat in found if isinstance(chat, str | int) and not isinstance(chat, bool)]
    if len(chats) != len(found):
        notes.append("ADDITIONAL_CHAT_IDS holds something that is no chat")
    return [chat for chat in chats if chat not in TEMPLATE]


def _size(found: object) -> int:
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 1_048_576
