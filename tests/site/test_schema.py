from typing import Any, cast

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework.test import APIClient


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    made: dict[str, Any] = cast(Any, SchemaGenerator)().get_schema(request=None, public=True)
    return made


def test_schema_is_made_without_warnings_and_is_valid(schema: dict[str, Any]) -> None:
    assert not GENERATOR_STATS
    cast(Any, validate_schema)(schema)


def test_schema_names_the_calls_that_programs_rely_on(schema: dict[str, Any]) -> None:
    calls = {f"{method.upper()} {path}" for path, methods in schema["paths"].items() for method in methods}
    assert calls >= {
        "POST /api/ring/",
        "GET /api/events/",
        "GET /api/events/{id}/",
        "POST /api/captures/",
        "GET /api/captures/{id}/",
        "GET /api/captures/{id}/image/",
        "GET /api/people/",
        "POST /api/people/",
        "GET /api/people/{id}/",
        "PUT /api/people/{id}/",
        "PATCH /api/people/{id}/",
        "DELETE /api/people/{id}/",
        "POST /api/people/{id}/samples/",
        "DELETE /api/samples/{id}/",
        "GET /api/samples/{id}/image/",
    }


def test_every_refusal_has_the_one_shape(schema: dict[str, Any]) -> None:
    for methods in schema["paths"].values():
        for call in methods.values():
            assert "401" in call["responses"]
            for status, response in call["responses"].items():
                if status.startswith("4"):
                    shape = response["content"]["application/json"]["schema"]
                    assert shape == {"$ref": "#/components/schemas/Error"}


def test_pictures_are_sent_and_received_as_files(schema: dict[str, Any]) -> None:
    image = schema["paths"]["/api/captures/{id}/image/"]["get"]["responses"]["200"]["content"]
    assert image == {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}
    for path in ("/api/captures/", "/api/people/{id}/samples/"):
        (content_type,) = schema["paths"][path]["post"]["requestBody"]["content"]
        assert content_type == "multipart/form-data"
    sent = schema["components"]["schemas"]["NewSampleRequest"]["properties"]["image"]
    assert sent["format"] == "binary"


def test_event_filters_are_described(schema: dict[str, Any]) -> None:
    names = {parameter["name"] for parameter in schema["paths"]["/api/events/"]["get"]["parameters"]}
    assert names == {"camera", "outcome", "page", "page_size", "person", "since", "trigger", "until"}


def test_schema_and_its_pages_need_a_sign_in(web: Client, api: APIClient) -> None:
    assert APIClient().get("/api/schema/").status_code == 401
    assert Client().get("/api/docs/").url == "/sign-in/?next=/api/docs/"  # type: ignore[attr-defined]
    assert api.get("/api/schema/").status_code == 200
    assert web.get("/api/docs/").status_code == 200


def test_pages_of_the_api_come_from_here(web: Client) -> None:
    page = web.get("/api/docs/")
    text = page.content.decode()
    assert "/static/drf_spectacular_sidecar/" in text
    assert "https://" not in text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert web.get("/api/docs/?script=").headers["Content-Type"] == "application/javascript"
