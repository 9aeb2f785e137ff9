"""The addresses of this floor's API, under /api/v1/."""

from django.urls import re_path

from audiences.api.views import CustomersView, EventsView

# With or without the last slash: a POST cannot follow a redirect to the other.
urlpatterns = [
    re_path(r"^customers/?$", CustomersView.as_view(), name="api-customers"),
    re_path(r"^events/?$", EventsView.as_view(), name="api-events"),
]
