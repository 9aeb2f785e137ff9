import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_key_is_printed_once_and_works(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "shop")
    token = capsys.readouterr().out.strip()
    client = Client(headers={"authorization": f"Token {token}"})
    made = client.post("/api/v1/customers/", '{"external_id": "42"}', content_type="application/json")
    assert made.status_code == 201


def test_its_user_can_do_three_things_and_not_sign_in() -> None:
    call_command("create_api_key", "shop")
    user = User.objects.get(username="key-shop")
    assert user.get_all_permissions() == {
        "audiences.add_customer",
        "audiences.change_customer",
        "audiences.add_event",
    }
    assert not user.has_usable_password()
    assert not user.is_staff


def test_a_name_is_used_once() -> None:
    call_command("create_api_key", "shop")
    with pytest.raises(CommandError, match="There is a key “shop”"):
        call_command("create_api_key", "shop")


def test_a_name_must_be_plain() -> None:
    with pytest.raises(CommandError, match="letters, digits"):
        call_command("create_api_key", "my shop")
