import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from tests.conftest import PASSWORD


def sign_in(browser: Client, name: str, password: str) -> int:
    return browser.post("/sign-in/", {"username": name, "password": password}).status_code


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/events/1/",
        "/people/",
        "/people/add/",
        "/captures/1/picture.jpg",
        "/faces/1/face.jpg",
        "/ring/",
        "/admin/",
    ],
)
def test_every_page_asks_to_sign_in(db: None, path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(("/sign-in/?next=", "/admin/login/?next="))


@pytest.mark.parametrize("path", ["/sign-in/", "/healthz", "/readyz"])
def test_open_addresses_are_open(db: None, path: str) -> None:
    assert Client().get(path).status_code in {200, 503}


def test_admin_has_no_sign_in_of_its_own(resident_web: Client) -> None:
    assert Client().get("/admin/login/?next=/admin/").headers["Location"] == "/sign-in/?next=/admin/"
    refused = resident_web.get("/admin/", follow=True)
    assert refused.status_code == 403
    assert "may not use the administration" in refused.content.decode()


def test_user_signs_in_and_out(resident: User) -> None:
    browser = Client()
    assert sign_in(browser, "resident", PASSWORD) == 302
    assert browser.get("/").status_code == 200
    assert browser.get("/sign-out/").status_code == 405
    assert browser.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert browser.get("/").status_code == 302


def test_sign_in_does_not_lead_to_other_sites(resident: User) -> None:
    answer = Client().post("/sign-in/", {"username": "resident", "password": PASSWORD, "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_guessing_passwords_is_stopped_even_when_right(resident: User) -> None:
    browser = Client()
    assert {sign_in(browser, "resident", f"guess {number}") for number in range(10)} == {200}
    refused = browser.post("/sign-in/", {"username": "Resident", "password": PASSWORD})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) <= 61
    assert "Too many attempts" in refused.content.decode()


def test_header_of_a_proxy_does_not_help_to_guess(resident: User) -> None:
    browser = Client()
    for number in range(10):
        browser.post("/sign-in/", {"username": "resident"}, headers={"x-forwarded-for": f"10.0.0.{number}"})
    assert sign_in(browser, "resident", PASSWORD) == 429


def test_guessing_at_one_account_does_not_lock_another(resident: User, owner: User) -> None:
    browser = Client()
    for number in range(11):
        sign_in(browser, "resident", f"guess {number}")
    assert sign_in(browser, "owner", PASSWORD) == 302


def test_token_serves_the_api_and_not_the_pages(api: APIClient) -> None:
    assert api.get("/api/events/").status_code == 200
    assert api.get("/").status_code == 302
