"""A mail server that says later, nobody of that name, nothing at all, or hangs up: each mail comes to the right end."""

from collections import Counter

import pytest

from audiences.addresses import address_hash
from audiences.clock import read_now
from audiences.models import Suppression
from deliveries.models import Delivery
from tests.faults.account import take_account
from tests.faults.fleet import CONNECTIONS, Fleet
from tests.faults.processes import Processes
from tests.faults.report import Scenario
from tests.faults.servers import Sink
from tests.faults.sink import fate
from tests.faults.stage import address_of, begin_capped_sends, is_over, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
IN_DOUBT = ("dropped_untaken", "dropped_taken", "hung")
TIMEOUT = 2  # seconds: what hangs, hangs so long


@pytest.mark.faults("a flaky mail server")
def test_every_answer_of_a_flaky_mail_server_comes_to_its_own_end(scenario: Scenario, processes: Processes) -> None:
    mails, seed = scenario.size(20_000, 1_000), str(scenario.chance.random())
    fated = {email: fate(seed, email) for email in map(address_of, range(1, mails + 1))}
    sink = Sink(processes, fates=seed)
    fleet = Fleet(processes, sink.url(timeout=TIMEOUT, final_timeout=TIMEOUT, connections=CONNECTIONS))
    fleet.start()
    begin_capped_sends(mails)

    def is_done() -> bool:
        if not scenario.is_whole:
            bring_forward()
        return is_over()

    wait_for(is_done, processes)
    account = take_account(sink)
    rows = {email: (state, attempts) for email, state, attempts in ended()}
    at_sink = {arrival.recipient for arrival in sink.arrivals}
    having = {name: {email for email, given in fated.items() if given == name} for name in ("later", "unknown")}
    doubtful = {email for email, given in fated.items() if given in IN_DOUBT}
    hashes = set(Suppression.objects.values_list("address_hash", flat=True))
    scenario.report(
        size=mails,
        **account.figures,
        figures={**account.states, **Counter(filter(None, fated.values()))},
        bars={
            **account.bars,
            "duplicates 0": account.duplicates == 0,
            "451 all arrive": having["later"] <= at_sink,
            "451 at the second try": {rows[email] for email in having["later"]} == {("sent", 2)},
            "550 failed": {rows[email][0] for email in having["unknown"]} == {"failed"},
            "550 suppressed": hashes == {address_hash(email) for email in having["unknown"]},
            "uncertain = the dropped and the hung": doubtful
            == {email for email, (state, _) in rows.items() if state == "uncertain"},
        },
    )


def bring_forward() -> None:
    """In the short set a minute need not pass: what waits for another try is due."""
    waiting = Delivery.objects.filter(state=Delivery.State.PLANNED, attempts__gt=0)
    now = read_now()
    waiting.filter(due_at__gt=now).update(due_at=now)


def ended() -> list[tuple[str, str, int]]:
    return list(Delivery.objects.values_list("customer__email", "state", "attempts"))
