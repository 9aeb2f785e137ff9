"""A send at everyone's own hour, to somebody in every zone there is, on the days when clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from audiences.models import Customer, Workspace
from audiences.zones import zone_names
from campaigns.models import Send
from campaigns.recurrence import first_instant, instant
from deliveries.models import Delivery, QuietHours, ShardAdmission
from deliveries.quiet_hours import QuietPeriod
from deliveries.services.finishing import finish_sends
from tests.deliveries.scenes import admit_all, make_approved_send
from tests.faults.clock_rules import is_quiet
from tests.faults.report import Scenario

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
# Half past two on the days when Europe's clocks go forward and back, and America's go back; an evening in Greenland.
EVENINGS = ("2026-03-29T02:30", "2026-10-25T02:30", "2026-11-01T01:30", "2027-03-27T23:30")
NIGHT = QuietPeriod(time(1), time(3, 15))
TICK = timedelta(minutes=15)


def send_round_the_earth(asked: str) -> Send:
    """Every tick of the day and a half from the first zone to the last."""
    moment = first_instant(datetime.fromisoformat(asked))
    send = make_approved_send(range(1, len(zone_names()) + 1), moment, local_due=asked, zone="customer")
    for number in range(30 * 4):
        admit_all(moment + TICK * number)
        finish_sends(moment + TICK * number)
    send.refresh_from_db()
    return send


def astray(send: Send) -> list[str]:
    """Zones whose one customer has not exactly one delivery, at the first moment that is theirs and not quiet."""
    rows = list(Delivery.objects.filter(send=send).values_list("customer__timezone", "due_at"))
    found = dict(rows)
    wrong = [name for name, due_at in rows if due_at != _expected(send, ZoneInfo(name))]
    return [*wrong, *(zone_names() - found.keys()), *([f"{len(rows)} rows"] if len(rows) != len(found) else [])]


def _expected(send: Send, zone: ZoneInfo) -> datetime:
    due_at = instant(datetime.fromisoformat(send.local_due), zone)
    while QuietHours.objects.exists() and is_quiet(due_at, zone, NIGHT):
        due_at += TICK
    return due_at.astimezone(UTC)


@pytest.mark.faults("a send round the earth on the days when clocks change")
def test_invariant_12_a_send_at_everyones_own_hour_goes_once_in_every_zone(scenario: Scenario) -> None:
    Workspace.current()
    names = sorted(zone_names())
    scenario.chance.shuffle(names)
    Customer.objects.bulk_create(
        Customer(pk=pk, external_id=name, email=f"c{pk}@example.com", timezone=name) for pk, name in enumerate(names, 1)
    )
    found: dict[str, list[str]] = {}
    for asked in EVENINGS if scenario.is_whole else EVENINGS[1:2]:
        for quiet in (False, True):
            if quiet:
                QuietHours.objects.create(channel="email", start=NIGHT.start, end=NIGHT.end)
            send = send_round_the_earth(asked)
            found[f"{asked}{', quiet' if quiet else ''}"] = [
                *astray(send),
                *([] if send.state == "sending" else [send.state]),
            ]
            QuietHours.objects.all().delete()
    scenario.report(
        size=f"{len(names)} zones × {len(found)} sends",
        lost=len(names) * len(found) - Delivery.objects.count(),
        bars={"one send per local date, never inside quiet hours": not any(found.values())},
        figures={"astray": found, "slices": ShardAdmission.objects.count()},
    )
