"""Everything at once, on connections of their own: what must never be twice, lost or in a ring of waiting."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from audiences.clock import read_now
from audiences.import_options import CUSTOMERS, ImportOptions
from audiences.models import Customer, Subscription
from audiences.services.customers import CustomerRow, upsert_customers
from audiences.services.events import EventRow, record_events
from audiences.services.importing import continue_import, start_local_import
from campaigns.models import Campaign, Firing, Send
from campaigns.refusals import Refusal
from campaigns.services import lifecycle
from campaigns.services.firings import fire
from campaigns.services.planning import plan_sends
from campaigns.services.sends import freeze, move
from campaigns.services.versions import record_version
from deliveries.channels.memory import MemoryChannel
from deliveries.models import Delivery
from deliveries.services.admitting import admit_shard, begin_due_sends, shards_to_admit
from deliveries.services.admitting_firings import admit_firings
from deliveries.services.dispatching import dispatch
from deliveries.services.erasure import erase_customer
from deliveries.services.reaping import reap
from deliveries.services.withdrawals import opt_out
from tests.builders import NOW, make_campaign, make_customers, make_segment, make_send, make_topic
from tests.deliveries.scenes import approve, make_cap, make_spread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
ROUNDS = 8


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    """Start them together; what they raised, refusals that a person would read left out."""
    barrier = threading.Barrier(len(works))
    raised: list[BaseException] = []

    def working(work: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            work()
        except Refusal:
            pass
        except BaseException as problem:
            raised.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=working, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_two_writers_of_the_same_new_customers_do_not_wait_for_each_other() -> None:
    for number in range(ROUNDS):
        rows = [CustomerRow(f"round-{number}-{each}") for each in range(400)]
        raised = at_once(lambda: upsert_customers(rows, NOW), lambda: upsert_customers(rows[::-1], NOW))  # noqa: B023
        assert raised == []
    assert Customer.objects.count() == ROUNDS * 400


def test_two_imports_with_consent_that_make_the_same_customers_do_not_wait_for_each_other(tmp_path: Path) -> None:
    make_topic()
    make_spread(range(1, 1500, 3))
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('audiences_customer', 'id'), 1500)")
    earlier = ["spread-1498"]
    for number in range(ROUNDS):
        new = [f"new-{number}-{each}" for each in range(60)]
        # One holds the first shard, the other one the last, which is where new customers are.
        names = [["spread-1", *new], [*earlier, *new]]
        files = [tmp_path / f"{number}-{each}.csv" for each in range(2)]
        for file, those in zip(files, names, strict=True):
            file.write_text(
                f"external_id,tag{number},consent:tips:email\n" + "".join(f"{each},x,yes\n" for each in those)
            )
        assert at_once(*(partial(import_file, file) for file in files)) == []
        earlier = new
    assert Subscription.objects.count() == ROUNDS * 60 + 2


def import_file(path: Path) -> None:
    run = start_local_import(path, CUSTOMERS, ImportOptions(update_consent=True), read_now())
    continue_import(run.pk, read_now, path, path.with_suffix(".errors"))


def test_an_edit_beside_an_approval_leaves_what_is_written_approved_or_a_draft() -> None:
    for _ in range(ROUNDS):
        campaign = make_campaign([make_segment(make_customers(1))])
        version = lifecycle.ask_for_approval(campaign.pk, None, NOW)

        def edit(campaign: Campaign = campaign) -> None:
            Campaign.objects.filter(pk=campaign.pk).update(name="Another")
            record_version(campaign.pk, None, NOW)

        raised = at_once(edit, lambda: lifecycle.approve(campaign.pk, version.number, None, NOW))  # noqa: B023
        assert raised == []
        campaign.refresh_from_db()
        assert (campaign.status, campaign.approved_version_id) == ("draft", None)


def test_a_freeze_beside_an_edit_a_move_a_plan_and_a_pause_sends_what_was_approved_or_nothing(settings: Any) -> None:
    settings.FREEZE_MINUTES = 0  # or the move would not even try
    for number in range(ROUNDS):
        campaign = make_campaign([make_segment(make_customers(2))], start_date=NOW.date())
        approve(campaign)
        send = make_send(campaign)
        approved = campaign.approved_version_id

        def edit(campaign: Campaign = campaign) -> None:
            Campaign.objects.filter(pk=campaign.pk).update(name="Another")
            record_version(campaign.pk, None, NOW)

        others: list[Callable[[], object]] = [
            edit,
            lambda: move(send.pk, NOW.replace(tzinfo=None) + timedelta(days=1), None, NOW),  # noqa: B023
            lambda: lifecycle.pause(campaign.pk, None, NOW),  # noqa: B023
            lambda: lifecycle.cancel(campaign.pk, None, NOW),  # noqa: B023
        ]
        raised = at_once(
            lambda: freeze(send.pk, NOW),  # noqa: B023
            lambda: freeze(send.pk, NOW),  # noqa: B023
            lambda: plan_sends(campaign.pk, NOW),  # noqa: B023
            others[number % len(others)],
        )
        assert raised == []
        send.refresh_from_db()
        assert send.version_id in (None, approved)
        assert (send.state in (Send.State.ADMITTING, Send.State.SENDING)) <= (send.version_id == approved)
        Campaign.objects.all().update(status="cancelled")


def test_ticks_events_edits_and_pauses_at_once_decide_on_every_firing_once() -> None:
    people = make_customers(30)
    campaign = make_campaign([make_segment(people)], trigger="event", event="ordered", reentry_days=0)
    approve(campaign)
    fire(campaign.pk, read_now())

    def events(half: int) -> None:
        for number in range(20):
            now = read_now()
            record_events(
                [EventRow(each.external_id, "ordered", now, f"{half}-{number}-{each.pk}") for each in people[half::2]],
                now,
            )

    def ticks() -> None:
        for _ in range(25):
            fire(campaign.pk, read_now())
            admit_firings(read_now())

    raised = at_once(lambda: events(0), lambda: events(1), ticks, ticks, lambda: stop_and_go(campaign))
    assert raised == []
    fire(campaign.pk, read_now())
    admit_firings(read_now())
    assert Firing.objects.filter(state="decided").count() == Firing.objects.count() == 600
    assert Delivery.objects.count() == Delivery.objects.values("firing_id").distinct().count() == 600
    assert sum(Send.objects.values_list("audience_size", flat=True)) == 600


def admit() -> None:
    for _ in range(3):
        begin_due_sends(read_now())
        for each in shards_to_admit(read_now()):
            admit_shard(each.send_id, each.shard, each.due_at, read_now())


def send_out() -> None:
    for _ in range(15):
        dispatch("memory", read_now, budget_seconds=0.2, limit=7)
        dispatch("in_app", read_now, budget_seconds=0.2, limit=7)
        reap(read_now())


def leave(some: list[Customer], topic_id: int) -> None:
    for each in some:
        opt_out(each.pk, topic_id, "memory", read_now())
        opt_out(each.pk, topic_id, "in_app", read_now())
        erase_customer(each.pk, read_now())


def stop_and_go(campaign: Campaign) -> None:
    for _ in range(10):
        lifecycle.pause(campaign.pk, None, read_now())
        lifecycle.resume(campaign.pk, None, read_now())


def test_dispatchers_a_reaper_pauses_opt_outs_and_erasures_at_once_send_nothing_twice(
    memory: type[MemoryChannel],
) -> None:
    people = make_customers(200)
    make_cap(3)
    campaign = make_campaign([make_segment(people)], channels=["memory", "in_app"])
    approve(campaign)
    send, topic_id = make_send(campaign, read_now()), campaign.topic_id
    raised = at_once(
        admit,
        admit,
        send_out,
        send_out,
        lambda: stop_and_go(campaign),
        lambda: leave(people[::10], topic_id),
        lambda: leave(people[5::10][::-1], topic_id),
    )
    assert raised == []
    admit()
    for name in ("memory", "in_app"):
        while dispatch(name, read_now)["claimed"]:
            pass
    assert set(Delivery.objects.filter(send=send).values_list("state", flat=True)) <= {"sent", "withheld"}
    arrived = Counter(message.delivery_id for message in memory.sent)
    assert set(arrived.values()) == {1}
    # An erasure makes the channel forget what it had taken.
    sent = Delivery.objects.filter(state="sent", channel="memory", customer__erased_at__isnull=True)
    assert set(arrived) == set(sent.values_list("pk", flat=True))
