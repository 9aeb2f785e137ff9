"""GET /feeds/<token>.ics: the calendar file that calendar programs subscribe to."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import condition, require_safe

from audiences.clock import read_now
from campaigns.services.feeds import feed_by_token, feed_file, feed_version


@require_safe
def feed_view(request: HttpRequest, token: str) -> HttpResponse:
    """The file; 304 while it is unchanged; 404 for a token that is unknown or revoked, which are told apart nowhere."""
    now = read_now()
    feed = feed_by_token(token, now)
    if feed is None:
        return _not_found()
    version = feed_version(feed, now)

    @condition(etag_func=lambda *_: f'"{version.tag}"', last_modified_func=lambda *_: version.changed_at)
    def respond(request: HttpRequest) -> HttpResponse:
        return _private(HttpResponse(feed_file(feed, now), content_type="text/calendar; charset=utf-8"))

    return _private(respond(request))


def _private(response: HttpResponse) -> HttpResponse:
    """Kept by the one who asked, and asked for again each time."""
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _not_found() -> HttpResponse:
    response: Any = HttpResponse("There is no such feed.", status=404, content_type="text/plain; charset=utf-8")
    # Django would log the path of a 404, and the token with it.
    response._has_been_logged = True
    return _private(response)
