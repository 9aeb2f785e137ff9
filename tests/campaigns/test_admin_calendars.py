"""Calendars in the admin: a file is imported, again by its UIDs, and a bad one is told beside the field."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from campaigns.calendar_reading import read_calendar
from campaigns.models import CalendarEntry, ImportedCalendar
from campaigns.refusals import NotAllowed
from campaigns.services.calendars import import_into
from tests.builders import NOW, make_team, make_user
from tests.campaigns.test_calendar_reading import BERLIN, FAIR, calendar

pytestmark = pytest.mark.django_db
LIST = "/admin/campaigns/importedcalendar/"
LAUNCH = "UID:launch\nDTSTART;VALUE=DATE:20261201\nSUMMARY:Launch"


@pytest.fixture
def planner(client: Client) -> Client:
    client.force_login(make_user("eli", is_staff=True, team=make_team(), role="planner"))
    return client


def upload(client: Client, content: bytes, address: str = f"{LIST}add/", name: str = "Trade fairs") -> str:
    file = SimpleUploadedFile("fairs.ics", content, content_type="text/calendar")
    return client.post(address, {"name": name, "file": file}, follow=True).content.decode()


def names() -> list[str]:
    return list(CalendarEntry.objects.values_list("name", flat=True))


def test_a_file_is_imported_and_again_replaces_what_has_the_same_uid(planner: Client) -> None:
    assert "fairs.ics: 2 events new, 0 replaced, 2 entries in all." in upload(planner, calendar(FAIR, LAUNCH))
    made = ImportedCalendar.objects.get()
    assert (made.name, made.filename, str(made.imported_by)) == ("Trade fairs", "fairs.ics", "eli")

    page = upload(planner, calendar(FAIR.replace("Trade fair", "Expo")), f"{LIST}{made.pk}/change/")
    assert "0 events new, 1 replaced, 1 entries in all. 1 other entries of this calendar stay." in page
    assert names() == ["Expo", "Launch"]


def test_the_name_alone_can_be_changed(planner: Client) -> None:
    upload(planner, calendar(FAIR))
    planner.post(f"{LIST}{ImportedCalendar.objects.get().pk}/change/", {"name": "Fairs of 2026"})
    assert ImportedCalendar.objects.get().name == "Fairs of 2026"
    assert names() == ["Trade fair"]


def test_a_bad_file_changes_nothing_and_a_bad_event_is_left_out_with_a_sentence(planner: Client) -> None:
    assert "Line 7 cannot be read" in upload(planner, calendar(FAIR).replace(b"SUMMARY:", b"SUMMARY "))
    assert "Choose the .ics file to begin with." in planner.post(f"{LIST}add/", {"name": "Empty"}).content.decode()
    assert not ImportedCalendar.objects.exists()
    page = upload(planner, calendar(FAIR, "UID:2\nSUMMARY:Someday"))
    assert "Left out: “Someday” (line 9) does not say when it begins" in page
    assert names() == ["Trade fair"]


def test_a_calendar_is_deleted_with_its_entries_which_are_told_by_their_number(planner: Client) -> None:
    upload(planner, calendar(FAIR, LAUNCH))
    address = f"{LIST}{ImportedCalendar.objects.get().pk}/delete/"
    page = planner.get(address).content.decode()
    assert "Trade fairs with 2 entries" in page
    assert "Launch" not in page
    planner.post(address, {"post": "yes"})
    assert names() == []


def test_viewers_import_nothing(client: Client) -> None:
    viewer = make_user("vic", is_staff=True, team=make_team(), role="viewer")
    client.force_login(viewer)
    assert client.get(f"{LIST}add/").status_code == 403
    made = ImportedCalendar.objects.create(name="Fairs")
    upload(client, calendar(FAIR), f"{LIST}{made.pk}/change/")
    with pytest.raises(NotAllowed, match="Only planners and approvers"):
        import_into(made.pk, read_calendar(calendar(FAIR), BERLIN, NOW), "fairs.ics", viewer, NOW)
    assert names() == []


def test_as_many_events_as_a_file_may_have_are_replaced_at_once(planner: Client) -> None:
    events = [f"UID:{number}\nDTSTART;VALUE=DATE:20261201\nSUMMARY:Fair {number}" for number in range(2_000)]
    upload(planner, calendar(*events))
    page = upload(planner, calendar(*events), f"{LIST}{ImportedCalendar.objects.get().pk}/change/")
    assert "0 events new, 2,000 replaced" in page
    assert CalendarEntry.objects.count() == 2_000
