"""The broker is lost with everything in it, or the database goes away at once, in the middle of a send."""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import environ
import pytest
from django.core.management import call_command
from django.db import connection

from tests.faults.account import Account, take_account
from tests.faults.fleet import CONNECTIONS, TIMEOUT, Fleet
from tests.faults.processes import Processes
from tests.faults.report import Scenario
from tests.faults.servers import OwnPostgresql, OwnRedis, Sink
from tests.faults.stage import begin_capped_sends, is_over, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
TIMES, GOES_ON_WITHIN = 3, 15  # seconds


@pytest.fixture
def own_postgresql(processes: Processes) -> Iterator[OwnPostgresql]:
    """A server that may be killed, with our tables in it; this process is connected to it meanwhile."""
    server = OwnPostgresql(processes.folder)
    usual = dict(connection.settings_dict)
    connection.close()
    ours = environ.Env.db_url_config(server.url)
    connection.settings_dict.update({**ours, "OPTIONS": {**usual["OPTIONS"], **ours["OPTIONS"]}})
    try:
        call_command("migrate", verbosity=0)
        yield server
    finally:
        connection.close()
        connection.settings_dict.update(usual)
        processes.end()
        server.stop()


def strike(sink: Sink, mails: int, blow: Callable[[], object], processes: Processes) -> list[float]:
    """Strike each time another quarter has arrived; the moments."""
    moments = []
    for quarter in range(1, TIMES + 1):
        wait_for(lambda: len(sink.arrivals) >= mails * quarter // (TIMES + 1), processes)  # noqa: B023 - at once
        moments.append(time.monotonic())
        blow()
    return moments


def longest_silence(sink: Sink, since: float) -> float:
    """Seconds between two arrivals, from the first blow on."""
    moments = [arrival.at for arrival in sink.arrivals]
    return round(max(later - earlier for earlier, later in pairwise(moments) if later > since), 1)


def report(scenario: Scenario, mails: int, silence: float, fleet: Fleet, account: Account) -> None:
    scenario.report(
        size=mails,
        kills=TIMES,
        **account.figures,
        figures={**account.states, "longest silence": silence},
        bars={
            **account.bars,
            "duplicates 0": account.duplicates == 0,
            f"goes on within {GOES_ON_WITHIN} s": silence <= GOES_ON_WITHIN,
            "no process restarted by hand": fleet.is_whole,
        },
    )


@pytest.mark.faults("Redis killed and started empty")
def test_a_broker_that_is_lost_three_times_loses_no_message(scenario: Scenario, processes: Processes) -> None:
    mails, seconds = scenario.size(20_000, 900), scenario.size(80, 9)
    redis = OwnRedis(processes)
    sink = Sink(processes, rate=mails / seconds)
    fleet = Fleet(processes, email_url(sink), CELERY_BROKER_URL=redis.url)
    fleet.start(beats=2)
    begin_capped_sends(mails)

    def lose() -> None:
        redis.kill()
        time.sleep(scenario.chance.uniform(0.5, 3))
        redis.start()

    moments = strike(sink, mails, lose, processes)
    wait_for(is_over, processes)
    report(scenario, mails, longest_silence(sink, moments[0]), fleet, take_account(sink))


@pytest.mark.faults("PostgreSQL restarted at once")
def test_a_database_that_restarts_three_times_loses_no_message(
    scenario: Scenario, processes: Processes, own_postgresql: OwnPostgresql
) -> None:
    mails, seconds = scenario.size(20_000, 900), scenario.size(60, 8)
    sink = Sink(processes, rate=mails / seconds)
    fleet = Fleet(processes, email_url(sink), DATABASE_URL=own_postgresql.url)
    fleet.start()
    begin_capped_sends(mails)
    moments = strike(sink, mails, own_postgresql.restart, processes)
    wait_for(is_over, processes)
    report(scenario, mails, longest_silence(sink, moments[0]), fleet, take_account(sink))


def email_url(sink: Sink) -> str:
    return sink.url(timeout=TIMEOUT, final_timeout=TIMEOUT, connections=CONNECTIONS)
