"""Eight processes race for the last slots of every customer: no window is overfilled, and none is left half empty."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audiences.bitmaps import load
from audiences.models import Customer, Workspace
from campaigns.models import Send
from deliveries.models import Cap, Delivery, Withheld
from deliveries.services.admitting import begin_due_sends
from tests.builders import NOW
from tests.deliveries.scenes import make_approved_send, make_cap, make_spread
from tests.faults.cap_windows import fullest_window, most_that_fit
from tests.faults.fleet import database_url
from tests.faults.processes import Processes
from tests.faults.report import Scenario
from tests.faults.worlds import empty_the_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
RACERS, LIMIT, SHARD = 8, 3, 64
# Farther apart than the grace, so that none is kept a slot for: whoever comes first is served first.
APART = timedelta(hours=2)
ZONES = ("", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
FRIDAY = NOW + timedelta(days=4)


@dataclass(frozen=True)
class Decided:
    """What became of one customer: the moments that they were given, and those that a cap refused them."""

    zone: ZoneInfo
    given: list[datetime]
    refused: list[datetime]


def stage(people: int, sends: int, kind: str, days: int, on_breach: Iterable[str]) -> list[Send]:
    """Sends of the last hours, all frozen in time and none admitted yet."""
    empty_the_world()
    Workspace.current()
    for number, zone in enumerate(ZONES):
        make_spread(range(number + 1, people + 1, len(ZONES)), timezone=zone)
    make_cap(LIMIT, days, kind=kind)
    ways = list(on_breach)
    made = [
        make_approved_send(
            range(1, people + 1),
            FRIDAY - APART * number,
            expires_after=timedelta(days=7),
            on_breach=ways[number % len(ways)],
        )
        for number in range(sends)
    ]
    for send in made:
        begin_due_sends(send.due_at)
    return made


def race(processes: Processes, seed: object) -> int:
    """How many of the racers failed."""
    command = [sys.executable, "-m", "tests.faults.admitters", str(RACERS), str(seed), FRIDAY.isoformat()]
    environment = {"DATABASE_URL": database_url(), "SHARD_SIZE": str(SHARD)}
    return processes.start(command, environment, "admitters.log").popen.wait(timeout=300)


def decided() -> Iterator[Decided]:
    given, refused = defaultdict(list), defaultdict(list)
    for customer, due_at in Delivery.objects.values_list("customer_id", "due_at"):
        given[customer].append(due_at)
    for row in Withheld.objects.filter(reason="capped").select_related("send"):
        for customer in load(row.members):
            refused[customer].append(row.send.due_at)
    for pk, zone in Customer.objects.values_list("pk", "timezone"):
        yield Decided(ZoneInfo(zone or "UTC"), given[pk], refused[pk])


def is_over(each: Decided, cap: Cap) -> bool:
    return fullest_window(cap.kind, cap.days, each.given, each.zone) > cap.limit


def is_refused_in_vain(each: Decided, cap: Cap) -> bool:
    """Whether one of the refused would have fitted after all."""
    return any(
        fullest_window(cap.kind, cap.days, [*each.given, moment], each.zone) <= cap.limit for moment in each.refused
    )


def is_served(each: Decided, cap: Cap, moments: list[datetime]) -> bool:
    """As many as there is room for, where that does not depend on who came first."""
    if cap.kind == "calendar":
        return len(each.given) == most_that_fit(cap.limit, cap.days, moments, each.zone)
    return len(each.given) == cap.limit if cap.days == 7 else True


def judged(people: int, sends: list[Send]) -> dict[str, Any]:
    cap, moments = Cap.objects.get(), [send.due_at for send in sends]
    everybody = list(decided())
    skipping = len({send.campaign.on_breach for send in sends}) == 1
    reasons = {row.reason for row in Withheld.objects.all()}
    accounted = Delivery.objects.count() + sum(Withheld.objects.values_list("size", flat=True))
    return {
        "over": sum(is_over(each, cap) for each in everybody),
        "in vain": sum(is_refused_in_vain(each, cap) for each in everybody),
        "not served": sum(not is_served(each, cap, moments) for each in everybody) if skipping else 0,
        "not decided": people * len(sends) - accounted,
        "other reasons": sorted(reasons - ({"capped"} if skipping else {"capped", "expired"})),
        "given": Delivery.objects.count(),
    }


@pytest.mark.faults("8 processes race for cap 3, rolling and calendar")
def test_invariant_03_processes_that_race_for_the_last_slots_fill_every_window_and_overfill_none(
    scenario: Scenario, processes: Processes, settings: Any
) -> None:
    settings.SHARD_SIZE = SHARD
    people, sends = scenario.size(whole=500, short=60), 20
    found, failed = {}, 0
    # All in one window; then in several, and half of the sends wait for a free one.
    ways = [(7, ["skip"]), (1, ["skip", "defer"]), (1, ["skip"])][: scenario.size(whole=3, short=2)]
    for kind in ("rolling", "calendar"):
        for days, on_breach in ways:
            made = stage(people, sends, kind, days, on_breach)
            failed += race(processes, scenario.chance.random())
            found[f"{kind}, {days} d, {'/'.join(on_breach)}"] = judged(people, made)
    scenario.report(
        size=f"{people} customers × {sends}, {len(found)} races",
        lost=sum(each["not decided"] for each in found.values()),
        bars={
            "no window holds more than 3": not any(each["over"] for each in found.values()),
            "no more withheld than needed": not any(each["in vain"] or each["not served"] for each in found.values()),
            "everybody decided on, for no other reason": not any(
                each["not decided"] or each["other reasons"] for each in found.values()
            ),
            "no deadlock": failed == 0 and "deadlock" not in processes.logs(),
        },
        figures=found,
    )
