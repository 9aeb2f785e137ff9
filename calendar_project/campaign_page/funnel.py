"""The forecast as a funnel: audience → reachable → consented → free to get it → under caps, each with reasons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audiences.models import Topic
from campaigns.models import Campaign
from campaigns.rights import Person
from campaigns.veils import veiled
from deliveries.models import Cap, Withheld
from deliveries.queries.forecast import ChannelForecast, Part

# What is left after each step, and the reasons that the step takes out; together they are all reasons, in their order.
STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("reachable", ("unreachable",)),
    ("consented", ("suppressed", "unsubscribed")),
    ("free to get it", ("on_hold", "other_channel", "duplicate", "held_out", "missed", "expired")),
    ("will be sent", ("capped", "yielded")),
)
Names = Mapping[str, str]


@dataclass(frozen=True)
class Loss:
    """How many a step takes out for one reason, and the cap, campaign or topic that bound them."""

    words: str
    size: int


@dataclass(frozen=True)
class Step:
    """How many are left. `width` is out of 100, of the audience."""

    name: str
    left: int
    width: str
    losses: tuple[Loss, ...]


@dataclass(frozen=True)
class Funnel:
    channel: str
    is_estimated: bool
    steps: tuple[Step, ...]


def funnels(forecasts: Iterable[ChannelForecast], user: Person) -> list[Funnel]:
    """One funnel a channel, for the eyes of `user`; three more queries for the names, whatever their number."""
    given = list(forecasts)
    names = names_of((part.bound_by for each in given for part in each.withheld), user)
    return [Funnel(each.channel, each.is_estimated, tuple(_steps(each, names))) for each in given]


def _steps(forecast: ChannelForecast, names: Names) -> list[Step]:
    left = forecast.audience
    steps = [_step("audience", left, forecast.audience, ())]
    for name, reasons in STEPS:
        parts = [part for part in forecast.withheld if part.reason in reasons]
        left -= sum(part.size for part in parts)
        losses = tuple(Loss(words(part, names), part.size) for part in parts)
        if losses or name == STEPS[-1][0]:
            steps.append(_step(name, left, forecast.audience, losses))
    return steps


def _step(name: str, left: int, audience: int, losses: tuple[Loss, ...]) -> Step:
    return Step(name, left, f"{100 * left / audience:.2f}" if audience else "0", losses)


def words(part: Part, names: Names) -> str:
    """`capped, cap:3` → `a frequency cap is full (Three messages a week)`."""
    reason = Withheld.Reason(part.reason).label
    bound = names.get(part.bound_by, part.bound_by if part.bound_by in ("global", "campaign") else "")
    if part.reason == Withheld.Reason.HELD_OUT:
        return "held out of everything" if bound == "global" else "held out of this campaign"
    return f"{reason} ({bound})" if bound else reason


def names_of(bounds: Iterable[str], user: Person) -> Names:
    """The names of the caps, campaigns and topics among `cap:3`, `campaign:9`, `topic:2`, as `user` may know them."""
    ids: dict[str, set[int]] = {"cap": set(), "campaign": set(), "topic": set()}
    for bound in bounds:
        kind, _, key = bound.partition(":")
        if kind in ids and key.isdecimal():
            ids[kind].add(int(key))
    campaigns = Campaign.objects.filter(pk__in=ids["campaign"]).select_related("team")
    found: dict[str, Iterable[tuple[int, str]]] = {
        "cap": Cap.objects.filter(pk__in=ids["cap"]).values_list("pk", "name"),
        "campaign": [(each.pk, veiled(user, each).name) for each in campaigns],
        "topic": Topic.objects.filter(pk__in=ids["topic"]).values_list("pk", "name"),
    }
    return {f"{kind}:{pk}": str(name) for kind, rows in found.items() for pk, name in rows}
