"""Workers are killed in the middle of a send, as kill -9 does it: nothing is lost, nothing comes twice."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from deliveries.models import Delivery
from tests.faults.account import take_account
from tests.faults.fleet import CHILDREN, CONNECTIONS, TIMEOUT, Fleet
from tests.faults.processes import Processes
from tests.faults.report import Scenario
from tests.faults.servers import Sink
from tests.faults.stage import begin_capped_sends, begin_send, is_over, make_people, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
# A window is what is marked at once: this much of a second of sending.
WINDOW_SECONDS = 0.25


def start(processes: Processes, mails: int, seconds: float) -> tuple[Sink, Fleet]:
    """Two workers, and a sink so slow that `mails` take it so many seconds at least."""
    sink = Sink(processes, rate=mails / seconds)
    fleet = Fleet(processes, sink.url(timeout=TIMEOUT, final_timeout=TIMEOUT, connections=CONNECTIONS))
    fleet.start()
    return sink, fleet


@dataclass
class Kills:
    """`made` before the send was over; `busy`: those before which mails had arrived since the last one;
    `connections`: that died with them."""

    made: int = 0
    busy: int = 0
    connections: int = 0


def kill_along(
    sink: Sink, kill: Callable[[random.Random], int], wanted: int, pause: tuple[float, float], chance: random.Random
) -> Kills:
    kills = Kills()
    while kills.made < wanted:
        before = len(sink.arrivals)
        time.sleep(chance.uniform(*pause))
        if is_over():
            break
        kills.connections += kill(chance)
        kills.made += 1
        kills.busy += len(sink.arrivals) > before
    return kills


@pytest.mark.faults("workers and pool children killed")
def test_invariant_05_killed_workers_lose_nothing_and_repeat_nothing(scenario: Scenario, processes: Processes) -> None:
    mails, wanted = scenario.size(20_000, 2_000), scenario.size(50, 6)
    sink, fleet = start(processes, mails, seconds=wanted)
    begin_capped_sends(mails)
    wait_for(lambda: bool(sink.arrivals), processes)
    kills = kill_along(sink, fleet.kill_any, wanted, (0.3, 1.2), scenario.chance)
    wait_for(is_over, processes)
    account = take_account(sink)
    scenario.report(
        size=mails,
        kills=kills.made,
        **account.figures,
        figures={**account.states, "kills while mails left": kills.busy},
        bars={
            **account.bars,
            "duplicates 0": account.duplicates == 0,
            "uncertain ≤ a connection that was killed": account.uncertain <= kills.connections,
            f"{wanted} kills inside the send": kills.made == wanted,
        },
    )


@pytest.mark.faults("machines lost, with the recorders' files")
def test_invariant_05_a_lost_machine_leaves_a_window_in_doubt(scenario: Scenario, processes: Processes) -> None:
    mails, wanted = scenario.size(20_000, 1_500), scenario.size(10, 2)
    seconds = scenario.size(60, 10)
    sink, fleet = start(processes, mails, seconds)
    begin_capped_sends(mails)
    wait_for(lambda: bool(sink.arrivals), processes)
    # The other machine has time to learn its pace again.
    kills = kill_along(sink, fleet.lose_machine, wanted, (2.0, 5.0), scenario.chance)
    wait_for(is_over, processes)
    account = take_account(sink)
    window = max(mails / seconds * WINDOW_SECONDS, CHILDREN * CONNECTIONS)
    scenario.report(
        size=mails,
        kills=kills.made,
        **account.figures,
        figures={**account.states, "window": window, "kills while mails left": kills.busy},
        bars={
            **account.bars,
            "duplicates 0": account.duplicates == 0,
            f"uncertain ≤ a window ({window:.0f}) a kill": account.uncertain <= window * kills.made,
            f"{wanted} kills inside the send": kills.made == wanted,
        },
    )


@pytest.mark.faults("workers killed, at-least-once campaign")
def test_what_must_arrive_is_sent_again_only_where_it_was_in_doubt(scenario: Scenario, processes: Processes) -> None:
    mails, wanted = scenario.size(20_000, 2_000), scenario.size(50, 6)
    sink, fleet = start(processes, mails, seconds=wanted)
    begin_send(make_people(mails), transactional=True, at_least_once=True)
    wait_for(lambda: bool(sink.arrivals), processes)
    kills = kill_along(sink, fleet.kill_any, wanted, (0.3, 1.2), scenario.chance)
    wait_for(is_over, processes)
    account, seen = take_account(sink), sink.seen
    repeats = dict(Delivery.objects.filter(repeats__gt=0).values_list("message_id", "repeats"))
    beyond = {message_id for message_id, times in seen.items() if times > 1 + repeats.get(message_id, 0)}
    scenario.report(
        size=mails,
        kills=kills.made,
        **account.figures,
        figures={**account.states, "in doubt": len(repeats), "kills while mails left": kills.busy},
        bars={
            **account.bars,
            "all of them arrived": len(seen) == mails,
            "duplicates ≤ rows that were in doubt": not beyond,
            f"{wanted} kills inside the send": kills.made == wanted,
        },
    )
