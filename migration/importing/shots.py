"""The frames of old visits: the capture, with each face's place in it found again by its crop."""

from dataclasses import dataclass, replace
from datetime import datetime

from migration.importing.files import Files
from migration.importing.ledger import Ledger
from migration.legacy.errors import SourceError
from migration.legacy.pictures import Picture, find_crop, read_picture
from migration.legacy.text import shown
from migration.legacy.tree import SourceTree
from migration.planning.values import FacePlan, ShotPlan, Verdict
from pipeline.vision.geometry import Box

NO_PICTURE = "the old system kept no picture"


@dataclass(frozen=True, eq=False, slots=True)
class Shot:
    """A capture to be: `image` is its name in the storage, "" without a picture, and `error` says why then."""

    taken_at: datetime
    image: str
    width: int
    height: int
    faces: tuple[FacePlan, ...]
    error: str = ""


@dataclass(slots=True)
class ShotMaker:
    ledger: Ledger
    tree: SourceTree
    files: Files

    def make(self, plan: ShotPlan, visit_key: str) -> tuple[list[Shot], str]:
        """Return the captures of a planned shot, and why its picture could not be read.

        A crop that is not part of the capture, or whose capture is gone, becomes a capture of its own.
        visit_key: two installations may have pictures of one name, but not of one visit.
        """
        picture, problem = self._picture(plan)
        placed: list[FacePlan] = []
        shots: list[Shot] = []
        for face in plan.faces:
            crop = self._crop(face)
            box = find_crop(picture.frame, crop.frame) if crop and picture else None
            if crop is None or box is not None:
                placed.append(replace(face, box=box or face.box))
            else:
                shots.append(self._shot(plan, f"{visit_key}:{face.crop}", crop, (replace(face, box=None),)))
            self._note_crop(face, crop, is_placed=box is not None)
        if picture is not None:
            shots.insert(0, self._shot(plan, f"{visit_key}:{plan.picture}", picture, tuple(placed)))
        elif placed:
            shots.insert(0, Shot(plan.taken_at, "", 0, 0, tuple(placed), problem or NO_PICTURE))
        return shots, problem

    def _picture(self, plan: ShotPlan) -> tuple[Picture | None, str]:
        if plan.picture is None:
            return None, ""
        try:
            picture = read_picture(self.tree, plan.picture)
        except SourceError as error:
            self.ledger.note("capture", shown(plan.picture), Verdict.SKIPPED, str(error))
            return None, f"its picture cannot be read: {error}"
        self.ledger.note("capture", shown(plan.picture), Verdict.IMPORTED)
        return picture, ""

    def _crop(self, face: FacePlan) -> Picture | None:
        if face.crop is None:
            return None
        try:
            return read_picture(self.tree, face.crop)
        except SourceError as error:
            self.ledger.note("cropped face", shown(face.crop), Verdict.SKIPPED, str(error))
            return None

    def _note_crop(self, face: FacePlan, crop: Picture | None, *, is_placed: bool) -> None:
        if crop is not None:
            reason = "" if is_placed else "not part of a capture; kept as a picture of its own"
            self.ledger.note("cropped face", shown(face.crop or ""), Verdict.IMPORTED, reason)

    def _shot(self, plan: ShotPlan, key: str, picture: Picture, faces: tuple[FacePlan, ...]) -> Shot:
        height, width = picture.frame.shape[:2]
        folder = f"captures/{plan.taken_at:%Y/%m/%d}"
        image = self.files.store(folder, key, picture.jpeg)
        everywhere = Box(0, width, height, 0)
        inside = [replace(face, box=face.box.clipped(height, width) if face.box else everywhere) for face in faces]
        return Shot(plan.taken_at, image, width, height, tuple(inside))
