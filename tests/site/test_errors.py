import pytest
from django.test import Client
from django.urls import path
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from doorbell_site import urls
from pipeline.vision.errors import ModelError


class Failing(APIView):
    def get(self, request: Request, kind: str) -> Response:
        raise ModelError("the encoder is missing") if kind == "model" else RuntimeError("secret details")


urlpatterns = [path("api/fail/<str:kind>/", Failing.as_view()), *urls.urlpatterns]
handler500 = urls.handler500


@pytest.fixture
def failing(settings: Settings, api: APIClient) -> APIClient:
    settings.ROOT_URLCONF = __name__
    api.raise_request_exception = False
    return api


@pytest.mark.parametrize("path", ["/api/", "/api/nothing/", "/api/people", "/api/events/1/nothing/"])
def test_address_that_is_not_there_is_answered_in_json(api: APIClient, path: str) -> None:
    response = api.get(path)
    assert response.status_code == 404
    assert (response.json()["code"], set(response.json())) == ("not_found", {"code", "detail"})


def test_missing_slash_is_pointed_out(api: APIClient) -> None:
    detail = api.post("/api/ring").json()["detail"]
    assert detail == "There is nothing at /api/ring. Addresses end with a slash. /api/docs/ lists what there is."


def test_without_a_sign_in_the_api_says_nothing_about_addresses(db: None) -> None:
    response = APIClient().get("/api/nothing/")
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_mistake_of_ours_is_json_and_tells_no_details(failing: APIClient) -> None:
    response = failing.get("/api/fail/other/")
    assert (response.status_code, response.json()["code"]) == (500, "server_error")
    assert "secret" not in response.content.decode()


def test_engine_that_is_not_ready_is_unavailable(failing: APIClient) -> None:
    response = failing.get("/api/fail/model/")
    assert response.status_code == 503
    assert response.json() == {"code": "engine_not_ready", "detail": "the encoder is missing"}


def test_host_that_is_not_ours_is_refused_in_json(db: None) -> None:
    response = APIClient(headers={"host": "evil.example"}).get("/api/events/")
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


def test_page_that_is_not_there_looks_like_ours(web: Client) -> None:
    response = web.get("/nowhere/")
    assert response.status_code == 404
    assert "There is nothing at /nowhere/." in response.content.decode()


def test_address_in_an_error_page_is_escaped(web: Client) -> None:
    assert "<script>" not in web.get("/<script>alert(1)</script>/").content.decode()


def test_form_without_its_secret_is_explained(web: Client) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = web.cookies
    response = browser.post("/ring/")
    assert response.status_code == 403
    assert "The form was too old" in response.content.decode()


def test_error_page_of_a_mistake_needs_no_database(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    from django.test import RequestFactory

    from doorbell_site.errors import server_error

    page = server_error(RequestFactory().get("/"))
    assert page.status_code == 500
    assert "The doorbell made a mistake" in page.content.decode()
