"""The sends of a campaign with what came of them: a fixed number of queries for a page of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet, Sum

from calendar_project.week.cards import wall_clock
from campaigns.models import Campaign, Send
from deliveries.models import Delivery, Withheld
from deliveries.queries.inbox import Looked, looked_at

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
    deliveries, withheld = Delivery.objects.filter(send__in=ids), Withheld.objects.filter(send__in=ids)
    states = _by_channel(deliveries.values_list("send", "channel", "state").annotate(size=Count("id")))
    reasons = _by_channel(withheld.values_list("send", "channel", "reason").annotate(size=Sum("size")))
    looked = looked_at(ids)
    return [
        SendRow(send, wall_clock(send, zone), tuple(_outcomes(states[send.pk], reasons[send.pk], looked.get(send.pk))))
        for send in given
    ]


def _sends(campaign: Campaign) -> QuerySet[Send]:
    return Send.objects.filter(campaign=campaign).defer("audience").select_related("version")


Channels = dict[str, Counter[str]]


def _by_channel(rows: Iterable[tuple[int, str, str, int]]) -> dict[int, Channels]:
    counts: dict[int, Channels] = defaultdict(lambda: defaultdict(Counter))
    for send_id, channel, name, size in rows:
        counts[send_id][channel][name] += size
    return counts


def _outcomes(states: Channels, reasons: Channels, looked: Looked | None) -> Iterable[ChannelOutcome]:
    for channel in sorted({*states, *reasons}):
        yield ChannelOutcome(
            channel,
            sum(states[channel].values()),
            tuple(Share(state, state.label, size) for state in Delivery.State if (size := states[channel][state])),
            tuple(Share(each, each.label, size) for each in Withheld.Reason if (size := reasons[channel][each])),
            looked if channel == "in_app" else None,
        )
