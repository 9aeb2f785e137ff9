"""The engine in numbers, for whoever watches it: a fixed number of statements, each cheap on a ledger of millions."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from campaigns.models import Finding, Send
from deliveries.channels.registry import channel_names
from deliveries.models import Breaker, Delivery
from deliveries.queries import running
from deliveries.queries.dispatch import longest_due, sends_under_way

State = Delivery.State
UNDER_WAY = (Send.State.ADMITTING, Send.State.SENDING, Send.State.PAUSED)
ENDED = tuple(state for state in State.values if state not in Delivery.OPEN)
RECENT = timedelta(days=1)
RATE_OVER = timedelta(seconds=60)
Lane = tuple[str, bool]  # channel, urgent


@dataclass(frozen=True)
class Figures:
    """`deliveries` by channel and state: those still open exactly, those that ended of the recent sends alone."""

    deliveries: dict[tuple[str, str], int]
    oldest_due: dict[Lane, timedelta]
    sent_last_minute: dict[str, int]
    breakers: dict[str, Breaker.Standing]
    heartbeats: dict[str, timedelta | None]
    sends: dict[str, int]
    findings_open: int


def figures(now: datetime) -> Figures:
    """Everything as of `now`; ten statements, whatever there is."""
    recent = _recent(now)
    return Figures(
        deliveries=_open() | _ended({send for send, *_ in recent}),
        oldest_due=_oldest_due(now),
        sent_last_minute=_sent_last_minute({version for _, *versions in recent for version in versions}, now),
        breakers=running.standings(now),
        heartbeats=running.ages(now),
        sends=dict(Send.objects.order_by().values_list("state").annotate(number=Count("*"))),
        findings_open=Finding.objects.filter(state=Finding.State.OPEN).count(),
    )


def _recent(now: datetime) -> list[tuple[int, int | None, int | None]]:
    """Sends under way or over since yesterday, each with its version and the one that its campaign goes out with now.

    Read first and then named one by one: a database that is left to guess how many there are may read the whole ledger.
    """
    sends = Send.objects.filter(Q(state__in=UNDER_WAY) | Q(finished_at__gte=now - RECENT))
    return list(sends.order_by().values_list("pk", "version_id", "campaign__approved_version_id"))


def _open() -> dict[tuple[str, str], int]:
    """By the two partial indexes: the planned by `delivery_claimable`, those in hand by `delivery_leased`."""
    planned = Delivery.objects.filter(state=State.PLANNED)
    in_hand = Delivery.objects.filter(state__in=[State.CLAIMED, State.SENDING])
    return _by_state(planned) | _by_state(in_hand)


def _ended(sends: Collection[int]) -> dict[tuple[str, str], int]:
    """By `delivery_send_state`, and so as much work as the recent sends are large, however old the ledger is."""
    return _by_state(Delivery.objects.filter(send__in=sends, state__in=ENDED))


def _by_state(rows: QuerySet[Delivery]) -> dict[tuple[str, str], int]:
    found = rows.order_by().values_list("channel", "state").annotate(number=Count("*"))
    return {(channel, state): count for channel, state, count in found}


def _oldest_due(now: datetime) -> dict[Lane, timedelta]:
    """How long the longest due has been waiting; of paused campaigns nothing is due. One statement for all lanes."""
    every = list(lanes())
    moments = {f"lane_{number}": Min(longest_due(*lane, now)) for number, lane in enumerate(every)}
    since = sends_under_way().aggregate(**moments).values()
    return {lane: now - due_at for lane, due_at in zip(every, since, strict=True) if due_at}


def lanes() -> Iterable[Lane]:
    return [(name, urgent) for name in channel_names() for urgent in (False, True)]


def _sent_last_minute(versions: Collection[int | None], now: datetime) -> dict[str, int]:
    """By `delivery_latest`: what ended a moment ago, of the versions that are going out."""
    going_out = [version for version in versions if version is not None]
    sent = Delivery.objects.filter(version__in=going_out, state=State.SENT, finished_at__gt=now - RATE_OVER)
    return dict(sent.order_by().values_list("channel").annotate(number=Count("*")))
