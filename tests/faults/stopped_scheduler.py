"""A workspace whose scheduler stops at the hour at which everything is due, and comes back some hours later."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from audiences.models import Customer, Workspace
from audiences.services.events import EventRow, record_events
from campaigns.models import Campaign
from campaigns.services.firings import fire_all
from campaigns.services.planning import plan_all
from deliveries.services.admitting import admit_shard, begin_due_sends, shards_to_admit
from deliveries.services.admitting_firings import admit_firings
from deliveries.services.finishing import finish_sends
from deliveries.services.reaping import reap
from tests.builders import make_campaign
from tests.deliveries.dispatches import run
from tests.deliveries.scenes import approve, make_id_segment, make_spread

STOP = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # 09:00 in Berlin
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Hours after the stop at which something is due somewhere, and the next ones after the grace.
DUE = (0, 1, 2, 6, 7, 11, 12, 13, 24, 25, 26, 30, 36, 37, 48, 49, 50)
BEFORE = (-24, -13)
# The hour of the day has been for the first when it stops; it is for the second; it comes for the others.
ZONES = ("Pacific/Kiritimati", "Europe/Berlin", "America/New_York", "Pacific/Pago_Pago")
NINE_LOCAL = {"zone": "customer", "local_time": time(9)}
TODAY, TOMORROW = {"start_date": STOP.date()}, {"start_date": STOP.date() + DAY}
EVENT, SILENCE = {"trigger": "event", "event": "ordered"}, {"trigger": "silence", "event": "visited", "silence_days": 3}
# By name: what the campaign is like. One person is meant, four where it goes at their own hour.
CAMPAIGNS: dict[str, dict[str, Any]] = {
    "dated": TODAY,
    "dated, of use for 12 h": {**TODAY, "expires_after": 12 * HOUR},
    "dated, not approved": TODAY,
    "recurring, three days": {**TODAY, "trigger": "recurring", "rrule": "FREQ=DAILY;COUNT=3"},
    "local, under way": {**TODAY, **NINE_LOCAL},
    "local, the next day": {**TOMORROW, **NINE_LOCAL},
    "event": EVENT,
    "event, of use for 2 h": {**EVENT, "expires_after": 2 * HOUR},
    "silence": SILENCE,
    "silence, of use for 2 h": {**SILENCE, "expires_after": 2 * HOUR},
    "planned before": {**TODAY, "local_time": time(7)},
}


def stage() -> None:
    """Everything is planned and approved the day before. The last tick comes a minute before the stop."""
    Workspace.current()
    for pk, zone in enumerate(ZONES, 1):
        make_spread([pk], timezone=zone)
    record("visited", STOP + 10 * MINUTE - 3 * DAY)
    one, all_ = make_id_segment([1]), make_id_segment(range(1, 5))
    for name, fields in CAMPAIGNS.items():
        segment = all_ if fields.get("zone") == "customer" else one
        campaign = make_campaign([segment], name=name, channels=["memory"], **{"local_time": time(8), **fields})
        if name != "dated, not approved":
            approve(campaign)
    for hours in BEFORE:
        tick(STOP + HOUR * hours)
    # Decided on, and its worker was stopped with the scheduler: nothing of it has left.
    tick(STOP - HOUR, is_sending=False)
    tick(STOP - MINUTE, is_sending=False)


def run_until_the_end(off: timedelta) -> None:
    """What customers do is recorded all the while: the product and the web server go on."""
    record("ordered", STOP + HOUR / 2)
    back = STOP + off
    ordinary = [STOP + HOUR * hours for hours in DUE if STOP + HOUR * hours > back]
    for moment in (back, back + MINUTE, back + 5 * MINUTE, *ordinary):
        tick(moment)


def tick(now: datetime, *, is_sending: bool = True) -> None:
    """What beat asks for, in its order."""
    plan_all(now)
    fire_all(now)
    begin_due_sends(now)
    for each in shards_to_admit(now):
        admit_shard(each.send_id, each.shard, each.due_at, now)
    admit_firings(now)
    if is_sending:
        for urgent in (True, False):
            run("memory", now, urgent=urgent)
        reap(now)
    finish_sends(now)


def record(name: str, moment: datetime) -> None:
    """By the one person that most of the campaigns are for."""
    external_id = Customer.objects.get(pk=1).external_id
    record_events([EventRow(external_id, name, moment, f"{name}-{moment}")], moment)


def campaigns() -> dict[str, Campaign]:
    return {campaign.name: campaign for campaign in Campaign.objects.all()}
