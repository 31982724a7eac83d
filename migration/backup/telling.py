"""What an archive holds, in lines for a person."""

from collections.abc import Callable, Iterator

from django.core.management.base import OutputWrapper

from migration.backup.manifest import Manifest

SHOWN = {"faces_person": "people", "faces_facesample": "photographs of them", "events_event": "visits"}


def manifest_lines(manifest: Manifest) -> Iterator[str]:
    size_mb = sum(member.size for member in manifest.members) / 1e6
    counts = [f"{manifest.counts.get(table, 0)} {what}" for table, what in SHOWN.items()]
    yield f"Backup of {manifest.created_at}, version {manifest.program}, {size_mb:,.1f} MB"
    yield f"  {', '.join(counts)}, {len(manifest.pictures)} pictures"
    yield f"  {'with' if manifest.has_secrets else 'without'} the secrets of the settings"
    if missing := manifest.missing_pictures:
        yield f"  ! {len(missing)} pictures were gone when they were to be read, the first {missing[0]}"


def progress_on(stream: OutputWrapper) -> Callable[[int, int], None]:
    """Rewrite one line on a terminal with every percent; say nothing elsewhere."""
    last = -1

    def tell(done: int, total: int) -> None:
        nonlocal last
        percent = 100 * done // max(total, 1)
        if stream.isatty() and percent != last:
            last = percent
            stream.write(f"\rchecking {percent} %", ending="\n" if percent == 100 else "")
            stream.flush()

    return tell
