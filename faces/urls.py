from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from faces import api, views

_router = SimpleRouter()
_router.register("people", api.PersonViewSet, basename="api-person")

api_urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(_router.urls)),
    path("people/<int:pk>/samples/", api.SampleCreate.as_view(), name="api-person-samples"),
    path("samples/<int:pk>/", api.SampleView.as_view(), name="api-sample"),
    path("samples/<int:pk>/image/", api.SampleImage.as_view(), name="api-sample-image"),
]

urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/add/", views.add_person, name="add-person"),
    path("people/<int:pk>/", views.person, name="person"),
    path("people/<int:pk>/rename/", views.rename, name="rename-person"),
    path("people/<int:pk>/block/", views.block, name="block-person"),
    path("people/<int:pk>/delete/", views.delete, name="delete-person"),
    path("people/<int:pk>/samples/", views.add_samples, name="add-samples"),
    path("people/<int:pk>/samples/answer/", views.answer, name="answer-sample"),
    path("samples/<int:pk>/delete/", views.delete_picture, name="delete-sample"),
    path("samples/<int:pk>/picture.jpg", views.sample_picture, name="sample-picture"),
]
