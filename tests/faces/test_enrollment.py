"""Photographs that teach a face, and those that are refused."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faces.enrollment import EnrollmentError, add_sample, reencode_samples
from faces.gallery import current_gallery
from faces.models import FaceSample, encoding_to_bytes
from faces.people import create_person
from pipeline.vision.geometry import Box
from tests.conftest import Portraits

pytestmark = pytest.mark.django_db(transaction=True)


def files_in(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def side_by_side(*paths: Path, height: int = 512) -> bytes:
    pictures = [Image.open(path).convert("RGB") for path in paths]
    pictures = [picture.resize((picture.width * height // picture.height, height)) for picture in pictures]
    sheet = Image.new("RGB", (sum(picture.width for picture in pictures), height))
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def test_a_portrait_becomes_a_sample_that_shows_the_face(portraits: Portraits, media: Path) -> None:
    sample = add_sample(create_person("Grace Hopper"), portraits.grace_hopper.read_bytes())
    assert sample.quality > 0.5
    assert [path.suffix for path in files_in(media)] == [".png"]
    with Image.open(sample.image.path) as picture, Image.open(portraits.grace_hopper) as portrait:
        assert 0 <= sample.box_left < sample.box_right <= picture.width
        assert 0 <= sample.box_top < sample.box_bottom <= picture.height
        assert picture.width < portrait.width


def test_two_people_lie_far_apart(portraits: Portraits, media: Path) -> None:
    grace = add_sample(create_person("Grace Hopper"), portraits.grace_hopper.read_bytes())
    eileen = add_sample(create_person("Eileen Collins"), portraits.astronaut.read_bytes())
    assert float(np.linalg.norm(grace.vector - eileen.vector)) > 0.6


def test_a_new_sample_is_in_the_gallery_at_once(portraits: Portraits, media: Path) -> None:
    before = current_gallery()
    add_sample(create_person("Grace Hopper"), portraits.grace_hopper.read_bytes())
    assert len(current_gallery()) == len(before) + 1
    assert current_gallery() is current_gallery()


def test_a_picture_without_a_face_is_refused_and_leaves_nothing(media: Path) -> None:
    plain = BytesIO()
    Image.new("RGB", (400, 400), "grey").save(plain, "PNG")
    with pytest.raises(EnrollmentError) as error:
        add_sample(create_person("Nobody"), plain.getvalue())
    assert error.value.code == "no_face"
    assert not FaceSample.objects.exists()
    assert files_in(media) == []


def test_something_that_is_no_picture_is_refused_by_its_name(media: Path) -> None:
    with pytest.raises(EnrollmentError) as error:
        add_sample(create_person("Nobody"), b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert error.value.code == "unsupported"


def test_the_same_picture_twice_is_a_duplicate(portraits: Portraits, media: Path) -> None:
    person = create_person("Grace Hopper")
    add_sample(person, portraits.grace_hopper.read_bytes())
    with pytest.raises(EnrollmentError) as error:
        add_sample(person, portraits.grace_hopper.read_bytes())
    assert error.value.code == "duplicate"
    assert person.samples.count() == 1


def test_of_several_faces_one_can_be_chosen(portraits: Portraits, media: Path) -> None:
    both = side_by_side(portraits.grace_hopper, portraits.astronaut)
    person = create_person("Eileen Collins")
    with pytest.raises(EnrollmentError) as error:
        add_sample(person, both)
    assert error.value.code == "several_faces"
    assert error.value.is_question
    left, right = error.value.boxes
    assert left.right < right.left
    chosen = add_sample(person, both, choose=right)
    alone = add_sample(create_person("Eileen alone"), portraits.astronaut.read_bytes(), confirmed=True)
    assert float(np.linalg.norm(chosen.vector - alone.vector)) < 0.3


def test_a_place_without_a_face_cannot_be_chosen(portraits: Portraits, media: Path) -> None:
    with pytest.raises(EnrollmentError) as error:
        add_sample(create_person("Grace"), portraits.grace_hopper.read_bytes(), choose=Box(0, 20, 20, 0))
    assert str(error.value) == "there is no face at the chosen place; choose one of those shown"


def test_a_face_that_looks_like_somebody_else_is_a_question_that_names_them(portraits: Portraits, media: Path) -> None:
    add_sample(create_person("Grace Hopper"), portraits.grace_hopper.read_bytes())
    impostor = create_person("Impostor")
    with pytest.raises(EnrollmentError) as error:
        add_sample(impostor, portraits.grace_hopper.read_bytes())
    assert error.value.code == "looks_like_someone_else"
    assert "Grace Hopper" in str(error.value)
    add_sample(impostor, portraits.grace_hopper.read_bytes(), confirmed=True)
    assert impostor.samples.count() == 1


def test_samples_can_be_encoded_again_from_their_own_pictures(portraits: Portraits, media: Path) -> None:
    person = create_person("Grace Hopper")
    sample = add_sample(person, portraits.grace_hopper.read_bytes())
    FaceSample.objects.update(encoding=encoding_to_bytes(np.zeros(128, np.float32)), encoding_model="old")
    assert reencode_samples([person]) == 1
    again = FaceSample.objects.get(pk=sample.pk)
    assert again.encoding_model == "small"
    assert np.abs(again.vector - sample.vector).max() < 1e-6


def test_a_sample_whose_picture_is_gone_keeps_its_encoding(portraits: Portraits, media: Path) -> None:
    person = create_person("Grace Hopper")
    sample = add_sample(person, portraits.grace_hopper.read_bytes())
    Path(sample.image.path).unlink()
    assert reencode_samples([person]) == 0
    assert FaceSample.objects.get(pk=sample.pk).encoding == sample.encoding
