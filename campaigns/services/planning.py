"""Planning: triggers become sends on the calendar, over a rolling horizon and in local time."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat

from campaigns.models import Campaign, Send
from campaigns.plan import Plan
from campaigns.queries.audiences import audience
from campaigns.queries.campaigns import read_plan, workspace_zone
from campaigns.queries.expected import expected_volume
from campaigns.queries.sends import OPEN
from campaigns.recurrence import RecurrenceError
from campaigns.services.days import close_days
from campaigns.services.states import move_states, move_status
from campaigns.slots import Held, Placement, Slot, has_slots_left, settle, slots

logger = logging.getLogger(__name__)
UNPLANNED = "no longer in the schedule"
OVER = (Campaign.Status.DONE, Campaign.Status.CANCELLED)


@dataclass(frozen=True)
class Planned:
    """How many sends one planning made, moved and took off the calendar."""

    created: int = 0
    moved: int = 0
    cancelled: int = 0

    def __add__(self, other: "Planned") -> "Planned":
        return Planned(self.created + other.created, self.moved + other.moved, self.cancelled + other.cancelled)


def plan_sends(campaign_id: int, now: datetime) -> Planned:
    """Bring the sends of one campaign that have not started in line with its trigger; a constant number of queries.

    Planning again changes nothing, and two planners at once make one send per slot: the campaign's row is locked, and
    a constraint stands behind it. A rule that cannot be read leaves the sends as they are; preflight says why.
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
        if campaign.is_template or campaign.status in OVER:
            return Planned()
        plan = read_plan(campaign)
        try:
            placement, held = _settle(campaign, plan, now)
        except RecurrenceError:
            return Planned()
        planned = Planned(
            created=_create(campaign, placement.free, now),
            moved=_move(placement, held, now),
            cancelled=move_states(
                placement.dropped, [Send.State.SCHEDULED], Send.State.CANCELLED, now, reason=UNPLANNED, finished_at=now
            ),
        )
        _expect(campaign, plan, planned, now)
        return planned


def plan_all(now: datetime) -> Planned:
    """Plan every campaign that is not over, finish those whose last send is, and close the days that are past."""
    planned = Planned()
    alive = Campaign.objects.filter(is_template=False).exclude(status__in=OVER).order_by("pk")
    for campaign_id in alive.values_list("pk", flat=True):
        try:
            planned += plan_sends(campaign_id, now)
        except Exception:
            # Whatever is wrong with one campaign, the others have their sends.
            logger.exception("Planning campaign %s failed", campaign_id)
    close_days(now)
    _finish_all(now)
    return planned


def _settle(campaign: Campaign, plan: Plan, now: datetime) -> tuple[Placement, dict[int, Send]]:
    scheduled = Send.objects.filter(campaign=campaign, state=Send.State.SCHEDULED).defer("audience").order_by("slot")
    held = {send.pk: send for send in scheduled}
    # As far back as there is a send that has not started, so that one that waits for its grace keeps its slot.
    earliest = min((send.due_at for send in held.values()), default=now)
    wanted = slots(plan, workspace_zone(), min(now, earliest), now + timedelta(days=settings.HORIZON_DAYS))
    return (
        settle(
            [Held(send.pk, send.slot, send.moved_by_hand) for send in held.values()],
            wanted,
            _taken(campaign, [slot.name for slot in wanted]),
            now,
            single=plan.trigger == "at",
        ),
        held,
    )


def _taken(campaign: Campaign, names: list[str]) -> set[str]:
    """Slots that have a send already which is not to be planned: started, over, or cancelled by hand."""
    started = Send.objects.filter(campaign=campaign, slot__in=names).exclude(state=Send.State.SCHEDULED)
    return set(started.exclude(reason=UNPLANNED).values_list("slot", flat=True))


