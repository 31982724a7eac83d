"""Which cameras to watch."""

from pathlib import Path

from events.models import Camera
from pipeline.hardware.source import SourceKind, parse_source
from pipeline.processes import CameraPlan

FRONT_DOOR = "front door"
ON_DISK = (SourceKind.VIDEO, SourceKind.PICTURE, SourceKind.FOLDER)


def plan_for_source(text: str, *, loop: bool) -> CameraPlan:
    """The front door, with a source for this run alone; a relative path is made absolute, since the
    process works in another folder. Raises CameraError."""
    source = parse_source(text)
    address = str(Path(source.address).resolve()) if source.kind in ON_DISK else source.address
    return CameraPlan(FRONT_DOOR, address, loop=loop)


def plans_from_rows() -> list[CameraPlan]:
    """Every enabled camera that has a source. Two plans differ when the source does."""
    rows = Camera.objects.filter(is_enabled=True).exclude(source="").values_list("name", "source")
    return [CameraPlan(name, row_source=source) for name, source in rows]


def add_first_camera() -> Camera | None:
    """On a doorbell without any camera, add the first that this machine has, as the front door."""
    if Camera.objects.exclude(source="").exists():
        return None
    # Imported here: OpenCV takes 20 MB, which the manager of a doorbell that has its cameras never needs.
    from pipeline.hardware.cameras import first_camera

    found = first_camera()
    if found is None:
        return None
    camera, _ = Camera.objects.get_or_create(name__iexact=FRONT_DOOR, defaults={"name": FRONT_DOOR})
    camera.source = found.address
    camera.save(update_fields=["source"])
    return camera
