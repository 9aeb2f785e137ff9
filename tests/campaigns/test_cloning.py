"""Cloning and templates."""

from dataclasses import replace

import pytest

from campaigns.queries.campaigns import read_plan
from campaigns.refusals import NotAllowed
from campaigns.services.cloning import clone, start_from_template
from campaigns.services.lifecycle import approve, ask_for_approval
from campaigns.services.sends import move
from tests.builders import NOW, make_campaign, make_customer, make_message, make_segment, make_team, make_user

pytestmark = pytest.mark.django_db


def test_a_clone_says_the_same_and_is_a_draft_of_its_own() -> None:
    boss = make_user(team=make_team())
    original = make_campaign([make_segment([make_customer()])], name="Welcome", guardrails=["left"], priority=80)
    original.exclude.add(make_segment([]))
    make_message(original, variant="B")
    approve(original.pk, ask_for_approval(original.pk, None, NOW).number, None, NOW)
    made = clone(original.pk, boss, NOW)
    assert read_plan(made) == replace(read_plan(original), name="Welcome (copy)")
    assert (made.status, made.approved_version, made.owner, made.started_at) == ("draft", None, boss, None)
    assert [entry.action for entry in made.history.all()] == ["created"]
    assert made.sends.count() == 1
    made.messages.all().delete()
    assert original.messages.count() == 2


def test_a_clone_is_sent_at_least_once_where_its_original_is() -> None:
    made = clone(make_campaign([], transactional=True, at_least_once=True).pk, None, NOW)
    assert (made.transactional, made.at_least_once) == (True, True)


def test_a_moved_send_is_not_cloned() -> None:
    original = make_campaign([make_segment([make_customer()])])
    ask_for_approval(original.pk, None, NOW)
    move(original.sends.get().pk, NOW.replace(tzinfo=None, day=26), None, NOW)
    assert read_plan(clone(original.pk, None, NOW)).moves == ()


def test_a_template_is_a_start_that_never_goes_out() -> None:
    original = make_campaign([make_segment([make_customer()])], name="x" * 120)
    template = clone(original.pk, None, NOW, as_template=True)
    assert (template.is_template, len(template.name), template.sends.count()) == (True, 120, 0)
    begun = start_from_template(template.pk, None, NOW)
    assert (begun.is_template, begun.name, begun.sends.count()) == (False, template.name, 1)
    with pytest.raises(NotAllowed, match="not a template"):
        start_from_template(original.pk, None, NOW)


def test_only_planners_of_the_team_copy_its_campaigns() -> None:
    original = make_campaign([])
    with pytest.raises(NotAllowed, match="Only planners"):
        clone(original.pk, make_user(team=original.team, role="viewer"), NOW)
