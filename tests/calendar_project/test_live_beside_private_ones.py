"""A page follows a finding beside a private campaign as far as its reader is shown it, and tells no more than that."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User

from calendar_project.live.versions import days_version
from campaigns.models import Campaign, Finding
from tests.builders import NOW, make_campaign, make_send, make_team, make_user

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 23)


@pytest.fixture
def reader() -> User:
    """Of the team of the one, not of the other."""
    return make_user(team=make_team())


@pytest.fixture
def finding() -> Finding:
    """Shown to the reader as crowding."""
    ours, theirs = make_campaign(), make_campaign(is_private=True, team=make_team("product"))
    for campaign in (ours, theirs):
        make_send(campaign, NOW)
    return found(ours, theirs)


def found(first: Campaign, second: Campaign, kind: str = "crowding", **fields: Any) -> Finding:
    counts = {"shared": 9000, "percent_of_first": 60, "percent_of_second": 60, **fields}
    return Finding.objects.create(
        key=f"{kind}:{first.pk}:{second.pk}", kind=kind, severity="medium", first=first, second=second,
        inputs="x", found_at=NOW, checked_at=NOW, **counts,
    )  # fmt: skip


def tag(reader: User) -> str:
    return days_version(MONDAY, 7, User.objects.get(pk=reader.pk)).tag


def settled(finding: Finding) -> None:
    Finding.objects.update(state="acknowledged")


def grown(finding: Finding) -> None:
    Finding.objects.update(shared=9001)


def nearer(finding: Finding) -> None:
    Finding.objects.update(percent_of_second=20, percent_of_first=20)


def another(finding: Finding) -> None:
    found(make_campaign(), finding.second)


@pytest.mark.parametrize("change", [settled, grown, nearer, another])
def test_what_the_reader_is_shown_of_it_is_followed(
    reader: User, finding: Finding, change: Callable[[Finding], None]
) -> None:
    before = tag(reader)
    change(finding)
    assert tag(reader) != before


def a_duplicate_now(finding: Finding) -> None:
    """As the checker has it: the crowding is resolved, and another finding of the two is open."""
    Finding.objects.update(state="resolved")
    found(finding.first, finding.second, kind="duplicate")


def another_topic(finding: Finding) -> None:
    Finding.objects.update(severity="high", axes=["topic:tips"], inputs="y")


def few_in_both(finding: Finding) -> None:
    """Of which nobody is told who does not see both."""
    found(make_campaign(), finding.second, shared=3)


def between_two_of_theirs(finding: Finding) -> None:
    first, second = (make_campaign(is_private=True, team=make_team("product")) for _ in range(2))
    found(first, second)


@pytest.mark.parametrize("change", [a_duplicate_now, another_topic, few_in_both, between_two_of_theirs])
def test_what_the_veil_hides_is_not_told_by_a_page_that_refreshes_itself(
    reader: User, finding: Finding, change: Callable[[Finding], None]
) -> None:
    before = tag(reader)
    change(finding)
    assert tag(reader) == before
