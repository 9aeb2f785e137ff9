"""Holds: who may, what is withdrawn, what still goes, and what does not go out late."""

from datetime import timedelta
from typing import Any

import pytest

from audiences.models import Hold, Suppression
from campaigns.models import Campaign, Send
from campaigns.refusals import NotAllowed, StaleChange
from deliveries.channels.base import Verdict
from deliveries.channels.memory import MemoryChannel
from deliveries.models import Delivery, Withheld
from deliveries.queries.explanations import explain
from deliveries.queries.forecast import forecast
from deliveries.services import ledger
from deliveries.services.admitting_firings import admit_firings
from deliveries.services.erasure import erase_customer
from deliveries.services.holds import end_hold_at, lift_hold, put_on_hold
from tests.builders import NOW, make_campaign, make_customer, make_send, make_team, make_user
from tests.deliveries.dispatches import claim_rows, make_memory_send, only, run, states
from tests.deliveries.scenes import (
    admit_all,
    admitted,
    approve,
    make_approved_send,
    make_cap,
    make_firing,
    make_id_segment,
    make_spread,
    withheld,
)

pytestmark = pytest.mark.django_db(transaction=True)
Memory = type[MemoryChannel]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hold(customer_id: int, until: Any = None, now: Any = NOW) -> Hold:
    return put_on_hold(customer_id, "in escalation", until, None, now)


def test_a_hold_withdraws_what_is_planned_and_claimed_in_its_own_transaction(memory: Memory) -> None:
    customer, other = make_customer(), make_customer()
    planned, claimed = make_memory_send([customer, other]), make_memory_send([customer])
    Delivery.objects.filter(send=planned).update(due_at=NOW + HOUR)
    assert ledger.claim([only(claimed).pk], "mine", NOW) == 1
    hold(customer.pk)
    assert (only(claimed).state, only(claimed).reason) == ("withheld", "on hold")
    assert states(planned) == {"withheld": 1, "planned": 1}


def test_a_hold_spares_transactional_messages(memory: Memory) -> None:
    customer = make_customer()
    send = make_memory_send([customer], transactional=True)
    hold(customer.pk)
    assert states(send) == {"planned": 1}
    run()
    assert states(send) == {"sent": 1}


def test_invariant_05_nothing_is_marked_after_a_hold_is_put(memory: Memory) -> None:
    customer, other = make_customer(), make_customer()
    make_memory_send([customer, other])
    hold(customer.pk)
    assert [row.customer_id for row in Delivery.objects.filter(pk__in=claim_rows("mine"))] == [other.pk]


def test_what_was_leaving_and_is_to_be_tried_again_does_not_leave_during_a_hold(memory: Memory) -> None:
    """Its answer came after the hold was put: the row is planned again, and dispatch looks once more."""
    customer = make_customer()
    send = make_memory_send([customer])
    memory.answers = {customer.external_id: [Verdict.DEFERRED]}

    def put_it(_: object) -> None:
        hold(customer.pk)

    memory.on_leaving = put_it
    run()
    assert states(send) == {"planned": 1}
    memory.on_leaving = None
    Delivery.objects.update(due_at=NOW)
    run()
    assert (only(send).state, only(send).reason) == ("withheld", "on hold")
    assert memory.sent == []


def test_who_is_on_hold_is_withheld_behind_what_holds_for_good_and_before_other_reasons() -> None:
    make_spread([1, 2, 300])
    make_cap(1)
    hold(1), hold(2), hold(300, NOW - HOUR, NOW - DAY)
    Suppression.objects.create(customer_id=2, reason="manual")
    send = make_approved_send([1, 2, 300], channels=["email", "in_app"], reach="first", holdout_percent=0)
    admit_all()
    assert withheld(send) == {"suppressed": [2], "on_hold": [1]}
    assert admitted(send) == [300]


def test_nothing_that_was_withheld_goes_out_when_the_hold_ends_or_is_lifted(memory: Memory) -> None:
    make_spread([1, 2])
    hold(1, NOW + HOUR)
    lifted = hold(2)
    send = make_approved_send([1, 2])
    admit_all()
    lift_hold(lifted.pk, None, NOW)
    admit_all(NOW + DAY)
    assert (admitted(send), withheld(send)) == ([], {"on_hold": [1, 2]})
    later = make_approved_send([1, 2], NOW + DAY)
    admit_all(NOW + DAY)
    assert admitted(later) == [1, 2]


def test_a_transactional_send_reaches_who_is_on_hold() -> None:
    make_spread([1])
    hold(1)
    send = make_approved_send([1], transactional=True)
    admit_all()
    assert admitted(send) == [1]


def test_a_firing_of_who_is_on_hold_is_withheld_for_good() -> None:
    make_spread([1])
    held = hold(1)
    campaign = make_campaign([make_id_segment([1])], trigger="event", event="signed up")
    approve(campaign, Campaign.Status.RUNNING)
    send = make_send(campaign, NOW.replace(hour=0), slot="2026-11-23")
    firing = make_firing(send, 1, "event:1")
    admit_firings(NOW)
    lift_hold(held.pk, None, NOW)
    admit_firings(NOW + HOUR)
    assert withheld(send) == {"on_hold": [firing.pk]}


