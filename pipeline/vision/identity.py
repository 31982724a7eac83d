"""Who a visitor is: the evidence of all frames of a track against the gallery.

The rule, blocked people first:

- blocked: one picture alone lies within the blocked tolerance of a blocked person; or, of several pictures, two do,
  or one does and so does their mean. Nothing speaks against it: neither a margin nor a nearer family member.
- known: the mean of the encodings, weighted by quality, lies within the known tolerance of that person; pictures with
  at least half of the whole quality name the same person on their own; and the match is *clear*, or, where it is not,
  at least three pictures with three quarters of the quality agree.
- clear: nearer than every other person, and than the tolerance's edge, by the margin. With one person enrolled there
  is no second person, and the edge alone remains.
- unknown: everybody else; also whoever would be known, but has a picture that is nearest to a blocked person and
  within that tolerance. A wrong "unknown" costs a look at the screen, a wrong name opens a door.

Pictures below `USABLE_QUALITY` name nobody as known, but count against a blocked person. A name is not sticky: better
pictures that disagree take it away, since every call weighs all pictures anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from pipeline.vision.matching import Gallery, Match, Neighbours, Tolerances
from pipeline.vision.tracking import USABLE_QUALITY, Sighting, Track, mean_encoding

IdentityStatus: TypeAlias = Literal["known", "unknown", "blocked"]
IdentityOutcome: TypeAlias = Literal["known", "unknown", "blocked", "no_face"]

# Shares of the usable pictures' quality.
_MAJORITY = 0.5
_AGREEMENT = 0.75
_AGREEING_FRAMES = 3
_DEFAULT = Tolerances()


@dataclass(frozen=True, slots=True)
class Identity:
    """status: what the doorbell says. person_id: None for the unknown.

    distance: from the (mean) encoding to the nearest sample of that person, for the unknown to the nearest of all;
    None where there was nothing to compare. margin: how much nearer that is than the next person, None where there is
    none. evidence_frames: the pictures that speak for it. reason: for a person to read.
    """

    status: IdentityStatus
    person_id: int | None
    distance: float | None
    margin: float | None
    evidence_frames: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The neighbours of every picture, beside their weights, and of the mean."""

    frames: list[Neighbours]
    weights: list[float]
    mean: Neighbours


def identify(seen: Track | Sequence[Sighting], gallery: Gallery, tolerances: Tolerances = _DEFAULT) -> Identity:
    """Say who was seen; see the module for the rule. The order of the sightings does not matter."""
    sightings = seen.sightings if isinstance(seen, Track) else seen
    encoded = [s for s in sightings if s.encoding is not None]
    if not encoded:
        return Identity("unknown", None, None, None, 0, "no picture of this face could be compared")
    evidence = _gather(encoded, gallery)
    return _as_blocked(evidence, tolerances) or _as_known(evidence, tolerances)


def is_decisive(identity: Identity, tolerances: Tolerances = _DEFAULT) -> bool:
    """Whether to decide without waiting for more frames of the burst.

    An alarm is; a name is with twice the margin from both the tolerance's edge and the next person. An unknown face
    never is: the next frame may show it better.
    """
    if identity.status == "blocked":
        return True
    if identity.status == "unknown" or identity.distance is None:
        return False
    twice = 2 * tolerances.margin
    return identity.distance <= tolerances.known - twice and (identity.margin is None or identity.margin >= twice)


def outcome(identities: Iterable[Identity]) -> IdentityOutcome:
    """Sum up an event's faces: blocked if any is, else unknown if any is, else known; no_face without any."""
    found = {identity.status for identity in identities}
    for status in ("blocked", "unknown", "known"):
        if status in found:
            return status
    return "no_face"


def _gather(encoded: list[Sighting], gallery: Gallery) -> _Evidence:
    usable = [s for s in encoded if s.quality >= USABLE_QUALITY]
    mean = mean_encoding(usable or encoded)
    encodings = np.stack([*(s.encoding for s in encoded if s.encoding is not None), *([] if mean is None else [mean])])
    *frames, of_mean = gallery.nearest(encodings)
    weights = [s.quality if s.quality >= USABLE_QUALITY else 0.0 for s in encoded]
    return _Evidence(frames, weights, of_mean)


