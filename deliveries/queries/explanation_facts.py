"""What answers about one customer and several sends are made from, read in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from django.conf import settings
from pyroaring import BitMap

from audiences.bitmaps import load
from audiences.models import Customer, Topic
from audiences.zones import zone_or
from campaigns.models import Campaign, Firing, Send
from deliveries.models import Cap, Delivery, Withheld
from deliveries.queries.rules import workspace_rules


class Facts:
    """Rows by the id of their send, in order; names are looked up when a sentence first needs one."""

    def __init__(self, customer: Customer, send_ids: Sequence[int]) -> None:
        self.customer = customer
        self.sends = list(Send.objects.select_related("campaign", "version").filter(pk__in=send_ids))
        self.zone = zone_or(customer.timezone, workspace_rules().zone.key)
        self.deliveries: defaultdict[int, list[Delivery]] = defaultdict(list)
        for delivery in Delivery.objects.filter(send__in=send_ids, customer=customer).order_by("pk"):
            self.deliveries[delivery.send_id].append(delivery)
        self.firings: defaultdict[int, list[Firing]] = defaultdict(list)
        for firing in Firing.objects.filter(send__in=send_ids, customer=customer).order_by("pk"):
            self.firings[firing.send_id or 0].append(firing)
        self.sets: defaultdict[int, list[tuple[Withheld, BitMap]]] = defaultdict(list)
        shard = customer.pk // settings.SHARD_SIZE
        for row in Withheld.objects.filter(send__in=send_ids, shard=shard).order_by("pk"):
            self.sets[row.send_id].append((row, load(row.members)))

    @cached_property
    def caps(self) -> dict[int, Cap]:
        return Cap.objects.in_bulk()

    @cached_property
    def topics(self) -> dict[int, str]:
        return dict(Topic.objects.values_list("pk", "name"))

    @cached_property
    def winners(self) -> dict[int, str]:
        """Names of the campaigns for which a slot was kept."""
        bound = {row.bound_by for rows in self.sets.values() for row, _ in rows if row.bound_by.startswith("campaign:")}
        ids = [int(each.partition(":")[2]) for each in bound]
        return dict(Campaign.objects.filter(pk__in=ids).values_list("pk", "name"))

    @cached_property
    def counted(self) -> list[Delivery]:
        """Everything of the customer that takes a slot, by its moment."""
        rows = Delivery.objects.filter(customer=self.customer, counts_toward_caps=True, state__in=Delivery.HOLDING)
        return list(rows.order_by("due_at"))