def test_the_forecast_knows_who_will_still_be_on_hold_at_the_hour_of_the_send() -> None:
    make_spread([1, 2, 3])
    hold(1), hold(2, NOW + HOUR), hold(3, NOW + 3 * DAY)
    send = make_approved_send([1, 2, 3], NOW + DAY)
    (told,) = forecast(send.campaign, NOW + DAY, NOW)
    assert (told.admitted, told.by_reason) == (1, {"on_hold": 2})


def test_at_everyones_own_hour_a_hold_counts_until_theirs() -> None:
    """09:00 of the 24th comes to Tokyo fourteen hours before New York."""
    make_spread([1], timezone="Asia/Tokyo")
    make_spread([2], timezone="America/New_York")
    first = NOW.replace(hour=19)
    send = make_approved_send([1, 2], first, "2026-11-24T09:00", zone="customer")
    for customer in (1, 2):
        hold(customer, NOW.replace(day=24, hour=2))
    (told,) = forecast(send.campaign, first, NOW)
    for hours in range(28):
        admit_all(first + hours * HOUR)
    assert (told.by_reason, withheld(send), admitted(send)) == ({"on_hold": 1}, {"on_hold": [1]}, [2])


def test_whoever_will_be_free_again_at_the_winners_hour_yields_to_it_and_nobody_else_does() -> None:
    make_spread([1, 2, 3])
    make_cap(1)
    make_approved_send([1, 2, 3], NOW + 3 * HOUR, priority=90)
    hold(1), hold(2, NOW + 2 * HOUR)
    send = make_approved_send([1, 2, 3], NOW + HOUR)
    (told,) = forecast(send.campaign, NOW + HOUR, NOW)
    assert told.by_reason == {"on_hold": 2, "yielded": 1}


def test_the_explanation_says_until_when_and_why() -> None:
    make_spread([1])
    hold(1, NOW + DAY + 15 * HOUR, NOW - DAY)
    send = make_approved_send([1])
    admit_all()
    hold(1, None, NOW + 5 * DAY)
    (answer,) = explain(1, send.pk)
    assert answer.sentence == "Withheld: on hold until the end of Tuesday 24 November 2026: in escalation."


def test_an_erasure_takes_what_was_said_and_leaves_that_they_were_on_hold() -> None:
    make_spread([1])
    hold(1)
    send = make_approved_send([1])
    admit_all()
    erase_customer(1, NOW + HOUR)
    assert Hold.objects.get().reason == ""
    assert Withheld.objects.get(send=send).reason == "on_hold"
    with pytest.raises(NotAllowed, match="erased"):
        hold(1)
    assert explain(1, send.pk)[0].sentence.startswith("Withheld: on hold until")


def test_who_has_them_on_hold_already_changes_their_own_hold_and_nobody_elses() -> None:
    customer, ana, ben = make_customer(), _planner(), _planner()
    for by, until in ((ana, None), (ana, NOW + DAY), (ben, None)):
        put_on_hold(customer.pk, "in escalation", until, by, NOW)
    assert list(Hold.objects.order_by("pk").values_list("placed_by", "until")) == [
        (ana.pk, NOW + DAY),
        (ben.pk, None),
    ]


def test_any_planner_prolongs_or_lifts_it_while_it_holds() -> None:
    customer, ana, ben = make_customer(), _planner(), _planner()
    held = put_on_hold(customer.pk, "in escalation", NOW + HOUR, ana, NOW)
    end_hold_at(held.pk, NOW + DAY, ben, NOW)
    lift_hold(held.pk, ben, NOW + HOUR)
    held.refresh_from_db()
    assert (held.until, held.lifted_at, held.lifted_by) == (NOW + DAY, NOW + HOUR, ben)
    with pytest.raises(StaleChange, match="ended already"):
        lift_hold(held.pk, ana, NOW + HOUR)
    with pytest.raises(StaleChange, match="ended already"):
        end_hold_at(held.pk, None, ana, NOW + HOUR)


def test_a_viewer_may_not_and_what_is_past_or_without_a_reason_is_refused() -> None:
    customer = make_customer()
    viewer = make_user(team=make_team(), role="viewer")
    with pytest.raises(NotAllowed, match="Only planners and approvers"):
        put_on_hold(customer.pk, "because", None, viewer, NOW)
    with pytest.raises(NotAllowed, match="passed already"):
        put_on_hold(customer.pk, "because", NOW, None, NOW)
    with pytest.raises(NotAllowed, match="Say why"):
        put_on_hold(customer.pk, " \0 ", None, None, NOW)
    held = hold(customer.pk)
    with pytest.raises(NotAllowed):
        lift_hold(held.pk, viewer, NOW)
    with pytest.raises(NotAllowed):
        end_hold_at(held.pk, None, viewer, NOW)
    assert Hold.objects.get().lifted_at is None


def _planner() -> Any:
    return make_user(team=make_team(), role="planner")


def test_sends_are_counted_exactly_with_holds(memory: Memory) -> None:
    make_spread(range(1, 20))
    for customer in range(1, 20, 3):
        hold(customer)
    send = make_approved_send(range(1, 20))
    admit_all()
    assert Send.objects.get(pk=send.pk).audience_size == len(admitted(send)) + sum(map(len, withheld(send).values()))
