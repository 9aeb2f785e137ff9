"""The tests' own ground: they run on what they say they run on, and cannot reach the world."""

import os
import smtplib
import socket
from email.message import EmailMessage

import pytest
from django.conf import settings
from django.db import connection
from pytest_socket import SocketConnectBlockedError

from calendar_project.celery import app
from tests.mail_server import MailServer


@pytest.mark.django_db
def test_the_suite_runs_on_the_database_that_it_says() -> None:
    assert connection.vendor == os.environ["TEST_ON"]


@pytest.mark.only_on("postgresql")
def test_the_suite_reaches_a_real_redis() -> None:
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1)
        assert broker.connected
        assert broker.transport.driver_type == "redis"


@pytest.mark.django_db(transaction=True)
@pytest.mark.only_on("sqlite")
def test_sqlite_survives_a_power_cut_and_queues_its_writers() -> None:
    with connection.cursor() as cursor:
        pragmas = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}
    assert settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_nothing_outside_this_machine_is_reached() -> None:
    with socket.socket() as outside, pytest.raises(SocketConnectBlockedError):
        outside.connect(("192.0.2.1", 80))


def test_the_mail_server_keeps_what_it_is_given(smtp_server: MailServer) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "Grüße"
    message.set_content("Hello")
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client:
        client.send_message(message)
    assert [str(received["Subject"]) for received in smtp_server.messages] == ["Grüße"]


def test_the_mail_server_refuses_whom_it_is_told_to(smtp_server: MailServer) -> None:
    smtp_server.refuse["gone@example.com"] = "550 no such user"
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("a@example.com", ["gone@example.com"], "Hello")
    assert smtp_server.messages == []
