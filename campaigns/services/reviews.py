"""The weekly review: opened once, with an agenda that is frozen then; closed once, with minutes that stay."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from audiences.models import Workspace
from campaigns.models import AgendaItem, MinutesMail, Review
from campaigns.queries.agenda import Facts, Stretch, agenda, last_closed, undecided_again
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.rights import leads_reviews

# The first review looks back this far.
LOOK_BACK = timedelta(days=7)
BATCH = 200


def since(now: datetime) -> datetime:
    """From when on things are news to a review that is opened now."""
    last = last_closed()
    return last.closed_at if last and last.closed_at else now - LOOK_BACK


def open_review(week: Stretch, by: User | None, now: datetime, went_out: Mapping[int, Facts]) -> Review:
    """Freeze the agenda of a week. Of two who open it at once, the second one gets the review of the first."""
    if not leads_reviews(by):
        raise NotAllowed("A review is opened by an approver of any team.")
    with transaction.atomic():
        _one_after_the_other()
        held = Review.objects.filter(week=week.address).first()
        if held is not None:
            return held
        _require_openable(week, now)
        review = Review.objects.create(week=week.address, since=since(now), opened_at=now, opened_by=by)
        items = agenda(week, review.since, went_out)
        for item in items:
            item.review = review
        AgendaItem.objects.bulk_create(items, batch_size=BATCH)
        return review


def close_review(review_id: int, by: User | None, now: datetime, notes: str = "") -> bool:
    """Make it the minutes: what is undecided carries over, and a mail to every member of a team is on its way.

    False if it was closed before: there is one set of minutes, and one mail.
    """
    if not leads_reviews(by):
        raise NotAllowed("A review is closed by an approver of any team.")
    with transaction.atomic():
        review = lock_review(review_id)
        if not review.is_open:
            return False
        undecided = list(undecided_again(review).values_list("pk", flat=True))
        review.items.filter(pk__in=undecided).update(carries_over=True)
        Review.objects.filter(pk=review_id).update(
            state=Review.State.CLOSED, closed_at=now, closed_by=by, notes=notes.strip()
        )
        members = User.objects.filter(is_active=True, memberships__isnull=False).exclude(email="").distinct()
        MinutesMail.objects.bulk_create(MinutesMail(review=review, to=member) for member in members.order_by("pk"))
        return True


def lock_review(review_id: int) -> Review:
    """Before any campaign on its agenda, so that nobody waits in a ring."""
    return Review.objects.select_for_update(no_key=True).get(pk=review_id)


def lock_open_review(review_id: int) -> Review:
    review = lock_review(review_id)
    if not review.is_open:
        raise StaleChange("This review is closed: its minutes do not change any more.")
    return review


def is_openable(week: Stretch, now: datetime) -> bool:
    """A review settles a week that is not over, as far ahead as anything is planned."""
    return week.start - timedelta(days=settings.HORIZON_DAYS) <= now < week.end


def _one_after_the_other() -> None:
    """Two openings wait for each other on the workspace's row: there is no review yet that they could wait on."""
    Workspace.current()
    Workspace.objects.select_for_update(no_key=True).get()


def _require_openable(week: Stretch, now: datetime) -> None:
    if not is_openable(week, now):
        raise NotAllowed("A review settles a week that is not over yet: this one is past, or too far ahead.")
    still_open = Review.objects.filter(state=Review.State.OPEN).first()
    if still_open is not None:
        raise StaleChange(
            f"The review of week {still_open.number} is still open. Close it first: what it leaves undecided carries "
            "over to this one."
        )
