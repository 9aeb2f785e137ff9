"""A worker died; its flight recorder says of every row of its windows what became of it."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from audiences.models import Suppression
from campaigns.models import CampaignVersion, Send
from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.memory import MemoryChannel
from deliveries.flight_recorder import FlightRecorder
from deliveries.models import Breaker, Delivery
from deliveries.services import settling
from deliveries.services.claiming import MOST_CLAIMS
from deliveries.services.evidence import scrubbed
from deliveries.services.finishing import finish_sends
from deliveries.services.pages import write_down
from deliveries.services.reaping import reap
from deliveries.services.settling import settle_abandoned
from tests.builders import NOW
from tests.deliveries.dispatches import claim_rows, make_memory_send, run, states

pytestmark = pytest.mark.django_db(transaction=True)
Memory = type[MemoryChannel]


@pytest.fixture
def recorder(settings: Any, tmp_path: Path) -> Iterator[FlightRecorder]:
    settings.RECORDERS = tmp_path
    recorder = FlightRecorder(tmp_path)
    yield recorder
    recorder.abandon()


def marked(recorder: FlightRecorder, send: Send) -> list[int]:
    """The rows of the send as a worker has marked them, in the order of their ids."""
    ids = sorted(claim_rows("dead"))
    recorder.window("dead", ids)
    return ids


def row(delivery_id: int) -> Delivery:
    return Delivery.objects.get(pk=delivery_id)


def test_what_was_not_begun_leaves_even_if_its_send_was_over_meanwhile(
    memory: Memory, recorder: FlightRecorder
) -> None:
    send = make_memory_send(2)
    marked(recorder, send)
    for minutes in (3, 15):
        reap(NOW + timedelta(minutes=minutes))
        finish_sends(NOW + timedelta(minutes=minutes))
    send.refresh_from_db()
    assert (send.state, states(send)) == ("done", {"uncertain": 2})
    recorder.abandon()  # its machine is back
    later = NOW + timedelta(minutes=20)
    assert settle_abandoned(later) == {"put_back": 2}
    run(now=later)
    assert states(send) == {"sent": 2}
    finish_sends(later)
    send.refresh_from_db()
    assert send.state == "done"


def test_a_send_that_is_opened_again_is_not_closed_before_its_rows_are_back(
    memory: Memory, recorder: FlightRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finishes sends comes by in between: it sees none of it, or all."""
    send = make_memory_send(1)
    marked(recorder, send)
    Delivery.objects.update(state="uncertain", finished_at=NOW)
    Send.objects.update(state="done")
    recorder.abandon()
    later = NOW + timedelta(minutes=20)

    def finish_beside(*arguments: Any) -> int:
        with ThreadPoolExecutor(1) as beside:
            beside.submit(finish_and_leave, later).result()
        return write_down(*arguments)

    monkeypatch.setattr(settling, "write_down", finish_beside)
    assert settle_abandoned(later) == {"put_back": 1}
    finish_sends(later)
    send.refresh_from_db()
    assert (send.state, states(send)) == ("sending", {"planned": 1})


def finish_and_leave(now: datetime) -> None:
    try:
        finish_sends(now)
    finally:
        connection.close()


def test_invariant_05_every_row_is_settled_by_how_far_it_came(memory: Memory, recorder: FlightRecorder) -> None:
    send = make_memory_send(5)
    answered, refused, begun, taken, waiting = marked(recorder, send)
    for delivery_id in (answered, refused, begun):
        recorder.taken(delivery_id)
        recorder.leaving(delivery_id)
    recorder.ended(answered, {})
    recorder.ended(refused, {"verdict": "rejected", "evidence": {"text": "no such user"}, "suppress": "bounce"})
    recorder.taken(taken)
    recorder.abandon()
    assert settle_abandoned(NOW) == {"accepted": 1, "rejected": 1, "ambiguous": 1, "put_back": 2}
    assert [row(pk).state for pk in (answered, refused, begun, taken, waiting)] == [
        "sent",
        "failed",
        "uncertain",
        "planned",
        "planned",
    ]
    assert row(begun).reason == "its worker was lost while it was leaving"
    assert Suppression.objects.get().customer_id == row(refused).customer_id
    assert settle_abandoned(NOW) == {}


def test_patience_that_was_asked_for_hours_ago_has_been_shown(memory: Memory, recorder: FlightRecorder) -> None:
    (refused,) = marked(recorder, make_memory_send(1))
    recorder.taken(refused)
    recorder.leaving(refused)
    recorder.ended(refused, {"verdict": "deferred", "evidence": {"text": "421 too busy"}, "slow_down": True})
    recorder.abandon()
    os.utime(recorder.path, times=2 * ((NOW - timedelta(hours=3)).timestamp(),))
    settle_abandoned(NOW)
    assert Breaker.objects.get().standing(NOW) is Breaker.Standing.HALF_OPEN


def test_nothing_of_a_worker_that_lives_is_touched(memory: Memory, recorder: FlightRecorder) -> None:
    send = make_memory_send(2)
    marked(recorder, send)
    settle_abandoned(NOW)
    assert states(send) == {"sending": 2}


def test_the_next_dispatch_and_the_reaper_both_settle(memory: Memory, recorder: FlightRecorder) -> None:
    send = make_memory_send(2)
    marked(recorder, send)
    recorder.abandon()
    assert reap(NOW)["put_back"] == 2
    run()
    assert (states(send), len(memory.sent)) == ({"sent": 2}, 2)


