"""Segments kept fresh: who is in them now, and the record of who entered and who left."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from pyroaring import BitMap

from audiences.bitmaps import dump, load
from audiences.models import Customer, ListMember, Segment, SegmentRefresh
from audiences.queries import segments as queries
from audiences.rules import RuleError

logger = logging.getLogger(__name__)


def refresh_segment(segment_id: int, now: datetime) -> SegmentRefresh | None:
    """The new row, or None where nothing changed or the rule cannot be used.

    A rule that no longer compiles leaves its reason in `refresh_error` and keeps the members that there were.
    """
    with transaction.atomic():
        # Two refreshes of one segment queue here, so that each tells what changed since the other.
        segment = Segment.objects.select_for_update().get(pk=segment_id)
        try:
            found = _members_now(segment, now)
        except RuleError as error:
            _keep_error(segment_id, str(error))
            return None
        return _write(segment, found, now)


def _members_now(segment: Segment, now: datetime) -> BitMap:
    if segment.kind == Segment.Kind.LIST:
        return queries.listed(segment.pk)
    return queries.matching_ids(segment.rule, now, segment.slug)


def _keep_error(segment_id: int, error: str) -> None:
    Segment.objects.filter(pk=segment_id).update(refresh_error=error[:300])


def _write(segment: Segment, found: BitMap, now: datetime) -> SegmentRefresh | None:
    newest = SegmentRefresh.objects.filter(segment=segment).order_by("-id").first()
    before = load(newest.members) if newest else found
    Segment.objects.filter(pk=segment.pk).update(size=len(found), refreshed_at=now, refresh_error="")
    if newest and before == found:
        return None
    SegmentRefresh.objects.filter(segment=segment).exclude(members=b"").update(members=b"")
    return SegmentRefresh.objects.create(
        segment=segment,
        refreshed_at=now,
        members=dump(found),
        entered=dump(found - before),
        left=dump(before - found),
        size=len(found),
        is_first=newest is None,
    )


def refresh_each(clock: Callable[[], datetime]) -> list[SegmentRefresh]:
    """The rows of all segments that changed. Each has a transaction of its own; one bad segment stops no other.

    The clock is read for each: all of them may take minutes, and who starts a campaign meanwhile must be able to tell
    what is from before.
    """
    ids = list(queries.stale_first().values_list("pk", flat=True))
    return [refresh for each in ids if (refresh := _refresh_safely(each, clock()))]


def refresh_all(now: datetime) -> list[SegmentRefresh]:
    """The same, all as of one moment."""
    return refresh_each(lambda: now)


def _refresh_safely(segment_id: int, now: datetime) -> SegmentRefresh | None:
    try:
        return refresh_segment(segment_id, now)
    except Exception:
        logger.exception("segment %s could not be refreshed", segment_id)
        return None


@dataclass(frozen=True)
class ListChange:
    """`unknown`: external ids that no living customer has, in the order given."""

    added: int
    unknown: tuple[str, ...] = ()


def add_to_list(segment_id: int, external_ids: Iterable[str], now: datetime) -> ListChange:
    """Put customers on the list of a segment by list, and refresh it."""
    wanted = list(dict.fromkeys(external_ids))
    with transaction.atomic():
        found = _living_by_external_id(wanted)
        before = ListMember.objects.filter(segment=segment_id).count()
        ListMember.objects.bulk_create(
            (ListMember(segment_id=segment_id, customer_id=pk) for pk in sorted(found.values())), ignore_conflicts=True
        )
        added = ListMember.objects.filter(segment=segment_id).count() - before
        refresh_segment(segment_id, now)
    return ListChange(added, tuple(each for each in wanted if each not in found))


def remove_from_list(segment_id: int, external_ids: Sequence[str], now: datetime) -> int:
    """Take customers off the list of a segment by list, and refresh it. How many were on it."""
    with transaction.atomic():
        removed, _ = ListMember.objects.filter(
            segment=segment_id, customer__external_id__in=list(external_ids)
        ).delete()
        refresh_segment(segment_id, now)
    return removed


def _living_by_external_id(external_ids: Sequence[str]) -> dict[str, int]:
    rows = Customer.objects.filter(external_id__in=external_ids, erased_at__isnull=True)
    return dict(rows.values_list("external_id", "pk"))


def count_matching(rule_json: object, now: datetime, slug: str = "") -> int:
    """How many customers a rule would take, without saving anything. Raises `RuleError`."""
    return len(queries.matching_ids(rule_json, now, slug))
