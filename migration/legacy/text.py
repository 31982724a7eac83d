"""Old names and paths as text that any terminal, page, log and database takes."""


def shown(text: str) -> str:
    """Return `text` with everything invisible written as an escape: control characters, line breaks,
    direction marks, and bytes of a file name that are no UTF-8 (which no database would store)."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in storable(text)
    )


def storable(text: str) -> str:
    """Return `text` without lone surrogates, which stand for undecodable bytes and break every encoder."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") if _is_odd(text) else text


def _is_odd(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
