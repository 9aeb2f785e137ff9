"""Which sections of a campaign's plan stand approved, and which are open."""

from campaigns.models import Campaign, CampaignVersion, SectionApproval
from campaigns.plan import SECTIONS, Plan


def latest_version(campaign: Campaign) -> CampaignVersion | None:
    return campaign.versions.order_by("-number").first()


def section_digests(version: CampaignVersion) -> dict[str, str]:
    return Plan.from_json(version.plan).section_digests()


def standing_approvals(campaign_id: int, digests: dict[str, str]) -> dict[str, SectionApproval]:
    """By section, those that hold for a plan of these digests; one query. What says anything else is not among them."""
    rows = SectionApproval.objects.filter(campaign=campaign_id, voided_at__isnull=True).select_related("by", "version")
    return {row.section: row for row in rows if digests.get(row.section) == row.digest}


def open_sections(campaign_id: int, digests: dict[str, str]) -> list[str]:
    """What nobody has approved as it is now, in the order of the sections."""
    standing = standing_approvals(campaign_id, digests)
    return [section for section in SECTIONS if section not in standing]
