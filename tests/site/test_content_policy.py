import re

import pytest
from django.test import Client

PAGES = ["/", "/people/", "/people/add/", "/nowhere/", "/admin/", "/admin/faces/person/"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_nothing_from_elsewhere(web: Client, path: str) -> None:
    page = web.get(path)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    text = page.content.decode()
    assert not re.search(r'(src|href|action)="(https?:)?//', text)


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_no_scripts_and_no_styles_that_the_policy_forbids(web: Client, path: str) -> None:
    text = web.get(path).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
