"""Two campaigns with the letter, one to warm up with: approved, admitted by the real services, and held back."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User

from audiences.clock import read_now
from audiences.models import Segment, Topic
from audiences.services.segments import refresh_all
from bench.almanac.people import TOPIC
from bench.letter import HTML, SUBJECT, TEXT
from campaigns.models import Campaign, Membership, Message, Team
from campaigns.services import lifecycle
from campaigns.services.versions import record_version
from deliveries.models import Cap
from deliveries.services.admitting import admit_shard, begin_due_sends, shards_to_admit
from deliveries.services.finishing import finish_sends


def plan(groups: tuple[str, ...], now: datetime) -> None:
    """Four caps, a team, a segment for each group, and its campaign, approved for this minute. Nothing is admitted."""
    then = now - timedelta(days=1)
    team = Team.objects.create(slug="shop", name="Shop")
    planner, approver = _person("planner", team), _person("approver", team)
    _set_caps(team)
    for group in groups:
        Segment.objects.create(slug=group, name=group, rule={"attribute": "group", "is": group})
    refresh_all(now)
    for group in groups:
        campaign = _write_campaign(group, team, planner, now)
        version = lifecycle.ask_for_approval(campaign.pk, planner, then)
        lifecycle.approve(campaign.pk, version.number, approver, then)


def admit_and_hold() -> None:
    """Freeze and decide on everybody, as the workers would, and let nothing leave."""
    now = read_now()
    begin_due_sends(now)
    for each in shards_to_admit(now):
        admit_shard(each.send_id, each.shard, each.due_at, read_now())
    finish_sends(read_now())
    for campaign in Campaign.objects.all():
        lifecycle.pause(campaign.pk, None, read_now())


def _person(role: str, team: Team) -> User:
    user = User.objects.create_user(role)
    Membership.objects.create(team=team, user=user, role=role)
    return user


def _set_caps(team: Team) -> None:
    topic = Topic.objects.get(slug=TOPIC)
    Cap.objects.create(name="One mail a day", limit=1, days=1, scope=Cap.Scope.CHANNEL, channel="email")
    Cap.objects.create(name="Three messages a week", limit=3, days=7)
    Cap.objects.create(name="Two letters in four weeks", limit=2, days=28, scope=Cap.Scope.TOPIC, topic=topic)
    Cap.objects.create(
        name="Five of the shop in a week", limit=5, days=7, kind=Cap.Kind.CALENDAR, scope=Cap.Scope.TEAM, team=team
    )


def _write_campaign(group: str, team: Team, owner: User, now: datetime) -> Campaign:
    campaign = Campaign.objects.create(
        name=group,
        team=team,
        owner=owner,
        topic=Topic.objects.get(slug=TOPIC),
        channels=["email"],
        start_date=now.date(),
        local_time=now.time().replace(second=0, microsecond=0),
        goal_event="ordered",
    )
    campaign.include.set(Segment.objects.filter(slug=group))
    Message.objects.create(campaign=campaign, channel="email", subject=SUBJECT, text=TEXT, html=HTML)
    record_version(campaign.pk, owner, now - timedelta(days=1))
    return campaign
