"""One more row of each model that the admin knows, with everything that it stands on."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model
from knox.models import AuthToken

from audiences.models import Customer, Event, Hold, ImportRun, Segment, Subscription, Suppression, Topic, Workspace
from campaigns.models import (
    CalendarEntry,
    Campaign,
    CampaignVersion,
    Feed,
    Finding,
    ImportedCalendar,
    Milestone,
    Review,
    Send,
    Team,
)
from deliveries.models import Breaker, Cap, Delivery, Heartbeat, InboxItem, QuietHours, Withheld
from tests.builders import (
    NOW,
    make_campaign,
    make_customer,
    make_customers,
    make_review,
    make_segment,
    make_send,
    make_team,
    make_topic,
    make_user,
)

_numbers = itertools.count(1)


def event() -> Event:
    return Event.objects.create(
        customer=make_customer(), name="ordered", occurred_at=NOW, idempotency_key=f"key-{next(_numbers)}"
    )


def subscription() -> Subscription:
    return Subscription.objects.create(
        customer=make_customer(), topic=make_topic(), channel="email", subscribed=True, source="api", changed_at=NOW
    )


def suppression() -> Suppression:
    return Suppression.objects.create(customer=make_customer(), reason="manual")


def hold() -> Hold:
    return Hold.objects.create(customer=make_customer(), reason="in escalation", placed_by=make_user(), since=NOW)


def import_run() -> ImportRun:
    number = next(_numbers)
    return ImportRun.objects.create(
        kind="events", filename=f"{number}.csv", digest=str(number), rows_total=10, rows_read=4
    )


def token() -> AuthToken:
    made, _ = AuthToken.objects.create(make_user())
    return made


def campaign() -> Campaign:
    made = make_campaign([make_segment(make_customers(2))], owner=make_user(), team=make_team(f"t{next(_numbers)}"))
    make_send(made)
    return made


def feed() -> Feed:
    return Feed.objects.create(name="Mine", owner=make_user(), team=make_team(), token_hash=str(next(_numbers)))


def imported_calendar() -> ImportedCalendar:
    return calendar_entry().calendar


def calendar_entry() -> CalendarEntry:
    calendar = ImportedCalendar.objects.create(name=f"Fairs {next(_numbers)}", imported_by=make_user())
    return CalendarEntry.objects.create(
        calendar=calendar, uid="1", name="Fair", first_day=NOW.date(), last_day=NOW.date()
    )


def finding() -> Finding:
    return Finding.objects.create(
        key=f"key-{next(_numbers)}", kind="crowding", severity="high", first=make_campaign(), second=make_campaign(),
        shared=12, percent_of_first=50, percent_of_second=25, axes=["channel:email"], inputs="x", found_at=NOW,
        checked_at=NOW,
    )  # fmt: skip


def review() -> Review:
    """Of a year that no test speaks of."""
    return make_review(f"{1100 + next(_numbers) % 800}-W20", is_closed=True, opened_by=make_user())


def send() -> Send:
    return make_send(campaign(), NOW + timedelta(hours=1))


def team() -> Team:
    made = make_team(f"team-{next(_numbers)}")
    made.memberships.create(user=make_user(), role="planner")
    return made


def delivery() -> Delivery:
    its_send, topic = send(), make_topic()
    version = CampaignVersion.objects.create(campaign=its_send.campaign, number=1, plan={}, digest="x")
    return Delivery.objects.create(
        send=its_send, customer=make_customer(), channel="email", version=version, variant="A", topic=topic,
        team=its_send.campaign.team, obeys_caps=True, counts_toward_caps=True, due_at=NOW, closes_at=NOW,
        expires_at=NOW, evidence={"code": 250},
    )  # fmt: skip


def withheld() -> Withheld:
    return Withheld.objects.create(send=send(), channel="email", shard=0, reason="capped", members=b"", size=0)


def inbox_item() -> InboxItem:
    its = delivery()
    return InboxItem.objects.create(delivery=its, customer=its.customer, title="Hello", created_at=NOW)


def quiet_hours() -> QuietHours:
    made, _ = QuietHours.objects.get_or_create(
        channel=f"channel-{next(_numbers)}", defaults={"start": "22:00", "end": "07:00"}
    )
    return made


def breaker() -> Breaker:
    return Breaker.objects.create(
        channel=f"channel-{next(_numbers)}", failures=1, waits_until=NOW, problem="421 slow down", changed_at=NOW
    )


def heartbeat() -> Heartbeat:
    return Heartbeat.objects.create(part=f"part-{next(_numbers)}", at=NOW)


def rule_segment() -> Segment:
    return Segment.objects.create(slug=f"rule-{next(_numbers)}", name="Buyers", rule={"did": "ordered"})


def named(model: type[Model], **fields: Any) -> Callable[[], Model]:
    return lambda: model._default_manager.create(name=f"{model.__name__} {next(_numbers)}", **fields)


def topic() -> Topic:
    return make_topic(f"topic-{next(_numbers)}")


def customer() -> Customer:
    return make_customer(attributes={"plan": "pro"})


def user() -> User:
    return make_user(team=make_team())


ROWS: dict[str, Callable[[], Model]] = {
    "audiences.Customer": customer,
    "audiences.Event": event,
    "audiences.Hold": hold,
    "audiences.ImportRun": import_run,
    "audiences.Segment": rule_segment,
    "audiences.Subscription": subscription,
    "audiences.Suppression": suppression,
    "audiences.Topic": topic,
    "audiences.Workspace": Workspace.current,
    "auth.User": user,
    "campaigns.CalendarEntry": calendar_entry,
    "campaigns.Campaign": campaign,
    "campaigns.Feed": feed,
    "campaigns.Finding": finding,
    "campaigns.ImportedCalendar": imported_calendar,
    "campaigns.Milestone": named(Milestone, event="ordered"),
    "campaigns.Review": review,
    "campaigns.Send": send,
    "campaigns.Team": team,
    "deliveries.Breaker": breaker,
    "deliveries.Cap": named(Cap, limit=2),
    "deliveries.Delivery": delivery,
    "deliveries.Heartbeat": heartbeat,
    "deliveries.InboxItem": inbox_item,
    "deliveries.QuietHours": quiet_hours,
    "deliveries.Withheld": withheld,
    "knox.AuthToken": token,
}
