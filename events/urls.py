from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from events import api, views

_router = SimpleRouter()
_router.register("events", api.EventViewSet, basename="api-event")

api_urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(_router.urls)),
    path("captures/<int:pk>/", api.CaptureView.as_view(), name="api-capture"),
    path("captures/<int:pk>/image/", api.CaptureImage.as_view(), name="api-capture-image"),
]

urlpatterns = [
    path("", views.events, name="events"),
    path("events/<int:pk>/", views.event, name="event"),
    path("captures/<int:pk>/picture.jpg", views.capture_picture, name="capture-picture"),
    path("captures/<int:pk>/small.jpg", views.capture_small, name="capture-small"),
    path("faces/<int:pk>/face.jpg", views.face_picture, name="face-picture"),
]
