"""Pause, cancel and resume at random moments: what leaves stops at once, and nobody is repeated or skipped."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from django.contrib.auth.models import User

from audiences.clock import read_now
from campaigns.models import Send
from campaigns.services import lifecycle
from deliveries.models import Delivery
from tests.faults.account import take_account
from tests.faults.fleet import CONNECTIONS, TIMEOUT, Fleet
from tests.faults.processes import Processes
from tests.faults.report import Scenario
from tests.faults.servers import Sink
from tests.faults.stage import begin_send, is_over, make_people, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
Step = Callable[[int, User | None, datetime], None]
STOPS_WITHIN = 0.5  # seconds after the commit
RATE = 1_000  # mails a second: a send lasts for some seconds, however fast the machine


@dataclass
class Stops:
    """What stops sends, and keeps for each stop how long after its commit the last message arrived."""

    sink: Sink
    processes: Processes
    late: list[float] = field(default_factory=list)

    def interrupt(self, send: Send, moments: list[int], *, is_cancelled: bool) -> None:
        """`moments`: when so many of this send have arrived. At the last it is cancelled, if it is to be."""
        before = len(self.sink.arrivals)
        for moment in moments:
            wait_for(lambda: len(self.sink.arrivals) >= before + moment, self.processes)  # noqa: B023 - at once
            if is_cancelled and moment == moments[-1]:
                self.stop(lifecycle.cancel, send)
            else:
                self.stop(lifecycle.pause, send)
                lifecycle.resume(send.campaign_id, None, read_now())

    def stop(self, step: Step, send: Send) -> None:
        step(send.campaign_id, None, read_now())
        committed = time.monotonic()
        time.sleep(STOPS_WITHIN + 1)
        self.late.append(max(arrival.at for arrival in self.sink.arrivals) - committed)


def states_of(sends: list[Send]) -> Counter[str]:
    return Counter(Delivery.objects.filter(send__in=sends).values_list("state", flat=True))


@pytest.mark.faults("pause, cancel, resume at random moments")
def test_invariant_07_a_stop_stops_within_half_a_second_and_resuming_repeats_and_skips_nobody(
    scenario: Scenario, processes: Processes
) -> None:
    rounds, mails, chance = scenario.size(20, 2), scenario.size(5_000, 1_000), scenario.chance
    sink = Sink(processes, rate=RATE)
    Fleet(processes, sink.url(timeout=TIMEOUT, final_timeout=TIMEOUT, connections=CONNECTIONS)).start()
    people, stops = make_people(mails), Stops(sink, processes)
    resumed, cancelled = list[Send](), list[Send]()
    for number in range(rounds):
        send, is_cancelled = begin_send(people), number % 3 == 0
        (cancelled if is_cancelled else resumed).append(send)
        moments = sorted(chance.sample(range(1, mails * 3 // 4), chance.choice([1, 2])))
        stops.interrupt(send, moments, is_cancelled=is_cancelled)
        wait_for(is_over, processes)
    account = take_account(sink)
    scenario.report(
        size=f"{rounds} × {mails:,}",
        **account.figures,
        figures={**account.states, "stops": len(stops.late), "seconds after a stop": round(max(stops.late), 3)},
        bars={
            **account.bars,
            "nothing leaves later than 0.5 s after the commit": max(stops.late) <= STOPS_WITHIN,
            "resume repeats nobody": account.duplicates == 0,
            "resume skips nobody": states_of(resumed) == {"sent": mails * len(resumed)},
            "the cancelled are cancelled": set(states_of(cancelled)) == {"sent", "cancelled"},
        },
    )
