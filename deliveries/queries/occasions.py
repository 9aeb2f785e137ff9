"""What there is to decide on, as plain values: a send of an approved version, or a draft as it would go out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from campaigns.models import Send
from campaigns.plan import Plan
from deliveries.caps import Reach
from deliveries.timing import Schedule

# A draft has no send yet: in a tie it stands behind every send there is.
NO_SEND = 2**62


@dataclass(frozen=True)
class Occasion:
    """One going-out of a plan. Admission and forecast know nothing else about it."""

    campaign_id: int
    plan: Plan
    schedule: Schedule
    send_id: int = NO_SEND

    @property
    def order(self) -> tuple[int, datetime, int, int]:
        """Who goes first: high priority, then the earlier send, then the older campaign, then the id."""
        return (-self.plan.priority, self.schedule.due_at, self.campaign_id, self.send_id)

    def reach_on(self, channel: str) -> Reach:
        return reach_of(self.plan, channel)


def reach_of(plan: Plan, channel: str) -> Reach:
    return Reach(channel, plan.topic_id, plan.team_id)


def occasion_of(send: Send, plan: Plan, due_at: datetime | None = None) -> Occasion:
    """A send as planned. `due_at` is the round's `now` for a continuous send: a firing goes out when it is decided."""
    local = datetime.fromisoformat(send.local_due) if send.local_due and not plan.is_continuous else None
    return Occasion(send.campaign_id, plan, schedule_of(plan, due_at or send.due_at, local), send.pk)


def schedule_of(plan: Plan, due_at: datetime, local: datetime | None) -> Schedule:
    return Schedule(due_at, local, expires_after(plan), timedelta(minutes=settings.GRACE_MINUTES))


def expires_after(plan: Plan) -> timedelta:
    """What the plan says, or the workspace's default: a dated message ages in a day, a continuous one in a week."""
    if plan.expires_after_seconds is not None:
        return timedelta(seconds=plan.expires_after_seconds)
    hours = settings.CONTINUOUS_EXPIRES_HOURS if plan.is_continuous else settings.DATED_EXPIRES_HOURS
    return timedelta(hours=hours)
