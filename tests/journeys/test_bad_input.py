"""Bad input as people meet it, by button, form, API or command: a clear sentence, and nothing is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from audiences.models import Customer, Event, Segment
from audiences.services.api_keys import create_api_key
from campaigns.models import Campaign
from deliveries.models import Delivery
from deliveries.services.dispatching import dispatch
from tests.builders import (
    NOW,
    make_campaign,
    make_customer,
    make_customers,
    make_delivery,
    make_running_send,
    make_segment,
    make_user,
)
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = Path(__file__).parents[2]
FAR = "2099-11-24"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def post() -> Callable[[str, Any], Any]:
    product = Client(headers={"authorization": f"Token {create_api_key('shop')}"})

    def send(path: str, body: Any) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body)
        return product.post(f"/api/v1/{path}/", data=data, content_type="application/json")

    return send


def test_malformed_csv_lines_are_told_one_by_one_and_the_good_ones_are_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "customers.csv"
    bad = b'b,nonsense,\nc,"c@example.com\n\xff\xfe,,\n'
    path.write_bytes(b"external_id,email,timezone\na,a@example.com,UTC\n" + bad + b"d,,\n")
    with pytest.raises(SystemExit) as ended:
        call_command("import_customers", str(path))
    assert ended.value.code == 1
    assert capsys.readouterr().out == "5 rows read: 2 written, 0 there already, 3 refused.\n"
    assert set(Customer.objects.values_list("external_id", flat=True)) == {"a", "d"}
    errors = (tmp_path / "customers.csv.errors.csv").read_text().splitlines()
    assert errors[:2] == ["line,column,reason", "3,email,is not an e-mail address"]
    assert [line.split(",")[0] for line in errors[1:]] == ["3", "4", "5"]


CAMPAIGNS: list[tuple[dict[str, Any], str]] = [
    ({"subject": "Hello {{ customer.nickname }}"}, "“customer.nickname” is not known"),
    ({"subject": "Hello {{ customer.name"}, "Line 1"),
    ({"trigger": "recurring", "rrule": "FREQ=SECONDLY"}, "FREQ=SECONDLY goes more than once a day."),
    ({"trigger": "recurring", "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "names no day within five years"),
    ({"messages": []}, "message"),
    ({"include": []}, "audience"),
    ({"channels": []}, "channel"),
]


@pytest.mark.parametrize(("fault", "sentence"), CAMPAIGNS)
@pytest.mark.parametrize(("door", "status"), [("calendar:move-campaign", 400), ("admin:campaigns_campaign_move", 200)])
def test_a_campaign_that_cannot_go_out_is_not_even_put_to_an_approver(
    admin: Client, fault: dict[str, Any], sentence: str, door: str, status: int
) -> None:
    campaign = make_campaign([make_segment(make_customers(2))], start_date=FAR)
    break_it(campaign, **fault)
    page = admin.post(reverse(door, args=[campaign.pk, "ask"]), {"version": 1}, follow=True)
    assert page.status_code == status
    assert escape(sentence) in page.content.decode()
    campaign.refresh_from_db()
    assert (campaign.status, campaign.approved_version) == ("draft", None)


def break_it(campaign: Campaign, **fault: Any) -> None:
    if "subject" in fault:
        campaign.messages.update(subject=fault["subject"])
    elif "messages" in fault:
        campaign.messages.all().delete()
    elif "include" in fault:
        campaign.include.clear()
    else:
        Campaign.objects.filter(pk=campaign.pk).update(**fault)


RULES = [
    ({"all": [{"attribute": "nothing", "is": 1}]}, "all[0].attribute"),
    ({"segment": "circle"}, "circle"),
    ({"wish": "ordered"}, "wish"),
]


@pytest.mark.parametrize(("rule", "says"), RULES)
def test_a_rule_that_makes_no_sense_is_not_saved_and_the_old_one_stands(admin: Client, rule: Any, says: str) -> None:
    good = {"has_not": "ordered"}
    segment = Segment.objects.create(slug="circle", name="Circle", rule=good)
    path = reverse("admin:audiences_segment_change", args=[segment.pk])
    page = admin.post(path, {"name": "Circle", "rule": json.dumps(rule), "_save": ""})
    assert (page.status_code, says in page.content.decode()) == (200, True)
    segment.refresh_from_db()
    assert segment.rule == good


def test_a_bad_zone_is_refused_by_the_api_and_the_customer_stays_as_they_were(post: Any) -> None:
    post("customers", {"external_id": "42", "timezone": "Asia/Tokyo"})
    refused = post("customers", {"external_id": "42", "timezone": "Mars/Base", "name": "Ann"})
    assert (refused.status_code, "time zone" in refused.content.decode()) == (400, True)
    assert list(Customer.objects.values_list("timezone", "name")) == [("Asia/Tokyo", "")]


BODIES = [
    b"[" * 100_000,
    b'{"customer": "42", "name": "x", "properties": ' + b'{"a":' * 12 + b"1" + b"}" * 12 + b"}",
    b'{"customer": "42", "name": "a\\u0000"}',
    b'{"customer": "42", "name": "\\ud83d"}',
    b'{"customer": "42", "name": "x", "properties": {"a": 1' + b"0" * 400 + b"}}",
    b'{"customer": "42", "name": "' + b"x" * 1_100_000 + b'"}',
    b"[" + b",".join([b'{"customer": "42", "name": "x"}'] * 501) + b"]",
    b'[{"customer": "42", "name": "x"}, {"customer": "42"}]',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_bomb_in_an_event_is_one_bad_request_and_the_next_is_taken(post: Any, body: bytes) -> None:
    refused = post("events", body)
    assert (refused.status_code, bool(refused.json()["errors"][0]["detail"])) == (400, True)
    assert not Event.objects.exists()
    assert post("events", {"customer": "42", "name": "🎉", "properties": {"a": "😀"}}).status_code == 201


def test_an_address_that_would_write_headers_of_its_own_reaches_nobody(post: Any) -> None:
    for address in ("a@example.com\r\nBcc: all@example.com", "a@example.com\nX: y", "a@b.c, d@e.f", "<a@example.com>"):
        assert post("customers", {"external_id": "42", "email": address}).status_code == 400
    assert not Customer.objects.exists()


def test_while_the_smtp_server_is_down_everything_waits_and_then_leaves_once(
    settings: Any, smtp_server: MailServer
) -> None:
    send = make_running_send(make_campaign())
    for customer in make_customers(3):
        make_delivery(send, customer)
    settings.EMAIL_URL = "smtp://127.0.0.1:9?timeout=2"
    counts = dispatch("email", lambda: NOW)
    assert counts["sent"] == 0
    assert set(Delivery.objects.values_list("state", "attempts")) == {("planned", 0)}
    settings.EMAIL_URL = smtp_server.url
    later = NOW.replace(minute=5)
    dispatch("email", lambda: later)
    dispatch("email", lambda: later)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    assert len(smtp_server.messages) == 3


def test_a_header_that_a_customer_s_name_would_write_is_none(settings: Any, smtp_server: MailServer) -> None:
    send = make_running_send(make_campaign())
    make_delivery(send, make_customer(name="Ann\r\nBcc: all@example.com"))
    settings.EMAIL_URL = smtp_server.url
    dispatch("email", lambda: NOW)
    assert [
        (message["Bcc"], envelope.rcpt_tos)
        for message, envelope in zip(smtp_server.messages, smtp_server.envelopes, strict=True)
    ] == [(None, [Delivery.objects.get().customer.email])]


@pytest.mark.parametrize("missing", ["EMAIL_URL", "SECRET_KEY", "BASE_URL"])
def test_a_half_written_environment_stops_the_start_with_one_sentence(missing: str) -> None:
    whole = {
        "DATABASE_URL": "postgresql://almanac@db.example.com/almanac",
        "CELERY_BROKER_URL": "redis://redis.example.com/0",
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "SECRET_KEY": "x" * 60,
        "ALLOWED_HOSTS": "almanac.example.com",
        "BASE_URL": "https://almanac.example.com",
    }
    ended = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=PROJECT, env={**os.environ, **whole, missing: ""}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"Almanac cannot start: {missing} must be set too")
    assert len(ended.stderr.splitlines()) == 1
