"""The buttons of a section: approve it as it was read, or decline it with a word."""

from django.http import Http404, HttpRequest, HttpResponse

from audiences.clock import read_now
from calendar_project.pages import button_on
from campaigns.services.approvals import Seen, approve_section, decline_section

from .access import campaign_or_404, person
from .sections import Section
from .views import answered, posted_version


@button_on("calendar:campaign", "campaign_id")
def approve_one(request: HttpRequest, campaign_id: int, section: str) -> HttpResponse:
    """Approve one section. That it is approved already, by whoever, is no mistake."""
    campaign, seen = campaign_or_404(request, campaign_id), _seen(request, section)

    def approve() -> str:
        was_open = approve_section(campaign.pk, seen, person(request), read_now())
        campaign.refresh_from_db(fields=["status"])
        whole = " With it the campaign is approved." if was_open and campaign.status == "approved" else ""
        return f"The {section} is approved.{whole}"

    return answered(request, campaign, approve, "plan")


@button_on("calendar:campaign", "campaign_id")
def decline_one(request: HttpRequest, campaign_id: int, section: str) -> HttpResponse:
    """Decline one section: the campaign is a draft again, and what else was approved stays so."""
    campaign, seen = campaign_or_404(request, campaign_id), _seen(request, section)
    note = request.POST.get("note", "").replace("\0", "")[:400]

    def decline() -> str:
        decline_section(campaign.pk, seen, person(request), read_now(), note)
        return f"The {section} is declined: the campaign is a draft again."

    return answered(request, campaign, decline, "plan")


def _seen(request: HttpRequest, section: str) -> Seen:
    if section not in Section.values:
        raise Http404(f"A campaign has no section “{section}”.")
    return Seen(section, request.POST.get("digest", "")[:64], posted_version(request))
