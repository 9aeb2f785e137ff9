"""A campaign that fails pauses itself: what is counted, that it is done once, and that people's hands come first."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from audiences.models import Suppression
from campaigns.models import Campaign, CampaignVersion, HistoryEntry, Send
from campaigns.services import lifecycle
from campaigns.services.versions import lock_campaign
from deliveries.channels.base import Outcome, Verdict
from deliveries.models import Delivery
from deliveries.queries.failing import latest_tallies
from deliveries.services import self_pausing
from deliveries.services.self_pausing import pause_failing_campaigns
from tests.builders import NOW, make_campaign, make_customers, make_delivery, make_running_send, make_version
from tests.deliveries.dispatches import make_memory_send, run

pytestmark = pytest.mark.django_db
STARTED = NOW - timedelta(hours=1)
TEMPLATE, BOUNCE = "template: “customer.plan” is not known", "bounced: 550 no such user"


def make_send(**fields: Any) -> Send:
    send = make_running_send(make_campaign(**fields))
    Campaign.objects.filter(pk=send.campaign_id).update(started_at=STARTED)
    return send


def tried(send: Send, count: int, state: str = "sent", reason: str = "", at: datetime = NOW, **fields: Any) -> None:
    """So many messages of the send came to this end at that moment."""
    model = make_delivery(send, state=state, reason=reason, finished_at=at, **fields)
    values = {field.attname: getattr(model, field.attname) for field in Delivery._meta.concrete_fields}
    del values["id"]
    customers = make_customers(count - 1)
    Delivery.objects.bulk_create(Delivery(**{**values, "customer_id": customer.pk}) for customer in customers)


def complain(send: Send, count: int, at: datetime, channel: str = "email") -> None:
    who = send.deliveries.order_by("pk").values_list("customer_id", flat=True)[:count]
    Suppression.objects.bulk_create(
        Suppression(customer_id=pk, channel=channel, reason="complaint", created_at=at) for pk in who
    )


def tally(send: Send) -> tuple[int, ...]:
    (judged,) = latest_tallies([send.campaign_id])
    return judged.tally.tried, judged.tally.unrendered, judged.tally.bounced, judged.tally.complained


def status(send: Send) -> tuple[str, str]:
    return Campaign.objects.get(pk=send.campaign_id).status, Send.objects.get(pk=send.pk).state


def test_a_campaign_whose_template_fails_pauses_itself_and_its_history_says_why() -> None:
    send = make_send()
    tried(send, 94)
    tried(send, 6, "failed", TEMPLATE)
    assert pause_failing_campaigns(NOW) == [send.campaign_id]
    assert status(send) == ("paused", "paused")
    told: list[Any] = list(HistoryEntry.objects.values_list("action", "by", "at", "note"))
    assert told == [("pause itself", None, NOW, "6 of the last 100 messages could not be rendered.")]


def test_pausing_is_done_once() -> None:
    send = make_send()
    tried(send, 100, "failed", BOUNCE)
    assert [pause_failing_campaigns(NOW), pause_failing_campaigns(NOW)] == [[send.campaign_id], []]
    assert HistoryEntry.objects.count() == 1


def test_what_is_no_fault_of_the_campaign_is_not_counted_against_it() -> None:
    send = make_send()
    tried(send, 60)
    tried(send, 20, "failed", "552 mailbox full")
    tried(send, 20, "uncertain", "silence")
    tried(send, 40, "withheld", "suppressed")
    tried(send, 40, "expired", "too late")
    assert tally(send) == (100, 0, 0, 0)
    assert pause_failing_campaigns(NOW) == []


def test_the_latest_thousand_are_counted_exactly() -> None:
    send = make_send()
    tried(send, 200, "failed", TEMPLATE, NOW - timedelta(minutes=10))
    tried(send, 600, at=NOW - timedelta(minutes=5))
    tried(send, 390, at=NOW)
    assert tally(send) == (1_000, 10, 0, 0)
    assert pause_failing_campaigns(NOW) == []


def test_a_resumed_campaign_is_counted_anew_and_goes_on() -> None:
    send = make_send()
    tried(send, 100, "failed", TEMPLATE)
    pause_failing_campaigns(NOW)
    resumed = NOW + timedelta(minutes=1)
    lifecycle.resume(send.campaign_id, None, resumed)
    assert tally(send) == (0, 0, 0, 0)
    assert pause_failing_campaigns(resumed) == []
    assert status(send) == ("running", "sending")
    tried(send, 100, "failed", TEMPLATE, resumed + timedelta(seconds=5))
    assert pause_failing_campaigns(resumed + timedelta(seconds=6)) == [send.campaign_id]


def test_complaints_about_messages_of_before_the_resume_are_not_held_against_it() -> None:
    send = make_send()
    tried(send, 1_000)
    complain(send, 3, NOW + timedelta(seconds=1))
    assert tally(send) == (1_000, 0, 0, 3)
    assert pause_failing_campaigns(NOW) == [send.campaign_id]
    resumed = NOW + timedelta(minutes=1)
    lifecycle.resume(send.campaign_id, None, resumed)
    tried(send, 1_000, at=resumed)
    assert tally(send) == (1_000, 0, 0, 0)


@pytest.mark.parametrize(
    ("channel", "after", "counted"), [("email", 1, 3), ("", 1, 3), ("webhook", 1, 0), ("email", -1, 0)]
)
def test_a_complaint_counts_after_the_message_and_on_its_channel(channel: str, after: int, counted: int) -> None:
    send = make_send()
    tried(send, 10)
    complain(send, 3, NOW + timedelta(seconds=after), channel)
    assert tally(send) == (10, 0, 0, counted)


def test_a_campaign_of_many_small_sends_is_judged_by_all_of_them() -> None:
    yesterday = make_send()
    tried(yesterday, 60, "failed", BOUNCE)
    Send.objects.filter(pk=yesterday.pk).update(state="done")
    today = Send.objects.create(
        campaign=yesterday.campaign, slot="today", due_at=NOW, state="sending", version=yesterday.version
    )
    tried(today, 60, "failed", BOUNCE)
    assert pause_failing_campaigns(NOW) == [today.campaign_id]


def test_what_an_older_version_did_is_not_held_against_a_new_one() -> None:
    send = make_send()
    tried(send, 100, "failed", TEMPLATE)
    version = make_version(send.campaign, priority=1)
    Campaign.objects.filter(pk=send.campaign_id).update(approved_version=version)
    Send.objects.filter(pk=send.pk).update(version=version)
    assert pause_failing_campaigns(NOW) == []


@pytest.mark.parametrize("campaign_status", ["draft", "in_review", "paused", "done", "cancelled"])
def test_a_campaign_that_is_not_going_out_is_left_alone(campaign_status: str) -> None:
    send = make_send()
    tried(send, 100, "failed", TEMPLATE)
    Campaign.objects.filter(pk=send.campaign_id).update(status=campaign_status)
    assert pause_failing_campaigns(NOW) == []
    assert not HistoryEntry.objects.exists()


def test_a_campaign_without_a_send_under_way_is_left_alone() -> None:
    send = make_send()
    tried(send, 100, "failed", TEMPLATE)
    Send.objects.filter(pk=send.pk).update(state="done")
    assert (pause_failing_campaigns(NOW), latest_tallies([send.campaign_id])) == ([], [])


@pytest.mark.parametrize("count", [1, 3])
def test_looking_is_one_statement_however_many_go_out(count: int, django_assert_num_queries: Any) -> None:
    for _ in range(count):
        tried(make_send(), 2)
    with django_assert_num_queries(1):
        assert pause_failing_campaigns(NOW) == []


def _pause(send: Send) -> None:
    lifecycle.pause(send.campaign_id, None, NOW)


def _resume(send: Send) -> None:
    lifecycle.pause(send.campaign_id, None, NOW)
    lifecycle.resume(send.campaign_id, None, NOW + timedelta(seconds=1))


def _cancel(send: Send) -> None:
    lifecycle.cancel(send.campaign_id, None, NOW)


@pytest.mark.parametrize(
    ("act", "expected"),
    [(_pause, ("paused", "paused")), (_resume, ("running", "sending")), (_cancel, ("cancelled", "cancelled"))],
)
def test_whoever_was_quicker_has_the_say(
    act: Callable[[Send], None], expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody acts between the look and the pause."""
    send = make_send()
    tried(send, 100, "failed", TEMPLATE)

    def lock(campaign_id: int) -> Campaign:
        act(send)
        return lock_campaign(campaign_id)

    monkeypatch.setattr(self_pausing, "lock_campaign", lock)
    assert pause_failing_campaigns(NOW) == []
    assert status(send) == expected


