import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from audiences.import_options import CUSTOMERS, EVENTS, ImportOptions
from audiences.models import Customer, Event, ImportRun, Subscription
from audiences.services import import_reading, importing
from audiences.services.import_errors import formula_safe
from audiences.services.import_trials import DryRun, try_import
from audiences.services.importing import FileProblem, TakenOver, continue_import, start_local_import
from tests.audiences.services.scenes import AS_PURCHASES, PURCHASES, clock, counts
from tests.builders import NOW, make_customer, make_topic

pytestmark = pytest.mark.django_db


def write(folder: Path, *lines: str) -> Path:
    path = folder / "file.csv"
    path.write_bytes("\n".join(lines).encode() + b"\n")
    return path


def run(path: Path, kind: str, **options: Any) -> ImportRun:
    started = start_local_import(path, kind, ImportOptions(**options), NOW)
    return continue_import(started.pk, clock, path, path.with_name("errors.csv"))


def errors(path: Path) -> list[list[str]]:
    with path.with_name("errors.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_customers_come_in_with_their_attributes_and_twice_changes_nothing(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "external_id,email,name,plan,seats,vip,zip",
        "a,a@example.com,Ann,pro,10,true,01067",
        "b,,Bob,,2.5,,",
    )
    assert counts(run(path, CUSTOMERS)) == (2, 2, 0, 0)
    ann, bob = Customer.objects.order_by("external_id")
    assert (ann.email, ann.name, ann.attributes) == (
        "a@example.com",
        "Ann",
        {"plan": "pro", "seats": 10, "vip": True, "zip": "01067"},
    )
    assert (bob.email, bob.attributes) == ("", {"seats": 2.5})
    assert counts(run(path, CUSTOMERS)) == (2, 0, 2, 0)


def test_columns_are_mapped_and_attributes_chosen(tmp_path: Path) -> None:
    path = write(tmp_path, "id;mail;tier;seats;junk", "a;a@example.com;pro;7;x")
    run(
        path,
        CUSTOMERS,
        columns={"external_id": "id", "email": "mail"},
        properties={"plan": "tier", "seats": "seats"},
        text=["seats"],
    )
    made = Customer.objects.get()
    assert (made.external_id, made.email, made.attributes) == ("a", "a@example.com", {"plan": "pro", "seats": "7"})


def test_bad_rows_are_told_with_line_column_and_reason_and_the_rest_goes_in(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "external_id,email,timezone,created_at",
        "a,nonsense,,",
        ",b@example.com,,",
        'c,"x,,',
        "d,d@example.com,Mars/Base,",
        "e,e@example.com,,yesterday",
        "f,f@example.com,,2026-01-31",
        "erased-1,,,",
        "g,g@example.com,",
    )
    done = run(path, CUSTOMERS)
    assert counts(done) == (8, 2, 0, 6)
    assert errors(path) == [
        ["2", "email", "is not an e-mail address"],
        ["3", "external_id", "must be given, without spaces around it"],
        ["4", "", "has a quote that is never closed"],
        ["5", "timezone", "is not a time zone; the row was kept without it, and the workspace's zone is used"],
        ["6", "created_at", "must be a date such as 2026-01-31, between 1900 and 9000"],
        ["8", "external_id", "must not begin with “erased-”, which marks erased customers"],
        ["9", "", "has 3 fields where there are 4 columns"],
    ]
    assert set(Customer.objects.values_list("external_id", "timezone")) == {("d", ""), ("f", "")}
    assert Customer.objects.get(external_id="f").created_at == datetime(2026, 1, 31, tzinfo=UTC)


def test_the_error_file_holds_nothing_that_a_spreadsheet_would_run(tmp_path: Path) -> None:
    path = write(tmp_path, "external_id,=cmd()|x", f"a,{'x' * 10_001}")
    run(path, CUSTOMERS)
    assert errors(path)[0][1] == "'=cmd()|x"
    assert [formula_safe(cell) for cell in ("+1", "-1", "@x", "x")] == ["'+1", "'-1", "'@x", "x"]


def test_consent_is_left_alone_unless_asked_for(tmp_path: Path) -> None:
    topic = make_topic()
    path = write(tmp_path, "external_id,consent:tips:email", "a,no", "b,", "c,yes")
    run(path, CUSTOMERS)
    assert not Subscription.objects.exists()
    run(path, CUSTOMERS, update_consent=True)
    said = Subscription.objects.order_by("customer__external_id").values_list("customer__external_id", "subscribed")
    assert list(said) == [("a", False), ("c", True)]
    assert set(Subscription.objects.values_list("source", "topic", "channel")) == {("import", topic.pk, "email")}


def test_consent_for_an_unknown_topic_stops_the_import_at_once(tmp_path: Path) -> None:
    make_topic()
    path = write(tmp_path, "external_id,consent:tipps:email", "a,no")
    with pytest.raises(FileProblem, match=r"There is no topic “tipps” .* Did you mean “tips”"):
        run(path, CUSTOMERS, update_consent=True)


def test_identical_rows_standing_together_are_separate_events_and_later_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, *PURCHASES)
    assert counts(run(path, EVENTS, create_customers=True, **AS_PURCHASES)) == (6, 6, 0, 0)
    assert counts(run(path, EVENTS, create_customers=True, **AS_PURCHASES)) == (6, 0, 6, 0)
    first = Event.objects.earliest("id")
    assert (first.name, first.value, first.properties, first.imported) == (
        "ordered",
        Decimal("11.77"),
        {"cds": 1},
        True,
    )
    assert first.occurred_at == datetime(1997, 1, 1, tzinfo=UTC)
    assert first.customer.external_id == "00001"


