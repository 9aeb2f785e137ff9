import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from audiences.models import Customer
from deliveries.models import Delivery, InboxItem
from deliveries.services.erasure import erase_customer
from tests.builders import NOW, make_customer, make_delivery
from tests.deliveries.dispatches import make_memory_send, run, states

pytestmark = pytest.mark.django_db(transaction=True)


def everything_stored() -> str:
    """Every column of every row of our tables, as text."""
    told = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")  # noqa: S608
            told += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(told)


def test_invariant_13_erasing_removes_what_was_kept_of_messages(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_URL = f"outbox://{tmp_path}"
    customer = make_customer(external_id="ada-lovelace", name="Ada Lovelace", email="ada.l@example.com")
    other = make_customer(name="Bob")
    mailed = make_memory_send([customer, other], channel="email")
    shown = make_memory_send([customer, other], channel="in_app")
    run("email")
    run("in_app")
    # What a server may have answered.
    mine = Delivery.objects.filter(send=mailed, customer=customer)
    mine.update(evidence={"text": "250 kept for Ada Lovelace <ada.l@example.com>"})
    erase_customer(customer.pk, NOW)
    assert "Ada Lovelace" not in everything_stored()
    assert "ada.l@" not in everything_stored()
    assert [path.read_text().count("Hello Bob") for path in tmp_path.glob("*.eml")] == [1]
    # The counts stay.
    assert (states(mailed), states(shown)) == ({"sent": 2}, {"sent": 2})
    assert InboxItem.objects.count() == 2


def test_invariant_13_nothing_more_leaves_for_an_erased_customer(memory: Any) -> None:
    customer = make_customer()
    send = make_memory_send([customer])
    erase_customer(customer.pk, NOW)
    run()
    assert memory.sent == []
    assert list(Delivery.objects.filter(send=send).values_list("state", "reason")) == [("withheld", "erased")]


def test_erasing_twice_is_erasing_once(memory: Any) -> None:
    customer = make_customer()
    make_memory_send([customer])
    erase_customer(customer.pk, NOW)
    erase_customer(customer.pk, NOW)
    assert Customer.objects.get().is_erased


def test_evidence_goes_with_the_customer(memory: Any) -> None:
    customer = make_customer()
    send = make_memory_send(0)
    make_delivery(send, customer, state="failed", evidence={"text": "550 ada is not here"})
    erase_customer(customer.pk, NOW)
    assert json.dumps(Delivery.objects.get().evidence) == "{}"


def test_the_command_erases_by_the_products_own_id() -> None:
    customer = make_customer(external_id="ada")
    call_command("erase_customer", "ada", stdout=StringIO())
    customer.refresh_from_db()
    assert customer.is_erased


def test_the_command_says_so_when_there_is_nobody() -> None:
    with pytest.raises(CommandError, match="There is no customer"):
        call_command("erase_customer", "nobody", stdout=StringIO())
