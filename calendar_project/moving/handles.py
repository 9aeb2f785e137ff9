"""Which cards can be taken hold of, and by whom: the rights of one person, read once for a page of many sends."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import Send
from campaigns.rights import teams_planned_by
from campaigns.services.moving import freeze_length


@dataclass(frozen=True)
class Movable:
    """The sends that one person may move now; `send in movable`, with its campaign."""

    teams: frozenset[int]
    from_: datetime

    def __contains__(self, send: Send) -> bool:
        campaign = send.campaign
        return (
            campaign.team_id in self.teams
            and send.state == Send.State.SCHEDULED
            and send.due_at >= self.from_
            and not campaign.is_continuous
            and not campaign.is_template
        )


def movable_by(user: Any, now: datetime) -> Movable:
    """One query."""
    return Movable(frozenset(teams_planned_by(user)), now + freeze_length())
