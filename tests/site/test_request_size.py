from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient


def test_large_json_is_refused_before_it_is_read(api: APIClient) -> None:
    response = api.post("/api/ring/", {"camera": "x" * 1024 * 1024})
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"


def test_large_form_is_refused_on_a_page(web: Client, settings: Settings) -> None:
    settings.MAX_REQUEST_BYTES = 1000
    response = web.post("/people/add/", {"name": "x" * 2000})
    assert response.status_code == 413
    assert "the limit is 1,000; send less at once." in response.content.decode()
