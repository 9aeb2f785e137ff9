"""What tests of admission start from: customers over several shards, approved campaigns, and a whole tick."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from audiences.bitmaps import collect, dump, load
from audiences.models import Customer, Segment, SegmentRefresh
from campaigns.models import Campaign, CampaignVersion, Firing, Send
from campaigns.queries.campaigns import read_plan
from deliveries.models import Cap, Delivery, Withheld
from deliveries.services.admitting import admit_shard, begin_due_sends, shards_to_admit
from tests.builders import NOW, make_campaign, make_segment, make_send

# Two shards of 256 apart, and both ends of one.
SPREAD = (255, 256, 257, 700, 1023, 1024)


def make_spread(ids: Iterable[int] = SPREAD, **fields: Any) -> list[Customer]:
    """Customers with these very ids."""
    return Customer.objects.bulk_create(
        Customer(pk=pk, external_id=f"spread-{pk}", email=f"spread-{pk}@example.com", **fields) for pk in ids
    )


def make_id_segment(ids: Iterable[int]) -> Segment:
    """A segment of the customers with these ids, as if refreshed just now."""
    members = collect(ids)
    segment = make_segment([])
    SegmentRefresh.objects.create(
        segment=segment, refreshed_at=NOW, members=dump(members), entered=b"", left=b"", size=len(members)
    )
    return segment


def approve(campaign: Campaign, status: str = Campaign.Status.APPROVED) -> CampaignVersion:
    """The campaign as written now, approved."""
    plan = read_plan(campaign)
    version = CampaignVersion.objects.create(
        campaign=campaign, number=campaign.versions.count() + 1, plan=plan.as_json(), digest=plan.digest()
    )
    Campaign.objects.filter(pk=campaign.pk).update(status=status, approved_version=version)
    campaign.refresh_from_db()
    return version


def make_approved_send(members: Iterable[int], due_at: datetime = NOW, local_due: str = "", **fields: Any) -> Send:
    """A send of a new approved campaign to the customers with these ids."""
    campaign = make_campaign([make_id_segment(members)], **fields)
    send = make_send(campaign, due_at, local_due=local_due)
    approve(campaign)
    return send


def make_cap(limit: int = 1, days: int = 7, **fields: Any) -> Cap:
    return Cap.objects.create(
        **{"name": f"{limit} in {days} days ({Cap.objects.count()})", **fields}, limit=limit, days=days
    )


def admit_all(now: datetime = NOW) -> None:
    """A tick: freeze what is due and admit every shard that is missing."""
    begin_due_sends(now)
    for each in shards_to_admit(now):
        admit_shard(each.send_id, each.shard, each.due_at, now)


def admitted(send: Send, channel: str = "email") -> list[int]:
    rows = Delivery.objects.filter(send=send, channel=channel)
    return sorted(rows.values_list("customer_id", flat=True))


def withheld(send: Send, channel: str = "email") -> dict[str, list[int]]:
    """Members by “reason” or “reason bound_by”."""
    found: dict[str, list[int]] = {}
    for row in Withheld.objects.filter(send=send, channel=channel).order_by("shard"):
        key = f"{row.reason} {row.bound_by}".strip()
        found[key] = found.get(key, []) + list(load(row.members))
    return found


def make_firing(send: Send, customer_id: int, key: str, due_at: datetime = NOW) -> Firing:
    return Firing.objects.create(
        campaign=send.campaign, customer_id=customer_id, key=key, occurred_at=due_at, due_at=due_at, send=send
    )
