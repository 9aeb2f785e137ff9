"""Sets of customers by what they allow: subscribed to a topic, suppressed on a channel."""

from collections.abc import Callable

from django.db.models import Q
from pyroaring import BitMap

from audiences.models import Customer, Subscription, Suppression, Topic
from audiences.queries.customers import alive
from audiences.queries.ids import id_set


def subscribed(topic_id: int, channel: str, ids: range, living: Callable[[], BitMap] | None = None) -> BitMap:
    """Opt-in topics: those who said yes. Opt-out topics: everyone living who did not say no. At most 3 statements.

    `living`: who is, of these ids, for a caller who asks about several topics and need not read it for each.
    """
    said = Subscription.objects.filter(topic=topic_id, channel=channel, customer__gte=ids.start, customer__lt=ids.stop)
    if Topic.objects.values_list("opt_in", flat=True).get(pk=topic_id):
        return id_set(said.filter(subscribed=True, customer__erased_at__isnull=True), "customer_id")
    everyone = living() if living else alive(ids)
    return everyone - id_set(said.filter(subscribed=False), "customer_id")


def suppressed(channel: str, ids: range) -> BitMap:
    """Who must not be written to on `channel`, for any reason, by themselves or by their address."""
    return _stopped(Q(channel__in=["", channel]), ids)


def hard_bounced(channel: str, ids: range) -> BitMap:
    """Those whose address does not exist: the one suppression that a transactional message obeys too."""
    return _stopped(Q(channel__in=["", channel], reason=Suppression.Reason.BOUNCE), ids)


def _stopped(which: Q, ids: range) -> BitMap:
    suppressions = Suppression.objects.filter(which)
    themselves = suppressions.filter(customer__gte=ids.start, customer__lt=ids.stop)
    hashes = suppressions.exclude(address_hash="").values("address_hash")
    by_address = Customer.objects.filter(pk__gte=ids.start, pk__lt=ids.stop, address_hash__in=hashes)
    return id_set(themselves, "customer_id") | id_set(by_address)
