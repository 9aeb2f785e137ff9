"""Admission: the audience of a due send is frozen and decided on, shard by shard, each in one transaction."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.conf import settings
from pyroaring import BitMap

from audiences.bitmaps import load, shards
from audiences.services.locks import lock_shards, shard_ids
from audiences.services.statistics import MASS_INSERT, refresh_statistics
from campaigns.models import Campaign, Send
from campaigns.plan import Plan
from campaigns.queries.sends import due_sends
from campaigns.services.sends import freeze
from deliveries.models import Delivery, ShardAdmission
from deliveries.queries.admission import Shard, decide_shard
from deliveries.queries.decided import decided
from deliveries.queries.occasions import Occasion, occasion_of
from deliveries.queries.rules import WorkspaceRules, workspace_rules
from deliveries.queries.slices import slice_at, slices
from deliveries.queries.zones import zones_of
from deliveries.services.outcomes import write_decisions
from deliveries.services.repeating import repeatably

logger = logging.getLogger(__name__)

STOPPED = (Campaign.Status.PAUSED, Campaign.Status.CANCELLED)


@dataclass(frozen=True, order=True)
class ShardToAdmit:
    """What one worker does in one transaction; all of it can be read again from the rows."""

    send_id: int
    shard: int
    due_at: datetime
    urgent: bool = False  # transactional: no other send's shards stand before it


def begin_due_sends(now: datetime) -> list[int]:
    """Freeze every send whose hour has come; the ids of those that may be admitted. One that fails stops no other."""
    frozen = []
    for send_id in list(due_sends(now).values_list("pk", flat=True)):
        try:
            send = freeze(send_id, now)
        except Exception:
            logger.exception("send %s could not be frozen", send_id)
            continue
        if send is not None:
            frozen.append(send.pk)
    return frozen


def shards_to_admit(now: datetime) -> list[ShardToAdmit]:
    """Every shard of every frozen send that is missing its admission, found from the rows alone. Two statements."""
    going = Send.objects.filter(state=Send.State.ADMITTING).exclude(campaign__status__in=STOPPED)
    sends = list(going.select_related("version").order_by("pk"))
    done = admitted_slices(send.pk for send in sends)
    return sorted(each for send in sends for each in _missing(send, done[send.pk], now))


def admitted_slices(send_ids: Iterable[int]) -> defaultdict[int, set[tuple[int, datetime]]]:
    """(shard, slice) of every admission, by send. One statement."""
    done: defaultdict[int, set[tuple[int, datetime]]] = defaultdict(set)
    rows = ShardAdmission.objects.filter(send__in=list(send_ids)).values_list("send_id", "shard", "due_at")
    for send_id, shard, due_at in rows:
        done[send_id].add((shard, due_at))
    return done


def missing_shards(send: Send, done: set[tuple[int, datetime]]) -> list[int]:
    """Shards whose last slice is not admitted."""
    last = slices(send)[-1]
    return [shard for shard in shards(load(send.audience), settings.SHARD_SIZE) if (shard, last) not in done]


def _missing(send: Send, done: set[tuple[int, datetime]], now: datetime) -> list[ShardToAdmit]:
    due_at = slice_at(send, now)
    if due_at is None:
        return []
    missing = (shard for shard in missing_shards(send, done) if (shard, due_at) not in done)
    urgent = send.version is not None and bool(send.version.plan.get("transactional"))
    return [ShardToAdmit(send.pk, shard, due_at, urgent) for shard in missing]


def admit_shard(send_id: int, shard: int, due_at: datetime, now: datetime) -> int:
    """Decide on everyone of the shard whose hour has come by `due_at`, once and for all; how many were admitted.

    Safe to repeat, also where the answer to COMMIT was lost: a shard that is admitted, or whose send may not go out
    at this moment, is left alone.
    """
    admitted = repeatably(partial(_admit_shard, send_id, shard, due_at, now))
    if admitted >= MASS_INSERT and _doubled(send_id):
        refresh_statistics(Delivery)
    return admitted


def _doubled(send_id: int) -> bool:
    """After the 1st, 2nd, 4th, 8th, ... shard: never are the figures older than half of the send, and not every shard
    pays for them."""
    shards = ShardAdmission.objects.filter(send=send_id).count()
    return shards.bit_count() == 1


def _admit_shard(send_id: int, shard: int, due_at: datetime, now: datetime) -> int:
    # 1. The lock: from here on nobody else takes a slot of these customers, or changes their consent.
    # 2. Is there anything to do? 3. Read, decide, write. 4. The mark that makes 2 say no, in the same transaction.
    lock_shards([shard])
    send = Send.objects.select_related("campaign", "version").get(pk=send_id)
    if ShardAdmission.objects.filter(send=send_id, shard=shard, due_at__in={due_at, slices(send)[-1]}).exists():
        return 0
    if send.state != Send.State.ADMITTING or send.campaign.status in STOPPED or send.version is None:
        return 0
    occasion = occasion_of(send, Plan.from_json(send.version.plan))
    rules = workspace_rules()
    members, is_last = _slice(send, occasion, shard, due_at, rules)
    decisions = decide_shard(occasion, Shard(shard, shard_ids(shard), members), rules, now) if members else []
    written = write_decisions(occasion, send.version.pk, shard, decisions, rules, now)
    _mark(send, shard, {due_at, slices(send)[-1]} if is_last else {due_at}, now)
    return written


def _slice(send: Send, occasion: Occasion, shard: int, due_at: datetime, rules: WorkspaceRules) -> tuple[BitMap, bool]:
    """Who is decided on now, and whether nobody is left after that.

    At everyone's own hour: those whose hour has come and who have no outcome yet, so that someone who changes zone
    between two slices is decided on once; with the last slice, everyone who is left.
    """
    everyone = load(send.audience) & BitMap(shard_ids(shard))
    if occasion.schedule.local is None:
        return everyone, True
    undecided = everyone - decided(send.pk, shard, shard_ids(shard))
    if due_at == slices(send)[-1]:
        return undecided, True
    zones = zones_of(undecided, shard_ids(shard), rules.zone)
    due = [members for zone, members in zones.items() if occasion.schedule.due_in(zone) <= due_at]
    members = BitMap.union(BitMap(), *due)
    return members, members == undecided


def _mark(send: Send, shard: int, due: set[datetime], now: datetime) -> None:
    ShardAdmission.objects.bulk_create(
        ShardAdmission(send=send, shard=shard, due_at=each, admitted_at=now) for each in sorted(due)
    )
