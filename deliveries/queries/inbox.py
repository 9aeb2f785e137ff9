"""One customer's inbox, and what became of what was put into all of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from audiences.models import Customer
from deliveries.models import InboxItem


@dataclass(frozen=True)
class Looked:
    """Of the in-app messages of a send: how many were seen, read, put away."""

    seen: int
    read: int
    dismissed: int


def inbox_of(customer_id: int) -> QuerySet[InboxItem]:
    """What they have not dismissed, newest first."""
    return InboxItem.objects.filter(customer=customer_id, dismissed_at__isnull=True).order_by("-pk")


def unread_count(customer_id: int) -> int:
    return inbox_of(customer_id).filter(read_at__isnull=True).count()


def living_customer(customer_id: int) -> Customer | None:
    """The customer, unless there is none or they were erased."""
    return Customer.objects.filter(pk=customer_id, erased_at__isnull=True).first()


def looked_at(send_ids: Iterable[int]) -> dict[int, Looked]:
    """By send; one statement, whatever the number of sends."""
    rows = InboxItem.objects.filter(delivery__send__in=list(send_ids)).order_by().values_list("delivery__send")
    counted = rows.annotate(Count("seen_at"), Count("read_at"), Count("dismissed_at"))
    return {send_id: Looked(seen, read, dismissed) for send_id, seen, read, dismissed in counted}
