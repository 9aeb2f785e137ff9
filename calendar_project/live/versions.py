"""What a page of the calendar shows, without reading it: equal tags, equal pages. Two statements, and one for the
teams of whoever looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection

from campaigns.rights import Person, roles_of, sees_everything

# By rows and not by the latest moment: of two that change at once, the later may be seen first, and hide the other.
# Its history tells of what is no part of the plan: that it was offered to somebody, that a section was approved.
# Progress: how many shards were admitted, and when the latest message came to its end, one entry of `delivery_latest`.
_SENDS = """
SELECT s.id, s.sequence, s.changed_at, c.id, {is_seen}, c.updated_at, c.status,
    (SELECT MAX(h.id) FROM campaigns_historyentry h WHERE h.campaign_id = c.id),
    CASE WHEN {under_way} THEN (SELECT COUNT(*) FROM deliveries_shardadmission a WHERE a.send_id = s.id) END,
    CASE WHEN {under_way} THEN (
        SELECT d.finished_at FROM deliveries_delivery d
        WHERE d.version_id = COALESCE(s.version_id, c.approved_version_id)
        AND d.state IN ('sent', 'failed', 'uncertain')
        ORDER BY d.finished_at DESC, d.id DESC LIMIT 1
    ) END
FROM campaigns_send s JOIN campaigns_campaign c ON c.id = s.campaign_id
WHERE {of_these}
"""
_UNDER_WAY = "s.state IN ('admitting', 'sending')"
# The hour is part of it, so that a page that stays open over night shows which day it is.
# A finding beside a private campaign is shown as its veil where it would be crowding (`campaigns.veils.seen_findings`):
# of that one counts who and how many, and not its id: that the two have become duplicates, which makes another finding
# of theirs, changes nothing on the page, and is not to be told by its refreshing itself.
_AROUND = """
SELECT CURRENT_TIMESTAMP, COUNT(*),
    SUM(CASE WHEN {is_seen} AND {other_is_seen} THEN f.id ELSE f.first_id * 1000003 + f.second_id END),
    SUM(f.shared), SUM(f.percent_of_first), SUM(f.percent_of_second),
    (SELECT COUNT(*) FROM campaigns_calendarentry), (SELECT MAX(imported_at) FROM campaigns_importedcalendar)
FROM campaigns_finding f
JOIN campaigns_campaign c ON c.id = f.first_id JOIN campaigns_campaign o ON o.id = f.second_id
WHERE f.state = 'open' AND (
    ({is_seen} AND {other_is_seen})
    OR (({is_seen} OR {other_is_seen}) AND f.shared >= %s AND (f.percent_of_first >= %s OR f.percent_of_second >= %s))
)
"""
# Whichever zone a day is meant in, and whatever hour of it is a customer's own.
MARGIN = timedelta(days=2)
# The columns of `_SENDS` that a veil shows too, those that say what is planned, and the others, how far it has come.
KNOWN, PLANNED = 4, 8


@dataclass(frozen=True)
class PageVersion:
    """`plan` changes when somebody changes something, `progress` while messages go out."""

    plan: str
    progress: str

    @property
    def tag(self) -> str:
        return f"{self.plan}.{self.progress}"


def days_version(first: date, days: int, user: Person) -> PageVersion:
    """Of so many days of the calendar, for this person's eyes."""
    start = datetime.combine(first, time()) - MARGIN
    end = start + timedelta(days=days) + 2 * MARGIN
    return _version("s.due_at >= %s AND s.due_at < %s", [_utc(start), _utc(end)], user)


def campaign_version(campaign_id: int, user: Person) -> PageVersion:
    return _version("c.id = %s", [campaign_id], user)


def _version(of_these: str, values: Sequence[Any], user: Person) -> PageVersion:
    # Only our own text is put together here.
    is_seen, seen = _seen("c", user)
    other_is_seen, _ = _seen("o", user)
    with connection.cursor() as cursor:
        cursor.execute(_SENDS.format(under_way=_UNDER_WAY, of_these=of_these, is_seen=is_seen), [*seen, *values])
        # Sorted here: a database that is asked for the order may read every send there ever was to give it.
        sends = sorted(cursor.fetchall(), key=lambda row: int(row[0]))
        crowding = [settings.CROWDING_PEOPLE, settings.CROWDING_PERCENT, settings.CROWDING_PERCENT]
        cursor.execute(_AROUND.format(is_seen=is_seen, other_is_seen=other_is_seen), [*seen * 6, *crowding])
        moment, *around = cursor.fetchone()
    return PageVersion(
        _digest([*(row[:PLANNED] if row[KNOWN] else row[:KNOWN] for row in sends), around, str(moment)[:13]]),
        _digest([row[PLANNED:] for row in sends if row[KNOWN]]),
    )


def _seen(campaign: str, user: Person) -> tuple[str, list[int]]:
    """`campaigns.rights.seen_by` as SQL, with its values."""
    if sees_everything(user):
        return "1 = 1", []
    teams = list(roles_of(user))
    of_teams = f" OR {campaign}.team_id IN ({', '.join(['%s'] * len(teams))})" if teams else ""
    return f"(NOT {campaign}.is_private OR {campaign}.owner_id = %s{of_teams})", [
        getattr(user, "pk", None) or 0,
        *teams,
    ]


def _utc(moment: datetime) -> str:
    """As both databases compare it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" + ("+00:00" if connection.vendor == "postgresql" else "")


def _digest(parts: Sequence[Any]) -> str:
    return sha256(repr(parts).encode()).hexdigest()[:16]
