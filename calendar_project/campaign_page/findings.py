"""Findings with the fixes that are offered for each, and what each fix would leave."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings

from audiences.queries.segments import members_of_each
from calendar_project.week.cards import wall_clock
from campaigns.free_slots import FreeSlot, Place, days_around, free_slot
from campaigns.models import Campaign, Finding, Send
from campaigns.offers import can_leave_out, can_take_in
from campaigns.overlap import Threshold
from campaigns.queries.audiences import cut
from campaigns.queries.campaigns import workspace_zone
from campaigns.queries.sides import checked_campaigns
from campaigns.recurrence import RecurrenceError
from campaigns.rights import teams_planned_by
from campaigns.services.fixes import OVER, side_of
from campaigns.services.settling import latest_versions
from campaigns.slots import place


@dataclass(frozen=True)
class Fix:
    """One way out of a finding: `name` is that of the address, `leaves` what comes of it, `values` what was seen."""

    name: str
    label: str
    leaves: str
    values: dict[str, str] = field(default_factory=dict)
    asks: str = ""


def add_fixes(rows: Sequence[dict[str, Any]], campaign: Campaign, user: Any, now: datetime) -> Sequence[dict[str, Any]]:
    """Each row with its fixes, for those who plan for the campaign, and whether this person may settle it.

    A fixed number of queries, and none where there is nothing to settle or nobody to do it.
    """
    teams = teams_planned_by(user)
    plans = campaign.team_id in teams
    # What a fix leaves would tell of a campaign that is veiled whom it is for.
    opened = [row for row in rows if row["finding"].state == Finding.State.OPEN and not row["other"].is_veiled]
    offers = _Offers(campaign, opened, now) if plans and opened and campaign.status not in OVER else None
    for row in rows:
        row["may_settle"] = plans or row["other"].team_id in teams
        row["fixes"] = list(offers.of(row, teams)) if offers and row in opened else []
    return rows


class _Offers:
    """The facts that the fixes of one campaign's findings share."""

    def __init__(self, campaign: Campaign, rows: Sequence[dict[str, Any]], now: datetime) -> None:
        self.now, self.zone = now, workspace_zone()
        ids = {campaign.pk, *(row["other"].pk for row in rows)}
        found = Campaign.objects.filter(pk__in=ids).prefetch_related("include", "exclude")
        self.campaigns = {each.pk: each for each in found}
        self.campaign = self.campaigns[campaign.pk]
        self.versions = latest_versions(sorted(ids))
        self.segments = {each.pk: side_of(each) for each in self.campaigns.values()}
        used = {segment for side in self.segments.values() for segment in side.include | side.exclude}
        self.members = members_of_each(used)
        named = {send_id for row in rows for pair in row["finding"].sends for send_id in pair}
        movable = Send.objects.filter(pk__in=named, campaign=campaign, state=Send.State.SCHEDULED, due_at__gt=now)
        self.sends = {} if campaign.is_continuous else movable.defer("audience").in_bulk()

    @cached_property
    def sides(self) -> list[Any]:
        return [each.side for each in checked_campaigns(self.now)]

    def of(self, row: dict[str, Any], teams: set[int]) -> Iterable[Fix]:
        other = self.campaigns[row["other"].pk]
        seen = {"own": str(self.versions[self.campaign.pk]), "other": str(self.versions[other.pk])}
        send = self._nearest(row["finding"])
        slot = self._free(send, other) if send else None
        if send and slot:
            yield self._move(send, slot, seen)
        if can_leave_out(self.segments[self.campaign.pk], self.segments[other.pk]) and other.status not in OVER:
            yield from self._exclude(other, seen)
        if row["finding"].kind == Finding.Kind.DUPLICATE and self._takes_in(other) and other.team_id in teams:
            yield self._merge(other, seen)

    def _nearest(self, finding: Finding) -> Send | None:
        """The send of this campaign in the pair that is nearest in time."""
        return next((self.sends[each] for pair in finding.sends for each in pair if each in self.sends), None)

    def _free(self, send: Send, other: Campaign) -> FreeSlot | None:
        window = timedelta(hours=settings.OVERLAP_WINDOW_HOURS)
        threshold = Threshold(settings.CROWDING_PEOPLE, settings.CROWDING_PERCENT)
        ours = wall_clock(send, self.zone)
        places = (each for day in days_around(ours.date()) if (each := self._place(day, ours.time())))
        return free_slot(self.sides, self.campaign.pk, other.pk, send.pk, places, window, threshold)

    def _place(self, day: Any, hour: time) -> Place | None:
        """Not of today, whatever the hour: somebody has to approve it first."""
        local = datetime.combine(day, hour.replace(tzinfo=None))
        try:
            slot = place(local, in_customer_zone=self.campaign.zone == Campaign.Zone.CUSTOMER, zone=self.zone)
        except RecurrenceError:
            return None
        return Place(local, slot.due_at) if slot.due_at > self.now + timedelta(days=1) else None

    def _move(self, send: Send, slot: FreeSlot, seen: dict[str, str]) -> Fix:
        local = slot.place.local
        solved = slot.before - slot.after
        gone = f"{solved} finding{'s' if solved > 1 else ''} solved, no new one; {_left(slot.after)}."
        leaves = gone + self._again("schedule")
        values = {"send": str(send.pk), "sequence": str(send.sequence), "to": f"{local:%Y-%m-%dT%H:%M}"}
        return Fix("move", f"Move it to {local:%a} {local.day} {local:%b %H:%M}", leaves, {**seen, **values})

    def _exclude(self, other: Campaign, seen: dict[str, str]) -> Iterable[Fix]:
        own, theirs = self.segments[self.campaign.pk], self.segments[other.pk]
        before = cut(self.members, own.include, own.exclude)
        after = cut(self.members, own.include, own.exclude | theirs.include)
        if after:
            stay = f"{len(after):,} of {len(before):,} people stay; none of them gets the other one."
            leaves = stay + self._again("audience")
            yield Fix("exclude", "Leave out the other’s audience", leaves, seen)

    def _again(self, section: str) -> str:
        """What a change of the section costs, where somebody approved it or was asked to."""
        return "" if self.campaign.status == Campaign.Status.DRAFT else f" Its {section} has to be approved again."

    def _takes_in(self, other: Campaign) -> bool:
        return can_take_in(self.segments[self.campaign.pk], self.segments[other.pk]) and other.status not in OVER

    def _merge(self, other: Campaign, seen: dict[str, str]) -> Fix:
        own, theirs = self.segments[self.campaign.pk], self.segments[other.pk]
        after = cut(self.members, own.include | theirs.include, own.exclude)
        leaves = (
            f"It goes to {len(after):,} people, once; “{other.name}” is cancelled for good.{self._again('audience')}"
        )
        return Fix("merge", "Take in the other’s people", leaves, seen, asks="Why is the other one stopped?")


def _left(number: int) -> str:
    return "none left" if not number else f"{number} left"
