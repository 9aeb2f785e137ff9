"""The forecast as a funnel: audience → reachable → consented → free to get it → under caps → sent, and who is lost."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from audiences.models import Topic
from campaigns.models import Campaign
from campaigns.rights import Person, seen_by
from campaigns.veils import veiled
from deliveries.models import Cap, Withheld
from deliveries.queries.forecast import ChannelForecast, Part

from .drawing import Slice, narrowed, whole

# What is left after each step, and the reasons that the step takes out, in the order of admission. A reason that is
# named in none of them is of the customer, and stands with those of `OTHERS`.
OTHERS = "free to get it"
STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("reachable", ("unreachable",)),
    ("consented", ("suppressed", "unsubscribed")),
    (OTHERS, ("on_hold", "other_channel", "duplicate", "held_out", "missed", "expired")),
    ("under caps", ("capped",)),
    ("will be sent", ("yielded",)),
)
NAMED = {reason for _, reasons in STEPS for reason in reasons}
Names = Mapping[str, str]


@dataclass(frozen=True)
class Loss:
    """How many a step takes out for one reason, and the cap, campaign or topic that bound them.

    `query` is the address of a look at some of them; empty where they are a private campaign's.
    """

    words: str
    size: int
    query: str


@dataclass(frozen=True)
class Step:
    """How many are left, drawn as a slice of the funnel."""

    name: str
    left: int
    slice: Slice
    losses: tuple[Loss, ...]

    @property
    def lost(self) -> int:
        return sum(loss.size for loss in self.losses)


@dataclass(frozen=True)
class Funnel:
    channel: str
    is_estimated: bool
    steps: tuple[Step, ...]
    query: str  # the address of a look at some who will get it


def funnels(forecasts: Iterable[ChannelForecast], user: Person) -> list[Funnel]:
    """One funnel a channel, for the eyes of `user`; three more queries for the names, whatever their number."""
    given = list(forecasts)
    bounds = {part.bound_by for each in given for part in each.withheld}
    names, hidden = names_of(bounds, user), hidden_of(bounds, user)
    return [
        Funnel(
            each.channel, each.is_estimated, tuple(_steps(each, names, hidden)), urlencode({"channel": each.channel})
        )
        for each in given
    ]


def _steps(forecast: ChannelForecast, names: Names, hidden: Collection[str]) -> list[Step]:
    left = forecast.audience
    steps = [Step("audience", left, whole(left), ())]
    for name, reasons in STEPS:
        parts = [part for part in forecast.withheld if _is_of(part, name, reasons)]
        before, left = left, left - sum(part.size for part in parts)
        losses = tuple(
            Loss(words(part, names), part.size, "" if part.bound_by in hidden else _query(forecast.channel, part))
            for part in parts
        )
        if losses or name != OTHERS:
            steps.append(Step(name, left, narrowed(before, left, forecast.audience), losses))
    return steps


def _is_of(part: Part, name: str, reasons: tuple[str, ...]) -> bool:
    return part.reason in reasons or (name == OTHERS and part.reason not in NAMED)


def _query(channel: str, part: Part) -> str:
    return urlencode({"channel": channel, "reason": part.reason, "bound": part.bound_by})


def words(part: Part, names: Names) -> str:
    """`capped, cap:3` → `a frequency cap is full (Three messages a week)`."""
    reason = Withheld.Reason(part.reason).label
    bound = names.get(part.bound_by, part.bound_by if part.bound_by in ("global", "campaign") else "")
    if part.reason == Withheld.Reason.HELD_OUT:
        return "held out of everything" if bound == "global" else "held out of this campaign"
    return f"{reason} ({bound})" if bound else reason


def hidden_of(bounds: Iterable[str], user: Person) -> set[str]:
    """Those of them that are private campaigns which `user` may not see."""
    ids = [key for kind, _, key in (bound.partition(":") for bound in bounds) if kind == "campaign" and key.isdecimal()]
    if not ids:
        return set()
    return {
        f"campaign:{pk}"
        for pk in Campaign.objects.filter(pk__in=ids).exclude(seen_by(user)).values_list("pk", flat=True)
    }


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
