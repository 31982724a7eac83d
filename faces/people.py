"""Change who is enrolled. Every change goes through here, so that galleries elsewhere notice it
and a deleted picture is really gone."""

import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from faces.models import FaceSample, GalleryVersion, Person
from pipeline.errors import DoorbellError

NAME_MAX = 100
FORBIDDEN = frozenset("<>/\\")


class InvalidName(DoorbellError):
    code = "invalid_name"


class NameTaken(DoorbellError):
    code = "name_taken"


def clean_name(text: str) -> str:
    """Return the name with its white space folded and its letters composed (NFC), or raise
    InvalidName: names end up in messages, pages and logs, so markup and paths are refused."""
    if len(text) > 10 * NAME_MAX:
        raise InvalidName(f"a name of {len(text)} characters is too long; use at most {NAME_MAX}")
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name.strip("."):
        raise InvalidName(f"{text[:NAME_MAX]!r} is not a name; use at least one letter")
    if len(name) > NAME_MAX:
        raise InvalidName(f"a name of {len(name)} characters is too long; use at most {NAME_MAX}")
    bad = sorted({character for character in name if character in FORBIDDEN or _is_invisible(character)})
    if bad:
        raise InvalidName(f"a name cannot contain {' '.join(map(repr, bad))}; use letters, digits, blanks, - ' and .")
    return name


def _is_invisible(character: str) -> bool:
    # Zero-width joiners shape letters in several scripts; every other control or format character only hides text.
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} and character not in "\u200c\u200d"


def create_person(name: str, *, is_blocked: bool = False) -> Person:
    """Raises InvalidName, or NameTaken when somebody is called so already (case aside)."""
    cleaned = clean_name(name)
    with _unique(cleaned), transaction.atomic():
        return Person.objects.create(name=cleaned, is_blocked=is_blocked)


def change_person(person: Person, *, name: str | None = None, is_blocked: bool | None = None) -> None:
    """Rename or block; what is None stays. Raises InvalidName, NameTaken."""
    if name is not None:
        person.name = clean_name(name)
    if is_blocked is not None:
        person.is_blocked = is_blocked
    with _unique(person.name), transaction.atomic():
        person.save(update_fields=["name", "is_blocked", "updated_at"])
        gallery_changed()


def delete_person(person: Person) -> None:
    """Forget somebody: the row, the samples and their pictures, and the face vectors by which past
    visits were recognized. The visits stay, without the name."""
    with transaction.atomic():
        person.observations.update(person=None, chip=None, encoding=None, distance=None)
        _remove_files(sample.image.name for sample in person.samples.all())
        person.delete()
        gallery_changed()


def delete_sample(sample: FaceSample) -> None:
    with transaction.atomic():
        _remove_files([sample.image.name])
        sample.delete()
        gallery_changed()


def gallery_changed() -> None:
    """Tell every process that its gallery is old. Call it inside the transaction of the change."""
    # Drawn, not counted: after a rollback or a restored backup a count would come to the same number again.
    GalleryVersion.objects.update_or_create(pk=1, defaults={"version": secrets.randbits(62)})


def _remove_files(names: Iterable[str | None]) -> None:
    for name in names:
        if name:
            transaction.on_commit(partial(default_storage.delete, name))


@contextmanager
def _unique(name: str) -> Iterator[None]:
    """Turn the database's word about a taken name into ours."""
    try:
        yield
    except IntegrityError as error:
        raise NameTaken(f"somebody is called {name!r} already; choose another name") from error
