from datetime import timedelta

import pytest
from django.db import transaction

from campaigns.models import Campaign, Send
from deliveries.channels.memory import MemoryChannel
from deliveries.models import Delivery
from deliveries.services import ledger
from deliveries.services.finishing import finish_sends
from deliveries.services.reaping import reap
from tests.builders import NOW
from tests.deliveries.dispatches import claim_rows, make_memory_send, only, run, states

pytestmark = pytest.mark.django_db(transaction=True)
LAPSED = NOW + ledger.LEASE + timedelta(seconds=1)
Memory = type[MemoryChannel]


def left_behind(state: str, channel: str = "memory") -> Send:
    """A row as a worker that was killed leaves it."""
    send = make_memory_send(1, channel=channel)
    if state == "sending":
        claim_rows("dead", channel)
    else:
        ledger.claim([only(send).pk], "dead", NOW)
    return send


def test_a_row_that_a_dead_worker_had_claimed_is_sent_by_another(memory: Memory) -> None:
    send = left_behind("claimed")
    assert reap(NOW)["released"] == 0
    assert reap(LAPSED)["released"] == 1
    run(now=LAPSED)
    assert (states(send), len(memory.sent)) == ({"sent": 1}, 1)


def test_invariant_05_a_row_that_may_have_left_is_not_sent_again_by_itself(memory: Memory) -> None:
    send = left_behind("sending")
    assert reap(LAPSED)["uncertain"] == 1
    run(now=LAPSED)
    assert (states(send), memory.sent) == ({"uncertain": 1}, [])
    assert only(send).reason == "its worker was lost while it was leaving"


def test_a_channel_that_knows_repeats_tries_again_with_the_same_message_id(memory: Memory) -> None:
    memory.is_idempotent = True
    try:
        send = left_behind("sending")
        first = only(send).message_id
        assert reap(LAPSED)["repeated"] == 1
        run(now=LAPSED)
    finally:
        memory.is_idempotent = False
    assert states(send) == {"sent": 1}
    assert [message.message_id for message in memory.sent] == [first]


@pytest.mark.parametrize("state", ["planned", "claimed"])
def test_rows_of_a_cancelled_campaign_are_cancelled(memory: Memory, state: str) -> None:
    send = left_behind(state) if state == "claimed" else make_memory_send(1)
    Campaign.objects.update(status=Campaign.Status.CANCELLED)
    assert reap(NOW)["cancelled"] == 1
    assert states(send) == {"cancelled": 1}
    assert only(send).finished_at == NOW


def test_rows_of_a_missed_send_are_missed(memory: Memory) -> None:
    send = make_memory_send(1)
    Send.objects.update(state=Send.State.MISSED)
    assert reap(NOW)["missed"] == 1
    assert (only(send).state, only(send).reason) == ("missed", "its send was missed")


def test_a_row_whose_time_ran_out_expires_even_while_its_campaign_is_paused(memory: Memory) -> None:
    send = make_memory_send(1)
    Campaign.objects.update(status=Campaign.Status.PAUSED)
    assert reap(NOW + timedelta(hours=23))["expired"] == 0
    assert reap(NOW + timedelta(hours=24))["expired"] == 1
    assert states(send) == {"expired": 1}


def test_reaping_twice_changes_nothing_more(memory: Memory) -> None:
    left_behind("sending")
    reap(LAPSED)
    assert not any(reap(LAPSED).values())


def test_more_rows_than_a_slice_are_reaped_in_one_go(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deliveries.services.reaping.SLICE", 2)
    send = make_memory_send(5)
    Campaign.objects.update(status=Campaign.Status.CANCELLED)
    assert reap(NOW)["cancelled"] == 5
    assert states(send) == {"cancelled": 5}
    assert Delivery.objects.count() == 5


def test_a_send_stays_open_for_the_late_word_of_a_worker_that_was_taken_for_lost(memory: Memory) -> None:
    send = left_behind("sending")
    reap(LAPSED)
    finish_sends(LAPSED)
    with transaction.atomic():
        ledger.put_back([only(send).pk], "dead")
    run(now=LAPSED + timedelta(minutes=1))
    assert (states(send), len(memory.sent)) == ({"sent": 1}, 1)


def test_a_send_whose_worker_never_came_back_is_done_in_the_end(memory: Memory) -> None:
    send = left_behind("sending")
    reap(LAPSED)
    assert finish_sends(LAPSED + timedelta(minutes=11)) == 1
    assert states(send) == {"uncertain": 1}
