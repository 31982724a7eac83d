"""Enroll what people send through a page: every picture gets an answer of its own."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.files.uploadedfile import UploadedFile

from faces.enrollment import EnrollmentError, add_sample
from faces.models import Person
from faces.questions import Offer, offer_again, offer_faces
from faces.uploads import read_picture
from pipeline.vision.errors import ModelError
from pipeline.vision.geometry import Box
from pipeline.vision.images import ImageError


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one picture. `offers`: the ways to take it after all, to choose from;
    `needs_confirming`: choosing says that the picture does show this person."""

    title: str
    is_added: bool
    text: str
    offers: list[Offer] = field(default_factory=list)
    needs_confirming: bool = False


def enroll_uploads(person: Person, uploads: "Iterable[UploadedFile[bytes]]") -> list[Answer]:
    return [_enroll_upload(person, upload) for upload in uploads]


def enroll_picture(
    person: Person, data: bytes, *, title: str, choose: Box | None = None, confirmed: bool = False
) -> Answer:
    try:
        add_sample(person, data, choose=choose, confirmed=confirmed)
    except EnrollmentError as error:
        return _ask_or_refuse(title, data, choose, error)
    except (ImageError, ModelError) as error:
        return Answer(title, is_added=False, text=str(error))
    return Answer(title, is_added=True, text="added")


def _enroll_upload(person: Person, upload: "UploadedFile[bytes]") -> Answer:
    title = upload.name or "picture"
    try:
        data = read_picture(upload)
    except ImageError as error:
        return Answer(title, is_added=False, text=str(error))
    return enroll_picture(person, data, title=title)


def _ask_or_refuse(title: str, data: bytes, choose: Box | None, error: EnrollmentError) -> Answer:
    if error.code == "several_faces" and error.boxes:
        return Answer(title, is_added=False, text=str(error), offers=offer_faces(data, list(error.boxes)))
    if error.code == "looks_like_someone_else":
        offers = [offer_again(data, choose)]
        return Answer(title, is_added=False, text=str(error), offers=offers, needs_confirming=True)
    return Answer(title, is_added=False, text=str(error))
