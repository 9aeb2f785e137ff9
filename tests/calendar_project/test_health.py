"""What supervisors ask."""

import pytest
from django.db import connection
from django.test import Client

from calendar_project.celery import app


def test_healthz_asks_nothing_of_anybody(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_readyz_is_well_when_everything_answers(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "migrations": "ok", "broker": "ok"})


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


def test_they_are_only_read(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
