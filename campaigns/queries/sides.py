"""Campaigns as the overlap checker sees them; a constant number of queries, however many there are."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from json import dumps
from typing import Any

from audiences.models import Segment
from audiences.queries.segments import members_of_each
from campaigns.models import Campaign, Send
from campaigns.overlap import Side
from campaigns.plan import CONTINUOUS
from campaigns.queries.audiences import cut
from campaigns.queries.sends import OPEN

CHECKED = (
    Campaign.Status.DRAFT,
    Campaign.Status.IN_REVIEW,
    Campaign.Status.APPROVED,
    Campaign.Status.RUNNING,
    Campaign.Status.PAUSED,
)
SCHEDULE = ("trigger", "zone", "start_date", "local_time", "rrule", "event", "trigger_segment_id", "silence_days")
FIELDS = ("id", "channels", "topic_id", "goal_event", *SCHEDULE)


@dataclass(frozen=True)
class Checked:
    """One side, and the digest of what it was made from: campaign and segment rules, not who is in them today."""

    side: Side
    inputs: str


def checked_campaigns(since: datetime) -> list[Checked]:
    """Every campaign, drafts included, that has a send from `since` on which is not over; five queries."""
    sends, volumes = _sends(since)
    rows = list(Campaign.objects.filter(pk__in=list(sends), status__in=CHECKED, is_template=False).values(*FIELDS))
    include, exclude = _segments(Campaign.include.through), _segments(Campaign.exclude.through)
    used = {segment for row in rows for segment in (*include[row["id"]], *exclude[row["id"]])}
    members, rules = members_of_each(used), dict(Segment.objects.filter(pk__in=used).values_list("pk", "rule"))
    return [
        Checked(
            Side(
                campaign_id=row["id"],
                audience=cut(members, include[row["id"]], exclude[row["id"]]),
                channels=frozenset(row["channels"]),
                topic_id=row["topic_id"],
                goal=row["goal_event"],
                sends=tuple(sends[row["id"]]),
                per_day=volumes[row["id"]] if row["trigger"] in CONTINUOUS else None,
            ),
            _digest(row, _with_rules(include[row["id"]], rules), _with_rules(exclude[row["id"]], rules)),
        )
        for row in sorted(rows, key=lambda row: int(row["id"]))
    ]


def _sends(since: datetime) -> tuple[dict[int, list[tuple[datetime, int]]], dict[int, int]]:
    """Per campaign its sends in their order, and the largest volume that one of them expects."""
    sends: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    volumes: dict[int, int] = defaultdict(int)
    rows = Send.objects.filter(state__in=OPEN, due_at__gte=since).order_by("due_at", "id")
    for campaign_id, due_at, send_id, volume in rows.values_list("campaign_id", "due_at", "id", "expected_volume"):
        sends[campaign_id].append((due_at, send_id))
        volumes[campaign_id] = max(volumes[campaign_id], volume)
    return sends, volumes


def _segments(through: Any) -> dict[int, list[int]]:
    found = defaultdict(list)
    for campaign_id, segment_id in through.objects.order_by("segment_id").values_list("campaign_id", "segment_id"):
        found[campaign_id].append(segment_id)
    return found


def _with_rules(segments: Iterable[int], rules: dict[int, Any]) -> list[tuple[int, Any]]:
    return [(segment, rules.get(segment)) for segment in segments]


def _digest(row: dict[str, Any], include: list[tuple[int, Any]], exclude: list[tuple[int, Any]]) -> str:
    return sha256(dumps([row, include, exclude], sort_keys=True, default=str).encode()).hexdigest()
