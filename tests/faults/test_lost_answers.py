"""The answer to a COMMIT is lost, at every kind of transaction: after the next try the world is as if it had come."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection

from audiences.models import Workspace
from campaigns.refusals import Refusal
from deliveries.services import repeating
from tests.faults.lossy_postgresql import LossyPostgresql, lossy_postgresql
from tests.faults.lossy_session import Loss
from tests.faults.report import Scenario
from tests.faults.transactions import KINDS, Work
from tests.faults.worlds import World, differences, empty_the_world, world
from tests.mail_server import MailServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
# Answers lost in a row, and how often the database is asked again meanwhile.
MOST_LOST, TRIES = 2, 10


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating, "WAITS", (0,) * TRIES)


def tell(work: Work) -> None:
    """As a caller does it, or the ticks: again, until it is heard; and once more, for nobody knows what was done."""
    for _ in range(TRIES):
        try:
            work()
            break
        except Refusal:
            break
        except (OperationalError, InterfaceError):
            # As at the end of every task and request.
            connection.close()


def told(work: Work, sink: MailServer) -> World:
    """What it comes to when the ticks have come once more than answers are lost in a row: some hold their peace."""
    for _ in range(MOST_LOST + 1):
        tell(work)
    received = Counter((address,) for envelope in sink.envelopes for address in envelope.rcpt_tos)
    return {**world(), "the sink": received}


def prepared(kind: Callable[[], Work], sink: MailServer) -> Work:
    empty_the_world()
    sink.clear()
    Workspace.current()
    return kind()


def losses(chance: Random, commits: int) -> dict[int, Loss]:
    """Somewhere among its commits; one time in three the next answer is lost as well."""
    first = chance.randint(1, commits)
    places = range(first, first + chance.choice((1, 1, MOST_LOST)))
    return {place: chance.choice(list(Loss)) for place in places}


def undisturbed(kind: Callable[[], Work], postgresql: LossyPostgresql, sink: MailServer) -> tuple[World, int]:
    """What it comes to, and in how many commits of its first go."""
    work = prepared(kind, sink)
    before = postgresql.commits
    tell(work)
    commits = postgresql.commits - before
    return told(work, sink), commits


@pytest.mark.faults("the answer to COMMIT lost, at each kind of transaction")
def test_invariant_05_whatever_answer_to_a_commit_is_lost_the_work_is_done_once(
    scenario: Scenario, smtp_server: MailServer, settings: Any
) -> None:
    settings.EMAIL_URL = smtp_server.url
    wanted, differing, counts = scenario.size(whole=300, short=30), list[str](), Counter[str]()
    kinds = scenario.chance.sample(KINDS, len(KINDS))
    with lossy_postgresql() as postgresql:
        expected = {kind: undisturbed(kind, postgresql, smtp_server) for kind in KINDS}
        while (number := postgresql.lost.total()) < wanted:
            kind = kinds[counts.total() % len(kinds)]
            as_it_should_be, commits = expected[kind]
            work = prepared(kind, smtp_server)
            injected = losses(scenario.chance, commits)
            postgresql.lose(injected)
            if (found := told(work, smtp_server)) != as_it_should_be:
                differing.append(f"{kind.__name__}: {injected}: {differences(found, as_it_should_be)}")
            postgresql.lose({})
            assert postgresql.lost.total() > number, f"{kind.__name__} made fewer commits than before"
            counts[kind.__name__] += 1
        lost = postgresql.lost
    scenario.report(
        size=f"{lost.total()} injections, {len(KINDS)} kinds",
        lost=len(differing),
        duplicates=len(differing),
        bars={"nothing lost, nothing done twice": not differing},
        figures={"differing": differing, "how": {str(each): n for each, n in lost.items()}, "scenes": dict(counts)},
    )
