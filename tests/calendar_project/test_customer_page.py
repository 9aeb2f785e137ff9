"""The customer pages: who is found, what is shown, and that consent changes by POST alone."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audiences.models import Customer, Event, Subscription, Suppression, Topic, Workspace
from campaigns.models import CampaignVersion
from deliveries.models import Delivery
from tests.builders import NOW, make_campaign, make_customer, make_send, make_team, make_topic, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client: Client) -> Client:
    Workspace.current()
    client.force_login(make_user("ana", team=make_team()))
    return client


def page(client: Client, customer: Customer, **query: str) -> str:
    response = client.get(reverse("calendar:customer", args=[customer.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def opt_out_address(customer: Customer, topic: Topic, channel: str = "email") -> str:
    return reverse("calendar:unsubscribe-customer", args=[customer.pk, topic.pk, channel])


@pytest.mark.parametrize("asked", ["LP-7", "zoe@example.com", "Zoe@Example.COM"])
def test_whoever_is_meant_without_doubt_is_shown_at_once(signed_in: Client, asked: str) -> None:
    customer = make_customer(external_id="LP-7", email="zoe@example.com")
    response = signed_in.get("/calendar/customers/", {"q": asked})
    assert response["Location"] == reverse("calendar:customer", args=[customer.pk])


def test_two_who_share_an_address_are_both_found(signed_in: Client) -> None:
    make_customer(name="One", email="both@example.com")
    make_customer(name="Two", email="both@example.com")
    found = signed_in.get("/calendar/customers/", {"q": "both@example.com"}).content.decode()
    assert "One" in found
    assert "Two" in found


def test_the_erased_are_not_found_by_what_they_were(signed_in: Client) -> None:
    make_customer(name="Gone", email="gone@example.com", erased_at=NOW)
    assert "Nobody is found" in signed_in.get("/calendar/customers/", {"q": "Gone"}).content.decode()


def test_where_there_are_no_customers_the_page_says_how_they_come(signed_in: Client) -> None:
    Customer.objects.all().delete()
    assert "There are no customers yet." in signed_in.get("/calendar/customers/").content.decode()


def test_a_search_with_nul_finds_nobody_and_does_not_break(signed_in: Client) -> None:
    assert signed_in.get("/calendar/customers/", {"q": "\0"}).status_code == 200


def test_the_pages_are_for_the_signed_in(client: Client) -> None:
    customer, topic = make_customer(), make_topic()
    for address in ("/calendar/customers/", reverse("calendar:customer", args=[customer.pk])):
        assert client.get(address).status_code == 302
    assert client.post(opt_out_address(customer, topic)).status_code == 302
    assert not Subscription.objects.exists()


def test_the_page_says_who_what_they_did_and_what_they_allow(signed_in: Client) -> None:
    customer = make_customer(name="Zoe", attributes={"plan": "club"})
    make_topic("offers", opt_in=True)
    Event.objects.create(customer=customer, name="ordered", occurred_at=NOW, value="12.50", idempotency_key="1")
    Suppression.objects.create(customer=customer, channel="email", reason="manual", note="by telephone")
    shown = page(signed_in, customer)
    assert all(text in shown for text in ("Zoe", "club", "ordered", "12.50", "Offers", "by telephone"))


def test_somebody_of_a_team_opts_a_customer_out(signed_in: Client) -> None:
    customer, topic = make_customer(), make_topic()
    for _ in range(2):
        response = signed_in.post(opt_out_address(customer, topic), follow=True)
        assert "gets no more “Tips”" in response.content.decode()
    said = Subscription.objects.get()
    assert (said.customer, said.topic, said.channel, said.subscribed, said.source) == (
        customer,
        topic,
        "email",
        False,
        "team",
    )


def test_consent_is_never_changed_by_get(signed_in: Client) -> None:
    customer = make_customer()
    response = signed_in.get(opt_out_address(customer, make_topic()))
    assert (response.status_code, response["Location"]) == (302, f"/calendar/customers/{customer.pk}/")
    assert not Subscription.objects.exists()


def test_a_viewer_changes_nothing(client: Client) -> None:
    client.force_login(make_user(team=make_team(), role="viewer"))
    customer = make_customer()
    response = client.post(opt_out_address(customer, make_topic()), follow=True)
    assert "Only planners and approvers" in response.content.decode()
    assert not Subscription.objects.exists()
    assert "Opt out" not in page(client, customer)


def test_a_channel_that_there_is_not_changes_nothing(signed_in: Client) -> None:
    signed_in.post(opt_out_address(make_customer(), make_topic(), "pigeon"))
    assert not Subscription.objects.exists()


def admitted(customer: Customer, **fields: Any) -> Delivery:
    campaign = make_campaign([], name="Trial ending")
    send = make_send(campaign, state="done", frozen_at=NOW)
    version = CampaignVersion.objects.create(campaign=campaign, number=1, plan=plan_of(campaign), digest="x")
    send.version = version
    send.save()
    return Delivery.objects.create(
        send=send,
        customer=customer,
        channel="email",
        version=version,
        variant="A",
        topic=campaign.topic,
        team=campaign.team,
        obeys_caps=True,
        counts_toward_caps=True,
        state="sent",
        due_at=NOW,
        closes_at=NOW,
        expires_at=NOW,
        **fields,
    )


def plan_of(campaign: Any) -> dict[str, Any]:
    from campaigns.queries.campaigns import read_plan

    return read_plan(campaign).as_json()


def test_the_timeline_explains_the_latest_sends(signed_in: Client) -> None:
    customer = make_customer()
    delivery = admitted(customer)
    shown = page(signed_in, customer)
    assert "Trial ending" in shown
    assert f"send {delivery.send_id}" in shown


def test_any_send_is_explained_when_asked(signed_in: Client) -> None:
    send = make_send(make_campaign([], name="Not for them"))
    assert "Not decided yet" in page(signed_in, make_customer(), send=str(send.pk))


@pytest.mark.parametrize("send", ["x", "9" * 30, "-1", "²", "999999"])
def test_a_send_that_there_is_not_is_passed_over(signed_in: Client, send: str) -> None:
    page(signed_in, make_customer(), send=send)


@pytest.mark.parametrize("count", [1, 3])
def test_the_search_takes_the_same_queries_with_1_and_3_customers(
    signed_in: Client, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        make_customer()
    signed_in.get("/calendar/customers/")
    with django_assert_num_queries(4):
        signed_in.get("/calendar/customers/")
