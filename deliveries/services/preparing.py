"""A claimed batch made ready: loaded in a constant number of statements, rendered, and sorted by what is next."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from audiences.models import Customer
from audiences.zones import zone_or
from campaigns.rendering import TemplateProblem
from deliveries.caps import Reach
from deliveries.channels.base import Outcome, Outgoing, Verdict
from deliveries.channels.registry import channel_class
from deliveries.models import Delivery
from deliveries.queries.rules import WorkspaceRules, workspace_rules
from deliveries.quiet_hours import is_quiet
from deliveries.services.composing import Version, compose, events_of, versions
from deliveries.services.rescheduling import Late, to_be_retried
from deliveries.verdicts import Move, Tried, settle

logger = logging.getLogger(__name__)
State = Delivery.State


@dataclass(frozen=True)
class Ready:
    """One message that may go, and what its outcome will be judged by."""

    outgoing: Outgoing
    send_id: int
    tried: Tried
    row: Late  # what another moment for it would depend on


@dataclass
class Batch:
    """What became of a claim: messages to send, rows that need another moment, rows that end here."""

    ready: list[Ready] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    ended: list[Move] = field(default_factory=list)
    transactional: frozenset[int] = frozenset()  # ids of versions


def prepare(ids: Sequence[int], now: datetime) -> Batch:
    """The claimed rows in the order of the claim; each ends up in exactly one of the batch's lists."""
    rows = Delivery.objects.in_bulk(list(ids))
    deliveries = [rows[pk] for pk in ids if pk in rows]
    customers = Customer.objects.in_bulk({delivery.customer_id for delivery in deliveries})
    plans = versions(delivery.version_id for delivery in deliveries)
    events = events_of({delivery.firing_id for delivery in deliveries} - {0})
    rules = workspace_rules()
    batch = Batch(transactional=frozenset(pk for pk, version in plans.items() if version.plan.transactional))
    for delivery in deliveries:
        customer, version = customers[delivery.customer_id], plans[delivery.version_id]
        row = _row(delivery, customer, version, rules, now)
        if _is_quiet(delivery, row, rules, now):
            batch.late.append(row)
        else:
            compose_for = partial(compose, delivery, customer, version, events.get(delivery.firing_id, {}))
            _render(batch, delivery, customer, row, compose_for, now)
    return batch


def _is_quiet(delivery: Delivery, row: Late, rules: WorkspaceRules, now: datetime) -> bool:
    """By the hours it was admitted under, or by those that were set since."""
    quiet = rules.quiet.get(delivery.channel) if row.quiet_hours_apply else None
    return delivery.closes_at <= now or is_quiet(now, row.zone, quiet)


def _row(delivery: Delivery, customer: Customer, version: Version, rules: WorkspaceRules, now: datetime) -> Late:
    plan = version.plan
    return Late(
        delivery_id=delivery.pk,
        customer_id=customer.pk,
        reach=Reach(delivery.channel, delivery.topic_id, delivery.team_id),
        zone=zone_or(customer.timezone, rules.zone.key),
        quiet_hours_apply=plan.quiet_hours_apply,
        obeys_caps=delivery.obeys_caps,
        counts=delivery.counts_toward_caps,
        waits_for_caps=plan.on_breach == "defer",
        attempts=delivery.attempts,
        expires_at=delivery.expires_at,
        after=now,
    )


def _render(
    batch: Batch,
    delivery: Delivery,
    customer: Customer,
    row: Late,
    compose_for: Callable[[], Outgoing],
    now: datetime,
) -> None:
    """One failing template or customer ends that row and no other."""
    field_name = channel_class(delivery.channel).address_field
    if field_name and not getattr(customer, field_name):
        batch.ended.append(Move(delivery.pk, State.WITHHELD, delivery.attempts, reason="unreachable"))
        return
    tried = Tried(delivery.pk, delivery.attempts, delivery.expires_at)
    try:
        outgoing = compose_for()
    except TemplateProblem as problem:
        reason = f"template: {problem}"[:200]
        batch.ended.append(Move(delivery.pk, State.FAILED, delivery.attempts, reason=reason))
    except Exception as problem:  # a fault of ours and no template's: tried again, and the others go on
        logger.exception("delivery %s could not be composed", delivery.pk)
        evidence = {"phase": "compose", "text": type(problem).__name__}
        move = settle(Outcome(delivery.pk, Verdict.DEFERRED, evidence), tried, now)
        if retried := to_be_retried(row, move, now):
            batch.late.append(retried)
        else:
            batch.ended.append(move)
    else:
        batch.ready.append(Ready(outgoing, delivery.send_id, tried, row))