def test_a_late_recorder_corrects_what_the_lease_had_to_guess(memory: Memory, recorder: FlightRecorder) -> None:
    send = make_memory_send(1)
    marked(recorder, send)
    later = NOW + timedelta(hours=1)
    assert reap(later)["uncertain"] == 1
    recorder.abandon()
    assert settle_abandoned(later) == {"put_back": 1}
    assert states(send) == {"planned": 1}


def test_rows_that_somebody_else_has_by_now_are_left_to_them(memory: Memory, recorder: FlightRecorder) -> None:
    send = make_memory_send(1)
    marked(recorder, send)
    Delivery.objects.update(lease_token="another")
    recorder.abandon()
    assert settle_abandoned(NOW) == {}
    assert states(send) == {"sending": 1}


def test_a_file_that_cannot_be_read_stops_nobody(memory: Memory, recorder: FlightRecorder) -> None:
    send = make_memory_send(1)
    recorder.window("x", [])
    recorder.leaving(7)
    recorder.abandon()
    run()
    assert states(send) == {"sent": 1}


def at_least_once(send: Send) -> Send:
    assert send.version is not None
    CampaignVersion.objects.filter(pk=send.version.pk).update(
        plan={**send.version.plan, "transactional": True, "at_least_once": True}, digest="another"
    )
    return send


def test_an_at_least_once_campaign_sends_again_what_may_have_left(memory: Memory, recorder: FlightRecorder) -> None:
    send = at_least_once(make_memory_send(1))
    (delivery_id,) = marked(recorder, send)
    recorder.leaving(delivery_id)
    recorder.abandon()
    message_id = row(delivery_id).message_id
    settle_abandoned(NOW)
    assert (row(delivery_id).state, row(delivery_id).repeats) == ("planned", 1)
    run(now=row(delivery_id).due_at)
    assert (states(send), [message.message_id for message in memory.sent]) == ({"sent": 1}, [message_id])


def test_an_at_least_once_campaign_goes_again_where_the_recorder_is_lost_too(memory: Memory) -> None:
    send = at_least_once(make_memory_send(1))
    claim_rows("dead")
    assert reap(NOW + timedelta(hours=1))["repeated"] == 1
    assert (states(send), Delivery.objects.get().repeats) == ({"planned": 1}, 1)


def test_a_message_that_kills_its_workers_is_poison_and_the_innocent_beside_it_go_out(
    memory: Memory, settings: Any, tmp_path: Path
) -> None:
    settings.RECORDERS = tmp_path
    send = make_memory_send(3)
    poison = min(Delivery.objects.values_list("pk", flat=True))
    for _ in range(MOST_CLAIMS + 1):
        recorder = FlightRecorder(tmp_path)
        ids = marked(recorder, send)
        if poison in ids:
            recorder.taken(poison)
        else:  # under suspicion it leaves by itself, and the others go out
            for delivery_id in ids:
                recorder.leaving(delivery_id)
                recorder.ended(delivery_id, {})
        recorder.abandon()
        settle_abandoned(NOW)
    run()
    assert states(send) == {"failed": 1, "sent": 2}
    assert row(poison).reason == "poison: it was in the hands of 5 workers that died"
    assert set(Delivery.objects.filter(state="sent").values_list("claims", flat=True)) == {0}


def test_a_channel_that_is_no_more_stops_nobody(memory: Memory, recorder: FlightRecorder, settings: Any) -> None:
    send, other = make_memory_send(2), make_memory_send(1, channel="in_app")
    begun, waiting = marked(recorder, send)
    recorder.taken(begun)
    recorder.leaving(begun)
    recorder.abandon()
    settings.CHANNELS = {name: path for name, path in settings.CHANNELS.items() if name != "memory"}
    reap(NOW)
    run("in_app")
    assert (states(other), row(begun).state, row(waiting).state) == ({"sent": 1}, "uncertain", "planned")


def test_what_cannot_be_settled_stops_nobody(memory: Memory, recorder: FlightRecorder) -> None:
    send = make_memory_send(2)
    begun, _ = marked(recorder, send)
    recorder.leaving(begun)
    recorder.ended(begun, {"verdict": "of another release", "evidence": {}, "suppress": ""})
    recorder.abandon()
    other = make_memory_send(1)
    run()
    assert states(other) == {"sent": 1}
    reap(NOW + timedelta(hours=1))
    assert states(send) == {"uncertain": 2}


def test_a_recorder_that_cannot_be_opened_stops_nobody(memory: Memory, settings: Any, tmp_path: Path) -> None:
    settings.RECORDERS = tmp_path
    (tmp_path / "of-somebody-else.flight").mkdir()
    send = make_memory_send(1)
    run()
    reap(NOW)
    assert states(send) == {"sent": 1}


def test_where_no_recorder_can_be_written_the_mail_goes_on(memory: Memory, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.RECORDERS = tmp_path / "file" / "recorders"
    send = make_memory_send(1)
    run()
    assert states(send) == {"sent": 1}


@pytest.mark.parametrize(
    ("address", "said"),
    [("Ada@Example.com", "<ada@example.com>: unknown"), ("ada@bücher.example", "<ada@xn--bcher-kva.example>: unknown")],
)
def test_evidence_holds_no_address_however_the_server_spells_it(address: str, said: str) -> None:
    assert scrubbed(Outcome(1, Verdict.REJECTED, {"text": said}), address).evidence == {"text": "<<address>>: unknown"}
