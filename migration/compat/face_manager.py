"""FaceManager: who is known, as the old system asked for it."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt
from django.conf import settings

from faces.enrollment import EnrollmentError, add_sample, find_faces
from faces.gallery import current_gallery, tolerances
from faces.models import ENCODING_DIMENSIONS, FaceSample, Person
from faces.people import clean_name, create_person, delete_person
from migration.compat.old_settings import NO_FBI_LIST, OldSettings
from migration.compat.replaced import Replaced, refuse
from migration.importing.old_names import alias_key
from migration.models import PersonAlias
from pipeline.errors import DoorbellError
from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.matching import Match

logger = logging.getLogger(__name__)

IN_THE_DATABASE = "encodings are kept in the database; known_encodings and blacklist_encodings are what it holds"


class Identification(TypedDict):
    """status: known, blacklisted or unknown. confidence: 1 - distance; of the unknown 0, with distance inf."""

    status: str
    name: str | None
    confidence: float
    distance: float


UNKNOWN: Identification = {"status": "unknown", "name": None, "confidence": 0.0, "distance": math.inf}


class OldFaceManager(Replaced):
    """Images are (H, W, 3) uint8 RGB, encodings (128,). Everything is read from the database when it is asked for:
    what changes elsewhere counts at once."""

    REPLACED = {"known_cache_file": IN_THE_DATABASE, "blacklist_cache_file": IN_THE_DATABASE}

    def __init__(self, old_settings: OldSettings) -> None:
        self.settings = old_settings

    @property
    def known_encodings(self) -> list[Float32Array]:
        return self._encodings(is_blocked=False)

    @property
    def known_names(self) -> list[str]:
        """One an encoding, in their order."""
        return self._names(is_blocked=False)

    @property
    def blacklist_encodings(self) -> list[Float32Array]:
        return self._encodings(is_blocked=True)

    @property
    def blacklist_names(self) -> list[str]:
        return self._names(is_blocked=True)

    def load_known_faces(self) -> None:
        """Have the gallery ready for the next face. Raises DatabaseError."""
        current_gallery()

    def load_blacklist_faces(self) -> None:
        """The same gallery holds both. Raises DatabaseError."""
        current_gallery()

    def get_known_faces_count(self) -> int:
        return len(self.known_encodings)

    def get_stats(self) -> dict[str, int | list[str]]:
        """The counts are of encodings."""
        known, blocked = self.known_names, self.blacklist_names
        return {
            "known_faces": len(known),
            "blacklist_faces": len(blocked),
            "known_names": known,
            "blacklist_names": blocked,
        }

    def detect_face_locations(self, image: UInt8Array) -> list[tuple[int, int, int, int]]:
        """(top, right, bottom, left) of every face. Raises ValueError for what is no image, ModelError."""
        return [(box.top, box.right, box.bottom, box.left) for box in (face.box for face in find_faces(_image(image)))]

    def detect_faces(self, image: UInt8Array) -> list[Float32Array]:
        """One encoding a face, in the order of `detect_face_locations`."""
        return [face.encoding for face in find_faces(_image(image))]

    def identify_face(self, face_encoding: npt.ArrayLike) -> Identification:
        """Whoever is nearest within the tolerance, the watch-list first. Raises ValueError for what is no encoding.

        One picture and no margin, as the old system judged; visits are judged by all their pictures.
        """
        encoding = _encoding(face_encoding)
        near, limits = current_gallery().nearest(encoding[np.newaxis])[0], tolerances()
        blocked = _matched(near.blocked, limits.blocked, "blacklisted")
        return blocked or _matched(near.known, limits.known, "known") or UNKNOWN.copy()

    def add_known_face(self, image_path: str | Path, name: str) -> bool:
        """Enroll the only face of a picture file. False, with the reason in the log, when it is refused."""
        try:
            self.enroll(name, _read(Path(image_path)))
        except (OSError, DoorbellError) as error:
            logger.warning("no face was added from %s: %s", image_path, error)
            return False
        return True

    def enroll(self, name: str, picture: bytes) -> FaceSample:
        """Raises InvalidName, EnrollmentError, ModelError, and has then changed nothing."""
        person = self.find(name)
        if person is not None and person.is_blocked:
            raise EnrollmentError(
                "on_watch_list", f"{person.name} is on the watch-list; take them off it on the People page first"
            )
        if person is not None:
            return add_sample(person, picture)
        person = create_person(name)
        try:
            return add_sample(person, picture)
        except BaseException:
            delete_person(person)
            raise

    def remove_known_face(self, name: str) -> bool:
        """Forget a person: the row, every picture and encoding. False when nobody known is called so."""
        person = self.find(name)
        if person is None or person.is_blocked:
            return False
        delete_person(person)
        return True

    def find(self, name: str) -> Person | None:
        """The person of that name, or whose name it was in the old system. Raises InvalidName."""
        person = Person.objects.filter(name__iexact=clean_name(name)).first()
        if person is None:
            alias = PersonAlias.objects.select_related("person").filter(key=alias_key(name)).first()
            person = None if alias is None else alias.person
        return person

    def update_blacklist_from_fbi(self) -> bool:
        refuse("update_blacklist_from_fbi", NO_FBI_LIST)

    def _encodings(self, *, is_blocked: bool) -> list[Float32Array]:
        gallery = current_gallery()
        return list(gallery.encodings[gallery.is_blocked == is_blocked])

    def _names(self, *, is_blocked: bool) -> list[str]:
        gallery = current_gallery()
        names = dict(Person.objects.values_list("pk", "name"))
        ids = gallery.person_ids[gallery.is_blocked == is_blocked]
        return [names[pk] for pk in map(int, ids) if pk in names]


def _matched(match: Match | None, tolerance: float, status: str) -> Identification | None:
    if match is None or match.distance > tolerance:
        return None
    name = Person.objects.filter(pk=match.person_id).values_list("name", flat=True).first()
    if name is None:  # deleted this moment
        return None
    return {"status": status, "name": name, "confidence": 1 - match.distance, "distance": match.distance}


def _read(path: Path) -> bytes:
    """At most one byte more than a picture may have: enough to be refused for it."""
    with path.open("rb") as file:
        return file.read(settings.MAX_PICTURE_BYTES + 1)


def _image(image: object) -> UInt8Array:
    array = np.asarray(image)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or not array.size:
        raise ValueError(f"an image is (H, W, 3) uint8 RGB, not {array.shape} {array.dtype}")
    return np.ascontiguousarray(array)


def _encoding(vector: npt.ArrayLike) -> Float32Array:
    try:
        encoding = np.asarray(vector, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"an encoding is {ENCODING_DIMENSIONS} numbers: {error}") from error
    if encoding.shape != (ENCODING_DIMENSIONS,) or not np.isfinite(encoding).all():
        raise ValueError(f"an encoding is {ENCODING_DIMENSIONS} finite numbers, not of the shape {encoding.shape}")
    return encoding
