"""Two who write at once on SQLite: one waits for the other, and is told only where that takes too long."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, transaction

from audiences.models import Topic
from calendar_project.patient_sqlite import base

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("sqlite")]


@contextmanager
def somebody_writing(seconds: float) -> Iterator[None]:
    has_begun = threading.Event()

    def write() -> None:
        with transaction.atomic():
            has_begun.set()
            time.sleep(seconds)
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    has_begun.wait()
    try:
        yield
    finally:
        thread.join()


def test_a_transaction_and_a_single_statement_wait_for_their_turn() -> None:
    with somebody_writing(seconds=0.3), transaction.atomic():
        Topic.objects.create(slug="tips", name="Tips")
    with somebody_writing(seconds=0.3):
        assert Topic.objects.update(name="Hints") == 1
    with somebody_writing(seconds=0.3):
        Topic.objects.bulk_create(Topic(slug=slug, name=slug) for slug in ("offers", "news"))
    assert Topic.objects.count() == 3


def in_a_transaction() -> None:
    with transaction.atomic():
        Topic.objects.create(slug="tips", name="Tips")


def by_itself() -> None:
    Topic.objects.update(name="Hints")


@pytest.mark.parametrize("write", [in_a_transaction, by_itself])
def test_whoever_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch, write: Callable[[], None]) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.1)
    with somebody_writing(seconds=0.6), pytest.raises(OperationalError, match="locked"):
        write()
    assert not Topic.objects.exists()


def test_another_mistake_is_told_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(OperationalError, match="no such table"), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM nowhere")
    assert time.monotonic() - began < 1
