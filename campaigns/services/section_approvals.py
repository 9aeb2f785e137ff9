"""The only writer of approvals of sections: given by an approver, taken away by an edit or a decline of the section."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User

from campaigns.models import CampaignVersion, SectionApproval


def give(version: CampaignVersion, digests: dict[str, str], by: User | None, now: datetime) -> None:
    """The sections of `digests` stand approved from now on. Called with the campaign's row locked."""
    # What stood for another text holds for nothing any more.
    void(version.campaign_id, digests, now)
    SectionApproval.objects.bulk_create(
        SectionApproval(campaign_id=version.campaign_id, section=section, digest=digest, version=version, by=by, at=now)
        for section, digest in digests.items()
    )


def void(campaign_id: int, sections: Iterable[str], now: datetime) -> None:
    standing = SectionApproval.objects.filter(campaign=campaign_id, voided_at__isnull=True)
    standing.filter(section__in=list(sections)).update(voided_at=now)
