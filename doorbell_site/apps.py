from django.apps import AppConfig


class DoorbellSiteConfig(AppConfig):
    name = "doorbell_site"
