"""The parts of a plan."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from migration.legacy.credentials import Credentials
from migration.legacy.settings import OldSetting
from pipeline.vision.arrays import Float32Array
from pipeline.vision.geometry import Box


class Verdict(StrEnum):
    """What became of one item of the old installation."""

    IMPORTED = "imported"
    ALREADY_THERE = "already there"
    REVIEW = "sent to review"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the report. `source`: where in the old installation. `reason` may be "" for what was imported."""

    kind: str
    source: str
    verdict: Verdict
    reason: str = ""


# The kind of a note about a file that could be read only in part: the import of it is partial.
PARTIAL = "partial import"


class Doubt(StrEnum):
    """Why something waits for the owner's word."""

    REMOVED = "removed"
    UNSEEN = "unseen"
    SEVERAL_FACES = "several_faces"
    BOTH_LISTS = "both_lists"
    UNNAMED = "unnamed"
    UNLIKE = "unlike"
    UNCLEAR_LIST = "unclear_list"
    BAD_NAME = "bad_name"
    STRAY_PICTURE = "stray_picture"


@dataclass(frozen=True, eq=False, slots=True)
class EnrolledFace:
    """One face that the old system knew, or might have.

    name: as the old system had it. keys: what makes it the same face at the next import. encoding:
    (128,) float32, the old one where there is one. picture, box: where it can be seen; None without a picture.
    sha256: of the picture's file. remark: what the owner should know of it. other_names: under which the
    same picture was enrolled, too.
    """

    name: str
    is_blocked: bool
    encoding: Float32Array
    quality: float
    keys: tuple[str, ...]
    source: str
    picture: str | None = None
    box: Box | None = None
    sha256: str = ""
    remark: str = ""
    other_names: tuple[str, ...] = ()

    def with_remark(self, remark: str) -> "EnrolledFace":
        return replace(self, remark="; ".join(filter(None, [self.remark, remark])))


@dataclass(frozen=True, eq=False, slots=True)
class PersonPlan:
    """`key`: what makes it the same person at the next import. `aliases`: every old name."""

    key: str
    name: str
    is_blocked: bool
    aliases: tuple[str, ...]
    faces: tuple[EnrolledFace, ...]


@dataclass(frozen=True, eq=False, slots=True)
class ReviewPlan:
    """Something uncertain. Accepted, a face is enrolled as `name` (of the blocked people where
    `is_blocked`), a stray picture becomes a visit at `taken_at`."""

    doubt: Doubt
    key: str
    source: str
    reason: str
    name: str = ""
    is_blocked: bool = False
    aliases: tuple[str, ...] = ()
    encoding: Float32Array | None = None
    quality: float = 0.0
    picture: str | None = None
    box: Box | None = None
    taken_at: datetime | None = None


@dataclass(frozen=True, eq=False, slots=True)
class FacePlan:
    """A face of a visit. status: known, unknown, blocked. box: None where the old system kept none."""

    status: str
    name: str | None
    distance: float | None
    box: Box | None = None
    quality: float = 0.0
    encoding: Float32Array | None = None
    crop: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class ShotPlan:
    """One frame of a visit; `picture` is None where no file is left of it."""

    taken_at: datetime
    picture: str | None
    faces: tuple[FacePlan, ...]


@dataclass(frozen=True, eq=False, slots=True)
class VisitPlan:
    """`keys`: one a line or row of the old system. `reason` is shown with the visit. `is_picture_alone`:
    without its picture there is nothing to tell."""

    keys: tuple[str, ...]
    source: str
    trigger: str
    outcome: str
    started_at: datetime
    decided_at: datetime
    shots: tuple[ShotPlan, ...]
    reason: str = ""
    is_picture_alone: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`visits` reads the old records anew at each call, one visit at a time: there may be 100,000.
    `visit_count`: about how many, for a progress bar."""

    zone: str
    people: tuple[PersonPlan, ...]
    reviews: tuple[ReviewPlan, ...]
    credentials: Credentials | None
    settings: tuple[OldSetting, ...]
    notes: tuple[Note, ...]
    warnings: tuple[str, ...]
    visit_count: int
    visits: Callable[[], Iterator[VisitPlan | ReviewPlan | Note]] = field(repr=False)
