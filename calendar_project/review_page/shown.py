"""How a campaign stands on the pages and in the mails of a review. Every one of them is shown through here."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.text import capfirst

from campaigns.models import Campaign
from campaigns.rights import can_see
from campaigns.veils import spoken


@dataclass(frozen=True)
class Shown:
    """A campaign as one viewer may know it: its name of then, and whose it is."""

    pk: int
    name: str
    team_id: int
    team: str
    is_veiled: bool = False


def shown(user: User, campaign: Campaign, name: str) -> Shown:
    """`name` is what it was called when the review was opened."""
    if not can_see(user, campaign):
        return Shown(0, capfirst(spoken(user, campaign)), campaign.team_id, campaign.team.name, is_veiled=True)
    return Shown(campaign.pk, name, campaign.team_id, campaign.team.name)
