"""The forecast: admission run dry. The same decision on the same facts, shard by shard, and nothing is written."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from pyroaring import BitMap

from audiences.bitmaps import load, shards
from campaigns.models import Campaign, Send
from campaigns.plan import Plan
from campaigns.queries.audiences import audience
from campaigns.queries.campaigns import read_plan
from deliveries.admission import REASONS
from deliveries.queries.admission import ChannelDecision, Shard, decide_shard
from deliveries.queries.occasions import NO_SEND, Occasion, schedule_of
from deliveries.queries.rules import workspace_rules

# The zone that meets every wall-clock moment first, all year round.
_FIRST_ON_EARTH = ZoneInfo("Pacific/Kiritimati")


@dataclass(frozen=True)
class Part:
    """How many are withheld for one reason and what bound them (`cap:3`, `campaign:9`, ...)."""

    reason: str
    bound_by: str
    size: int


@dataclass(frozen=True)
class ChannelForecast:
    """What a send will do on one channel. `audience` = `admitted` + every part of `withheld`, exactly."""

    channel: str
    audience: int
    admitted: int
    withheld: tuple[Part, ...]
    is_estimated: bool = False  # continuous: as if everybody it is for fired at once

    @property
    def by_reason(self) -> dict[str, int]:
        """Sizes by reason, in the order of admission; reasons that nobody has are left out."""
        sizes: Counter[str] = Counter()
        for part in self.withheld:
            sizes[part.reason] += part.size
        return {reason: sizes[reason] for reason in REASONS if sizes[reason]}


@dataclass
class _Totals:
    admitted: int = 0
    withheld: Counter[tuple[str, str]] = field(default_factory=Counter)


def forecast(campaign: Campaign, at: datetime, now: datetime) -> list[ChannelForecast]:
    """What would come of the campaign, as it is written now, were it to go out at `at`: one entry per channel.

    Works for drafts. Equal to the admission at `at`, to the customer, when nothing is written in between.
    """
    plan = read_plan(campaign)
    return summarise(plan, decisions(campaign, plan, at, now))


def decisions(
    campaign: Campaign, plan: Plan, at: datetime, now: datetime, beyond: int = 0
) -> Iterator[list[ChannelDecision]]:
    """The decision on every shard that holds ids beyond the given one, in turn; memory holds one shard."""
    send = Send.objects.filter(campaign=campaign, due_at=at).order_by("pk").first()
    occasion = Occasion(campaign.pk, plan, schedule_of(plan, at, _local(plan, send, at)), send.pk if send else NO_SEND)
    rules, size = workspace_rules(), settings.SHARD_SIZE
    everyone = _audience(plan, send)
    for number in shards(everyone, size):
        if (number + 1) * size <= beyond:
            continue
        ids = range(number * size, (number + 1) * size)
        yield decide_shard(occasion, Shard(number, ids, everyone & BitMap(ids)), rules, now)


def _local(plan: Plan, send: Send | None, at: datetime) -> datetime | None:
    """The wall-clock moment, where it goes at everyone's own hour and `at` is its first instant on earth."""
    if plan.zone != "customer" or plan.is_continuous:
        return None
    if send is not None and send.local_due:
        return datetime.fromisoformat(send.local_due)
    return at.astimezone(_FIRST_ON_EARTH).replace(tzinfo=None)


def _audience(plan: Plan, send: Send | None) -> BitMap:
    if send is not None and send.frozen_at is not None and not plan.is_continuous:
        return load(send.audience)
    return audience(plan.include, plan.exclude)


def summarise(plan: Plan, shards_decided: Iterable[list[ChannelDecision]]) -> list[ChannelForecast]:
    totals = {channel: _Totals() for channel in plan.channels}
    for shard in shards_decided:
        for each in shard:
            totals[each.channel].admitted += len(each.decision.admitted)
            for gate in each.decision.withheld:
                totals[each.channel].withheld[gate.reason, gate.bound_by] += len(gate.taken)
    return [_channel_forecast(plan, channel, total) for channel, total in totals.items()]


def _channel_forecast(plan: Plan, channel: str, total: _Totals) -> ChannelForecast:
    parts = tuple(
        Part(*key, size)
        for key, size in sorted(total.withheld.items(), key=lambda item: (REASONS.index(item[0][0]), item[0][1]))
    )
    whole = total.admitted + sum(part.size for part in parts)
    return ChannelForecast(channel, whole, total.admitted, parts, plan.is_continuous)
