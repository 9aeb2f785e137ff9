"""What an admission finds: customers in zones, what they said, what has bounced, and a week of earlier messages."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audiences.models import Topic
    from campaigns.models import Team

ZONES = ["", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Tokyo"]

CUSTOMERS = """
INSERT INTO audiences_customer (id, external_id, email, address_hash, name, timezone, locale, attributes)
SELECT id, 'c' || id, CASE WHEN id %% 33 = 0 THEN '' ELSE 'c' || id || '@example.com' END,
       CASE WHEN id %% 33 = 0 THEN '' ELSE encode(sha256(id::text::bytea), 'hex') END,
       'Customer ' || id, (%s::text[])[1 + id %% %s], 'en', '{"plan": "pro"}'
FROM generate_series(1, %s) AS id
"""
# One in twelve said no to the topic, one in four said yes.
SUBSCRIPTIONS = """
INSERT INTO audiences_subscription (customer_id, topic_id, channel, subscribed, source, changed_at)
SELECT id, %s, 'email', id %% 12 <> 0, 'customer', now()
FROM generate_series(1, %s) AS id WHERE id %% 12 = 0 OR id %% 4 = 1
"""
SUPPRESSIONS = """
INSERT INTO audiences_suppression (customer_id, address_hash, channel, reason, note)
SELECT CASE WHEN id %% 5 > 0 THEN id END, CASE WHEN id %% 5 = 0 THEN encode(sha256(id::text::bytea), 'hex') ELSE '' END,
       'email', 'bounce', ''
FROM generate_series(7, %s, 97) AS id
"""
# A third of the customers had it, another third each time, some at everyone's own hour.
HISTORY = """
INSERT INTO deliveries_delivery (
    send_id, customer_id, channel, firing_id, version_id, variant, topic_id, team_id, urgent, obeys_caps,
    counts_toward_caps, state, reason, due_at, closes_at, expires_at, lease_token, attempts, claims, repeats,
    message_id, evidence, admitted_at, finished_at)
SELECT %(send)s, id, %(channel)s, 0, %(version)s, 'A', %(topic)s, %(team)s, false, true,
    true, 'sent', '', at, at + interval '1 day', at + interval '1 day', '', 1, 1, 0, id || '.' || %(send)s,
    '{"phase": "final"}', at, at
FROM generate_series(1, %(customers)s) AS id,
    LATERAL (SELECT %(at)s + CASE WHEN %(local)s THEN (id %% 6) * interval '1 hour' ELSE interval '0' END) AS due (at)
WHERE mod(abs(hashint8(id * 31 + %(send)s)), 100) < 33
"""


def environment(database: str, folder: Path) -> dict[str, str]:
    """Everything that a process needs which only admits."""
    return {
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "EMAIL_URL": "smtp://127.0.0.1:1",
        "SECRET_KEY": "benchmark-" * 6,
        "ALLOWED_HOSTS": "127.0.0.1",
        "BASE_URL": "http://127.0.0.1:8000",
        "ALMANAC_DATA": str(folder / "data"),
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "calendar_project.settings",
    }


def lay_out(customers: int) -> None:
    """A send to everybody that is due, and all that its admission must look at. Nobody else may be connected after."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    _write(CUSTOMERS, [ZONES, len(ZONES), customers])
    _stage(customers)
    connection.close()


def _stage(customers: int) -> None:
    from audiences.clock import read_now
    from tests.builders import make_team, make_topic
    from tests.deliveries.scenes import make_approved_send

    now = read_now()
    tips, offers = make_topic("tips"), make_topic("offers")
    lifecycle, success = make_team("lifecycle"), make_team("success")
    _write(SUBSCRIPTIONS, [tips.pk, customers])
    _write(SUPPRESSIONS, [customers])
    for hours, channel, topic, team, local in (
        (20, "email", tips, lifecycle, False),
        (44, "email", offers, success, True),
        (70, "email", tips, success, False),
        (100, "in_app", tips, lifecycle, False),
        (120, "email", offers, success, True),
        (150, "email", tips, lifecycle, False),
    ):
        _history(customers, now - timedelta(hours=hours), channel, topic, team, local=local)
    _caps(tips, lifecycle)
    make_approved_send(range(1, customers + 1), now, topic=tips, team=lifecycle)


def _history(customers: int, at: Any, channel: str, topic: "Topic", team: "Team", *, local: bool) -> None:
    from tests.builders import make_campaign, make_running_send

    send = make_running_send(make_campaign(topic=topic, team=team, channels=[channel]), at)
    values = {"send": send.pk, "version": send.version_id, "topic": topic.pk, "team": team.pk}
    _write(HISTORY, {**values, "customers": customers, "channel": channel, "at": at, "local": local})


def _caps(topic: "Topic", team: "Team") -> None:
    from deliveries.models import Cap
    from tests.deliveries.scenes import make_cap

    make_cap(4, 7, name="four a week")
    make_cap(3, 7, name="three mails a week", scope=Cap.Scope.CHANNEL, channel="email")
    make_cap(2, 7, name="two tips a calendar week", scope=Cap.Scope.TOPIC, topic=topic, kind=Cap.Kind.CALENDAR)
    make_cap(1, 1, name="one a day from lifecycle", scope=Cap.Scope.TEAM, team=team, kind=Cap.Kind.CALENDAR)


def _write(statement: str, values: Sequence[Any] | dict[str, Any]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(statement, values)
