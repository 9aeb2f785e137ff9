import time
from collections.abc import Iterable, Iterator
from datetime import time as clock_time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audiences.models import Event, Subscription, Suppression
from campaigns.models import Campaign, Firing
from deliveries.channels.base import MayLeave, Outcome, Outgoing, Verdict
from deliveries.channels.memory import MemoryChannel
from deliveries.models import Delivery, InboxItem, QuietHours
from deliveries.queries import due
from deliveries.queries.due import DueRow
from deliveries.services import breakers, claiming, composing, local
from deliveries.services.claiming import MOST_CLAIMS
from deliveries.services.windows import LARGEST, Pace, ProviderInTransaction
from tests.builders import NOW, make_campaign, make_customer, make_delivery, make_message, make_running_send, make_topic
from tests.deliveries.dispatches import make_memory_send, only, run, states

pytestmark = pytest.mark.django_db(transaction=True)
Memory = type[MemoryChannel]


def test_what_is_due_is_sent_once_and_recorded(memory: Memory) -> None:
    send = make_memory_send(3)
    assert run() == {"claimed": 3, "accepted": 3, "late": 0, "ended": 0, "put_back": 0, "slowed": 0}
    assert states(send) == {"sent": 3}
    assert run() == {}
    assert len(memory.sent) == 3


def test_a_message_is_rendered_for_its_customer(memory: Memory) -> None:
    make_memory_send([make_customer(name="Ada")])
    run()
    assert [message.title for message in memory.sent] == ["Hello Ada"]


def test_what_is_not_yet_due_waits(memory: Memory) -> None:
    send = make_memory_send(1)
    Delivery.objects.update(due_at=NOW + timedelta(seconds=1))
    run()
    assert states(send) == {"planned": 1}
    run(now=NOW + timedelta(seconds=1))
    assert states(send) == {"sent": 1}


