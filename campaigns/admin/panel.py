"""What stands above a campaign's form: where it is in its life, what can be done, what is wrong, what goes out when."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from audiences.admin.pages import page_url
from campaigns.models import Campaign, Finding, HistoryEntry, Send
from campaigns.plan import SECTIONS
from campaigns.queries.approvals import latest_version, section_digests, standing_approvals
from campaigns.services.approvals import spoken
from campaigns.services.preflight import problems
from campaigns.veils import seen_findings, veil_finding

from .moves import moves_for
from .statuses import CAMPAIGN
from .trigger_words import trigger_in_words

AHEAD = (Send.State.SCHEDULED, Send.State.ADMITTING, Send.State.SENDING, Send.State.PAUSED)


def panel(campaign: Campaign, user: Any, now: datetime) -> dict[str, Any]:
    """The context of `campaign/panel.html`: a fixed number of queries, whatever the campaign holds."""
    found = problems(campaign, now)
    return {
        "campaign": campaign,
        "status": campaign.get_status_display(),
        "status_type": CAMPAIGN.get(campaign.get_status_display(), ""),
        "standing": f"{_version(campaign)} Goes out: {trigger_in_words(campaign)}.",
        "moves": moves_for(user, campaign),
        "problems": [problem for problem in found if problem.is_blocking],
        "warnings": [problem for problem in found if not problem.is_blocking],
        "findings": open_findings(campaign, user),
        "sends": sends_ahead(campaign),
        "history": recent_history(campaign),
        "page": page_url("calendar:campaign", campaign.pk),
    }


def _version(campaign: Campaign) -> str:
    """Which version it is, and what of it stands approved where that is a part."""
    version = latest_version(campaign)
    digests = section_digests(version) if version else {}
    given = standing_approvals(campaign.pk, digests)
    said = _of_version(campaign, version.number if version else 0)
    standing = [section for section in SECTIONS if section in given]
    if len(standing) in (0, len(SECTIONS)):
        return said
    return f"{said} Of it {spoken(standing)} stand{'s' if len(standing) == 1 else ''} approved."


def _of_version(campaign: Campaign, version: int) -> str:
    if campaign.approved_version is None:
        return f"Version {version}." if version else "Not saved as a version yet."
    approved = campaign.approved_version.number
    return f"Version {version}, approved." if approved == version else f"Version {version}; {approved} is approved."


def open_findings(campaign: Campaign, user: Any) -> list[dict[str, Any]]:
    """The ten that share the most, each with the name of the other campaign."""
    found = seen_findings(
        user, Finding.objects.filter(Q(first=campaign) | Q(second=campaign), state=Finding.State.OPEN)
    )
    rows = found.select_related("first__team", "second__team").order_by("-shared", "id")[:10]
    return [
        {
            "pk": finding.pk,
            "other": finding.second if finding.first_id == campaign.pk else finding.first,
            "shared": finding.shared,
            "severity": finding.get_severity_display().lower(),
        }
        for finding in (veil_finding(user, each) for each in rows)
    ]


def sends_ahead(campaign: Campaign) -> list[Send]:
    return list(campaign.sends.filter(state__in=AHEAD).defer("audience").order_by("due_at")[:8])


def recent_history(campaign: Campaign) -> list[HistoryEntry]:
    return list(campaign.history.select_related("by", "version").order_by("-id")[:10])
