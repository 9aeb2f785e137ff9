"""Feeds: made with a token that is shown once, found by its hash, and written out as a calendar."""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Max, Q, QuerySet

from campaigns.calendar_file import Entry, write_calendar
from campaigns.models import Campaign, Feed, Review, Send, Team
from campaigns.plan import CONTINUOUS
from campaigns.queries.reviews import with_counts
from campaigns.queries.sends import on_calendar
from campaigns.rights import roles_of, seen_by, sees_everything
from campaigns.veils import veil_sends

LOOK_BACK = timedelta(days=31)
# A subscription is read every few minutes; that it is in use need not be written each time.
READ_NOTED_EVERY = timedelta(hours=1)
GONE = (Send.State.CANCELLED, Send.State.MISSED)
STARTED = (Send.State.ADMITTING, Send.State.SENDING, Send.State.PAUSED, Send.State.DONE)


@dataclass(frozen=True)
class FeedVersion:
    """What a feed shows, without reading it: equal tags, equal bytes."""

    tag: str
    changed_at: datetime


def create_feed(owner: User, team: Team | None, name: str) -> tuple[Feed, str]:
    """A new feed and its token. The token is kept as a hash alone: nobody can be shown it again."""
    token = secrets.token_urlsafe(32)
    return Feed.objects.create(owner=owner, team=team, name=name, token_hash=_hash(token)), token


def feed_by_token(token: str, now: datetime) -> Feed | None:
    """The feed, if there is one that is not revoked and whose owner is still here; notes that it was read."""
    feed = (
        Feed.objects.filter(token_hash=_hash(token), revoked_at__isnull=True, owner__is_active=True)
        .select_related("team", "owner")
        .first()
    )
    if feed is not None:
        unnoted = Q(last_read_at__isnull=True) | Q(last_read_at__lt=now - READ_NOTED_EVERY)
        if feed.last_read_at is None or feed.last_read_at < now - READ_NOTED_EVERY:
            Feed.objects.filter(unnoted, pk=feed.pk).update(last_read_at=now)
    return feed


def revoke(feed_id: int, now: datetime) -> bool:
    """Nothing is shown at its address from now on. False if it was revoked before."""
    return Feed.objects.filter(pk=feed_id, revoked_at__isnull=True).update(revoked_at=now) == 1


def feed_version(feed: Feed, now: datetime) -> FeedVersion:
    """Two queries besides that for the owner's teams, whatever the feed holds.

    Who joins or leaves a team sees other campaigns, and so does everybody when one is made private.
    """
    seen = seen_by(feed.owner, "campaign")
    found = _sends(feed, now).aggregate(
        number=Count("pk"),
        seen=Count("pk", filter=seen),
        last=Max("pk"),
        changed=Max("changed_at"),
        edited=Max("campaign__updated_at", filter=seen),
    )
    # Their numbers too: they are of what the owner may see, which changes after a review was closed.
    reviews = list(_reviews(feed, now).values_list("opened_at", "closed_at", "decided", "left"))  # type: ignore[misc]  # annotated
    held = [moment for opened, closed, *_ in reviews for moment in (opened, closed)]
    news = (found["changed"], found["edited"])
    moments = [moment for moment in (*news, *held, feed.created_at) if moment]
    told = [found["number"], found["seen"], found["last"], *news, *reviews]
    parts = [feed.pk, feed.name, _since(now), sees_everything(feed.owner), sorted(roles_of(feed.owner)), *told]
    tag = sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]
    return FeedVersion(tag, max(moments).replace(microsecond=0))


def feed_file(feed: Feed, now: datetime) -> bytes:
    """The calendar of a feed, as its owner may see it: a month back and all that is planned, reviews among it; two
    queries."""
    name = f"{feed.name} – {feed.team}" if feed.team else feed.name
    sends = veil_sends(feed.owner, _sends(feed, now).order_by("due_at", "id"))
    entries = (_busy(send) if send.campaign.is_veiled else _entry(send) for send in sends)
    return write_calendar(name, (*entries, *(_meeting(review) for review in _reviews(feed, now))))


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _sends(feed: Feed, now: datetime) -> QuerySet[Send]:
    sends = on_calendar().filter(due_at__gte=_since(now))
    return sends.filter(campaign__team=feed.team) if feed.team_id else sends


