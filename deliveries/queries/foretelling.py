"""Why a forecast leaves somebody out, in a sentence for each customer of a list; at most two queries a list."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Max, Q

from audiences.models import Customer, Subscription, Suppression
from audiences.zones import zone_or
from campaigns.models import Campaign
from deliveries.caps import Reach, share_a_window
from deliveries.channels.registry import label
from deliveries.models import Cap, Delivery, Withheld
from deliveries.queries.explanations import spoken_days
from deliveries.queries.forecast_samples import Wanted
from deliveries.queries.rules import cap_rule, workspace_rules

Sentences = dict[int, str]


def foretell(
    campaign: Campaign, customers: Sequence[Customer], wanted: Wanted, at: datetime, names: Mapping[str, str]
) -> Sentences:
    """By customer id. `names` are those of what bound them (`cap:3`), as far as the reader may know them."""
    own = _OWN_FACTS.get(wanted.reason)
    common = _common(wanted, names)
    found = own(campaign, customers, wanted, at) if own else {}
    return {customer.pk: f"{common}{found.get(customer.pk, '')}." for customer in customers}


def _common(wanted: Wanted, names: Mapping[str, str]) -> str:
    bound = names.get(wanted.bound_by, "")
    match wanted.reason:
        case "":
            return f"Gets it on {label(wanted.channel)}"
        case "unreachable":
            return f"{label(wanted.channel)} cannot reach them"
        case "unsubscribed":
            return f"Not subscribed to “{bound}” on {label(wanted.channel)}"
        case "other_channel":
            earlier = label(wanted.bound_by.partition(":")[2])
            return f"Reached by {earlier} already, and the first channel that reaches them is enough"
        case "held_out":
            whole = "every campaign" if wanted.bound_by == "global" else "this campaign"
            return f"Held out of {whole}, so that its effect can be measured"
        case "capped":
            return f"“{bound}” is full" if bound else "A frequency cap is full"
        case "yielded":
            return f"Their slot is kept for {f'“{bound}”' if bound else 'another campaign'}, which goes first"
    return _capitalised(Withheld.Reason(wanted.reason).label)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _suppressed(campaign: Campaign, customers: Sequence[Customer], wanted: Wanted, at: datetime) -> Sentences:
    hashes = {each.address_hash for each in customers if each.address_hash}
    of_them = Q(customer__in=[each.pk for each in customers]) | Q(address_hash__in=hashes)
    rows = Suppression.objects.filter(of_them, channel__in=("", wanted.channel)).order_by("created_at")
    found: Sentences = {}
    for row in rows:
        for each in customers:
            if row.customer_id == each.pk or (row.address_hash and row.address_hash == each.address_hash):
                found.setdefault(each.pk, f": {row.get_reason_display()}, on {_day(row.created_at)}")
    return found


def _unsubscribed(campaign: Campaign, customers: Sequence[Customer], wanted: Wanted, at: datetime) -> Sentences:
    rows = Subscription.objects.filter(customer__in=customers, topic=campaign.topic_id, channel=wanted.channel)
    said = {row.customer_id: f": said so on {_day(row.changed_at)} ({row.get_source_display()})" for row in rows}
    return {each.pk: said.get(each.pk, ": never asked for it") for each in customers}


def _duplicate(campaign: Campaign, customers: Sequence[Customer], wanted: Wanted, at: datetime) -> Sentences:
    had = Delivery.objects.filter(customer__in=customers, send__campaign=campaign, state__in=Delivery.HOLDING)
    last = had.order_by().values_list("customer").annotate(last=Max("due_at"))
    return {customer_id: f": on {_day(moment)}" for customer_id, moment in last}


def _capped(campaign: Campaign, customers: Sequence[Customer], wanted: Wanted, at: datetime) -> Sentences:
    """The days of what fills the cap around that moment, each by the customer's own clock; as the ledger has it."""
    key = wanted.bound_by.removeprefix("cap:")
    cap = Cap.objects.filter(pk=int(key)).first() if key.isdecimal() else None
    if cap is None or cap.limit == 0:
        return {}
    rule, fallback = cap_rule(cap), workspace_rules().zone.key
    zones = {each.pk: zone_or(each.timezone, fallback) for each in customers}
    rows = Delivery.objects.filter(customer__in=customers, counts_toward_caps=True, state__in=Delivery.HOLDING)
    span, moments = rule.length + timedelta(days=2), defaultdict(list)
    for row in rows.filter(due_at__gt=at - span, due_at__lt=at + span).order_by("due_at"):
        zone = zones[row.customer_id]
        if rule.covers(Reach(row.channel, row.topic_id, row.team_id)) and share_a_window(row.due_at, at, rule, zone):
            moments[row.customer_id].append(row.due_at.astimezone(zone))
    return {customer_id: f": messages on {spoken_days(days)}" for customer_id, days in moments.items()}


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


_Facts = Callable[[Campaign, Sequence[Customer], Wanted, datetime], Sentences]
_OWN_FACTS: dict[str, _Facts] = {
    "suppressed": _suppressed,
    "unsubscribed": _unsubscribed,
    "duplicate": _duplicate,
    "capped": _capped,
}
