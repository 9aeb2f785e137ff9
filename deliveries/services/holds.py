"""Holds: put on a customer, given another end, lifted. Putting one withdraws what was admitted and has not left.

As with an opt-out, the shard's lock orders it against admission and the rows' locks against the mark. When a hold ends,
nothing that was withheld goes out late: what was decided stays decided.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from audiences.models import Customer, Hold
from audiences.queries.holds import holding
from audiences.services.locks import lock_shards, shard_of_customer
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.rights import can_plan_somewhere
from deliveries.models import Delivery
from deliveries.services.withdrawals import withdraw_open

LONGEST_REASON = 300
ENDED = "This hold has ended already. Put the customer on hold again if nothing is to reach them."


def put_on_hold(customer_id: int, reason: str, until: datetime | None, by: Any, now: datetime) -> Hold:
    """From now until `until`, or until it is lifted. Who has the customer on hold already changes their own hold.

    Raises `NotAllowed` with a sentence, and `Customer.DoesNotExist`.
    """
    _require_right(by)
    _require_ahead(until, now)
    if not (reason := reason.replace("\0", "").strip()):
        raise NotAllowed("Say why: whoever asks why this customer gets nothing is told.")
    with transaction.atomic():
        lock_shards([shard_of_customer(customer_id)])
        customer = Customer.objects.get(pk=customer_id)
        if customer.is_erased:
            raise NotAllowed("This customer was erased: nothing reaches them any more.")
        own = holding(now).filter(customer=customer, placed_by=by).first()
        hold = own or Hold(customer=customer, placed_by=by, since=now)
        hold.reason, hold.until = reason[:LONGEST_REASON], until
        hold.save()
        _withdraw(customer_id, now)
    return hold


def end_hold_at(hold_id: int, until: datetime | None, by: Any, now: datetime) -> None:
    """Prolong or shorten it. `StaleChange` where it has ended meanwhile."""
    _require_right(by)
    _require_ahead(until, now)
    _change(hold_id, now, until=until)


def lift_hold(hold_id: int, by: Any, now: datetime) -> None:
    """From now on campaigns reach the customer again. `StaleChange` where it has ended meanwhile."""
    _require_right(by)
    _change(hold_id, now, lifted_at=now, lifted_by=by)


def _change(hold_id: int, now: datetime, **fields: Any) -> None:
    customer_id = Hold.objects.values_list("customer_id", flat=True).get(pk=hold_id)
    with transaction.atomic():
        lock_shards([shard_of_customer(customer_id)])
        if not holding(now).filter(pk=hold_id).update(**fields):
            raise StaleChange(ENDED)


def _withdraw(customer_id: int, now: datetime) -> None:
    mine = Delivery.objects.filter(customer=customer_id)
    withdraw_open(mine, "on hold", now, spares_transactional=True)


def _require_right(by: Any) -> None:
    """Planners and approvers of any team; a product by its key, which may change customers."""
    if not (can_plan_somewhere(by) or by.has_perm("audiences.change_customer")):
        raise NotAllowed("Only planners and approvers of a team put customers on hold.")


def _require_ahead(until: datetime | None, now: datetime) -> None:
    if until is not None and until <= now:
        raise NotAllowed("That has passed already: say a later day, or none for as long as nobody lifts it.")
