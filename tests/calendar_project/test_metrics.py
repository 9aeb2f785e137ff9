"""`/metrics`: who may read it, and that every figure is the ledger's."""

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from audiences.clock import read_now
from calendar_project.exposition import exposition
from calendar_project.metrics import Page, page
from campaigns.models import Campaign, Finding
from deliveries.models import Breaker, Heartbeat
from deliveries.queries.figures import figures
from tests.builders import NOW, make_campaign, make_delivery, make_running_send

pytestmark = pytest.mark.django_db
TOKEN = "t" * 20
STATEMENTS = 10


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    page.forget()
    yield
    page.forget()


def read(now: Any = NOW) -> dict[str, dict[tuple[str, ...], float]]:
    """Metric → labels' values → value, read back as Prometheus would."""
    families = text_string_to_metric_families(exposition(figures(now)).decode())
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples} for family in families
    }


def not_zero(series: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    return {labels: value for labels, value in series.items() if value}


def ago(**span: float) -> Any:
    return NOW - timedelta(**span)


def test_an_empty_workspace_has_every_series_already() -> None:
    found = read()
    assert {name: len(series) for name, series in found.items()} == {
        "almanac_deliveries": 30,
        "almanac_oldest_due_seconds": 6,
        "almanac_sent_per_second": 3,
        "almanac_breaker": 3,
        "almanac_heartbeat_age_seconds": 3,
        "almanac_sends": 7,
        "almanac_findings_open": 1,
    }
    assert found.pop("almanac_heartbeat_age_seconds") == dict.fromkeys(
        [("tick",), ("dispatcher",), ("reaper",)], math.inf
    )
    assert [not_zero(series) for series in found.values()] == [{}] * 6


def test_open_deliveries_are_all_counted_and_ended_ones_of_recent_sends() -> None:
    recent, old = make_running_send(make_campaign()), make_running_send(make_campaign())
    for send in (recent, old):
        for state in ("planned", "claimed", "sending", "sent", "sent", "uncertain", "withheld"):
            make_delivery(send, state=state)
    make_delivery(recent, channel="webhook", state="failed")
    old.state, old.finished_at = "done", ago(hours=25)
    old.save()
    assert not_zero(read()["almanac_deliveries"]) == {
        ("email", "planned"): 2,
        ("email", "claimed"): 2,
        ("email", "sending"): 2,
        ("email", "sent"): 2,
        ("email", "uncertain"): 1,
        ("email", "withheld"): 1,
        ("webhook", "failed"): 1,
    }
    old.finished_at = ago(hours=23)
    old.save()
    assert read()["almanac_deliveries"]["email", "sent"] == 4


def test_the_oldest_due_is_by_lane_and_of_what_may_leave() -> None:
    send, paused = make_running_send(make_campaign()), make_running_send(make_campaign())
    make_delivery(send, due_at=ago(seconds=30))
    make_delivery(send, due_at=ago(seconds=90))
    make_delivery(send, due_at=ago(seconds=7), urgent=True)
    make_delivery(send, due_at=ago(days=3), expires_at=ago(days=1))  # the reaper's
    make_delivery(send, due_at=ago(hours=1), state="sent")
    make_delivery(send, channel="webhook", due_at=NOW + timedelta(hours=1))
    make_delivery(paused, due_at=ago(hours=2))
    Campaign.objects.filter(pk=paused.campaign_id).update(status="paused")
    assert not_zero(read()["almanac_oldest_due_seconds"]) == {("email", "bulk"): 90, ("email", "urgent"): 7}


def test_the_rate_is_of_the_last_minute() -> None:
    send = make_running_send(make_campaign())
    for seconds in (1, 30, 59, 61, 600):
        make_delivery(send, state="sent", finished_at=ago(seconds=seconds))
    make_delivery(send, state="failed", finished_at=ago(seconds=1))
    assert not_zero(read()["almanac_sent_per_second"]) == {("email",): pytest.approx(3 / 60)}


def test_breakers_heartbeats_sends_and_findings_are_told() -> None:
    for channel, waits in (("email", 5), ("webhook", -5)):
        Breaker.objects.create(
            channel=channel, failures=1, waits_until=NOW + timedelta(seconds=waits), changed_at=ago(seconds=60)
        )
    Heartbeat.objects.create(part="tick", at=ago(seconds=75))
    first, second = make_running_send(make_campaign()), make_running_send(make_campaign())
    Finding.objects.create(
        key="1", kind="crowding", severity="high", first=first.campaign, second=second.campaign, shared=1,
        percent_of_first=1, percent_of_second=1, axes=[], inputs="", found_at=NOW, checked_at=NOW,
    )  # fmt: skip
    found = read()
    assert found["almanac_breaker"] == {("email",): 1, ("in_app",): 0, ("webhook",): 2}
    assert found["almanac_heartbeat_age_seconds"]["tick",] == 75
    assert not_zero(found["almanac_sends"]) == {("sending",): 2}
    assert found["almanac_findings_open"] == {(): 1}


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_however_much_there_is(count: int, django_assert_num_queries: Any) -> None:
    for _ in range(count):
        send = make_running_send(make_campaign())
        make_delivery(send)
        make_delivery(send, state="sent", finished_at=NOW)
    with django_assert_num_queries(STATEMENTS):
        figures(NOW)


def ask(client: Client, token: str = "") -> Any:
    return client.get("/metrics", headers={"authorization": token} if token else {})


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer é"]
)
def test_whoever_does_not_show_the_token_is_asked_for_it(client: Client, settings: Any, shown: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = ask(client, shown)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert b"almanac" not in answer.content


@pytest.mark.parametrize("embedded", [True, False])
def test_the_token_opens_it(client: Client, settings: Any, embedded: bool) -> None:
    settings.METRICS_TOKEN, settings.EMBEDDED = TOKEN, embedded
    answer = ask(client, f"Bearer {TOKEN}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=1.0.0; charset=utf-8")
    names = {family.name for family in text_string_to_metric_families(answer.content.decode())}
    assert "almanac_deliveries" in names


def test_without_a_token_only_the_embedded_workspace_has_it(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    statuses = []
    for settings.EMBEDDED in (True, False):
        statuses.append(ask(client).status_code)
    assert statuses == [200, 404]


def test_who_asks_again_within_five_seconds_is_told_the_same() -> None:
    page.text()
    Heartbeat.objects.create(part="tick", at=read_now())
    assert b'{part="tick"} +Inf' in page.text()
    page.forget()
    assert b'{part="tick"} +Inf' not in page.text()


def test_what_could_not_be_read_is_asked_again() -> None:
    answers: list[Any] = [DatabaseError(), b"well"]

    def write() -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return bytes(answer)

    once = Page(write)
    with pytest.raises(DatabaseError):
        once.text()
    assert once.text() == b"well"


def test_a_database_that_does_not_answer_is_said_without_its_address(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> bytes:
        raise DatabaseError("host=db.example.com password=hunter2")

    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(page, "_write", fail)
    answer = ask(client, f"Bearer {TOKEN}")
    assert (answer.status_code, answer.content) == (503, b"The database does not answer.\n")
