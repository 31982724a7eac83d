"""Natural keys: what makes an item of the old installation the same item at the next import."""

import hashlib

from migration.legacy.text import storable

LONGEST = 180


def natural_key(text: str) -> str:
    """Return `text` as a key that any database takes, and of a length that it takes."""
    key = storable(text)
    return key if len(key) <= LONGEST else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
