import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from audiences.models import Subscription, Suppression
from deliveries.channels.memory import MemoryChannel
from deliveries.models import Delivery
from deliveries.services import ledger, withdrawals
from deliveries.services.erasure import erase_customer
from tests.builders import NOW, make_customer, make_delivery, make_running_send
from tests.deliveries.dispatches import claim_rows, make_memory_send, only, run, states

pytestmark = pytest.mark.django_db(transaction=True)
Memory = type[MemoryChannel]


def test_an_opt_out_withdraws_what_is_planned_and_claimed(memory: Memory) -> None:
    customer = make_customer()
    planned, claimed = make_memory_send([customer]), make_memory_send([customer])
    Delivery.objects.filter(send=planned).update(due_at=NOW + timedelta(hours=1))
    assert ledger.claim([only(claimed).pk], "mine", NOW) == 1
    assert withdrawals.opt_out(customer.pk, planned.campaign.topic_id, "memory", NOW) is True
    for send in (planned, claimed):
        assert (only(send).state, only(send).reason) == ("withheld", "unsubscribed")


def test_an_opt_out_works_twice(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    withdrawals.opt_out(customer.pk, send.campaign.topic_id, "memory", NOW)
    assert withdrawals.opt_out(customer.pk, send.campaign.topic_id, "memory", NOW) is False
    assert Subscription.objects.get().subscribed is False


def test_an_opt_out_leaves_other_channels_topics_and_customers_alone(memory: Memory) -> None:
    one, other = make_customer(), make_customer()
    send = make_memory_send([one, other])
    make_delivery(send, one, "in_app")
    withdrawals.opt_out(one.pk, send.campaign.topic_id, "memory", NOW)
    assert states(send) == {"withheld": 1, "planned": 2}


def test_an_opt_out_spares_transactional_messages(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer], transactional=True)
    withdrawals.opt_out(customer.pk, send.campaign.topic_id, "memory", NOW)
    assert states(send) == {"planned": 1}


@pytest.mark.parametrize(("reason", "state"), [("bounce", "withheld"), ("complaint", "planned")])
def test_a_bounce_stops_transactional_messages_too(memory: Memory, reason: str, state: str) -> None:
    customer = make_customer()
    send = make_memory_send([customer], transactional=True)
    withdrawals.suppress(customer.pk, "", reason, "", NOW)
    assert states(send) == {state: 1}


def test_a_suppression_on_one_channel_leaves_the_others(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    make_delivery(send, customer, "in_app")
    withdrawals.suppress(customer.pk, "memory", Suppression.Reason.MANUAL, "", NOW)
    assert dict(Delivery.objects.values_list("channel", "state")) == {"memory": "withheld", "in_app": "planned"}


@pytest.mark.parametrize(("reason", "state"), [("bounce", "withheld"), ("manual", "planned")])
def test_whoever_shares_a_bounced_address_is_withdrawn_too(memory: Memory, reason: str, state: str) -> None:
    one, twin = make_customer(email="a@example.com"), make_customer(email="A@example.com")
    campaign = make_memory_send([]).campaign
    send = make_running_send(campaign, NOW + timedelta(minutes=1))
    make_delivery(send, twin, "email")
    withdrawals.suppress(one.pk, "email", reason, "", NOW)
    assert states(send) == {state: 1}


@pytest.mark.parametrize("change", ["opt_out", "suppress", "erase"])
def test_invariant_05_nothing_is_marked_after_consent_is_withdrawn(memory: Memory, change: str) -> None:
    customer, other = make_customer(), make_customer()
    send = make_memory_send([customer, other])
    if change == "opt_out":
        withdrawals.opt_out(customer.pk, send.campaign.topic_id, "memory", NOW)
    elif change == "suppress":
        withdrawals.suppress(customer.pk, "", Suppression.Reason.MANUAL, "", NOW)
    else:
        erase_customer(customer.pk, NOW)
    marked = claim_rows("mine")
    assert [row.customer_id for row in Delivery.objects.filter(pk__in=marked)] == [other.pk]


def test_what_was_withdrawn_is_not_sent_by_a_dispatch_that_had_claimed_it(memory: Memory) -> None:
    customers = [make_customer() for _ in range(40)]
    send = make_memory_send(customers)
    last = customers[-1]

    def opt_out_the_last(_: object) -> None:
        withdrawals.opt_out(last.pk, send.campaign.topic_id, "memory", NOW)

    memory.on_message = opt_out_the_last
    run()
    assert states(send) == {"sent": 39, "withheld": 1}
    assert last.pk not in {message.customer_id for message in memory.sent}


def test_a_customer_chooses_many_things_at_once(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    topic_id = send.campaign.topic_id
    changed = withdrawals.set_preferences(customer.pk, {(topic_id, "memory"): False, (topic_id, "email"): True}, NOW)
    assert changed == 2
    assert states(send) == {"withheld": 1}


def test_invariant_05_a_mark_passes_over_a_row_that_an_opt_out_is_withdrawing(memory: Memory) -> None:
    """What was true before the opt-out took the row must not count, and nobody waits for it."""
    customer = make_customer()
    send = make_memory_send([customer])
    marked: list[list[int]] = []
    withdrawn = threading.Event()

    def mark() -> None:
        withdrawn.wait(5)
        try:
            marked.append(claim_rows("mine"))
        finally:
            connection.close()

    worker = threading.Thread(target=mark)
    worker.start()
    with transaction.atomic():
        withdrawals.opt_out(customer.pk, send.campaign.topic_id, "memory", NOW)
        withdrawn.set()
        time.sleep(0.3)
    worker.join()
    assert (marked, only(send).state) == ([[]], "withheld")
