"""Invariant 13, the audiences' part: erasing a customer removes every personal datum and leaves the counts."""

import json
from decimal import Decimal
from io import BytesIO

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.files.storage import default_storage
from django.db.models import Model

from audiences.import_options import ImportOptions
from audiences.models import Customer, Event, ImportRun, Segment, Suppression
from audiences.queries.consent import suppressed
from audiences.queries.customers import alive
from audiences.queries.segments import members
from audiences.services.consent import set_subscription, suppress
from audiences.services.customers import CustomerRow, upsert_customers
from audiences.services.erasure import erase_personal_data
from audiences.services.events import EventRow, record_events
from audiences.services.import_cancelling import cancel_import
from audiences.services.import_queue import continue_running
from audiences.services.importing import start_import
from audiences.services.segments import add_to_list
from tests.builders import NOW, make_topic, make_user

pytestmark = pytest.mark.django_db
EVERYONE = range(1_000_000)
PERSONAL = ["zelda-7", "Zelda Zimt", "zelda@example.com", "Atlantis", "gift-for-zelda", "zelda-order-1"]


@pytest.fixture
def zelda() -> Customer:
    row = CustomerRow("zelda-7", "zelda@example.com", "Zelda Zimt", "Europe/Berlin", "de", {"city": "Atlantis"})
    upsert_customers([row], NOW)
    customer = Customer.objects.get(external_id="zelda-7")
    note = {"note": "gift-for-zelda"}
    record_events([EventRow("zelda-7", "ordered", NOW, "zelda-order-1", Decimal("9.75"), note)], NOW)
    set_subscription(customer.pk, make_topic().pk, "email", True, "customer", NOW)
    suppress(customer, "", "manual", "Zelda Zimt rang", NOW)
    suppress(customer, "email", "bounce", "550 zelda@example.com unknown", NOW)
    segment = Segment.objects.create(slug="vips", name="VIPs", kind="list")
    add_to_list(segment.pk, ["zelda-7"], NOW)
    models: list[tuple[type[Model], int]] = [(Customer, customer.pk), (Segment, segment.pk)]
    for model, pk in models:
        LogEntry.objects.create(
            user=make_user(),
            content_type=ContentType.objects.get_for_model(model),
            object_id=str(pk),
            object_repr="Zelda Zimt",
            action_flag=CHANGE,
            change_message=json.dumps([{"added": {"name": "list member", "object": "Zelda Zimt in VIPs"}}]),
        )
    return customer


def everything_stored() -> str:
    from django.apps import apps

    models: list[type[Model]] = [*apps.get_app_config("audiences").get_models(), LogEntry]
    return "".join(serializers.serialize("json", model._default_manager.all()) for model in models)


def test_invariant_13_no_personal_datum_is_left(zelda: Customer) -> None:
    assert [each for each in PERSONAL if each not in everything_stored()] == []
    erase_personal_data(zelda.pk, NOW)
    assert [each for each in PERSONAL if each in everything_stored()] == []


def test_invariant_13_the_counts_are_left(zelda: Customer) -> None:
    erase_personal_data(zelda.pk, NOW)
    left = Event.objects.get()
    assert (left.name, left.occurred_at, left.value, left.properties) == ("ordered", NOW, Decimal("9.75"), {})


def test_invariant_13_the_erased_are_out_of_every_set(zelda: Customer) -> None:
    erase_personal_data(zelda.pk, NOW)
    assert not alive()
    assert not members(Segment.objects.get().pk)


def test_invariant_13_the_id_cannot_be_used_again(zelda: Customer) -> None:
    erase_personal_data(zelda.pk, NOW)
    assert len(upsert_customers([CustomerRow("zelda-7", "zelda@example.com")], NOW).refused) == 1
    assert len(record_events([EventRow("zelda-7", "ordered", NOW, "k")], NOW, create_customers=True).refused) == 1
    assert Customer.objects.count() == 1


def test_invariant_13_a_suppressed_address_stays_suppressed(zelda: Customer) -> None:
    erase_personal_data(zelda.pk, NOW)
    upsert_customers([CustomerRow("somebody-new", "Zelda@Example.com")], NOW)
    assert set(suppressed("email", EVERYONE)) == {Customer.objects.get(external_id="somebody-new").pk}
    assert not Suppression.objects.exclude(note="").exists()


def test_invariant_13_erasing_twice_changes_nothing(zelda: Customer) -> None:
    erase_personal_data(zelda.pk, NOW)
    before = everything_stored()
    erase_personal_data(zelda.pk, NOW)
    assert everything_stored() == before


ROWS = b"external_id,email,name,city,joined\nzelda-7,zelda@example.com,Zelda Zimt,Atlantis,\n"
BROKEN = b"external_id,email,name,timezone\nzelda-7,zelda-at-example,Zelda Zimt,\n,zelda@example.com,Zelda Zimt,\n"


@pytest.mark.parametrize("ends", ["done", "with errors", "stopped", "gone"])
def test_invariant_13_no_file_of_a_finished_import_is_kept(ends: str) -> None:
    file = BytesIO(BROKEN if ends == "with errors" else ROWS)
    run = start_import(file, "c.csv", "customers", ImportOptions(), None, NOW)
    name = str(run.stored_file.name)
    assert default_storage.exists(name)
    if ends == "stopped":
        assert cancel_import(run.pk, "Ann", NOW)
    else:
        if ends == "gone":
            ImportRun.objects.update(options={**run.options, "columns": {"external_id": "nowhere"}})
        continue_running(lambda: NOW, seconds=60)
    run.refresh_from_db()
    assert (run.state == "running", bool(run.stored_file), default_storage.exists(name)) == (False, False, False)


def test_invariant_13_an_error_file_names_lines_and_reasons_and_nobody() -> None:
    run = start_import(BytesIO(BROKEN), "c.csv", "customers", ImportOptions(), None, NOW)
    continue_running(lambda: NOW, seconds=60)
    run.refresh_from_db()
    assert run.rows_refused == 2
    with default_storage.open(str(run.error_file.name)) as file:
        text = file.read().decode()
    assert [word for word in (*PERSONAL, "zelda") if word.lower() in text.lower()] == []
