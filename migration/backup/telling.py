"""What an archive holds, in lines for a person."""

from collections.abc import Iterator

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
