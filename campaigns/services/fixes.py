"""What mends an overlap: one campaign leaves out the other's people, or takes them in. Each is an edit of its plan."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Campaign, CampaignVersion
from campaigns.offers import Side, can_leave_out, can_take_in
from campaigns.queries.audiences import audience
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.rights import can_plan, can_see
from campaigns.services.lifecycle import cancel
from campaigns.services.versions import lock_campaign, record_version

OVER = (Campaign.Status.DONE, Campaign.Status.CANCELLED)


@dataclass(frozen=True)
class Mended:
    """What a fix did: the segments that it added, the size of the audience before and after, the version it made."""

    added: list[int]
    before: int
    after: int
    version: int


def leave_out(campaign_id: int, other_id: int, by: User | None, now: datetime) -> Mended:
    """Exclude the segments of the other campaign from this one. Voids its approval, as any edit does."""
    with transaction.atomic():
        campaign, other = _lock_both(campaign_id, other_id)
        require_planner(campaign, by)
        _require_sight(other, by)
        if not can_leave_out(side_of(campaign), side_of(other)):
            raise NotAllowed("Both are for one and the same segment: without it nobody would be left.")
        before = _size(campaign)
        added = sorted(side_of(other).include - side_of(campaign).exclude)
        campaign.exclude.add(*added)
        after = _size(campaign)
        if before and not after:
            raise NotAllowed("Nobody would be left: everybody whom it is for gets the other one.")
        version = record_version(campaign_id, by, now)
        return Mended(added, before, after, version.number)


def let_back_in(campaign_id: int, added: Iterable[int], version: int, by: User | None, now: datetime) -> None:
    """Take back what `leave_out` added, as long as nobody has edited the campaign since."""
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        require_planner(campaign, by)
        newest = CampaignVersion.objects.filter(campaign=campaign_id).order_by("-number").first()
        if newest is None or newest.number != version or campaign.status in OVER:
            raise StaleChange("It has been edited since: change its audience on its own page.")
        campaign.exclude.remove(*added)
        record_version(campaign_id, by, now)


def take_in(campaign_id: int, other_id: int, by: User | None, now: datetime, note: str = "") -> Mended:
    """Include the segments of the other campaign in this one, and stop the other for good."""
    with transaction.atomic():
        campaign, other = _lock_both(campaign_id, other_id)
        require_planner(campaign, by)
        _require_sight(other, by)
        if not can_take_in(side_of(campaign), side_of(other)):
            raise NotAllowed("The two leave out different people: one of them cannot simply take in the other’s.")
        before = _size(campaign)
        added = sorted(side_of(other).include - side_of(campaign).include)
        campaign.include.add(*added)
        cancel(other_id, by, now, note=note)
        version = record_version(campaign_id, by, now)
        return Mended(added, before, _size(campaign), version.number)


def side_of(campaign: Campaign, *, moves: bool = False) -> Side:
    """Two queries, or none where the segments were read ahead."""
    return Side(
        campaign_id=campaign.pk,
        is_over=campaign.status in OVER,
        is_continuous=campaign.is_continuous,
        moves=moves,
        include=frozenset(segment.pk for segment in campaign.include.all()),
        exclude=frozenset(segment.pk for segment in campaign.exclude.all()),
    )


def _lock_both(campaign_id: int, other_id: int) -> tuple[Campaign, Campaign]:
    """In the order of their ids, so that two who mend the same pair the other way round do not wait in a ring."""
    locked = {each: lock_campaign(each) for each in sorted((campaign_id, other_id))}
    for each in locked.values():
        if each.status in OVER:
            raise StaleChange("One of the two is over by now: there is nothing left to mend.")
    return locked[campaign_id], locked[other_id]


def require_planner(campaign: Campaign, by: User | None) -> None:
    if not can_plan(by, campaign.team):
        raise NotAllowed(f"Only planners and approvers of {campaign.team} can change this campaign.")


def _require_sight(other: Campaign, by: User | None) -> None:
    """Its segments would stand in this campaign's plan, for everybody to read."""
    if not can_see(by, other):
        raise NotAllowed("It would say whom a private campaign is for: somebody of its team can do this.")


def _size(campaign: Campaign) -> int:
    side = side_of(campaign)
    return len(audience(side.include, side.exclude))
