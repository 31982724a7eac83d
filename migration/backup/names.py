"""Which paths may stand in an archive."""

LONGEST = 1000
LONGEST_PART_BYTES = 255


def is_safe(path: str) -> bool:
    """Whether `path` stays below the folder that it is put in, on any system."""
    parts = path.split("/")
    return (
        len(path) <= LONGEST
        and path.isprintable()
        and not any(character in path for character in ("\\", ":"))
        and all(part not in ("", ".", "..") and len(part.encode()) <= LONGEST_PART_BYTES for part in parts)
    )