def _as_blocked(evidence: _Evidence, tolerances: Tolerances) -> Identity | None:
    hits = [match for frame in evidence.frames if (match := _blocked_within(frame, tolerances))]
    in_mean = _blocked_within(evidence.mean, tolerances)
    needed = 1 if len(evidence.frames) == 1 or in_mean else 2
    if len(hits) < needed:
        return None
    nearest = min([*hits, *([in_mean] if in_mean else [])], key=lambda match: match.distance)
    agreeing = sum(hit.person_id == nearest.person_id for hit in hits)
    reason = (
        f"{nearest.distance:.2f} from a blocked person (tolerance {tolerances.blocked:.2f}) "
        f"in {len(hits)} of {len(evidence.frames)} pictures"
    )
    return Identity("blocked", nearest.person_id, nearest.distance, None, agreeing, reason)


def _as_known(evidence: _Evidence, tolerances: Tolerances) -> Identity:
    nearest = evidence.mean.known
    if nearest is None:
        return _unknown(evidence.mean, 0, "nobody is enrolled to compare with")
    if nearest.distance > tolerances.known:
        return _unknown(
            evidence.mean, 0, f"nearest person {nearest.distance:.2f} away, tolerance {tolerances.known:.2f}"
        )
    supporting = [
        weight if _names(frame, nearest, tolerances) else 0.0
        for frame, weight in zip(evidence.frames, evidence.weights, strict=True)
    ]
    agreeing = sum(weight > 0 for weight in supporting)
    objection = _objection(evidence, nearest, agreeing, sum(supporting), tolerances)
    if objection:
        return _unknown(evidence.mean, agreeing, objection)
    reason = f"{nearest.distance:.2f} from this person in {agreeing} of {len(evidence.frames)} pictures"
    return Identity("known", nearest.person_id, nearest.distance, _margin(evidence.mean), agreeing, reason)


def _objection(
    evidence: _Evidence, nearest: Match, agreeing: int, supporting: float, tolerances: Tolerances
) -> str | None:
    """What keeps the nearest person from being named, None when nothing does."""
    total = sum(evidence.weights)
    if not total:
        return "the pictures are too dark, blurred, small or averted to name anybody"
    if _leans_to_blocked(evidence.mean) or any(
        _blocked_within(frame, tolerances) and _leans_to_blocked(frame) for frame in evidence.frames
    ):
        return "a picture looks more like a blocked person"
    share = supporting / total
    if not agreeing or share < _MAJORITY:
        return f"only {agreeing} of {len(evidence.frames)} pictures look like the nearest person"
    if _is_clear(evidence.mean, nearest, tolerances):
        return None
    if agreeing >= _AGREEING_FRAMES and share >= _AGREEMENT:
        return None
    return (
        f"nearest person {nearest.distance:.2f} away, not clearly nearer (by {tolerances.margin:.2f}) than the next "
        f"person and the tolerance {tolerances.known:.2f}"
    )


def _is_clear(mean: Neighbours, nearest: Match, tolerances: Tolerances) -> bool:
    margin = _margin(mean)
    inside = tolerances.known - nearest.distance
    return inside >= tolerances.margin and (margin is None or margin >= tolerances.margin)


def _margin(mean: Neighbours) -> float | None:
    return mean.other.distance - mean.known.distance if mean.known and mean.other else None


def _names(frame: Neighbours, person: Match, tolerances: Tolerances) -> bool:
    known = frame.known
    return (
        known is not None
        and known.person_id == person.person_id
        and known.distance <= tolerances.known
        and not _leans_to_blocked(frame)
    )


def _blocked_within(frame: Neighbours, tolerances: Tolerances) -> Match | None:
    return frame.blocked if frame.blocked and frame.blocked.distance <= tolerances.blocked else None


def _leans_to_blocked(frame: Neighbours) -> bool:
    return frame.blocked is not None and (frame.known is None or frame.blocked.distance <= frame.known.distance)


def _unknown(mean: Neighbours, agreeing: int, reason: str) -> Identity:
    nearest = mean.nearest
    return Identity("unknown", None, nearest.distance if nearest else None, _margin(mean), agreeing, reason)
