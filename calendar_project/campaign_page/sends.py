"""The sends of a campaign with what came of them: a fixed number of queries for a page of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from calendar_project.week.cards import wall_clock
from campaigns.models import Campaign, Send
from deliveries.models import Delivery, Withheld
from deliveries.queries.inbox import Looked, looked_at
from deliveries.queries.outcomes import ChannelOutcome as Outcome
from deliveries.queries.outcomes import outcomes_of

AHEAD = (Send.State.SCHEDULED,)


@dataclass(frozen=True)
class Share:
    """A state or a reason in words, and how many."""

    name: str
    words: str
    size: int


@dataclass(frozen=True)
class ChannelOutcome:
    """What became of one send on one channel. Audience = admitted + withheld, once everybody is decided on."""

    channel: str
    admitted: int
    states: tuple[Share, ...]
    withheld: tuple[Share, ...]
    looked: Looked | None = None  # of in-app messages: seen, read, put away


@dataclass(frozen=True)
class SendRow:
    send: Send
    when: datetime
    channels: tuple[ChannelOutcome, ...]


def ahead(campaign: Campaign, zone: ZoneInfo) -> list[SendRow]:
    """The sends that nothing is decided about, the nearest first."""
    rows = _sends(campaign).filter(state__in=AHEAD).order_by("due_at", "id")
    return [SendRow(send, wall_clock(send, zone), ()) for send in rows]


def begun(campaign: Campaign) -> QuerySet[Send]:
    """The sends that began or will not, the newest first."""
    return _sends(campaign).exclude(state__in=AHEAD).order_by("-due_at", "-id")


def with_outcomes(sends: Iterable[Send], zone: ZoneInfo) -> list[SendRow]:
    given = list(sends)
    ids = [send.pk for send in given]
    outcomes, looked = outcomes_of(ids), looked_at(ids)
    found: dict[int, dict[str, Outcome]] = defaultdict(dict)
    for (send_id, channel), outcome in outcomes.items():
        found[send_id][channel] = outcome
    return [
        SendRow(send, wall_clock(send, zone), tuple(_outcomes(found[send.pk], looked.get(send.pk)))) for send in given
    ]


def _sends(campaign: Campaign) -> QuerySet[Send]:
    return Send.objects.filter(campaign=campaign).defer("audience").select_related("version")


def _outcomes(found: Mapping[str, Outcome], looked: Looked | None) -> Iterable[ChannelOutcome]:
    for channel, outcome in sorted(found.items()):
        states, reasons = outcome.states, outcome.withheld
        yield ChannelOutcome(
            channel,
            outcome.admitted,
            tuple(Share(state, state.label, size) for state in Delivery.State if (size := states[state])),
            tuple(Share(each, each.label, size) for each in Withheld.Reason if (size := reasons[each])),
            looked if channel == "in_app" else None,
        )
