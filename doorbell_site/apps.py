from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class DoorbellAdminConfig(SimpleAdminConfig):
    """Finds the apps' admin modules when the URLs are loaded: a worker that shows no pages does without
    them, and without the vision code that they import (60 MB)."""

    default_site = "doorbell_site.admin_site.DoorbellAdminSite"


class DoorbellSiteConfig(AppConfig):
    name = "doorbell_site"
