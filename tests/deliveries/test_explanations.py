"""Invariant 10: every decision is explained, in words that a marketer understands."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audiences.models import Customer, Subscription, Suppression, Workspace
from campaigns.models import Campaign, Send
from deliveries.models import Cap, Delivery
from deliveries.queries.explanations import explain, spoken_days
from deliveries.services.admitting_firings import admit_firings
from tests.builders import NOW, make_campaign, make_send, make_topic
from tests.deliveries.scenes import (
    admit_all,
    approve,
    make_approved_send,
    make_cap,
    make_firing,
    make_id_segment,
    make_spread,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def sentences(customer_id: int, send: Send) -> list[str]:
    return [answer.sentence for answer in explain(customer_id, send.pk)]


def test_invariant_10_every_customer_of_every_outcome_gets_one_answer_a_channel() -> None:
    make_spread(range(1, 65))
    Workspace(global_holdout_percent=20).save()
    Customer.objects.filter(pk__lt=5).update(email="")
    Suppression.objects.create(customer_id=6, reason="manual")
    make_cap(1)
    make_approved_send(range(8, 20), NOW - HOUR)
    admit_all(NOW - HOUR)
    winner = make_approved_send(range(30, 40), NOW + HOUR, priority=90)
    send = make_approved_send(range(1, 65), channels=["email", "in_app"])
    admit_all()
    for pk in range(1, 65):
        answers = explain(pk, send.pk)
        assert [answer.channel for answer in answers] == ["email", "in_app"]
        assert all(answer.outcome in ("admitted", "withheld") and answer.sentence for answer in answers)
    reasons = {answer.reason for pk in range(1, 65) for answer in explain(pk, send.pk)}
    assert reasons == {"", "unreachable", "suppressed", "held_out", "capped", "yielded"}
    assert winner.campaign.name in " ".join(sentence for pk in range(30, 40) for sentence in sentences(pk, send))


def test_invariant_10_a_capped_customer_is_told_the_cap_and_the_days_that_filled_it() -> None:
    make_spread([1])
    make_cap(3, name="3 mails a week")
    for days in (3, 1):
        make_approved_send([1], NOW - timedelta(days=days))
        admit_all(NOW - timedelta(days=days))
    make_approved_send([1], NOW - HOUR)
    admit_all(NOW - HOUR)
    send = make_approved_send([1])
    admit_all()
    assert sentences(1, send) == ["Withheld: capped by “3 mails a week”: messages on 20, 22 and 23 Nov."]
    Cap.objects.all().delete()
    assert sentences(1, send) == ["Withheld: capped by a frequency cap that has been deleted since."]


def test_invariant_10_who_yields_is_told_the_winner() -> None:
    make_spread([1])
    make_cap(1)
    make_approved_send([1], NOW + HOUR, priority=90, name="Renewal notice")
    send = make_approved_send([1])
    admit_all()
    assert sentences(1, send) == ["Withheld: their slot is kept for “Renewal notice”, which goes first."]


def test_invariant_10_who_did_not_subscribe_is_told_the_topic() -> None:
    make_spread([1])
    send = make_approved_send([1], topic=make_topic("offers", opt_in=True))
    admit_all()
    assert sentences(1, send)[0].startswith("Withheld: not subscribed to “Offers” on ")
    assert not Subscription.objects.exists()


def test_who_is_held_out_is_told_from_what() -> None:
    make_spread(range(1, 50))
    Workspace(global_holdout_percent=30).save()
    send = make_approved_send(range(1, 50), holdout_percent=50)
    admit_all()
    told = {sentence for pk in range(1, 50) for sentence in sentences(pk, send) if "held out" in sentence}
    assert told == {
        "Withheld: held out of every campaign, so that its effect can be measured.",
        "Withheld: held out of this campaign, so that its effect can be measured.",
    }


def test_who_was_admitted_is_told_when_in_which_state_and_the_message() -> None:
    make_spread([1], timezone="Europe/Berlin")
    send = make_approved_send([1])
    admit_all()
    Delivery.objects.update(state="sent", message_id="1.abc")
    assert sentences(1, send) == [
        "Admitted for Monday 23 November 2026, 10:00 (Europe/Berlin) in variant A. "
        "State: sent (the channel took it); message 1.abc."
    ]


def test_who_is_not_in_the_audience_or_not_decided_on_is_told_so() -> None:
    make_spread([1, 2])
    send = make_approved_send([1])
    assert sentences(1, send) == [
        "Not decided yet: the send is on the calendar for Monday 23 November 2026, 09:00 (UTC)."
    ]
    admit_all()
    assert sentences(2, send) == ["Not in the audience when it was frozen."]


def test_a_send_that_was_missed_says_why() -> None:
    make_spread([1])
    send = make_approved_send([1])
    Send.objects.update(state="missed", reason="not approved")
    assert sentences(1, send) == ["Nobody was decided on: the send was missed: not approved."]


def test_each_firing_has_its_own_answer() -> None:
    make_spread([1, 2])
    make_cap(1, name="one a week")
    campaign = make_campaign([make_id_segment([1, 2])], trigger="event", event="signed up", reentry_days=0)
    approve(campaign, Campaign.Status.RUNNING)
    send = make_send(campaign, NOW.replace(hour=0), slot="2026-11-23")
    firings = [make_firing(send, 1, f"event:{number}") for number in (1, 2)]
    make_firing(send, 1, "event:3", NOW + HOUR)
    admit_firings(NOW)
    answers = explain(1, send.pk)
    assert [(answer.firing_id, answer.outcome) for answer in answers][:2] == [
        (firings[0].pk, "admitted"),
        (firings[1].pk, "withheld"),
    ]
    assert answers[2].outcome == "not decided yet"
    assert sentences(2, send) == ["Nothing that this customer did set it off on this day."]


def test_days_are_told_with_the_month_once() -> None:
    days = [datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)]
    assert [spoken_days(days[:count]) for count in range(4)] == [
        "",
        "31 Oct",
        "31 Oct and 1 Nov",
        "31 Oct, 1 and 2 Nov",
    ]


def test_the_command_answers_by_the_products_own_id_and_by_ours() -> None:
    make_spread([1])
    send = make_approved_send([1], name="Welcome")
    admit_all()
    told = []
    for key in ("spread-1", "1"):
        out = StringIO()
        call_command("explain", key, str(send.pk), stdout=out)
        told.append(out.getvalue())
    assert told[0] == told[1]
    assert "Welcome, 2026-11-23T09:00, for spread-1:" in told[0]
    assert "Admitted for Monday 23 November" in told[0]


@pytest.mark.parametrize("arguments", [("nobody", "1"), ("spread-1", "999999")])
def test_the_command_names_what_it_did_not_find(arguments: tuple[str, str]) -> None:
    make_spread([1])
    make_approved_send([1])
    with pytest.raises(CommandError, match="There is no"):
        call_command("explain", *arguments)
