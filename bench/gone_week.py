"""The same week a few days later: every send of it has gone out, and its messages lie in the ledger."""

from datetime import timedelta

from django.db import connection

from audiences.bitmaps import collect, dump
from audiences.models import Customer
from bench.bare_week import MONDAY
from campaigns.models import Campaign, Send
from deliveries.models import Withheld
from deliveries.services.tallying import tally_finished
from tests.builders import make_version

AFTERWARDS = MONDAY + timedelta(days=14)
AT_CAP = 100  # people of each send
# Of fifty one is refused, of a thousand one not confirmed.
MESSAGES = """
INSERT INTO deliveries_delivery (
    send_id, customer_id, channel, firing_id, version_id, variant, topic_id, team_id, urgent, obeys_caps,
    counts_toward_caps, state, reason, due_at, closes_at, expires_at, lease_token, attempts, claims, repeats,
    message_id, evidence, admitted_at, finished_at)
SELECT s.id, p.id, c.channels ->> 0, 0, v.id, 'A', c.topic_id, c.team_id, false, true,
    true, CASE WHEN (s.id * 7 + p.id) % 1000 = 0 THEN 'uncertain' WHEN p.id % 50 = 0 THEN 'failed' ELSE 'sent' END,
    '', s.due_at, s.due_at, s.due_at, '', 1, 0, 0, p.id || '.' || s.id, '{"phase": "final"}', s.due_at, s.due_at
FROM campaigns_send s JOIN campaigns_campaign c ON c.id = s.campaign_id
JOIN campaigns_campaignversion v ON v.campaign_id = c.id AND v.number = 1
CROSS JOIN audiences_customer p WHERE p.external_id LIKE 'gone-%'
"""


def let_go(messages: int) -> int:
    """As many for each send as make about so many in all; how many those are. What a worker does then is done."""
    sends = Send.objects.count()
    people = Customer.objects.bulk_create(
        Customer(external_id=f"gone-{number}", email=f"gone-{number}@example.com")
        for number in range(messages // sends)
    )
    for campaign in Campaign.objects.filter(versions=None):
        make_version(campaign)
    Send.objects.update(state=Send.State.DONE, reason="")
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES)
        written = int(cursor.rowcount)
    _hold_some(people)
    tally_finished(AFTERWARDS)
    return written


def _hold_some(people: list[Customer]) -> None:
    members = collect(each.pk for each in people[:AT_CAP])
    fields = {"channel": "email", "shard": 0, "reason": "capped", "bound_by": "cap:2", "members": dump(members)}
    Withheld.objects.bulk_create(Withheld(send=send, size=len(members), **fields) for send in Send.objects.all())
