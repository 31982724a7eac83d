"""The review list: what waits for the owner, with all that a decision needs."""

from collections.abc import Iterable
from dataclasses import dataclass

from faces.models import encoding_to_bytes
from migration.importing.files import Files, cut_out
from migration.importing.ledger import Ledger
from migration.importing.tables import row
from migration.legacy.errors import SourceError
from migration.legacy.pictures import read_frame, read_picture
from migration.legacy.text import storable
from migration.legacy.tree import SourceTree
from migration.planning.values import ReviewPlan, Verdict
from pipeline.vision.geometry import Box

KIND = "review"


@dataclass(slots=True)
class ReviewWriter:
    ledger: Ledger
    tree: SourceTree
    files: Files
    is_dry: bool

    def write(self, reviews: Iterable[ReviewPlan]) -> None:
        for review in reviews:
            self.write_one(review)

    def write_one(self, review: ReviewPlan) -> None:
        if self.ledger.in_review([review.key]) or self.ledger.there("sample", [review.key]):
            self.ledger.note(KIND, review.source, Verdict.ALREADY_THERE, review.reason)
            return
        try:
            image, box = self._image(review)
        except SourceError as error:
            self.ledger.note(KIND, review.source, Verdict.SKIPPED, str(error))
            return
        if not self.is_dry:
            self._save(review, image, box)
        self.ledger.note(KIND, review.source, Verdict.REVIEW, review.reason)

    def _save(self, review: ReviewPlan, image: str, box: Box | None) -> None:
        row(
            self.ledger.tables.review,
            run=self.ledger.run,
            kind=review.doubt.value,
            key=review.key,
            source=review.source[:300],
            reason=review.reason[:300],
            name=review.name,
            is_blocked=review.is_blocked,
            aliases=[storable(name) for name in review.aliases],
            image=image,
            encoding=None if review.encoding is None else encoding_to_bytes(review.encoding),
            quality=review.quality,
            box=None if box is None else [box.top, box.right, box.bottom, box.left],
            taken_at=review.taken_at,
        ).save()

    def _image(self, review: ReviewPlan) -> tuple[str, Box | None]:
        if review.picture is None:
            return "", None
        if review.box is None:
            return self.files.store("review", review.key, read_picture(self.tree, review.picture).jpeg), None
        _, frame = read_frame(self.tree, review.picture)
        jpeg, box = cut_out(frame, review.box)
        return self.files.store("review", review.key, jpeg), box
