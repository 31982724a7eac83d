from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView

import doorbell_site.first_owner
import events.notifications.urls
import events.urls
import faces.urls
import health.urls
import migration.legacy_urls
import pipeline.urls
from doorbell_site.errors import NothingHere
from doorbell_site.schema import ApiPages
from doorbell_site.sign_in import SignIn

admin.autodiscover()

api_urlpatterns: list[URLPattern | URLResolver] = [
    *pipeline.urls.api_urlpatterns,
    *events.urls.api_urlpatterns,
    *faces.urls.api_urlpatterns,
    *health.urls.api_urlpatterns,
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", login_required(ApiPages.as_view(url_name="api-schema")), name="api-docs"),
    re_path(r"^.*$", NothingHere.as_view()),
]

urlpatterns = [
    *health.urls.urlpatterns,
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    *doorbell_site.first_owner.urlpatterns,
    *(migration.legacy_urls.urlpatterns if settings.LEGACY_API_ENABLED else []),
    path("api/", include(api_urlpatterns)),
    path("admin/", admin.site.urls),
    *pipeline.urls.urlpatterns,
    *faces.urls.urlpatterns,
    *events.urls.urlpatterns,
    *events.notifications.urls.urlpatterns,
]

handler400 = "doorbell_site.errors.bad_request"
handler403 = "doorbell_site.errors.forbidden"
handler404 = "doorbell_site.errors.not_found"
handler500 = "doorbell_site.errors.server_error"
