"""What a move would do, before anybody has decided on it: read and reckoned, with nothing written and no lock taken."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from calendar_project.week.cards import wall_clock
from calendar_project.week.loads import percent_words
from calendar_project.week.review import axes_in_words
from campaigns.models import Campaign, Send
from campaigns.queries.findings import Found, foretell
from campaigns.queries.sides import checked_campaigns
from campaigns.recurrence import wall_time
from campaigns.rights import Person
from campaigns.slots import Slot
from campaigns.veils import is_crowding, veil_overlap, veiled
from deliveries.queries.at_cap import AtCap, at_cap_by_move

UNDER_WAY = (Send.State.ADMITTING, Send.State.SENDING, Send.State.PAUSED)


@dataclass(frozen=True)
class Named:
    """A finding as the page tells it: with which campaign, how many, along which axes."""

    found: Found
    other: Campaign
    percent: str
    shares: str
    pairs_before: int = 0


@dataclass(frozen=True)
class DryRun:
    """Moments are naive, by the clock on the wall.

    `jumps_to`: the hour at which it goes where clocks go forward over the one that was asked for.
    """

    before: datetime
    after: datetime
    jumps_to: str
    solved: tuple[Named, ...]
    new: tuple[Named, ...]
    stays: tuple[Named, ...]
    at_cap: AtCap
    voids: tuple[str, ...]

    @property
    def fewer_at_cap(self) -> int:
        return max(0, self.at_cap.before - self.at_cap.after)

    @property
    def more_at_cap(self) -> int:
        return max(0, self.at_cap.after - self.at_cap.before)


def dry_run(send: Send, to_local: datetime, slot: Slot, zone: ZoneInfo, user: Person, now: datetime) -> DryRun:
    """`send` with its campaign and team; `slot` is where `to_local` is. May be asked while anybody writes."""
    sides = [each.side for each in checked_campaigns(now)]
    told = foretell(sides, send.campaign_id, send.pk, slot.due_at)
    found = [*told.solved, *told.new, *(after for _, after in told.stays)]
    others = {pk: veiled(user, each) for pk, each in _others(found, send.campaign_id).items()}
    shown = "" if slot.local_due else f"{wall_time(slot.due_at, zone):%H:%M}"
    return DryRun(
        before=wall_clock(send, zone).replace(tzinfo=None),
        after=to_local,
        jumps_to=shown if shown and shown != f"{to_local:%H:%M}" else "",
        solved=_named(told.solved, send, others),
        new=_named(told.new, send, others),
        stays=tuple(
            filter(None, (_name(after, send, others, before.overlap.sends_total) for before, after in told.stays))
        ),
        at_cap=at_cap_by_move(send, slot, sides, now),
        voids=tuple(what_it_voids(send.campaign)),
    )


def what_it_voids(campaign: Campaign) -> Iterable[str]:
    """In sentences: a move is an edit of the schedule, with all that an edit does."""
    if campaign.is_approved:
        yield f"Its approval is void: until {campaign.team} approves it again, no send of it begins."
    elif campaign.status == Campaign.Status.IN_REVIEW:
        yield "It is taken out of review: ask for approval again."
    if campaign.status == Campaign.Status.PAUSED:
        stopped = campaign.sends.filter(state__in=UNDER_WAY).count()
        if stopped:
            yield f"What was stopped on its way is cancelled: {stopped} send{'s' if stopped > 1 else ''} of it."


def _others(found: Iterable[Found], campaign_id: int) -> dict[int, Campaign]:
    return Campaign.objects.select_related("team").in_bulk({each.other(campaign_id) for each in found})


def _named(found: Iterable[Found], send: Send, others: dict[int, Campaign]) -> tuple[Named, ...]:
    return tuple(named for each in found if (named := _name(each, send, others)))


def _name(found: Found, send: Send, others: dict[int, Campaign], pairs_before: int = 0) -> Named | None:
    """None where it would tell more of a private campaign than `campaigns.veils.seen_findings` does."""
    other = others[found.other(send.campaign_id)]
    if other.is_veiled:
        if not is_crowding(found.overlap):
            return None
        found = replace(found, overlap=veil_overlap(found.overlap))
    overlap = found.overlap
    of_this = overlap.percent_of_first if found.first == send.campaign_id else overlap.percent_of_second
    return Named(found, other, percent_words(Decimal(str(of_this))), axes_in_words(list(overlap.axes)), pairs_before)
