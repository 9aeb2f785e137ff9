"""What stands above a campaign's form: where it is in its life, what can be done, what is wrong, what goes out when."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from audiences.admin.pages import page_url
from campaigns.models import Campaign, Finding, HistoryEntry, Send
from campaigns.services.preflight import problems

from .campaign_form import current_version
from .moves import moves_for
from .statuses import CAMPAIGN
from .trigger_words import trigger_in_words

AHEAD = (Send.State.SCHEDULED, Send.State.ADMITTING, Send.State.SENDING, Send.State.PAUSED)


def panel(campaign: Campaign, user: Any, now: datetime) -> dict[str, Any]:
    """The context of `campaign/panel.html`: a fixed number of queries, whatever the campaign holds."""
    version = current_version(campaign.pk)
    approved = campaign.approved_version.number if campaign.approved_version else None
    return {
        "campaign": campaign,
        "status": campaign.get_status_display(),
        "status_type": CAMPAIGN.get(campaign.get_status_display(), ""),
        "version": version,
        "approved": approved,
        "trigger": trigger_in_words(campaign),
        "moves": moves_for(user, campaign),
        "problems": problems(campaign, now),
        "findings": open_findings(campaign),
        "sends": sends_ahead(campaign),
        "history": recent_history(campaign),
        "page": page_url("calendar:campaign", campaign.pk),
    }


def open_findings(campaign: Campaign) -> list[Finding]:
    found = Finding.objects.filter(Q(first=campaign) | Q(second=campaign), state=Finding.State.OPEN)
    return list(found.select_related("first", "second").order_by("-shared")[:10])


def sends_ahead(campaign: Campaign) -> list[Send]:
    return list(campaign.sends.filter(state__in=AHEAD).defer("audience").order_by("due_at")[:8])


def recent_history(campaign: Campaign) -> list[HistoryEntry]:
    return list(campaign.history.select_related("by", "version").order_by("-id")[:10])
