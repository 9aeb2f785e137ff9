"""What supervisors ask."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from audiences.clock import read_now
from calendar_project import health
from calendar_project.celery import app
from deliveries.models import Heartbeat

WELL = dict.fromkeys(["database", "migrations", "broker", "tick", "dispatcher", "reaper"], "ok")


@pytest.fixture
def up_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "STARTED", timezone.now() - timedelta(hours=1))


def beat(seconds_ago: dict[str, float]) -> None:
    now = read_now()
    for part, seconds in seconds_ago.items():
        Heartbeat.objects.create(part=part, at=now - timedelta(seconds=seconds))


def test_healthz_asks_nothing_of_anybody(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_readyz_is_well_when_everything_answers(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, WELL)


@pytest.mark.django_db
def test_readyz_says_which_migrations_are_missing(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'deliveries'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "not ready")


@pytest.mark.django_db
def test_readyz_says_when_the_broker_is_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    away = app.connection_for_write("redis://127.0.0.1:1/0", connect_timeout=1)
    monkeypatch.setattr(app, "connection_for_write", lambda **_: away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "not reachable")


@pytest.mark.django_db
@pytest.mark.usefixtures("up_for_an_hour")
def test_readyz_is_well_while_every_part_runs(client: Client) -> None:
    beat({"tick": 0, "dispatcher": 30, "reaper": 59})
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, WELL)


@pytest.mark.django_db
@pytest.mark.usefixtures("up_for_an_hour")
def test_readyz_says_which_part_has_stopped_and_when_it_last_ran(client: Client) -> None:
    beat({"tick": 0, "dispatcher": 75})
    answer = client.get("/readyz")
    told = {**WELL, "dispatcher": "last ran 75 s ago", "reaper": "has never run"}
    assert (answer.status_code, answer.json()) == (503, told)


@pytest.mark.django_db
def test_readyz_gives_a_fresh_start_its_first_minute(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    beat({"tick": 86_400})  # as the upgrade found it
    monkeypatch.setattr(health, "STARTED", timezone.now())
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(health, "STARTED", timezone.now() - timedelta(seconds=61))
    assert client.get("/readyz").status_code == 503


@pytest.mark.django_db
def test_readyz_does_not_know_of_parts_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise DatabaseError("password=hunter2")

    monkeypatch.setattr(health, "silent_parts", fail)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["tick"]) == (503, "not known")
    assert b"hunter2" not in answer.content


def test_they_are_only_read(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
