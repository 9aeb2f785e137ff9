"""Two reviews of the sample: last week's, closed with its minutes, and this week's, open with everything to decide."""

from datetime import datetime, time, timedelta

from django.contrib.auth.models import User

from audiences.zones import zone_or
from calendar_project.sample.campaigns import KNOWN_OVERLAP, KNOWN_REASON, approver
from calendar_project.sample.sketches import working_day
from calendar_project.sample.workspace import TIMEZONE
from campaigns.models import AgendaItem, Campaign, Decision, Finding, HandoffMail, MinutesMail, Review
from campaigns.queries.agenda import Stretch
from campaigns.queries.standing import standing
from campaigns.services import handoffs
from campaigns.services.decisions import Answer, decide
from campaigns.services.overlaps import check_overlaps
from campaigns.services.reviews import close_review, open_review, since
from deliveries.queries.went_out import went_out

Kind = Decision.Kind
#: Who says what about whom in last week's review.
HANDED_OVER = "Sixty days without a record"
HANDED_OVER_WHY = "Eli wrote the short list that it links to, so it is easier for him to keep it fresh."
LOW_WHY = "A handful of people, days apart. Nothing to move."
SIDE_BY_SIDE_WHY = "They have run side by side since spring, and the cap of three a week holds."
EXPERIMENT_WHY = "The short question got more answers than the long one: the next survey starts with it."
#: Left for this week.
LEFT = ("Friday listening tips", "Tuesday second-hand finds")
NOTES = "Ben asks everybody to keep the first week of December free of surveys: the shops do their stocktaking."
#: Offered, and not accepted yet.
OFFERED = "A call with your account manager"
OFFERED_WHY = "Ben makes these calls himself from now on."


def last_review_at(now: datetime, began: datetime) -> datetime:
    """Monday at ten of the week before the one that is settled now, or as soon as there was anything."""
    monday = _settled(now).first - timedelta(days=7)
    return max(datetime.combine(monday, time(10), tzinfo=zone_or(TIMEZONE, "UTC")), began + timedelta(hours=3))


def hold_last_review(now: datetime, at: datetime) -> None:
    """What was decided a week ago is what the sample shows as settled; one thing was left for this week."""
    ana, eli = User.objects.get(username="ana"), User.objects.get(username="eli")
    check_overlaps(at)
    review = open_review(_settled(now, weeks_before=1), ana, at, went_out(since(at), at))
    items = review.items.filter(about__in=AgendaItem.TO_DECIDE)
    left = items.filter(finding__first__name__in=LEFT, finding__second__name__in=LEFT)
    for number, item in enumerate(items.exclude(pk__in=left), 1):
        _decide(item, Kind.KEEP, _why(item), approver(item.campaign.team.slug), at + timedelta(seconds=40 * number))
    handed = review.items.filter(campaign__name=HANDED_OVER, other=None).first()
    _decide(handed, Kind.HAND_OVER, HANDED_OVER_WHY, ana, at + timedelta(minutes=14), to_id=eli.pk)
    close_review(review.pk, ana, at + timedelta(minutes=35), NOTES)
    # Nobody outside this machine hears of a meeting that nobody held.
    MinutesMail.objects.filter(review=review).update(sent_at=at + timedelta(minutes=36))
    offer = Campaign.objects.get(name=HANDED_OVER).handoffs.first()
    if offer is not None:
        handoffs.accept(offer.pk, eli, at + timedelta(hours=3))


def open_this_review(now: datetime) -> Review:
    """Opened just now, so that its agenda is that of the plan as it stands."""
    ben, dora = User.objects.get(username="ben"), User.objects.get(username="dora")
    offered = Campaign.objects.get(name=OFFERED)
    handoffs.offer(offered.pk, ben.pk, dora, now - timedelta(hours=2), note=OFFERED_WHY)
    # Nor of an offer that nobody made.
    HandoffMail.objects.update(sent_at=now)
    return open_review(_settled(now), ben, now, went_out(since(now), now))


def _why(item: AgendaItem) -> str:
    if item.finding is None:
        return EXPERIMENT_WHY
    if {item.name, item.other_name} == set(KNOWN_OVERLAP):
        return KNOWN_REASON
    return LOW_WHY if item.finding.severity == Finding.Severity.LOW else SIDE_BY_SIDE_WHY


def _decide(item: AgendaItem | None, kind: Kind, reason: str, by: User, at: datetime, to_id: int | None = None) -> None:
    if item is not None:
        decide(item.pk, Answer(kind, reason, standing(item), to_id=to_id), by, at)


def _settled(now: datetime, weeks_before: int = 0) -> Stretch:
    """The week of the next working day, which holds most of what the sample has planned; or one before it."""
    zone = zone_or(TIMEZONE, "UTC")
    day = working_day(now.astimezone(zone).date(), 1) - timedelta(weeks=weeks_before)
    monday = day - timedelta(days=day.weekday())
    start, end = (datetime.combine(monday + timedelta(days=days), time.min, tzinfo=zone) for days in (0, 7))
    return Stretch(f"{monday:%G-W%V}", monday, monday + timedelta(days=6), start, end)