@pytest.mark.django_db(transaction=True)
def test_two_reapers_and_a_person_at_once_leave_one_pause() -> None:
    send = make_send()
    tried(send, 100, "failed", TEMPLATE)
    ready = threading.Barrier(3)

    def at_once(work: Callable[[], object]) -> None:
        ready.wait()
        try:
            work()
        except lifecycle.Refusal:
            pass  # too late: it is paused
        finally:
            connection.close()

    works: list[Callable[[], object]] = [lambda: pause_failing_campaigns(NOW)] * 2 + [lambda: _pause(send)]
    threads = [threading.Thread(target=at_once, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert status(send) == ("paused", "paused")
    assert HistoryEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_template_that_fails_in_dispatch_is_recognised(memory: Any) -> None:
    send = make_memory_send(3)
    Campaign.objects.filter(pk=send.campaign_id).update(started_at=STARTED)
    version = CampaignVersion.objects.get(sends=send)
    for message in version.plan["messages"]:
        message.update(title="{{ customer.nobody.knows }}", subject="{{ customer.nobody.knows }}")
    version.save()
    run()
    assert tally(send) == (3, 3, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_hard_bounce_in_dispatch_is_recognised(memory: Any) -> None:
    send = make_memory_send(2)
    Campaign.objects.filter(pk=send.campaign_id).update(started_at=STARTED)
    first = send.deliveries.select_related("customer").earliest("pk")
    refusal = Outcome(first.pk, Verdict.REJECTED, {"text": "550 no such user"}, suppress="bounce")
    memory.answers[first.customer.external_id] = [refusal]
    run()
    first.refresh_from_db()
    assert (first.state, first.reason) == ("failed", "bounced: 550 no such user")
    assert tally(send) == (2, 0, 1, 0)
