"""What the campaign page shows of a handoff: the open offer, and what this person can do about it."""

from typing import Any

from django.contrib.auth.models import User

from campaigns.models import Campaign, Handoff
from campaigns.queries.reviews import planners_of
from campaigns.rights import can_plan
from campaigns.services.handoffs import OVER, may_hand_over


def handoff_of(campaign: Campaign, user: User) -> dict[str, Any]:
    is_over = campaign.status in OVER or campaign.is_template
    offer = campaign.handoffs.filter(state=Handoff.State.OFFERED).select_related("to", "offered_by").first()
    may_offer = not is_over and may_hand_over(user, campaign)
    return {
        "handoff": offer,
        "answers": offer is not None and offer.to_id == user.pk,
        "may_withdraw": offer is not None and (may_offer or offer.offered_by_id == user.pk),
        "may_take": not is_over and campaign.owner_id is None and can_plan(user, campaign.team),
        "hand_to": planners_of([campaign.team_id]).exclude(pk=campaign.owner_id or 0) if may_offer else [],
    }
