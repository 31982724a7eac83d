"""The site with LEGACY_API_ENABLED: a URL configuration is read once, before a test can change the setting."""

import doorbell_site.urls
import migration.legacy_urls
from doorbell_site.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*migration.legacy_urls.urlpatterns, *doorbell_site.urls.urlpatterns]
