"""Whether a send may be moved, and to where: asked by the move under its lock, and by the dry run without one."""

from datetime import datetime, timedelta

from django.conf import settings

from campaigns.models import Campaign, Send
from campaigns.queries.campaigns import workspace_zone
from campaigns.recurrence import RecurrenceError, wall_time
from campaigns.refusals import NotAllowed
from campaigns.rights import Person, can_plan
from campaigns.slots import Slot, place

#: What the history calls it.
MOVED = "move send"


def check_may_move(campaign: Campaign, by: Person) -> None:
    if not can_plan(by, campaign.team):
        raise NotAllowed(f"Only planners and approvers of {campaign.team} can move sends of {campaign}.")


def check_movable(campaign: Campaign, send: Send, now: datetime) -> None:
    """Raise `NotAllowed` for what has no place of its own, has begun, or is about to."""
    if campaign.is_template:
        raise NotAllowed(f"{campaign} is a template: it never goes out. Start a campaign from it, and move that.")
    if campaign.is_continuous:
        raise NotAllowed("A day of a continuous campaign cannot be moved: it goes out when customers do something.")
    if send.state != Send.State.SCHEDULED:
        raise NotAllowed(f"This send is {send.state} already: only one that has not started can be moved.")
    if send.due_at < now + freeze_length():
        due = f"{wall_time(send.due_at, workspace_zone()):%H:%M}"
        raise NotAllowed(
            f"This send is due at {due}, and nothing is moved in the last {settings.FREEZE_MINUTES} minutes before its "
            "hour. Pause or cancel its campaign if it must not go out; to have it go later, change its schedule."
        )


def check_moment(slot: Slot, now: datetime) -> None:
    """Raise `NotAllowed` unless there is time left before it. At everyone's own hour the first zone on earth counts."""
    if slot.over_at <= now:
        raise NotAllowed("That moment has passed: choose a later one.")
    if slot.due_at < now + freeze_length():
        where = " in the first zone on earth (UTC+14)" if slot.local_due else ""
        raise NotAllowed(
            f"That moment is past or less than {settings.FREEZE_MINUTES} minutes ahead{where}: choose a later one."
        )


def freeze_length() -> timedelta:
    """How long before its hour a send cannot be moved any more: what is about to leave stays where everybody saw it."""
    return timedelta(minutes=settings.FREEZE_MINUTES)


def slot_at(campaign: Campaign, to_local: datetime) -> Slot:
    """Where a wall-clock moment is, by the campaign's sense of zone. Raises `NotAllowed` for a year of nobody's."""
    to_local = to_local.replace(second=0, microsecond=0)  # a plan is written by the minute
    try:
        return place(to_local, in_customer_zone=campaign.zone == Campaign.Zone.CUSTOMER, zone=workspace_zone())
    except RecurrenceError as error:
        raise NotAllowed(str(error)) from error


def stands_at(send: Send, slot: Slot) -> bool:
    return (send.due_at, send.local_due) == (slot.due_at, slot.local_due)


def move_note(send: Send, slot: Slot, why: str) -> str:
    """`Tue 24 Nov 2026 09:00 → Wed 25 Nov 2026 14:30: after the fair`."""
    before = datetime.fromisoformat(send.local_due) if send.local_due else _on_the_wall(send.due_at)
    after = datetime.fromisoformat(slot.local_due) if slot.local_due else _on_the_wall(slot.due_at)
    local = ", each customer’s own hour" if slot.local_due else ""
    reason = f": {why.strip()}" if why.strip() else ""
    return f"{before:%a %-d %b %Y %H:%M} → {after:%a %-d %b %Y %H:%M}{local}{reason}"


def _on_the_wall(moment: datetime) -> datetime:
    return wall_time(moment, workspace_zone())