def test_the_rows_of_a_later_longer_file_are_known(tmp_path: Path) -> None:
    run(write(tmp_path, *PURCHASES[:4]), EVENTS, create_customers=True, **AS_PURCHASES)
    assert counts(run(write(tmp_path, *PURCHASES), EVENTS, create_customers=True, **AS_PURCHASES)) == (6, 3, 3, 0)


def test_batches_of_one_count_equal_rows_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_reading, "BATCH", 1)
    path = write(tmp_path, *PURCHASES)
    assert counts(run(path, EVENTS, create_customers=True, **AS_PURCHASES)) == (6, 6, 0, 0)


def test_events_of_unknown_customers_are_refused_unless_they_may_be_made(tmp_path: Path) -> None:
    path = write(tmp_path, *PURCHASES)
    make_customer(external_id="00002")
    assert counts(run(path, EVENTS, **AS_PURCHASES)) == (6, 1, 0, 5)
    assert errors(path)[0] == ["2", "customer_id", "there is no customer with this external id"]


def test_a_key_column_is_the_identity(tmp_path: Path) -> None:
    make_customer(external_id="a")
    path = write(
        tmp_path,
        "external_id,event,occurred_at,value,idempotency_key",
        "a,ordered,2026-01-31T09:00:00+01:00,1.005,k1",
        "a,ordered,2026-02-01,,k1",
        "a,ordered,2026-02-01,,",
        "a,ordered,2026-02-30,,k2",
        "a,ordered,2026-02-01,much,k3",
        "a,ordered,2026-02-01,NaN,k3",
    )
    assert counts(run(path, EVENTS)) == (6, 1, 1, 4)
    assert [(line, column) for line, column, _ in errors(path)] == [
        ("4", "idempotency_key"),
        ("5", "occurred_at"),
        ("6", "value"),
        ("7", "value"),
    ]
    assert Event.objects.get().value == Decimal("1.01")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "Which column is external_id\\? .* say --map external_id=COLUMN. The columns are: id, what"),
        ({"columns": {"external_id": "nope"}}, "There is no column “nope” for external_id. The columns are: id, what"),
        ({"columns": {"extern_id": "id"}}, "There is no field “extern_id” of events. Did you mean “external_id”"),
        ({"delimiter": "|"}, "The delimiter must be"),
        ({"columns": {"external_id": "id"}}, "Which column is event\\? .* Or name every event with --event"),
    ],
)
def test_a_wrong_mapping_is_told_before_anything_is_read(tmp_path: Path, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(FileProblem, match=problem):
        run(write(tmp_path, "id,what", "1,2"), EVENTS, **options)
    assert not ImportRun.objects.exists()


def test_the_planner_is_told_of_what_came_in_bulk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refreshed: list[tuple[type, ...]] = []
    monkeypatch.setattr(importing, "refresh_statistics", lambda *models: refreshed.append(models))
    monkeypatch.setattr(importing, "MASS_INSERT", 2)
    run(write(tmp_path, "external_id", "a"), "customers")
    assert refreshed == []
    run(write(tmp_path, "external_id", "b", "c"), "customers")
    run(write(tmp_path, "external_id,event,occurred_at", "a,x,2026-01-01", "b,x,2026-01-01"), "events")
    assert refreshed == [(Customer, Subscription), (Customer, Event)]


def test_an_import_that_stopped_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_reading, "BATCH", 2)
    path = write(tmp_path, *PURCHASES, " 00003 nonsense 1 1.00")
    options = ImportOptions(create_customers=True, **AS_PURCHASES)
    started = start_local_import(path, EVENTS, options, NOW)
    stopped = continue_import(started.pk, clock, path, tmp_path / "errors.csv", until=NOW)
    assert counts(stopped) == (2, 2, 0, 0)
    assert start_local_import(path, EVENTS, options, NOW).pk == started.pk
    # What a killed process wrote beyond its last commit is cut off again.
    (tmp_path / "errors.csv").write_text("half a line")
    done = continue_import(started.pk, clock, path, tmp_path / "errors.csv")
    assert (counts(done), done.state) == ((7, 6, 0, 1), ImportRun.State.DONE)
    assert [line for line, *_ in errors(path)] == ["8"]


def test_of_two_readers_of_one_run_the_second_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_reading, "BATCH", 2)
    path = write(tmp_path, *PURCHASES)
    started = start_local_import(path, EVENTS, ImportOptions(create_customers=True, **AS_PURCHASES), NOW)

    def other_goes_on(read: int, total: int) -> None:
        if read == 2:
            continue_import(started.pk, clock, path, tmp_path / "errors.csv")

    with pytest.raises(TakenOver):
        continue_import(started.pk, clock, path, tmp_path / "errors.csv", on_progress=other_goes_on)
    assert Event.objects.count() == 6
    started.refresh_from_db()
    assert counts(started) == (6, 6, 0, 0)


def test_a_dry_run_writes_nothing_and_tells_what_would_be(tmp_path: Path) -> None:
    path = write(tmp_path, *PURCHASES, " 00003 nonsense 1 1.00")
    told = try_import(path, EVENTS, ImportOptions(create_customers=True, **AS_PURCHASES), clock)
    assert (told.read, told.written, told.unchanged, told.refused) == (7, 6, 0, 1)
    assert isinstance(told, DryRun)
    assert [error.line for error in told.errors] == [8]
    assert not any(model._default_manager.exists() for model in (Customer, Event, ImportRun))
