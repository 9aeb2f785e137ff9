"""Sends that are over are counted, so that no page has to count their messages again."""

import logging
from datetime import datetime, timedelta

from campaigns.models import Send
from deliveries.models import Delivery, Tally
from deliveries.queries.tallies import Counts, counted, standing_tallies

logger = logging.getLogger(__name__)
# Those that were due before are looked at seldom, and counted where somebody does.
LOOK_BACK = timedelta(days=35)


def tally_finished(now: datetime) -> int:
    """Write the tally of every recent send that is done and has none, or none that holds; how many.

    Two at once write the same, or the older of two counts, which does not hold and is made again. One that cannot be
    counted stops no other.
    """
    done = Send.objects.filter(state=Send.State.DONE, due_at__gte=now - LOOK_BACK, due_at__lte=now)
    ids = set(done.values_list("pk", flat=True))
    tallied = 0
    for send_id in sorted(ids - standing_tallies(ids).keys()):
        try:
            tallied += _tally(send_id)
        except Exception:
            logger.exception("the messages of send %s cannot be counted", send_id)
    return tallied


def _tally(send_id: int) -> bool:
    """One statement counts, so that what it says is of one moment. A send with anything open is left for later, and one
    that another tick has counted meanwhile is left alone."""
    if standing_tallies([send_id]):
        return False
    counts = counted([send_id]).get(send_id, {})
    if _is_open(counts):
        return False
    row = Tally(send_id=send_id, counts=counts)
    Tally.objects.bulk_create([row], update_conflicts=True, unique_fields=["send"], update_fields=["counts"])
    return True


def _is_open(counts: Counts) -> bool:
    return any(states[state] for states in counts.values() for state in Delivery.OPEN)
