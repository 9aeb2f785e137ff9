"""Admission of continuous campaigns: the firings that are due are decided on, each one once."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from django.db.models import F
from pyroaring import BitMap

from audiences.services.locks import lock_shards, shard_of_customer
from campaigns.models import Campaign, Firing, Send
from campaigns.plan import Plan
from campaigns.queries.firings import due_firings
from campaigns.services.dropping import drop_unwanted
from campaigns.services.sends import move_state
from deliveries.queries.admission import Shard, decide_shard
from deliveries.queries.occasions import occasion_of
from deliveries.queries.rules import workspace_rules
from deliveries.services.outcomes import write_decisions
from deliveries.services.repeating import repeatably

logger = logging.getLogger(__name__)
BATCH = 5_000
# A send of one day is open from its first firing on.
OPEN = (Send.State.SCHEDULED, Send.State.SENDING)


def admit_firings(now: datetime) -> int:
    """Decide on every firing whose moment has come; how many. In rounds, one firing of a customer in each.

    A send that cannot be decided on is passed over: whatever is wrong with one campaign, the others go out.
    """
    decided, broken = 0, set[int]()
    while firings := due_firings(now, BATCH, broken):
        passed_over, dropped = len(broken), drop_unwanted(firings, now)
        progress = sum(_admit_groups(firings, now, broken))
        decided += progress
        if not dropped and not progress and len(broken) == passed_over:
            # Whatever is left waits for something else, such as a campaign that was paused meanwhile.
            break
    return decided


def _admit_groups(firings: Iterable[Firing], now: datetime, broken: set[int]) -> Iterable[int]:
    groups: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for firing in firings:
        if firing.send_id is not None:
            groups[firing.send_id, shard_of_customer(firing.customer_id)].append(firing.pk)
    for (send_id, shard), firing_ids in sorted(groups.items()):
        try:
            yield repeatably(partial(_admit_group, send_id, shard, firing_ids, now))
        except Exception:
            logger.exception("firings of send %s could not be decided on", send_id)
            broken.add(send_id)


def _admit_group(send_id: int, shard: int, firing_ids: Sequence[int], now: datetime) -> int:
    # 1. The lock, as for a dated send. 2. The send's row, whose size goes up. 3. The firings that still wait: the
    #    others were decided on by somebody else. 4. Read, decide, write. 5. They wait no more, in the same transaction.
    lock_shards([shard])
    rows = Send.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign__approved_version")
    send = rows.defer("audience").get(pk=send_id)
    version = send.campaign.approved_version
    if version is None or send.state not in OPEN or send.campaign.status != Campaign.Status.RUNNING:
        return 0
    firings = _one_each(firing_ids)
    if not firings:
        return 0
    occasion, rules, members = occasion_of(send, Plan.from_json(version.plan), now), workspace_rules(), BitMap(firings)
    # No wider than it must be: a single firing reads a single customer.
    ids = range(members.min(), members.max() + 1)
    decisions = decide_shard(occasion, Shard(shard, ids, members), rules, now)
    write_decisions(occasion, version.pk, shard, decisions, rules, now, firings)
    Firing.objects.filter(pk__in=firings.values()).update(state=Firing.State.DECIDED)
    move_state(send_id, [Send.State.SCHEDULED], Send.State.SENDING, now, version=version, frozen_at=now)
    Send.objects.filter(pk=send_id).update(audience_size=F("audience_size") + len(firings))
    return len(firings)


def _one_each(firing_ids: Sequence[int]) -> dict[int, int]:
    """The oldest waiting firing of each customer: a second one must see the slot that the first one took."""
    waiting = Firing.objects.filter(pk__in=firing_ids, state=Firing.State.WAITING).order_by("pk")
    rows = sorted(waiting.select_for_update().values_list("due_at", "pk", "customer_id"), reverse=True)
    return {customer_id: pk for _, pk, customer_id in rows}
