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
    values, notes = _values(_parsed(content))
    token, chat = values.get("TELEGRAM_BOT_TOKEN"), values.get("TELEGRAM_CHAT_ID")
    missing = [name for name in REQUIRED if name not in values]
    if not isinstance(token, str) or token.strip() in TEMPLATE:
        raise SourceError("; ".join([*notes, "TELEGRAM_BOT_TOKEN is not set: Telegram was not in use"]))
    if not isinstance(chat, str | int) or isinstance(chat, bool) or str(chat).strip() in TEMPLATE:
        raise SourceError("; ".join([*notes, "TELEGRAM_CHAT_ID is not set: Telegram was not in use"]))
    if missing:
        notes.append(f"{', '.join(missing)} missing: the old system had switched Telegram off for that")
    return Credentials(
        bot_token=token.strip(),
        chat_ids=tuple(dict.fromkeys([str(chat).strip(), *_chats(values.get("ADDITIONAL_CHAT_IDS"), notes)])),
        send_photos=bool(values.get("SEND_PHOTOS", True)),
        max_photo_bytes=_size(values.get("MAX_PHOTO_SIZE")),
        was_active=not missing,
        notes=tuple(notes),
    )


def _parsed(content: bytes) -> ast.Module:
    try:
        return ast.parse(content.decode("utf-8-sig"))
    except PARSE_ERRORS as error:
        raise SourceError("not readable as Python") from error


def _values(module: ast.Module) -> tuple[dict[str, object], list[str]]:
    values: dict[str, object] = {}
    notes = []
    for statement in module.body:
        name, value = _assignment(statement)
        if name not in REQUIRED or value is None:
            continue
        try:
            values[name] = literal(value, _DIALECT)
        except NotLiteral:
            values.pop(name, None)
            notes.append(f"{name} is worked out by code, which is not run")
    return values, notes


def _assignment(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=annotated):
            return name, annotated
        case _:
            return "", None


def _chats(found: object, notes: list[str]) -> list[str]:
    if not isinstance(found, list):
        return []
    chats = [str(chat).strip() for chat in found if isinstance(chat, str | int) and not isinstance(chat, bool)]
    if len(chats) != len(found):
        notes.append("ADDITIONAL_CHAT_IDS holds something that is no chat")
    return [chat for chat in chats if chat not in TEMPLATE]


def _size(found: object) -> int:
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 1_048_576