def _create(campaign: Campaign, free: Iterable[Slot], now: datetime) -> int:
    """New sends; one that was planned, dropped and is wanted again comes back with its UID."""
    new = {slot.name: slot for slot in free}
    if not new:
        return 0
    back = _dropped(campaign, new).in_bulk()
    revived = Placement({send.pk: new.pop(send.slot) for send in back.values()})
    _revive(revived, back, now)
    Send.objects.bulk_create(
        [
            Send(campaign=campaign, slot=slot.name, due_at=slot.due_at, local_due=slot.local_due, changed_at=now)
            for slot in new.values()
        ],
        ignore_conflicts=True,
    )
    return len(new) + len(back)


def _dropped(campaign: Campaign, names: Iterable[str]) -> QuerySet[Send]:
    return Send.objects.filter(
        campaign=campaign, slot__in=list(names), state=Send.State.CANCELLED, reason=UNPLANNED
    ).defer("audience")


def _revive(revived: Placement, back: dict[int, Send], now: datetime) -> None:
    if revived.placed:
        states = [Send.State.CANCELLED]
        move_states(revived.placed, states, Send.State.SCHEDULED, now, reason="", finished_at=None)
        _write([_at(back[send_id], slot, now) for send_id, slot in revived.placed.items()])


def _move(placement: Placement, held: dict[int, Send], now: datetime) -> int:
    """Write the sends whose slot or moment is another now. One that was moved by hand keeps its moment."""
    moving = {send_id: slot for send_id, slot in placement.placed.items() if _differs(held[send_id], slot)}
    _vacate(held, moving)
    _write([_at(held[send_id], slot, now) for send_id, slot in moving.items()])
    return len(moving)


def _vacate(held: dict[int, Send], moving: dict[int, Slot]) -> None:
    """A send that an earlier edit dropped gives up its slot to one that moves there, and does not come back."""
    entered = [slot.name for send_id, slot in moving.items() if held[send_id].slot != slot.name]
    if entered:
        gone = Send.objects.filter(
            campaign=next(iter(held.values())).campaign_id, slot__in=entered, state=Send.State.CANCELLED
        )
        gone.update(slot=Concat(F("slot"), Value(" dropped "), Cast("pk", CharField())))


def _differs(send: Send, slot: Slot) -> bool:
    if send.moved_by_hand:
        return send.slot != slot.name
    return (send.slot, send.due_at, send.local_due) != (slot.name, slot.due_at, slot.local_due)


def _at(send: Send, slot: Slot, now: datetime) -> Send:
    send.slot = slot.name
    if not send.moved_by_hand:
        send.due_at, send.local_due = slot.due_at, slot.local_due
    send.sequence = F("sequence") + 1
    send.changed_at = now
    return send


def _write(sends: list[Send]) -> None:
    """One statement; a send that has started meanwhile stays as it is."""
    if sends:
        Send.objects.filter(state=Send.State.SCHEDULED).bulk_update(
            sends, ["slot", "due_at", "local_due", "sequence", "changed_at"]
        )


def _expect(campaign: Campaign, plan: Plan, planned: Planned, now: datetime) -> None:
    """The expected volume: of a dated campaign its audience now; of a continuous one, reckoned when its days change."""
    if plan.is_continuous and not (planned.created or planned.moved):
        return
    volume = expected_volume(plan, audience(plan.include, plan.exclude), now)
    scheduled = Send.objects.filter(campaign=campaign, state=Send.State.SCHEDULED)
    scheduled.exclude(expected_volume=volume).update(expected_volume=volume, changed_at=now)


def _finish_all(now: datetime) -> None:
    """Finish dated campaigns that have no open send and no occurrence to come."""
    zone = workspace_zone()
    going = Campaign.objects.filter(
        status__in=(Campaign.Status.APPROVED, Campaign.Status.RUNNING),
        trigger__in=(Campaign.Trigger.AT, Campaign.Trigger.RECURRING),
        sends__isnull=False,
    )
    open_sends = Send.objects.filter(state__in=OPEN)
    for campaign in going.exclude(pk__in=open_sends.values("campaign_id")).distinct():
        if not has_slots_left(read_plan(campaign), zone, now):
            move_status(campaign.pk, "finish", None, now)
