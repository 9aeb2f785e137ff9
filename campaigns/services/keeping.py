"""Keeping all the low findings of a review with one reason: each is a decision of its own, made and undone together."""

from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.models import AgendaItem, Campaign, Decision, Finding
from campaigns.queries.agenda import undecided_again
from campaigns.queries.standing import standing_of_all
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.rights import seen_by, teams_planned_by
from campaigns.services.acts import KEPT
from campaigns.services.reviews import lock_open_review

LOW = Finding.Severity.LOW


def keep_low(review_id: int, seen: str, reason: str, by: User, now: datetime, *, carried: bool) -> int:
    """Every low finding that waits, of those carried over or of the others; how many. `seen`: how all of them stood on
    the page, so that nobody keeps one that they were not shown."""
    with transaction.atomic():
        review = lock_open_review(review_id)
        _lock_campaigns(review.items.filter(about=AgendaItem.About.FINDING))
        items = list(undecided_again(review).filter(_may_keep(by), _is_low(carried)).select_related("finding"))
        if not items or seen != standing_of_all(items):
            raise StaleChange("These findings have changed since this page was made: look at them again.")
        if not reason.strip():
            raise NotAllowed("Say why: the others read it in the minutes.")
        _acknowledge(items, reason.strip(), by, now)
        # `together` names this act, and no other that comes to the same ones; `seen` tells a second click from it.
        undo = {"acknowledged_at": now.isoformat(), "together": uuid4().hex, "seen": seen}
        Decision.objects.bulk_create(_decision(item, undo, reason.strip(), by, now) for item in items)
        return len(items)


def take_back_together(review_id: int, together: str, by: User, now: datetime) -> int:
    """Undo what was kept together, as far as it still stands so; how many. What was settled otherwise since stays, and
    so does what this person may not decide."""
    with transaction.atomic():
        review = lock_open_review(review_id)
        items = review.items.filter(_may_keep(by), decisions__taken_back_at=None)
        _lock_campaigns(items)
        standing = Decision.objects.filter(taken_back_at=None, undo__together=together, item__review=review)
        kept = {each.item_id: each for each in standing.filter(item__in=items).select_related("item")}
        if not kept and standing.exists():
            raise NotAllowed("Only those who plan for one of their teams, and see both campaigns, can take them back.")
        opened = _reopen(kept.values())
        mine = [each.pk for each in kept.values() if each.item.finding_id in (None, *opened)]
        return Decision.objects.filter(pk__in=mine).update(taken_back_at=now, taken_back_by=by)


def _may_keep(by: User) -> Q:
    """What this person sees all of, and plans for one side of: a private one of others is left alone."""
    teams = teams_planned_by(by)
    if not teams:
        raise NotAllowed("Only those who plan for a team can decide this.")
    ours = Q(campaign__team__in=teams) | Q(other__team__in=teams)
    return seen_by(by, "campaign") & seen_by(by, "other") & ours


def _is_low(carried: bool) -> Q:
    """Low when the agenda was frozen, and still."""
    low = Q(about=AgendaItem.About.FINDING, facts__severity=LOW, finding__severity=LOW)
    return low & (Q(carried__gt=0) if carried else Q(carried=0))


def _lock_campaigns(items: QuerySet[AgendaItem]) -> None:
    """After the review and in the order of their ids, as everybody locks them."""
    ids = {pk for pair in items.values_list("campaign", "other") for pk in pair}
    list(Campaign.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))


def _lock_findings(findings: QuerySet[Finding]) -> set[int]:
    """In the order in which the overlap checker locks them."""
    return set(findings.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def _acknowledge(items: Collection[AgendaItem], reason: str, by: User, now: datetime) -> None:
    ids = _lock_findings(Finding.objects.filter(pk__in=[item.finding_id for item in items], state=Finding.State.OPEN))
    done = Finding.objects.filter(pk__in=ids).update(
        state=Finding.State.ACKNOWLEDGED,
        acknowledged_by=by,
        acknowledged_reason=reason[:300],
        acknowledged_at=now,
    )
    if done != len(items):
        raise StaleChange("Somebody has settled one of these findings meanwhile: look at them again.")


def _decision(item: AgendaItem, undo: dict[str, str], reason: str, by: User, now: datetime) -> Decision:
    """As if it were the only one, so that it can be taken back alone."""
    return Decision(item=item, kind=Decision.Kind.KEEP, reason=reason[:500], did=KEPT, undo=undo, by=by, at=now)


def _reopen(kept: Collection[Decision]) -> set[int]:
    """Those that are acknowledged as they were then; the ids of their findings."""
    moments = {each.at for each in kept}
    same = Finding.objects.filter(
        pk__in=[each.item.finding_id for each in kept],
        state=Finding.State.ACKNOWLEDGED,
        acknowledged_at__in=moments,
    )
    ids = _lock_findings(same)
    Finding.objects.filter(pk__in=ids).update(
        state=Finding.State.OPEN, acknowledged_by=None, acknowledged_reason="", acknowledged_at=None
    )
    return ids
