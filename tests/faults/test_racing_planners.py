"""Three planners and beats at once, killed while they plan, freeze and admit: one send, and every customer once."""

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from random import Random
from signal import SIGKILL

import pytest
from django.conf import settings

from audiences.models import Segment
from campaigns.models import Campaign, Send
from campaigns.services import lifecycle
from deliveries.models import Delivery, ShardAdmission, Withheld
from tests.builders import make_campaign
from tests.deliveries.scenes import approve, make_id_segment
from tests.faults.fleet import database_url
from tests.faults.planners import Clock, fast_clock
from tests.faults.processes import Process, Processes
from tests.faults.report import Scenario
from tests.faults.stage import make_people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
PLANNERS, SPEED = 3, 20
# Campaigns that are planned in the same breath, so that a kill often comes in the middle of planning.
DAILY = 6
PATIENCE = 180  # seconds, of a round


def start_planners(processes: Processes) -> tuple[Process, Clock]:
    began = datetime.now(UTC)
    command = [sys.executable, "-m", "tests.faults.planners", str(PLANNERS), began.isoformat(), str(SPEED)]
    return processes.start(command, {"DATABASE_URL": database_url()}, "planners.log"), fast_clock(began, SPEED)


def begin_round(segment: Segment, clock: Clock) -> Campaign:
    """A campaign that is due within two minutes of the planners' clock, and others that go every day."""
    due_at = clock() + timedelta(minutes=2)
    when = {"start_date": due_at.date(), "local_time": due_at.time().replace(second=0, microsecond=0)}
    for _ in range(DAILY):
        make_campaign([segment], trigger="recurring", rrule="FREQ=DAILY", **when)
    campaign = make_campaign([segment], **when)
    approve(campaign)
    return campaign


def kill_until_over(planners: Process, campaign: Campaign, chance: Random, processes: Processes) -> int:
    """How many were killed."""
    kills, deadline = 0, time.monotonic() + PATIENCE
    while not Send.objects.filter(campaign=campaign, state=Send.State.SENDING).exists():
        assert time.monotonic() < deadline, processes.logs()
        time.sleep(chance.uniform(0.2, 1.4))
        if children := planners.children:
            os.kill(chance.choice(children), SIGKILL)
            kills += 1
    return kills


def end_round() -> list[bool]:
    """Whether each daily campaign has one send a day, to the horizon. The next round has enough to do without them."""
    daily = list(Campaign.objects.filter(trigger="recurring").exclude(status=Campaign.Status.CANCELLED))
    for campaign in daily:
        lifecycle.cancel(campaign.pk, None, campaign.created_at)
    days = [[slot[:10] for slot in campaign.sends.values_list("slot", flat=True)] for campaign in daily]
    return [len(set(each)) == len(each) and len(each) >= settings.HORIZON_DAYS for each in days]


def outcome(campaign: Campaign) -> tuple[int, int, int, int]:
    """Sends, rows, shards that were admitted, and how often it was started."""
    sends = Send.objects.filter(campaign=campaign)
    rows = Delivery.objects.filter(send__in=sends, state=Delivery.State.PLANNED)
    shards = ShardAdmission.objects.filter(send__in=sends)
    return sends.count(), rows.count(), shards.count(), campaign.history.filter(action="start").count()


@pytest.mark.faults("three planners and beats at once, killed while planning")
def test_invariant_01_planners_that_race_and_are_killed_make_one_send_and_each_row_once(
    scenario: Scenario, processes: Processes
) -> None:
    rounds, people = scenario.size(whole=10, short=2), make_people(scenario.size(whole=50_000, short=2_000))
    segment, found, daily, kills = make_id_segment(people), [], [], 0
    planners, clock = start_planners(processes)
    for _ in range(rounds):
        campaign = begin_round(segment, clock)
        kills += kill_until_over(planners, campaign, scenario.chance, processes)
        found.append(outcome(campaign))
        daily += end_round()
    planners.kill_group()
    log = processes.logs()
    scenario.report(
        size=f"{rounds} × {len(people):,} rows",
        kills=kills,
        lost=rounds * len(people) - Delivery.objects.count(),
        duplicates=Delivery.objects.count() - Delivery.objects.values("send", "customer").distinct().count(),
        bars={
            "one send, exactly as many rows": found == [(1, len(people), len(people) // 256 + 1, 1)] * rounds,
            "nobody withheld": not Withheld.objects.exists(),
            "one send a day": all(daily) and len(daily) == rounds * DAILY,
            "killed in every round": kills >= rounds,
            "no planner failed": "ERROR" not in log and "Traceback" not in log,
        },
        figures={"rounds": found, "log": log[-2000:] if "ERROR" in log or "Traceback" in log else ""},
    )