def test_the_message_id_stays_the_same_over_retries(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    memory.answers[customer.external_id] = [Verdict.DEFERRED]
    run()
    first = only(send).message_id
    assert first.startswith(f"{only(send).pk}.")
    run(now=NOW + timedelta(hours=1))
    assert [message.message_id for message in memory.sent] == [first]


@pytest.mark.parametrize(
    ("verdict", "state", "attempts"),
    [
        (Verdict.ACCEPTED, "sent", 1),
        (Verdict.REJECTED, "failed", 1),
        (Verdict.AMBIGUOUS, "uncertain", 1),
        (Verdict.DEFERRED, "planned", 1),
    ],
)
def test_every_verdict_has_its_state(memory: Memory, verdict: Verdict, state: str, attempts: int) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    memory.answers[customer.external_id] = [verdict]
    run()
    row = only(send)
    assert (row.state, row.attempts, row.evidence) == (
        state,
        attempts,
        {"phase": "memory", "text": f"told to be {verdict}"},
    )
    assert (row.finished_at is None) == (state == "planned")
    assert (row.lease_token, row.lease_until) == ("", None)


def test_what_was_deferred_comes_back_later_and_not_before(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    memory.answers[customer.external_id] = [Verdict.DEFERRED]
    run()
    assert NOW + timedelta(minutes=1) <= only(send).due_at <= NOW + timedelta(seconds=72)
    assert run() == {}
    run(now=NOW + timedelta(minutes=2))
    assert states(send) == {"sent": 1}


def test_a_channel_that_asks_for_patience_gets_it_and_no_attempts_are_burnt(memory: Memory) -> None:
    customers = [make_customer() for _ in range(5)]
    send = make_memory_send(customers)
    second = Delivery.objects.filter(send=send).order_by("pk")[1]
    memory.answers[customers[1].external_id] = [Outcome(second.pk, Verdict.DEFERRED, {"code": 421}, slow_down=True)]
    counts = run()
    assert (counts["slowed"], counts["accepted"], counts["put_back"]) == (1, 1, 3)
    assert states(send) == {"sent": 1, "planned": 4}
    assert set(Delivery.objects.filter(state="planned").values_list("attempts", flat=True)) == {0}


def test_a_hard_bounce_suppresses_the_address(memory: Memory, settings: Any) -> None:
    settings.CHANNELS = {"email": "deliveries.channels.memory.MemoryChannel"}
    customer, twin = make_customer(email="gone@example.com"), make_customer(email="Gone@example.com")
    send = make_memory_send([customer], channel="email")
    other = make_memory_send([twin], channel="email")
    Delivery.objects.filter(send=other).update(due_at=NOW + timedelta(hours=1))
    bounce = Outcome(only(send).pk, Verdict.REJECTED, {"code": 550, "text": "no such user"}, suppress="bounce")
    memory.answers[customer.external_id] = [bounce]
    run("email")
    assert only(send).state == "failed"
    assert Suppression.objects.get().reason == "bounce"
    assert (only(other).state, only(other).reason) == ("withheld", "suppressed")


def test_the_evidence_does_not_repeat_the_address(memory: Memory, settings: Any) -> None:
    settings.CHANNELS = {"email": "deliveries.channels.memory.MemoryChannel"}
    memory.address_field = "email"
    try:
        customer = make_customer(email="ada@example.com")
        send = make_memory_send([customer], channel="email")
        answer = Outcome(only(send).pk, Verdict.REJECTED, {"text": "ada@example.com: no\x00 \ud800such user"})
        memory.answers[customer.external_id] = [answer]
        run("email")
        assert only(send).evidence == {"text": "<address>: no ?such user"}
    finally:
        memory.address_field = ""


def test_in_app_messages_are_written_with_their_outcome() -> None:
    send = make_memory_send([make_customer(name="Ada")], channel="in_app")
    run("in_app")
    item = InboxItem.objects.get()
    assert (item.title, item.body, item.link) == ("Hello Ada", "Have a look", "/")
    assert (only(send).state, item.delivery_id) == ("sent", only(send).pk)


def test_in_app_never_shows_sending_to_anybody() -> None:
    make_memory_send(2, channel="in_app")
    with CaptureQueriesContext(connection) as queries:
        run("in_app")
    assert not any("'sending'" in query["sql"] and query["sql"].startswith("UPDATE") for query in queries)


def test_an_in_app_link_that_runs_something_is_refused() -> None:
    campaign = make_campaign(channels=[])
    make_message(campaign, "in_app", link="javascript:alert(1)")
    send = make_running_send(campaign)
    make_delivery(send, channel="in_app")
    run("in_app")
    assert (only(send).state, InboxItem.objects.count()) == ("failed", 0)


@pytest.mark.parametrize("count", [1, 3])
def test_a_window_takes_the_same_statements_whatever_its_size(memory: Memory, count: int) -> None:
    make_memory_send(3)
    run()  # fills the caches
    make_memory_send(count)
    with CaptureQueriesContext(connection) as queries:
        run()
    statements = [query["sql"].strip().split(" ")[0] for query in queries]
    locks = 1 if connection.vendor == "postgresql" else 0
    # Three claims: of the window, of what is behind it, and of what may have been put back.
    assert (statements.count("SELECT"), statements.count("UPDATE")) == (9 + locks, 2)


def test_a_customer_who_lost_their_address_is_withheld(memory: Memory, settings: Any) -> None:
    settings.CHANNELS = {"email": "deliveries.channels.email.EmailChannel"}
    settings.EMAIL_URL = "memory://"
    send = make_memory_send([make_customer(email="")], channel="email")
    run("email")
    assert (only(send).state, only(send).reason) == ("withheld", "unreachable")


def test_the_event_that_it_fired_on_can_be_told(memory: Memory) -> None:
    customer = make_customer()
    campaign = make_campaign(channels=[])
    make_message(campaign, "memory", title="{{ event.properties.book }} for {{ event.value }}", link="")
    send = make_running_send(campaign)
    event = Event.objects.create(
        customer=customer,
        name="ordered",
        occurred_at=NOW,
        received_at=NOW,
        properties={"book": "Emma"},
        value="12.50",
        idempotency_key="1",
    )
    firing = Firing.objects.create(
        campaign=campaign, customer=customer, key=f"event:{event.pk}", occurred_at=NOW, due_at=NOW, send=send
    )
    make_delivery(send, customer, "memory", firing_id=firing.pk)
    run()
    assert [message.title for message in memory.sent] == ["Emma for 12.5"]


def test_the_budget_ends_a_dispatch_and_leaves_the_rest_planned(memory: Memory) -> None:
    send = make_memory_send(100)
    memory.on_message = lambda _: time.sleep(0.02)
    run(budget_seconds=1)
    assert 1 <= states(send)["sent"] < 100
    assert states(send)["sent"] + states(send)["planned"] == 100


def test_a_channel_that_raises_leaves_one_message_in_doubt_and_no_other(memory: Memory) -> None:
    customers = [make_customer() for _ in range(4)]
    send = make_memory_send(customers)

    def fail_at_the_second(message: Outgoing) -> None:
        if message.external_id == customers[1].external_id:
            raise ZeroDivisionError

    memory.on_leaving = fail_at_the_second
    run()
    run()
    assert states(send) == {"sent": 3, "uncertain": 1}


def test_a_channel_that_raises_over_a_message_again_and_again_ends_as_its_failure(memory: Memory) -> None:
    customers = [make_customer() for _ in range(3)]
    send = make_memory_send(customers)

    def fail_at_the_second(message: Outgoing) -> None:
        if message.external_id == customers[1].external_id:
            raise ZeroDivisionError

    memory.on_message = fail_at_the_second
    for _ in range(MOST_CLAIMS + 1):
        run()
    assert states(send) == {"sent": 2, "failed": 1}


def test_the_pace_is_an_eighth_of_a_second_of_messages_because_two_windows_are_under_way() -> None:
    pace = Pace("memory")
    for _ in range(5):
        pace.learn(pace.size, pace.size / 800)
    assert pace.size == 100
    pace.learn(1, 30.0)
    assert pace.size == 1
    for _ in range(20):
        pace.learn(pace.size, 0)
    assert pace.size == LARGEST


def test_a_message_due_in_quiet_hours_waits_for_their_end(memory: Memory) -> None:
    send = make_memory_send(1)
    QuietHours.objects.create(channel="memory", start=clock_time(8), end=clock_time(10))
    run()
    row = only(send)
    assert (row.state, row.due_at) == ("planned", NOW + timedelta(hours=1))
    run(now=row.due_at)
    assert states(send) == {"sent": 1}


def test_a_message_that_would_wait_too_long_expires(memory: Memory) -> None:
    send = make_memory_send(1)
    Delivery.objects.update(expires_at=NOW + timedelta(minutes=30), closes_at=NOW)
    QuietHours.objects.create(channel="memory", start=clock_time(8), end=clock_time(10))
    run()
    assert only(send).state == "expired"


def test_a_transactional_message_knows_no_quiet_hours(memory: Memory) -> None:
    send = make_memory_send(1, transactional=True)
    QuietHours.objects.create(channel="memory", start=clock_time(8), end=clock_time(10))
    run()
    assert states(send) == {"sent": 1}


def test_someone_who_unsubscribed_behind_our_back_is_withheld_at_the_mark(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    Subscription.objects.create(
        customer=customer, topic=send.campaign.topic, channel="memory", subscribed=False, source="api", changed_at=NOW
    )
    run()
    assert (only(send).state, only(send).reason, memory.sent) == ("withheld", "unsubscribed", [])


def test_a_transactional_message_does_not_need_a_subscription(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer], transactional=True)
    Subscription.objects.create(
        customer=customer, topic=send.campaign.topic, channel="memory", subscribed=False, source="api", changed_at=NOW
    )
    Suppression.objects.create(customer=customer, reason="manual", created_at=NOW)
    run()
    assert states(send) == {"sent": 1}


def test_a_transactional_message_does_not_go_to_a_hard_bounce(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer], transactional=True)
    Suppression.objects.create(customer=customer, reason="bounce", created_at=NOW)
    run()
    assert (only(send).state, only(send).reason) == ("withheld", "suppressed")


def test_an_opt_in_topic_needs_a_yes(memory: Memory) -> None:
    willing, silent = make_customer(), make_customer()
    topic = make_topic("offers", opt_in=True)
    send = make_memory_send([willing, silent], topic=topic)
    Subscription.objects.create(
        customer=willing, topic=topic, channel="memory", subscribed=True, source="api", changed_at=NOW
    )
    run()
    assert [message.customer_id for message in memory.sent] == [willing.pk]
    assert states(send) == {"sent": 1, "withheld": 1}


def test_a_paused_campaign_is_not_claimed(memory: Memory) -> None:
    send = make_memory_send(2)
    Campaign.objects.update(status=Campaign.Status.PAUSED)
    assert run() == {}
    assert states(send) == {"planned": 2}


def test_invariant_06_no_provider_is_called_inside_a_transaction(memory: Memory) -> None:
    send = make_memory_send(1)
    with pytest.raises(ProviderInTransaction), transaction.atomic():
        run()
    assert memory.sent == []
    inside: list[bool] = []
    memory.on_message = lambda _: inside.append(connection.in_atomic_block)
    run()
    assert (states(send), inside) == ({"sent": 1}, [False])


def test_invariant_08_one_failing_template_never_holds_up_the_others(memory: Memory) -> None:
    campaign = make_campaign(channels=[])
    make_message(campaign, "memory", title="Hello {{ customer.attributes.plan | upcase }}", link="/")
    send = make_running_send(campaign)
    broken = make_delivery(send, make_customer(), "memory")
    whole = [make_delivery(send, make_customer(attributes={"plan": "pro"}), "memory") for _ in range(3)]
    run()
    broken.refresh_from_db()
    assert broken.state == "failed"
    assert broken.reason.startswith("template: ")
    assert [message.delivery_id for message in memory.sent] == [row.pk for row in whole]


def test_invariant_08_one_template_that_cannot_be_read_fails_its_own_rows_alone(memory: Memory) -> None:
    campaign = make_campaign(channels=[])
    make_message(campaign, "memory", title="{% if %}")
    broken, whole = make_running_send(campaign), make_memory_send(2)
    make_delivery(broken, channel="memory")
    make_delivery(broken, channel="memory", variant="Z")
    run()
    assert (states(broken), states(whole)) == ({"failed": 2}, {"sent": 2})


def test_invariant_08_one_bad_recipient_never_holds_up_the_others(memory: Memory) -> None:
    customers = [make_customer() for _ in range(5)]
    memory.answers[customers[0].external_id] = [Verdict.REJECTED]
    memory.answers[customers[2].external_id] = [Verdict.DEFERRED]
    send = make_memory_send(customers)
    run()
    assert states(send) == {"sent": 3, "failed": 1, "planned": 1}


def test_invariant_08_a_fault_of_ours_costs_a_try_and_not_the_message(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = [make_customer() for _ in range(3)]
    send = make_memory_send(customers)

    def fails_for_the_first(row: DueRow, *arguments: Any) -> Outgoing:
        if row.customer_id == customers[0].pk:
            raise ZeroDivisionError
        return composing.compose(row, *arguments)

    monkeypatch.setattr(claiming, "compose", fails_for_the_first)
    run()
    assert states(send) == {"sent": 2, "planned": 1}
    monkeypatch.undo()
    run(now=NOW + timedelta(minutes=5))
    assert states(send) == {"sent": 3}


def test_what_may_leave_does_not_wait_for_the_many_before_it_that_may_not(memory: Memory) -> None:
    ended, late, behind = make_memory_send(30), make_memory_send(30), make_memory_send(3)
    Delivery.objects.filter(send=ended).update(claims=MOST_CLAIMS)
    Delivery.objects.filter(send=late).update(closes_at=NOW, expires_at=NOW + timedelta(minutes=30))
    Delivery.objects.filter(send__in=[ended, late]).update(due_at=NOW - timedelta(hours=1))
    run()
    assert (states(ended), states(late), states(behind)) == ({"failed": 30}, {"sent": 30}, {"sent": 3})


class ManyDoors(MemoryChannel):
    """As over several SMTP sessions: takes five before the first leaves, and breaks over one in taking it."""

    def send(self, messages: Iterable[Outgoing], may_leave: MayLeave) -> Iterator[Outcome]:
        waiting: list[Outgoing] = []
        for outgoing in messages:
            if outgoing.external_id == "poison":
                raise ZeroDivisionError
            waiting.append(outgoing)
            if len(waiting) == 5:
                yield from super().send(waiting, may_leave)
                waiting = []
        yield from super().send(waiting, may_leave)


def test_what_only_lay_beside_a_poison_is_not_taken_for_one(memory: Memory, settings: Any) -> None:
    settings.CHANNELS = {**settings.CHANNELS, "memory": f"{__name__}.ManyDoors"}
    poison = make_customer(external_id="poison")
    send = make_memory_send([*(make_customer() for _ in range(7)), poison, make_customer()])
    for _ in range(2 * MOST_CLAIMS):
        run()
    assert states(send) == {"sent": 8, "failed": 1}
    assert Delivery.objects.get(state="failed").customer_id == poison.pk


def test_invariant_08_one_recipient_who_is_always_told_to_slow_down_does_not_shut_the_channel(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    patience = Outcome(only(send).pk, Verdict.DEFERRED, {"phase": "rcpt", "code": 454}, slow_down=True)
    memory.answers[customer.external_id] = [patience] * 1_000
    moments = [NOW + timedelta(seconds=second) for second in range(0, 7200, 10)]
    shut = 0
    for now in moments:
        shut += not breakers.may_try("memory", now)
        run(now=now)
    assert only(send).attempts >= 4
    assert shut < len(moments) / 10


def test_no_transaction_is_held_for_long_however_slow_the_templates_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "SECONDS", 0.1)
    durations: list[float] = []
    deliver = local._deliver

    def timed(*arguments: Any) -> Any:
        began = time.monotonic()
        try:
            return deliver(*arguments)
        finally:
            durations.append(time.monotonic() - began)

    def slowly(*arguments: Any) -> Outgoing:
        time.sleep(0.03)
        return composing.compose(*arguments)

    monkeypatch.setattr(local, "_deliver", timed)
    monkeypatch.setattr(claiming, "compose", slowly)
    send = make_memory_send(20, channel="in_app")
    run("in_app")
    assert states(send) == {"sent": 20}
    assert max(durations) < 0.3


def test_rows_of_a_paused_campaign_are_passed_over_without_a_look_at_their_customers(memory: Memory) -> None:
    paused, other = make_memory_send(20), make_memory_send(2)
    Delivery.objects.filter(send=paused).update(due_at=NOW - timedelta(hours=1))
    Campaign.objects.filter(pk=paused.campaign_id).update(status=Campaign.Status.PAUSED)
    run()
    assert (states(paused), states(other)) == ({"planned": 20}, {"sent": 2})
    assert "JOIN campaigns_send" not in due._DUE  # joined, each waiting row would be joined to its customer first


def test_a_channel_is_left_alone_for_as_long_as_the_other_side_asked(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    evidence = {"phase": "answer", "code": 429, "text": "HTTP 429", "retry_after": 90}
    memory.answers[customer.external_id] = [Outcome(only(send).pk, Verdict.DEFERRED, evidence, slow_down=True)]
    run()
    asked = [breakers.may_try("memory", NOW + timedelta(seconds=seconds)) for seconds in (89, 90)]
    assert asked == [False, True]
