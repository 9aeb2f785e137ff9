"""How a campaign stands on the pages and in the mails of a review. Every one of them is shown through here."""

from dataclasses import dataclass

from campaigns.models import Campaign


@dataclass(frozen=True)
class Shown:
    """A campaign as one viewer may know it: its name of then, and whose it is."""

    pk: int
    name: str
    team_id: int
    team: str


def shown(campaign: Campaign, name: str) -> Shown:
    """`name` is what it was called when the review was opened."""
    return Shown(campaign.pk, name, campaign.team_id, campaign.team.name)
