"""The hours at which a send is admitted: one, or one for each local hour on earth where it goes at everyone's own."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from audiences.zones import zone_names
from campaigns.models import Send
from campaigns.recurrence import instant


def slices(send: Send) -> tuple[datetime, ...]:
    """Ascending, aware, UTC; the last one decides on everybody who is left."""
    if not send.local_due:
        return (send.due_at,)
    return _instants(datetime.fromisoformat(send.local_due))


def slice_at(send: Send, now: datetime) -> datetime | None:
    """The newest slice that has come. It decides for the ones before it as well, if those were not admitted."""
    return max((each for each in slices(send) if each <= now), default=None)


@lru_cache(maxsize=256)
def _instants(local: datetime) -> tuple[datetime, ...]:
    """From the zones that there are, not from those of the audience: people move while a send goes round the earth."""
    return tuple(sorted({instant(local, ZoneInfo(name)) for name in zone_names()}))
