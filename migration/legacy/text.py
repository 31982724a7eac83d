"""Old names and paths as text that any terminal, page, log and database takes."""

import re

# Python reads bytes of a file name that are no UTF-8 as U+DC80 to U+DCFF; pickles and JSON may hold any half of a pair.
_HALVES = re.compile("[\ud800-\udfff]")


def shown(text: str) -> str:
    """Return `text` with everything invisible written as an escape: control characters, line breaks,
    direction marks, and bytes of a file name that are no UTF-8."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in storable(text)
    )


def storable(text: str) -> str:
    """Return `text` without zeros, which not every database takes, and with lone surrogates, which break
    every encoder, as escapes."""
    return _HALVES.sub(_escape, text.replace("\0", ""))


def _escape(half: re.Match[str]) -> str:
    code = ord(half[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
