"""The sketches become campaigns, and people take them through review as far as each has come."""

from datetime import date, datetime, time, timedelta

from django.contrib.auth.models import User

from audiences.models import Segment, Topic
from audiences.zones import zone_or
from calendar_project.sample.plans import SKETCHES
from calendar_project.sample.sketches import Sketch, working_day
from calendar_project.sample.workspace import PEOPLE, TIMEZONE
from campaigns.models import Campaign, Finding, Message, Milestone, Team
from campaigns.services import lifecycle
from campaigns.services.overlaps import acknowledge, check_overlaps
from campaigns.services.retiring import retire
from campaigns.services.versions import record_version

#: What goes out later was written later: this long before the sample is loaded.
LATELY = timedelta(days=2)
APPROVED = ("approved", "running", "paused")
KNOWN_OVERLAP = ("Tuesday second-hand finds", "Thursday: new in the app")
STOPPED_WHY = "The fair is full. Next year, with a stand of our own."
STOPPED_LEARNT = "Two thirds of those who clicked live more than 300 km from Berlin: ask who is near, then invite."
KNOWN_REASON = "Two days apart, and the finds go to those who asked for offers. We keep both and look again in spring."


def draft_campaigns(now: datetime, began: datetime) -> None:
    """Write every campaign down; those with a past are approved at its beginning, so that it can be lived through."""
    for sketch in SKETCHES:
        has_past = sketch.becomes == "running"
        at = began if has_past else now - LATELY
        if has_past:
            _approve(write(sketch, now, at), sketch, at)


def decide_on(now: datetime) -> None:
    """What is still ahead: drafted two days ago, taken as far as it has come, and looked at for overlaps."""
    at = now - LATELY
    for sketch in SKETCHES:
        if sketch.becomes != "running":
            _bring(write(sketch, now, at), sketch, at)
    check_overlaps(now)
    _acknowledge_the_known(now)


def write(sketch: Sketch, now: datetime, at: datetime) -> Campaign:
    """The campaign with its messages, at its first version."""
    today = now.astimezone(zone_or(TIMEZONE, "UTC")).date()
    campaign = Campaign.objects.create(
        name=sketch.name,
        team=Team.objects.get(slug=sketch.team),
        owner=User.objects.get(username=sketch.owner),
        topic=Topic.objects.get(slug=sketch.topic),
        milestone=Milestone.objects.filter(name=sketch.milestone).first(),
        channels=sketch.channels,
        goal_event=sketch.goal,
        experiment_ends=working_day(today, sketch.ends) if sketch.ends is not None else None,
        created_at=at,
        updated_at=at,
        **_schedule(sketch, today, at),
        **_more(sketch),
    )
    campaign.include.set(Segment.objects.filter(slug__in=sketch.include))
    campaign.exclude.set(Segment.objects.filter(slug__in=sketch.exclude))
    Message.objects.bulk_create(Message(campaign=campaign, **vars(message)) for message in sketch.messages)
    record_version(campaign.pk, campaign.owner, at)
    return campaign


def _schedule(sketch: Sketch, today: date, at: datetime) -> dict[str, object]:
    hour: dict[str, object] = {"local_time": time.fromisoformat(sketch.hour)} if sketch.hour else {}
    if sketch.weekly:
        weekly = f"FREQ=WEEKLY;BYDAY={sketch.weekly}"
        return {"trigger": Campaign.Trigger.RECURRING, "rrule": weekly, "start_date": at.date(), **hour}
    if sketch.workday is not None:
        return {"trigger": Campaign.Trigger.AT, "start_date": working_day(today, sketch.workday), **hour}
    return hour


def _more(sketch: Sketch) -> dict[str, object]:
    more = dict(sketch.more)
    if "trigger_segment" in more:
        more["trigger_segment"] = Segment.objects.get(slug=more["trigger_segment"])
    if "local_time" in more:
        more["local_time"] = time.fromisoformat(more["local_time"])
    return more


def _bring(campaign: Campaign, sketch: Sketch, at: datetime) -> None:
    """Take a campaign to the status that it is to have."""
    if sketch.becomes in APPROVED:
        _approve(campaign, sketch, at)
    if sketch.becomes == "in_review":
        lifecycle.ask_for_approval(campaign.pk, campaign.owner, at)
    if sketch.becomes == "paused":
        lifecycle.pause(campaign.pk, campaign.owner, at + timedelta(hours=20))
    if sketch.becomes == "cancelled":
        retire(campaign.pk, STOPPED_WHY, STOPPED_LEARNT, campaign.owner, at)


def _approve(campaign: Campaign, sketch: Sketch, at: datetime) -> None:
    version = lifecycle.ask_for_approval(campaign.pk, campaign.owner, at)
    lifecycle.approve(campaign.pk, version.number, approver(sketch.team), at)


def approver(team: str) -> User:
    name = next(name for name, (_, _, roles) in PEOPLE.items() if roles.get(team) == "approver")
    return User.objects.get(username=name)


def _acknowledge_the_known(now: datetime) -> None:
    """One overlap that the teams have talked about already, the same on every run; in last week's review, mostly."""
    if Finding.objects.filter(state=Finding.State.ACKNOWLEDGED).exists():
        return
    known = Finding.objects.filter(first__name__in=KNOWN_OVERLAP, second__name__in=KNOWN_OVERLAP).first()
    known = known or Finding.objects.filter(state=Finding.State.OPEN).order_by("shared", "id").first()
    if known is not None:
        acknowledge(known.pk, User.objects.get(username="ana"), KNOWN_REASON, now)
