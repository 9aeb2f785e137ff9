"""What answers about one customer and several sends are made from, read in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from django.conf import settings
from pyroaring import BitMap

from audiences.bitmaps import load
from audiences.models import Customer, Hold, Topic
from audiences.zones import zone_or
from campaigns.models import Campaign, Firing, Send
from campaigns.rights import Person, seen_by
from campaigns.veils import spoken
from deliveries.models import Cap, Delivery, Withheld
from deliveries.queries.rules import workspace_rules


class Facts:
    """Rows by the id of their send, in order; names are looked up when a sentence first needs one."""

    def __init__(self, customer: Customer, send_ids: Sequence[int], to: Person) -> None:
        self.customer, self.to = customer, to
        seen = Send.objects.filter(seen_by(to, "campaign"), pk__in=send_ids)
        self.sends = list(seen.select_related("campaign", "version"))
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
        """What the campaigns for which a slot was kept are called in a sentence."""
        bound = {row.bound_by for rows in self.sets.values() for row, _ in rows if row.bound_by.startswith("campaign:")}
        ids = [int(each.partition(":")[2]) for each in bound]
        campaigns = Campaign.objects.filter(pk__in=ids).select_related("team")
        return {campaign.pk: spoken(self.to, campaign) for campaign in campaigns}

    @cached_property
    def holds(self) -> list[Hold]:
        """Every hold that the customer was ever on, the newest first."""
        return list(Hold.objects.filter(customer=self.customer).order_by("-id"))

    @cached_property
    def counted(self) -> list[Delivery]:
        """Everything of the customer that takes a slot, by its moment."""
        rows = Delivery.objects.filter(customer=self.customer, counts_toward_caps=True, state__in=Delivery.HOLDING)
        return list(rows.order_by("due_at"))
