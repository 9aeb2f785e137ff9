"""Imports in the admin: a file with its columns named, its progress, its errors, and stopping it."""

import gzip
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from audiences.admin.import_form import for_the_form
from audiences.clock import read_now
from audiences.models import Customer, Event, ImportRun
from audiences.services.import_queue import continue_running
from tests.builders import make_customer, make_team, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/audiences/importrun/"


@pytest.fixture(autouse=True)
def files_of_its_own(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def planner(client: Client) -> Client:
    client.force_login(make_user("pat", is_staff=True, team=make_team(), role="planner"))
    return client


def upload(text: str | bytes, name: str = "people.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def start(client: Client, text: str | bytes, **fields: Any) -> str:
    posted = {"kind": "customers", "file": upload(text), **fields}
    return client.post(f"{LIST}add/", posted, follow=True).content.decode()


def test_a_file_is_stored_and_read_by_the_worker(planner: Client) -> None:
    page = start(planner, "external_id,email,plan\na,a@example.com,pro\nb,b@example.com,free\n")
    run = ImportRun.objects.get()
    assert (run.state, run.rows_total, str(run.started_by)) == ("running", 2, "pat")
    assert "0 of 2 rows read" in page
    assert 'hx-trigger="every 3s"' in page
    continue_running(read_now)
    page = planner.get(f"{LIST}{run.pk}/change/").content.decode()
    assert "2 of 2 rows read: 2 written" in page
    assert 'hx-trigger="every 3s"' not in page
    assert Customer.objects.get(external_id="a").attributes == {"plan": "pro"}


def test_columns_are_mapped_and_attributes_chosen(planner: Client) -> None:
    text = "id;mail;Plan;other\na;a@example.com;pro;x\n"
    start(planner, text, column_external_id="id", column_email="mail", properties="plan = Plan", delimiter=";")
    continue_running(read_now)
    customer = Customer.objects.get()
    assert (customer.external_id, customer.email, customer.attributes) == ("a", "a@example.com", {"plan": "pro"})


def test_events_come_from_a_compressed_file(planner: Client) -> None:
    make_customer(external_id="a")
    data = gzip.compress(b"who,when\na,2026-01-31\n")
    start(planner, data, kind="events", column_external_id="who", column_occurred_at="when", event_name="ordered")
    continue_running(read_now)
    assert (Event.objects.get().name, Event.objects.get().imported) == ("ordered", True)


@pytest.mark.parametrize(
    ("text", "fields", "says"),
    [
        ("who,mail\na,b\n", {}, "write its name into the field “external_id”. The columns are: who, mail."),
        ("external_id\na\n", {"column_email": "mail"}, "There is no column “mail” for email."),
        ("external_id,occurred_at\na,2026-01-31\n", {"kind": "events"}, "fill in “Every event is”"),
        (b"\xff\xfe\x00", {}, "UTF-8"),
        ("", {}, "empty"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_beside_it(
    planner: Client, text: str | bytes, fields: dict[str, str], says: str
) -> None:
    assert says in start(planner, text, **fields)
    assert not ImportRun.objects.exists()


def test_no_sentence_of_the_form_speaks_of_the_command_line() -> None:
    said = for_the_form("There is none; say --map event=COLUMN. Or name every event with --event.")
    assert said == "There is none; write its name into the field “event”. Or fill in “Every event is”."


def test_refused_rows_are_downloaded_with_line_and_reason(planner: Client) -> None:
    start(planner, "external_id,timezone\na,Europe/Berlin\n,UTC\n")
    continue_running(read_now)
    run = ImportRun.objects.get()
    response = planner.get(f"{LIST}{run.pk}/errors/")
    content = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert "people.csv.errors.csv" in response["Content-Disposition"]
    assert content.splitlines()[0] == "line,column,reason"
    assert content.splitlines()[1].startswith("3,")


def test_without_errors_there_is_no_file_to_download(planner: Client) -> None:
    start(planner, "external_id\na\n")
    page = planner.get(f"{LIST}{ImportRun.objects.get().pk}/errors/", follow=True).content.decode()
    assert "nothing was refused" in page


def test_an_import_is_stopped_by_post_and_its_file_is_not_kept(planner: Client) -> None:
    start(planner, "external_id\na\n")
    run = ImportRun.objects.get()
    stored = run.stored_file.name
    assert planner.get(f"{LIST}{run.pk}/cancel/").status_code == 405
    page = planner.post(f"{LIST}{run.pk}/cancel/", follow=True).content.decode()
    run.refresh_from_db()
    assert "Stopped by pat." in page
    assert (run.state, run.stored_file.name) == ("failed", "")
    assert not run.stored_file.storage.exists(str(stored))
    continue_running(read_now)
    assert not Customer.objects.exists()


def test_going_on_asks_a_worker(
    planner: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    run = ImportRun.objects.create(kind="customers", filename="x.csv", digest="x", stored_file=ContentFile(b"", "x"))
    with django_capture_on_commit_callbacks() as queued:
        planner.post(f"{LIST}{run.pk}/go-on/")
    assert len(queued) == 1


def test_a_viewer_watches_and_starts_or_stops_none(client: Client) -> None:
    client.force_login(make_user(is_staff=True, team=make_team(), role="viewer"))
    run = ImportRun.objects.create(kind="customers", filename="x.csv", digest="x")
    assert client.get(f"{LIST}{run.pk}/change/").status_code == 200
    assert client.get(f"{LIST}add/").status_code == 403
    client.post(f"{LIST}{run.pk}/cancel/")
    run.refresh_from_db()
    assert run.state == "running"
