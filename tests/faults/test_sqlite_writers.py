"""Eight processes write to the embedded workspace while another one sends: nobody is told that it is locked."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.faults.processes import Processes, processes
from tests.faults.report import Scenario

pytestmark = pytest.mark.only_on("sqlite")
WRITERS = 8
KINDS = {"_event", "_customer", "_opt_out", "_suppress", "_plan", "_stop_and_go"}


@pytest.fixture
def started() -> Iterator[Processes]:
    """They have a database of their own."""
    with processes() as running:
        yield running


@pytest.mark.faults("8 writers on SQLite beside a send")
def test_writers_beside_a_send_are_never_told_that_the_database_is_locked(
    scenario: Scenario, started: Processes
) -> None:
    transactions = scenario.size(whole=500, short=60)
    arguments = [str(WRITERS), str(transactions), str(scenario.chance.random())]
    command = [sys.executable, "-m", "tests.faults.writers", *arguments]
    environment = {"ALMANAC_DATA": str(started.folder / "data"), "SHARD_SIZE": "65536"}
    process = started.start(command, environment, "writers.log", stdout=subprocess.PIPE).popen
    output, _ = process.communicate(timeout=1200)
    assert process.returncode == 0, started.logs()
    found = json.loads(output)
    done, states = found["done"], found["states"]
    sent, open_rows = states.get("email sent", 0), {"planned", "claimed", "sending"}
    scenario.report(
        size=f"{WRITERS} × {transactions} transactions, {found['sent']['sends']} sends",
        lost=sum(count for state, count in states.items() if state.split()[1] in open_rows)
        + abs(sent - found["files"]),
        bars={
            "no “database is locked”": "locked" not in f"{done} {found['sent']}",
            "every transaction went through": set(done) <= KINDS and sum(done.values()) == WRITERS * transactions,
            "the send went on": set(found["sent"]) == {"sends"} and found["sends"] == found["sent"]["sends"],
            "what was written is there": (found["events"], found["customers"]) == (done["_event"], done["_customer"]),
            "what was sent is in the outbox": sent == found["files"] > 0,
        },
        figures=found,
    )
