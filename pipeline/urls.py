from django.urls import path

from pipeline import api, views

api_urlpatterns = [
    path("ring/", api.RingView.as_view(), name="api-ring"),
    path("captures/", api.UploadView.as_view(), name="api-captures"),
]

urlpatterns = [path("ring/", views.press, name="ring")]
