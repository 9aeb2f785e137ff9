"""How a campaign stands on the pages and in the mails of a review. Every one of them is shown through here."""

from dataclasses import dataclass
from functools import cache

from django.contrib.auth.models import User
from django.urls import reverse
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

    @property
    def look(self) -> str:
        """As a part of a class, without the thousands separators that people read."""
        return str(self.team_id)

    @property
    def address(self) -> str:
        return _somewhere().replace("/0/", f"/{self.pk}/")


def shown(user: User, campaign: Campaign, name: str) -> Shown:
    """`name` is what it was called when the review was opened."""
    if not can_see(user, campaign):
        return Shown(0, capfirst(spoken(user, campaign)), campaign.team_id, campaign.team.name, is_veiled=True)
    return Shown(campaign.pk, name, campaign.team_id, campaign.team.name)


@cache
def _somewhere() -> str:
    """Asking for each address takes longer than all the rest of a row."""
    return reverse("calendar:campaign", args=[0])
