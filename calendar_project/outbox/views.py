"""The outbox: the mails that the embedded workspace wrote instead of sending them. Embedded only.

For workspace admins: it holds every mail there is, those of private campaigns and those to other people too.
"""

from pathlib import Path

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from calendar_project.outbox import mails
from campaigns.rights import sees_everything
from deliveries.channels.email_url import read_email_url

PER_PAGE = 50


def folder(request: HttpRequest) -> Path:
    """Where EMAIL_URL says that mails go. A 404 where they are really sent, and for all but workspace admins."""
    url = read_email_url(settings.EMAIL_URL)
    if url.kind != "outbox" or not settings.EMBEDDED or not sees_everything(request.user):
        raise Http404
    return Path(url.folder)


@require_safe
@login_required
def outbox_page(request: HttpRequest) -> HttpResponse:
    """Newest first. Only the mails of one page are opened."""
    where = folder(request)
    page = Paginator(mails.names(where), PER_PAGE).get_page(request.GET.get("page"))
    headings = [found for name in page if (found := mails.heading(where, name))]
    return render(request, "calendar_project/outbox.html", {"place": "outbox", "page": page, "headings": headings})


@require_safe
@login_required
# The frame takes over this page's policy, and mails carry their styles in attributes; what is left of those is clean.
@csp_update({"style-src-attr": [UNSAFE_INLINE]})  # type: ignore[arg-type]  # typed for views without arguments
def mail_page(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: its headers, its text, its HTML in a frame that can do nothing."""
    mail = mails.mail(folder(request), name)
    if mail is None:
        raise Http404
    return render(request, "calendar_project/outbox_mail.html", {"place": "outbox", "mail": mail})
