"""Breakers and heartbeats in the admin: who sees them, and who may have a channel tried now."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from audiences.clock import read_now
from deliveries.models import Breaker, Heartbeat
from tests.builders import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def breaker() -> Breaker:
    now = read_now()
    return Breaker.objects.create(
        channel="in_app", failures=3, waits_until=now + timedelta(minutes=4), problem="421 later", changed_at=now
    )


def page(client: Client, name: str, *args: Any) -> str:
    return client.get(reverse(f"admin:deliveries_{name}", args=args)).content.decode()


def try_now(client: Client, channel: str = "in_app") -> str:
    response = client.post(reverse("admin:deliveries_breaker_try_now", args=[channel]), follow=True)
    assert response.status_code == 200
    return response.content.decode()


def operator(client: Client, *, superuser: bool = False) -> Client:
    user = make_user("op", is_staff=True, is_superuser=superuser)
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("failures", "waits", "shown"), [(0, None, "closed"), (1, 60, "waiting"), (1, -60, "half open")]
)
def test_the_list_says_where_each_breaker_stands(client: Client, failures: int, waits: int | None, shown: str) -> None:
    now = read_now()
    until = now + timedelta(seconds=waits) if waits is not None else None
    Breaker.objects.create(channel="email", failures=failures, waits_until=until, problem="421 later", changed_at=now)
    told = page(operator(client), "breaker_changelist")
    assert shown in told
    assert "421 later" in told
    assert "E-mail" in told


def test_an_operator_has_a_channel_tried_now_and_it_is_written_down(client: Client, breaker: Breaker) -> None:
    operator(client, superuser=True)
    assert "Try now" in page(client, "breaker_change", breaker.pk)
    assert "is tried again within a second" in try_now(client)
    breaker.refresh_from_db()
    assert (breaker.failures, breaker.waits_until) == (0, None)
    assert LogEntry.objects.get().change_message == "Had it tried now."
    assert "Try now" not in page(client, "breaker_change", breaker.pk)
    assert "closed already" in try_now(client)


def test_a_channel_that_has_no_breaker_is_no_error(client: Client) -> None:
    assert "closed already" in try_now(operator(client, superuser=True), "nothing")


def test_whoever_may_only_look_may_not_have_it_tried(client: Client, breaker: Breaker) -> None:
    operator(client)
    assert "Try now" not in page(client, "breaker_change", breaker.pk)
    assert "Only superusers" in try_now(client)
    breaker.refresh_from_db()
    assert breaker.failures == 3


def test_the_permission_can_be_given_by_hand(client: Client, breaker: Breaker) -> None:
    user = make_user("op", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_breaker"))
    client.force_login(user)
    assert "Try now" in page(client, "breaker_change", breaker.pk)
    assert "is tried again" in try_now(client)


def test_heartbeats_say_what_each_part_does(client: Client) -> None:
    Heartbeat.objects.create(part="reaper", at=read_now())
    assert "settles what a lost worker left behind" in page(operator(client), "heartbeat_changelist")
