from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class DoorbellAdminConfig(AdminConfig):
    default_site = "doorbell_site.admin_site.DoorbellAdminSite"


class DoorbellSiteConfig(AppConfig):
    name = "doorbell_site"
