"""Every address that Almanac answers."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from calendar_project.api_docs import api_docs
from calendar_project.health import healthz, readyz
from calendar_project.metrics import metrics
from calendar_project.outbox.views import mail_page, outbox_page
from calendar_project.pages import SignIn, SignOut, favicon
from campaigns.feeds import feed_view

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="calendar:week"), name="home"),
    path("favicon.ico", favicon, name="favicon"),
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", SignOut.as_view(), name="sign-out"),
    path("calendar/", include("calendar_project.page_urls")),
    path("review/", include("calendar_project.review_page.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("audiences.api.urls")),
    path("api/v1/", include("deliveries.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", api_docs, name="api-docs"),
    path("", include("deliveries.urls")),
    path("feeds/<str:token>.ics", feed_view, name="feed"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]

if settings.EMBEDDED:
    urlpatterns += [
        path("outbox/", outbox_page, name="outbox"),
        path("outbox/<str:name>", mail_page, name="outbox-mail"),
    ]
