"""The admin of segments: rules in words, lists by id, and what refuses to be deleted."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audiences.models import AttributeName, EventName, ListMember, Segment
from tests.builders import make_campaign, make_customer, make_customers, make_segment, make_user

pytestmark = pytest.mark.django_db

ADD = "/admin/audiences/segment/add/"
PRO = {"attribute": "plan", "is": "pro"}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def pro_customers() -> None:
    AttributeName.objects.create(name="plan")
    make_customer(attributes={"plan": "pro"})
    make_customer(attributes={"plan": "pro"})
    make_customer(attributes={"plan": "free"})


def form(**fields: Any) -> dict[str, Any]:
    return {"name": "Pro", "slug": "pro", "description": "", "kind": "rule", "rule": "", **fields}


def change(segment: Segment) -> str:
    return reverse("admin:audiences_segment_change", args=[segment.pk])


def test_a_rule_is_saved_counted_and_said_in_words(admin: Client, pro_customers: None) -> None:
    page = admin.post(ADD, form(rule=json.dumps(PRO), _save=""), follow=True).content.decode()
    assert Segment.objects.get(slug="pro").size == 2
    assert "<strong>2</strong>" in page
    assert "pro customers" in page


def test_check_says_words_and_size_and_saves_nothing(admin: Client, pro_customers: None) -> None:
    page = admin.post(ADD, form(rule=json.dumps(PRO), _check="")).content.decode()
    assert "<strong>2</strong> pro customers" in page
    assert "Nothing has been saved" in page
    assert "Please correct" not in page
    assert not Segment.objects.exists()


def test_check_of_a_saved_segment_leaves_it_as_it_is(admin: Client, pro_customers: None) -> None:
    segment = Segment.objects.create(slug="pro", name="Pro", rule=PRO)
    other = {"attribute": "plan", "is": "free"}
    page = admin.post(change(segment), {"name": "Pro", "rule": json.dumps(other), "_check": ""}).content.decode()
    segment.refresh_from_db()
    assert "<strong>1</strong> free customers" in page
    assert segment.rule == PRO


def test_an_unknown_attribute_is_told_beside_the_rule_with_its_path(admin: Client, pro_customers: None) -> None:
    rule = {"all": [PRO, {"attribute": "pla", "is": "pro"}]}
    page = admin.post(ADD, form(rule=json.dumps(rule), _save="")).content.decode()
    assert "all[1].attribute" in page
    assert "Did you mean “plan”?" in page
    assert not Segment.objects.exists()


def test_a_circle_of_segments_is_refused(admin: Client) -> None:
    first = Segment.objects.create(slug="first", name="First", rule={"segment": "second"})
    Segment.objects.create(slug="second", name="Second", rule={"has_not": "ordered"})
    second = Segment.objects.get(slug="second")
    page = admin.post(change(second), {"name": "Second", "rule": '{"segment": "first"}', "_save": ""}).content.decode()
    assert "circle" in page
    assert Segment.objects.get(slug="second").rule == {"has_not": "ordered"}
    assert first.rule == {"segment": "second"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"all": [', "This is not JSON. line 1, column 10"),
        ("", "must say one of"),
        ("[]", "a rule is an object"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_rule_is_told_and_not_saved(admin: Client, text: str, says: str) -> None:
    page = admin.post(ADD, form(rule=text, _save="")).content.decode()
    assert says in page
    assert not Segment.objects.exists()


def test_an_event_that_nobody_has_done_is_hinted_at(admin: Client) -> None:
    EventName.objects.create(name="ordered")
    page = admin.post(ADD, form(rule='{"did": "orderd"}', _check="")).content.decode()
    assert "Nobody has done “orderd” so far. Did you mean “ordered”?" in page


def test_pasted_ids_are_taken_and_unknown_ones_given_back(admin: Client) -> None:
    first, second = make_customers(2)
    ids = f"{first.external_id}\n nobody \n{second.external_id}\n\n"
    page = admin.post(ADD, form(kind="list", add_ids=ids, _save=""), follow=True).content.decode()
    segment = Segment.objects.get()
    assert set(segment.list_members.values_list("customer", flat=True)) == {first.pk, second.pk}
    assert "1 of the ids belong to no customer" in page
    assert ">nobody</textarea>" in page


def test_ids_come_from_a_csv_file_too(admin: Client) -> None:
    customer = make_customer()
    file = SimpleUploadedFile("ids.csv", f"name,external_id\nAnn,{customer.external_id}\n".encode())
    admin.post(ADD, form(kind="list", add_file=file, _save=""))
    assert list(ListMember.objects.values_list("customer", flat=True)) == [customer.pk]


def test_a_file_that_is_no_text_is_told(admin: Client) -> None:
    file = SimpleUploadedFile("ids.csv", b"\xff\xfe\x00\x00\xd8")
    page = admin.post(ADD, form(kind="list", add_file=file, _save="")).content.decode()
    assert "This is not a CSV file in UTF-8" in page
    assert not Segment.objects.exists()


def test_ids_are_taken_off_a_list(admin: Client) -> None:
    customers = make_customers(2)
    segment = make_segment(customers)
    admin.post(change(segment), {"name": "List", "remove_ids": customers[0].external_id, "_save": ""})
    segment.refresh_from_db()
    assert segment.size == 1


def test_a_segment_in_use_says_where_and_stays(admin: Client) -> None:
    segment = make_segment([], slug="everyone")
    make_campaign([segment], name="Welcome")
    Segment.objects.create(slug="other", name="Other", rule={"not": {"segment": "everyone"}})
    delete = reverse("admin:audiences_segment_delete", args=[segment.pk])
    page = admin.post(delete, {"post": "yes"}, follow=True).content.decode()
    assert "campaign “Welcome”" in page
    assert "the rule of segment “Other”" in page
    assert Segment.objects.filter(pk=segment.pk).exists()


def test_a_segment_that_nobody_uses_is_deleted(admin: Client) -> None:
    segment = make_segment(make_customers(1))
    admin.post(reverse("admin:audiences_segment_delete", args=[segment.pk]), {"post": "yes"})
    assert not Segment.objects.exists()


def test_counting_again_is_done_by_post_alone(admin: Client, pro_customers: None) -> None:
    segment = Segment.objects.create(slug="pro", name="Pro", rule=PRO)
    address = reverse("admin:audiences_segment_refresh", args=[segment.pk])
    assert admin.get(address).status_code == 405
    assert "Counted again: 2 customers" in admin.post(address, follow=True).content.decode()
