"""Where the admin's own few styles are."""

from django.http import HttpRequest
from django.templatetags.static import static


def address(request: HttpRequest) -> str:
    """Asked for by unfold with the request; the file's address carries its digest where there is a manifest."""
    return static("audiences/admin.css")
