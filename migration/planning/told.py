"""What is told of a face of the old lists: a line of the report, an item of the review list."""

from migration.legacy.names import safe_name
from migration.planning.values import Doubt, EnrolledFace, Note, ReviewPlan, Verdict


def review_of(face: EnrolledFace, doubt: Doubt, reason: str, *, name: str, is_blocked: bool) -> ReviewPlan:
    return ReviewPlan(
        doubt=doubt,
        key=face.keys[0],
        source=face.source,
        reason=reason,
        name=safe_name(name) or "",
        is_blocked=is_blocked,
        aliases=(face.name, *face.other_names),
        encoding=face.encoding,
        quality=face.quality,
        picture=face.picture,
        box=face.box,
    )


def note_of(face: EnrolledFace, verdict: Verdict, reason: str) -> Note:
    return Note("blocked face" if face.is_blocked else "known face", face.source, verdict, reason)
