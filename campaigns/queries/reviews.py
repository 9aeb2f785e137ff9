"""Reviews as pages and mails show them: a fixed number of queries, however long the agenda."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from campaigns.models import AgendaItem, Campaign, Decision, Handoff, Membership, Review, Team
from campaigns.rights import PLANNING, Person, seen_by


def items_of(review: Review) -> list[AgendaItem]:
    """In their order, with what a row of the agenda shows; `standing` is a list of the decision that holds, if any.

    Campaigns and teams are read once each: on a long agenda, making them again for each row is what takes the time.
    """
    standing = Decision.objects.filter(taken_back_at=None).select_related("by", "campaign")
    found = review.items.select_related("finding").prefetch_related(Prefetch("decisions", standing, to_attr="standing"))
    items: list[AgendaItem] = list(found)
    teams = Team.objects.in_bulk()
    named = {pk for item in items for pk in (item.campaign_id, item.other_id) if pk is not None}
    campaigns = Campaign.objects.in_bulk(named)
    for campaign in campaigns.values():
        campaign.team = teams[campaign.team_id]
    for item in items:
        item.campaign, item.other = campaigns[item.campaign_id], campaigns.get(item.other_id or 0)
    return items


def items_seen_by(user: Person, at: str = "") -> Q:
    """Items that this person is shown, as a condition on them or on rows that lead to them: those of whose campaigns
    they may see every one; and of a pair one, where it would be crowding, were it about the people alone."""
    at = f"{at}__" if at else ""
    seen, other_seen = seen_by(user, f"{at}campaign"), seen_by(user, f"{at}other")
    crowding = {
        f"{at}about": AgendaItem.About.FINDING,
        f"{at}facts__shared__gte": settings.CROWDING_PEOPLE,
        f"{at}facts__percent__gte": settings.CROWDING_PERCENT,
    }
    alone = Q(**{f"{at}other": None})
    return (seen & (alone | other_seen)) | (Q(**crowding) & (seen | (~alone & other_seen)))


def with_counts(user: Person) -> QuerySet[Review]:
    """Every review, the latest week first, with how many of the items that this person is shown were decided and
    carried over."""
    seen = items_seen_by(user, "items")
    held = Q(items__decisions__isnull=False, items__decisions__taken_back_at=None)
    return Review.objects.annotate(
        decided=Count("items", filter=seen & held, distinct=True),
        left=Count("items", filter=seen & Q(items__carries_over=True), distinct=True),
    ).order_by("-week")


def planners_of(team_ids: Iterable[int]) -> QuerySet[User]:
    """To whom campaigns of these teams can be handed."""
    roles = Membership.objects.filter(team__in=list(team_ids), role__in=PLANNING).values("user")
    return User.objects.filter(pk__in=roles, is_active=True).order_by("first_name", "username")


def is_handed_over(campaign: str) -> Exists:
    """To annotate rows with: whether the campaign that this field names is offered to somebody who has not answered."""
    return Exists(Handoff.objects.filter(campaign=OuterRef(campaign), state=Handoff.State.OFFERED))


def handoffs_to(user: User) -> QuerySet[Handoff]:
    """What waits for an answer of this person."""
    offered = Handoff.objects.filter(seen_by(user, "campaign"), to=user, state=Handoff.State.OFFERED)
    return offered.select_related("campaign__team", "offered_by").order_by("id")
