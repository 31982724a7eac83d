"""The Django project: settings, URLs, the Celery application."""

from doorbell_site.celery import app as celery_app

__all__ = ["celery_app"]
