from django.urls import path

from health import api, pages, scrape, views

api_urlpatterns = [path("health/", api.HealthView.as_view(), name="api-health")]

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", scrape.MetricsView.as_view(), name="metrics"),
    path("health/", pages.health, name="health"),
]
