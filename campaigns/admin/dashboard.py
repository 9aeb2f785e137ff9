"""The first page of the admin: what waits for somebody, in four figures."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse

from audiences.admin.pages import page_url
from audiences.clock import read_now
from campaigns.models import Campaign, Finding, Send
from campaigns.rights import seen_by
from campaigns.veils import seen_findings

from .panel import AHEAD

COMING = timedelta(days=7)


def figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the index page, with its cards: three counts, whatever the workspace holds."""
    campaigns, findings = reverse("admin:campaigns_campaign_changelist"), reverse("admin:campaigns_finding_changelist")
    counts = Campaign.objects.filter(seen_by(request.user), is_template=False).aggregate(
        in_review=Count("pk", filter=Q(status=Campaign.Status.IN_REVIEW)),
        running=Count("pk", filter=Q(status=Campaign.Status.RUNNING)),
    )
    to_settle = seen_findings(request.user, Finding.objects.filter(state=Finding.State.OPEN)).count()
    now = read_now()
    cards = [
        ("Waiting for approval", counts["in_review"], f"{campaigns}?status__exact=in_review"),
        ("Findings to settle", to_settle, findings),
        ("Sends in the next 7 days", _sends(now, now + COMING), page_url("calendar:week")),
        ("Campaigns running", counts["running"], f"{campaigns}?status__exact=running"),
    ]
    return {
        **context,
        "title": "What waits",
        "cards": [{"title": title, "figure": figure, "url": url} for title, figure, url in cards],
    }


def _sends(start: Any, end: Any) -> int:
    return Send.objects.filter(state__in=AHEAD, due_at__gte=start, due_at__lt=end).count()
