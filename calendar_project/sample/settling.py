"""What stands before there are customers: teams and people, topics, milestones, caps, quiet hours, segments."""

from datetime import datetime, time

from django.contrib.auth.models import User

from audiences.models import Customer, Segment, Topic, Workspace
from audiences.services.segments import add_to_list
from calendar_project.sample import workspace as sample
from campaigns.models import Membership, Milestone, Team
from deliveries.models import Cap, QuietHours


def load_people(password: str = "") -> dict[str, User]:
    """The workspace's own row, its teams, and who is in them; by user name. An empty password lets nobody in."""
    settings = Workspace.current()
    settings.name, settings.timezone, settings.salt = sample.NAME, sample.TIMEZONE, sample.SALT
    settings.holiday_countries = sample.HOLIDAYS_OF
    settings.global_holdout_percent = sample.GLOBAL_HOLDOUT_PERCENT
    settings.save()
    teams = {slug: _team(slug, name, color) for slug, (name, color) in sample.TEAMS.items()}
    return {name: _person(name, *each, teams, password) for name, each in sample.PEOPLE.items()}


def _team(slug: str, name: str, color: str) -> Team:
    return Team.objects.update_or_create(slug=slug, defaults={"name": name, "color": color})[0]


def _person(name: str, first: str, last: str, roles: dict[str, str], teams: dict[str, Team], password: str) -> User:
    user, is_new = User.objects.get_or_create(
        username=name,
        defaults={"first_name": first, "last_name": last, "email": f"{name}@example.com", "is_staff": True},
    )
    if is_new:
        user.set_password(password or None)
        user.save()
    Membership.objects.bulk_create(Membership(team=teams[team], user=user, role=role) for team, role in roles.items())
    return user


def load_rules() -> dict[str, Topic]:
    """Topics by slug; with them milestones, caps and quiet hours."""
    topics = {
        each.slug: Topic.objects.get_or_create(
            slug=each.slug, defaults={"name": each.name, "description": each.description, "opt_in": each.opt_in}
        )[0]
        for each in sample.TOPICS
    }
    for order, (name, event, days) in enumerate(sample.MILESTONES):
        Milestone.objects.get_or_create(name=name, defaults={"event": event, "order": order, "expected_days": days})
    for cap in sample.CAPS:
        topic = topics[cap["topic"]] if "topic" in cap else None
        Cap.objects.get_or_create(name=cap["name"], defaults={**cap, "topic": topic})
    for channel, (start, end) in sample.QUIET_HOURS.items():
        hours = {"start": time.fromisoformat(start), "end": time.fromisoformat(end)}
        QuietHours.objects.get_or_create(channel=channel, defaults=hours)
    return topics


def load_segments(now: datetime) -> None:
    """The segments by rule in their order, because one refers to another, and the one by list."""
    for slug, (name, description, rule) in sample.SEGMENTS.items():
        Segment.objects.get_or_create(slug=slug, defaults={"name": name, "description": description, "rule": rule})
    slug, name, description = sample.LIST_SEGMENT
    defaults = {"name": name, "description": description, "kind": Segment.Kind.LIST}
    beta, _ = Segment.objects.get_or_create(slug=slug, defaults=defaults)
    add_to_list(beta.pk, _beta_testers(), now)


def _beta_testers() -> list[str]:
    """One customer in thirteen or so, whoever they are."""
    ids = list(Customer.objects.order_by("external_id").values_list("external_id", flat=True))
    return ids[:: max(1, len(ids) // sample.BETA_TESTERS)]
