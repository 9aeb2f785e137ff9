"""Consent as conditions on ledger rows: for the last look before a message leaves.

Admission reads the same rules as bitmaps (`audiences.queries.consent`); here they stand inside one statement.
"""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q

from audiences.models import Subscription, Suppression


def may_be_sent(transactional: Collection[int]) -> Q:
    """Rows whose customer may get them. Versions in `transactional` obey hard bounces alone."""
    consented = ~_suppressed() & _subscribed()
    return ~erased() & ~_suppressed(reason=Suppression.Reason.BOUNCE) & (Q(version__in=transactional) | consented)


def erased() -> Q:
    return Q(customer__erased_at__isnull=False)


def suppressed() -> Q:
    """Rows whose customer or address is suppressed on their channel, for any reason."""
    return _suppressed()


def _suppressed(**which: str) -> Q:
    here = Suppression.objects.filter(Q(channel="") | Q(channel=OuterRef("channel")), **which)
    by_address = here.filter(address_hash=OuterRef("customer__address_hash")).exclude(address_hash="")
    return Q(Exists(here.filter(customer=OuterRef("customer_id")))) | Q(Exists(by_address))


def _subscribed() -> Q:
    said = Subscription.objects.filter(
        customer=OuterRef("customer_id"), topic=OuterRef("topic_id"), channel=OuterRef("channel")
    )
    yes, no = Exists(said.filter(subscribed=True)), Exists(said.filter(subscribed=False))
    return Q(topic__opt_in=True) & Q(yes) | Q(topic__opt_in=False) & ~Q(no)
