"""What became of the latest messages of every campaign that is going out, in one statement."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from deliveries.failing import BOUNCED, LATEST, UNRENDERED, Tally

# Judged by version, because an edit may mend what failed: the version that the campaign goes out with now, and those
# of its sends under way. Counted since it last started or resumed, so that resuming is a fresh start.
#
# The latest come by `delivery_latest`, a thousand rows of a ledger of any size. A complaint is the customer's or their
# address's, after the message; it is held against every campaign that wrote to them, as providers do.
_LATEST = """
WITH judged AS (
    SELECT c.id AS campaign_id, v.id AS version_id, COALESCE((
        SELECT MAX(h.at) FROM campaigns_historyentry h
        WHERE h.campaign_id = c.id AND h.action IN ('start', 'resume')
    ), c.started_at, v.created_at) AS since
    FROM campaigns_campaign c JOIN campaigns_campaignversion v ON v.campaign_id = c.id
    WHERE c.status IN ('running', 'approved') {of_these}
    AND EXISTS (SELECT 1 FROM campaigns_send s WHERE s.campaign_id = c.id AND {under_way})
    AND (v.id = c.approved_version_id
         OR v.id IN (SELECT s.version_id FROM campaigns_send s WHERE s.campaign_id = c.id AND {under_way}))
)
SELECT judged.campaign_id, (
    SELECT {array}(
        COUNT(*),
        COUNT(*) FILTER (WHERE latest.state = 'failed' AND SUBSTR(latest.reason, 1, {unrendered}) = %s),
        COUNT(*) FILTER (WHERE latest.state = 'failed' AND SUBSTR(latest.reason, 1, {bounced}) = %s),
        COUNT(*) FILTER (WHERE latest.state = 'sent' AND EXISTS (
            SELECT 1 FROM audiences_suppression p
            WHERE p.customer_id = latest.customer_id AND p.reason = 'complaint'
            AND p.channel IN ('', latest.channel) AND p.created_at >= latest.finished_at
        ))
    )
    FROM (
        SELECT d.state, d.reason, d.customer_id, d.channel, d.finished_at FROM deliveries_delivery d
        WHERE d.version_id = judged.version_id AND d.state IN ('sent', 'failed', 'uncertain')
        AND d.finished_at >= judged.since
        ORDER BY d.finished_at DESC, d.id DESC LIMIT {most}
    ) AS latest
)
FROM judged ORDER BY judged.campaign_id, judged.version_id
"""
_UNDER_WAY = "s.state IN ('admitting', 'sending')"
_ARRAY = {"postgresql": "jsonb_build_array", "sqlite": "json_array"}


@dataclass(frozen=True)
class Judged:
    """One version of a campaign that is going out."""

    campaign_id: int
    tally: Tally


def latest_tallies(campaign_ids: Collection[int] | None = None) -> list[Judged]:
    """Of every campaign with a send under way, or of these alone."""
    ids = list(campaign_ids or ())
    # Only placeholders and our own text are put together here.
    sql = _LATEST.format(
        of_these=f"AND c.id IN ({', '.join(['%s'] * len(ids))})" if campaign_ids is not None else "",
        under_way=_UNDER_WAY,
        array=_ARRAY[connection.vendor],
        unrendered=len(UNRENDERED),
        bounced=len(BOUNCED),
        most=LATEST,
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*ids, UNRENDERED, BOUNCED])
        return [Judged(campaign_id, Tally(*json.loads(tally))) for campaign_id, tally in cursor.fetchall()]
