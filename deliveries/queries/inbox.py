"""One customer's inbox."""

from django.db.models import QuerySet

from audiences.models import Customer
from deliveries.models import InboxItem


def inbox_of(customer_id: int) -> QuerySet[InboxItem]:
    """What they have not dismissed, newest first."""
    return InboxItem.objects.filter(customer=customer_id, dismissed_at__isnull=True).order_by("-pk")


def unread_count(customer_id: int) -> int:
    return inbox_of(customer_id).filter(read_at__isnull=True).count()


def living_customer(customer_id: int) -> Customer | None:
    """The customer, unless there is none or they were erased."""
    return Customer.objects.filter(pk=customer_id, erased_at__isnull=True).first()
