import logging
from typing import Any

import pytest
from django.test import Client

from audiences.models import Subscription
from deliveries import tokens
from deliveries.models import Delivery
from deliveries.services.erasure import erase_customer
from tests.builders import NOW, make_customer, make_topic
from tests.deliveries.dispatches import make_memory_send, only, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Client:
    """Without cookies, and with CSRF looked at: as a mail program comes."""
    return Client(enforce_csrf_checks=True)


def unsubscribe_path(customer: Any, topic: Any, channel: str = "email") -> str:
    return f"/u/{tokens.unsubscribe_token(customer.pk, topic.pk, channel)}/"


@pytest.mark.parametrize("method", ["get", "head"])
def test_invariant_09_looking_changes_nothing(client: Client, method: str) -> None:
    customer, topic = make_customer(), make_topic()
    for path in (unsubscribe_path(customer, topic), f"/preferences/{tokens.preferences_token(customer.pk)}/"):
        assert getattr(client, method)(path + "?List-Unsubscribe=One-Click&everything=off").status_code == 200
    assert Subscription.objects.count() == 0


def test_invariant_09_one_click_works_without_a_login_and_twice(client: Client) -> None:
    customer, topic = make_customer(), make_topic()
    for _ in range(2):
        response = client.post(unsubscribe_path(customer, topic), {"List-Unsubscribe": "One-Click"})
        assert (response.status_code, "You are unsubscribed" in response.content.decode()) == (200, True)
    subscription = Subscription.objects.get()
    assert (subscription.customer_id, subscription.topic_id, subscription.channel) == (customer.pk, topic.pk, "email")
    assert (subscription.subscribed, subscription.source) == (False, "customer")


def test_one_click_withdraws_what_has_not_left(client: Client) -> None:
    customer = make_customer()
    send = make_memory_send([customer], channel="email")
    client.post(unsubscribe_path(customer, send.campaign.topic))
    assert (only(send).state, only(send).reason) == ("withheld", "unsubscribed")


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    assert getattr(client, method)(unsubscribe_path(make_customer(), make_topic())).status_code == 405


@pytest.mark.parametrize("page", ["u", "preferences", "view"])
def test_a_bad_token_gets_a_kind_page_and_is_not_logged(
    client: Client, caplog: pytest.LogCaptureFixture, page: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = client.get(f"/{page}/secret-token/")
    assert response.status_code == 404
    assert "This link does not work" in response.content.decode()
    assert "secret-token" not in caplog.text


@pytest.mark.parametrize("page", ["u", "preferences", "view"])
def test_the_links_of_an_erased_customer_get_the_same_page(client: Client, page: str, memory: Any) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    paths = {
        "u": unsubscribe_path(customer, send.campaign.topic),
        "preferences": f"/preferences/{tokens.preferences_token(customer.pk)}/",
        "view": f"/view/{tokens.view_token(only(send).pk)}/",
    }
    erase_customer(customer.pk, NOW)
    assert client.get(paths[page]).status_code == 404
    if page != "view":
        assert client.post(paths[page]).status_code == 404


def test_the_preference_page_shows_topics_by_channels_as_they_stand(client: Client) -> None:
    customer, tips, offers = make_customer(), make_topic("tips"), make_topic("offers", opt_in=True)
    Subscription.objects.create(
        customer=customer, topic=tips, channel="email", subscribed=False, source="customer", changed_at=NOW
    )
    html = " ".join(client.get(f"/preferences/{tokens.preferences_token(customer.pk)}/").content.decode().split())
    ticked = {
        key: f'value="{key}" checked' in html for key in (f"{tips.pk}.email", f"{tips.pk}.in_app", f"{offers.pk}.email")
    }
    assert ticked == {f"{tips.pk}.email": False, f"{tips.pk}.in_app": True, f"{offers.pk}.email": False}
    assert "In the app" in html
    assert "<script" not in html


def test_saving_changes_what_was_ticked_otherwise_and_nothing_else(client: Client) -> None:
    customer, tips, offers = make_customer(), make_topic("tips"), make_topic("offers", opt_in=True)
    path = f"/preferences/{tokens.preferences_token(customer.pk)}/"
    shown = [f"{topic.pk}.{channel}" for topic in (tips, offers) for channel in ("email", "in_app")]
    response = client.post(path, {"shown": shown, "on": [f"{tips.pk}.in_app", f"{offers.pk}.email", "999.email", "x"]})
    assert "Your choices are saved" in response.content.decode()
    said = {(s.topic_id, s.channel): s.subscribed for s in Subscription.objects.all()}
    assert said == {(tips.pk, "email"): False, (offers.pk, "email"): True}


def test_unsubscribing_from_everything_leaves_nothing_on(client: Client) -> None:
    customer = make_customer()
    make_topic("tips"), make_topic("offers", opt_in=True)
    client.post(f"/preferences/{tokens.preferences_token(customer.pk)}/", {"everything": "off"})
    assert list(Subscription.objects.values_list("subscribed", flat=True)) == [False] * 6


@pytest.mark.parametrize("topics", [1, 3])
def test_the_preference_page_takes_the_same_queries(
    client: Client, topics: int, django_assert_num_queries: Any
) -> None:
    customer = make_customer()
    for number in range(topics):
        make_topic(f"topic-{number}")
    path = f"/preferences/{tokens.preferences_token(customer.pk)}/"
    client.get(path)
    with django_assert_num_queries(3):
        client.get(path)


def test_a_message_can_be_read_in_the_browser(client: Client) -> None:
    send = make_memory_send([make_customer(name="Ada")], channel="email")
    path = f"/view/{tokens.view_token(only(send).pk)}/"
    assert "Hello Ada" in client.get(path).content.decode()
    content = client.get(path + "content/")
    assert "<p>Dear Ada</p>" in content.content.decode()
    assert "default-src 'none'" in content["Content-Security-Policy"]
    assert content["X-Frame-Options"] == "SAMEORIGIN"


def test_a_message_in_the_browser_is_cleaned(client: Client) -> None:
    from deliveries.cleaning import clean_html

    dirty = (
        '<p style="color:red;position:fixed" onclick="x()">Hi<script>alert(1)</script><a href="javascript:x">y</a></p>'
    )
    clean = clean_html(dirty)
    assert clean.startswith('<p style="color:red">Hi<a ')
    assert not any(word in clean for word in ("script", "onclick", "position"))


def test_every_mail_carries_a_link_that_unsubscribes(client: Client, settings: Any) -> None:
    from deliveries.channels.outbox import MemoryOutbox

    settings.EMAIL_URL = "memory://"
    MemoryOutbox.messages.clear()
    send = make_memory_send(1, channel="email")
    run("email")
    [envelope] = MemoryOutbox.messages
    lines = envelope.data.decode().split("\r\n")
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    [link] = [line for line in lines if line.startswith("List-Unsubscribe: ")]
    address = link.removeprefix("List-Unsubscribe: <").removesuffix(">")
    assert address.startswith("http://testserver/u/")
    client.post(address.removeprefix("http://testserver"), {"List-Unsubscribe": "One-Click"})
    assert Subscription.objects.get().customer_id == Delivery.objects.get(send=send).customer_id