def _reviews(feed: Feed, now: datetime) -> QuerySet[Review]:
    """They are everybody's: in the feed of each team, with numbers of what its owner may see."""
    return with_counts(feed.owner).filter(opened_at__gte=_since(now)).order_by("opened_at")


def _since(now: datetime) -> datetime:
    """Midnight, so that the file does not change with every second that goes by."""
    return (now - LOOK_BACK).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _meeting(review: Review) -> Entry:
    """The review at the moment when it was opened; once it is closed, its address is that of the minutes."""
    counts = f"{getattr(review, 'decided')} decided, {getattr(review, 'left')} carried over"  # noqa: B009 - annotated
    address = f"{settings.BASE_URL}/review/{review.week}/"
    return Entry(
        uid=f"review-{review.pk}@{_host()}",
        sequence=0 if review.is_open else 1,
        status="CONFIRMED",
        starts=review.opened_at,
        changed_at=review.closed_at or review.opened_at,
        summary=f"Review of week {review.number}",
        description="being held" if review.is_open else f"{counts}\nMinutes: {address}minutes/",
        url=address if review.is_open else f"{address}minutes/",
        category="Review",
    )


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "almanac"


def _entry(send: Send) -> Entry:
    campaign = send.campaign
    return Entry(
        uid=_uid(send),
        sequence=send.sequence,
        status=_status(send),
        starts=_starts(send),
        changed_at=max(send.changed_at, campaign.updated_at),
        summary=f"{campaign.name} ({campaign.team})",
        description=_description(send),
        url=f"{settings.BASE_URL}/calendar/campaigns/{campaign.pk}/",
        category=campaign.team.name,
    )


def _busy(send: Send) -> Entry:
    """A private campaign of another team: when, through what, how many."""
    people = f"about {send.expected_volume} people" if send.campaign.is_continuous else f"{send.expected_volume} people"
    return Entry(
        uid=_uid(send),
        sequence=send.sequence,
        status="CONFIRMED",
        starts=_starts(send),
        # Not when its campaign was edited: that is not for everybody to know.
        changed_at=send.changed_at,
        summary=f"Busy: {send.campaign}",
        description=f"{', '.join(send.campaign.channels)} to {people}",
        url=f"{settings.BASE_URL}/calendar/{_starts(send):%G-W%V}/",
        category=send.campaign.team.name,
    )


def _uid(send: Send) -> str:
    return f"send-{send.pk}@{urlsplit(settings.BASE_URL).hostname or 'almanac'}"


def _status(send: Send) -> str:
    if send.state in GONE:
        return "CANCELLED"
    return "CONFIRMED" if send.campaign.is_approved or send.state in STARTED else "TENTATIVE"


def _starts(send: Send) -> date | datetime:
    if send.campaign.trigger in CONTINUOUS:
        return date.fromisoformat(send.slot[:10])
    return datetime.fromisoformat(send.local_due) if send.local_due else send.due_at


def _description(send: Send) -> str:
    campaign = send.campaign
    people = f"about {send.expected_volume} people" if campaign.is_continuous else f"{send.expected_volume} people"
    lines = [
        f"{campaign.get_status_display()}; {send.get_state_display()}" + (f": {send.reason}" if send.reason else ""),
        f"{', '.join(campaign.channels)} to {people} about {campaign.topic}",
    ]
    if campaign.zone == Campaign.Zone.CUSTOMER and send.local_due:
        lines.append("at each customer's own time")
    if campaign.owner:
        lines.append(f"owner: {campaign.owner.get_full_name() or campaign.owner.get_username()}")
    return "\n".join(lines)
