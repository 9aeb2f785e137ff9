"""Customers unsubscribe, are erased or suppressed during a send: after that commit nothing of theirs is marked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import connection

from audiences.clock import read_now
from audiences.models import Suppression
from campaigns.models import Send
from deliveries.models import Delivery
from deliveries.services.erasure import erase_customer
from deliveries.services.withdrawals import opt_out, suppress
from tests.faults.account import take_account
from tests.faults.fleet import CONNECTIONS, TIMEOUT, Fleet
from tests.faults.processes import Processes
from tests.faults.report import Scenario
from tests.faults.servers import Sink
from tests.faults.stage import address_of, begin_send, is_over, make_people, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
WINDOW_SECONDS = 0.25
# None of them complains: so many complaints would pause the campaign.
WAYS = ("unsubscribes", "is erased", "is suppressed")
REASONS = {"unsubscribed", "erased", "suppressed"}

WATCH = """
CREATE TABLE marks (customer_id bigint, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION note_mark() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO marks (customer_id) VALUES (NEW.customer_id); RETURN NULL; END';
CREATE TRIGGER note_mark AFTER UPDATE OF state ON deliveries_delivery
    FOR EACH ROW WHEN (NEW.state = 'sending' AND OLD.state <> 'sending') EXECUTE FUNCTION note_mark();
"""
UNWATCH = "DROP TRIGGER note_mark ON deliveries_delivery; DROP FUNCTION note_mark; DROP TABLE marks"


@contextmanager
def watched() -> Iterator[None]:
    """The database notes when which customer's row is marked."""
    with connection.cursor() as cursor:
        cursor.execute(WATCH)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(UNWATCH)


def last_marks() -> dict[int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT customer_id, max(at) FROM marks GROUP BY customer_id")
        return dict(cursor.fetchall())


def change_mind(customer_id: int, send: Send, way: str) -> datetime:
    """When it was committed, at the latest."""
    now = read_now()
    if way == "unsubscribes":
        opt_out(customer_id, send.campaign.topic_id, "email", now)
    elif way == "is erased":
        erase_customer(customer_id, now)
    else:
        suppress(customer_id, "email", Suppression.Reason.MANUAL, "", now)
    return read_now()


@pytest.mark.faults("customers change their minds during a send")
def test_nothing_is_marked_for_who_has_unsubscribed_or_was_erased_or_suppressed(
    scenario: Scenario, processes: Processes
) -> None:
    mails, wanted = scenario.size(20_000, 1_500), scenario.size(1_000, 75)
    seconds, chance = scenario.size(90, 8), scenario.chance
    sink = Sink(processes, rate=mails / seconds)
    people = make_people(mails)
    with watched():
        Fleet(processes, sink.url(timeout=TIMEOUT, final_timeout=TIMEOUT, connections=CONNECTIONS)).start()
        send = begin_send(people)
        wait_for(lambda: bool(sink.arrivals), processes)
        committed, before = dict[int, datetime](), dict[int, int]()
        begun = time.monotonic()
        for place, customer_id in enumerate(chance.sample(people, wanted)):
            # At moments of their own, and not one after the other: each takes as long as this computer needs.
            at = begun + seconds / 2 * (place + chance.random()) / wanted
            time.sleep(max(0.0, at - time.monotonic()))
            committed[customer_id] = change_mind(customer_id, send, chance.choice(WAYS))
            before[customer_id] = len(sink.arrivals)
        during = not is_over()
        wait_for(is_over, processes)
        marked = last_marks()
    account, window = take_account(sink), mails / seconds * WINDOW_SECONDS
    places = {arrival.recipient: place for place, arrival in enumerate(sink.arrivals, 1)}
    # How many others arrived between the commit and the one that still left.
    still_left = [later for pk in committed if (later := places.get(address_of(pk), 0) - before[pk]) > 0]
    withheld = send.deliveries.filter(state=Delivery.State.WITHHELD)
    late = [pk for pk, at in committed.items() if pk in marked and marked[pk] > at]
    scenario.report(
        size=mails,
        **account.figures,
        figures={**account.states, "still left": len(still_left), "furthest": max(still_left, default=0)},
        bars={
            **account.bars,
            "duplicates 0": account.duplicates == 0,
            f"{wanted} during the send": during,
            "none is marked after that commit": not late,
            f"what still left is within a window ({window:.0f})": max(still_left, default=0) <= window,
            "some were withheld": withheld.exists(),
            "nobody else is withheld": set(withheld.values_list("customer_id", flat=True)) <= set(committed),
            "the reason is theirs": set(withheld.values_list("reason", flat=True)) <= REASONS,
        },
    )
