from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient


def create_token(name: str) -> str:
    out = StringIO()
    call_command("create_token", name, stdout=out)
    return out.getvalue()


def test_prints_a_token_that_works_and_nothing_else(owner: User) -> None:
    token = create_token(owner.username)
    assert token == f"{token.strip()}\n"
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token.strip()}")
    assert client.get("/api/events/").status_code == 200


def test_the_second_time_it_is_the_same_token(owner: User) -> None:
    assert create_token(owner.username) == create_token(owner.username)


def test_unknown_account_is_an_error_that_names_the_known_ones(owner: User) -> None:
    with pytest.raises(CommandError) as caught:
        create_token("nobody")
    assert str(caught.value) == "there is no account 'nobody'; there is 'owner'"


@pytest.mark.django_db
def test_without_any_account_the_error_says_how_to_make_one() -> None:
    with pytest.raises(CommandError) as caught:
        create_token("nobody")
    assert str(caught.value) == "there is no account 'nobody'; make one: ./doorbell manage createsuperuser"
