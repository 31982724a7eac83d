import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.test import Client
from django.utils import timezone

from doorbell_site.first_owner import LINK_LIVES_S, SALT, create_owner, is_needed, make_link_token
from tests.conftest import PASSWORD

NEW_OWNER = {"username": "ada", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def link(db: None) -> str:
    return f"/first-owner/{make_link_token()}/"


def test_link_makes_the_owner_and_signs_in(link: str) -> None:
    browser = Client()
    assert is_needed()
    assert "Welcome to your doorbell" in browser.get(link).content.decode()
    assert browser.post(link, NEW_OWNER).headers["Location"] == "/"
    assert browser.get("/").status_code == 200
    owner = User.objects.get()
    assert (owner.username, owner.is_superuser, owner.is_staff) == ("ada", True, True)
    assert not is_needed()


def test_link_works_once(link: str) -> None:
    Client().post(link, NEW_OWNER)
    for answer in (Client().get(link), Client().post(link, {**NEW_OWNER, "username": "eve"})):
        assert answer.status_code == 410
        assert "This link was used: the doorbell has an owner." in answer.content.decode()
    assert User.objects.count() == 1


def test_link_that_was_cut_is_refused(link: str) -> None:
    answer = Client().post(f"{link[:-4]}/", NEW_OWNER)
    assert answer.status_code == 410
    assert "This link is not complete." in answer.content.decode()
    assert is_needed()


def test_link_of_yesterday_is_refused(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    past = timezone.now() - timedelta(seconds=LINK_LIVES_S + 5)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.signing.time.time", past.timestamp)
        token = signing.dumps("first owner", salt=SALT)
    answer = Client().get(f"/first-owner/{token}/")
    assert "This link is older than a day." in answer.content.decode()


def test_weak_password_is_refused_and_explained(link: str) -> None:
    answer = Client().post(link, {**NEW_OWNER, "password1": "12345", "password2": "12345"})
    assert answer.status_code == 200
    assert "at least 10 characters" in answer.content.decode()
    assert is_needed()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_becomes_the_owner() -> None:
    made: list[User | None] = []
    together = threading.Barrier(2)

    def create(name: str) -> None:
        together.wait()
        made.append(create_owner(name, PASSWORD))
        connection.close()

    threads = [threading.Thread(target=create, args=(name,)) for name in ("ada", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.count() == 1
    assert made.count(None) == 1
