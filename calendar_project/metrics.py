"""`/metrics` for Prometheus: the engine in numbers, for whoever shows the token."""

import math
import secrets
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from audiences.clock import read_now
from calendar_project.exposition import exposition
from deliveries.queries.figures import figures

KEPT_FOR = 5.0  # seconds: several who ask at once cost the database no more than one


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, at most five seconds old. 401 without the token, 503 without the database.

    404 in a deployment where no token is set: behind a proxy on the same machine everybody comes from loopback, so
    where somebody comes from proves nothing. The embedded workspace listens on loopback alone.
    """
    if not settings.METRICS_TOKEN and not settings.EMBEDDED:
        raise Http404("METRICS_TOKEN is not set.")
    if settings.METRICS_TOKEN and not _shows_token(request):
        return HttpResponse("A bearer token is needed.\n", "text/plain", 401, headers={"WWW-Authenticate": "Bearer"})
    try:
        return HttpResponse(page.text(), CONTENT_TYPE_LATEST)
    except DatabaseError:  # its text may hold the address of the database
        return HttpResponse("The database does not answer.\n", "text/plain", 503)


def _shows_token(request: HttpRequest) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())


class Page:
    """What was last written; one thread writes it while others wait for it."""

    def __init__(self, write: Callable[[], bytes]) -> None:
        self._write, self._lock = write, threading.Lock()
        self._text, self._written_at = b"", -math.inf

    def text(self) -> bytes:
        with self._lock:
            if time.monotonic() - self._written_at > KEPT_FOR:
                self._text = self._write()
                self._written_at = time.monotonic()
            return self._text

    def forget(self) -> None:
        self._written_at = -math.inf


page = Page(lambda: exposition(figures(read_now())))
