"""What continuous triggers watch: events, entries into a segment, and silences."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from pyroaring import BitMap

from audiences.bitmaps import load
from audiences.models import Event, SegmentRefresh


def live_events(name: str, after_id: int) -> QuerySet[Event]:
    """Events that may fire, by id. Imported history never does."""
    return Event.objects.filter(name=name, imported=False, pk__gt=after_id).order_by("pk")


def entries(segment_id: int, after_id: int) -> Iterator[tuple[int, datetime, BitMap]]:
    """(refresh id, moment, who entered) of every refresh but the first, of which nobody can say when they came."""
    refreshes = SegmentRefresh.objects.filter(segment_id=segment_id, pk__gt=after_id, is_first=False).order_by("pk")
    for refresh_id, moment, entered in refreshes.values_list("pk", "refreshed_at", "entered"):
        yield refresh_id, moment, load(entered)


def last_events_before_silence(name: str, days: int, after: datetime, until: datetime) -> QuerySet[Event]:
    """The last event before each silence of so many days that became complete in `after < moment <= until`.

    Imported history counts: who did it, did it.
    """
    length = timedelta(days=days)
    broken = Event.objects.filter(
        # Of several at the same moment (imports know the day alone), the one with the highest id is the last.
        ~Q(occurred_at=OuterRef("occurred_at"), pk__lte=OuterRef("pk")),
        name=name,
        customer=OuterRef("customer"),
        occurred_at__gte=OuterRef("occurred_at"),
        occurred_at__lt=OuterRef("occurred_at") + length,
    )
    return Event.objects.filter(
        ~Exists(broken), name=name, occurred_at__gt=after - length, occurred_at__lte=until - length
    ).order_by("pk")
