"""A campaign's life: every step with its rights, its record, and what becomes of the sends."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from campaigns.models import Campaign, Firing, Send
from campaigns.services import lifecycle, states
from campaigns.services.lifecycle import NotAllowed, PreflightFailed, StaleChange
from campaigns.services.planning import plan_all
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customer, make_segment, make_send, make_team, make_user

pytestmark = pytest.mark.django_db


def approved(**fields: object) -> Campaign:
    campaign = make_campaign([make_segment([make_customer()])], **fields)
    version = lifecycle.ask_for_approval(campaign.pk, None, NOW)
    lifecycle.approve(campaign.pk, version.number, None, NOW)
    campaign.refresh_from_db()
    return campaign


def status(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).status


def test_a_campaign_is_asked_for_approved_and_started() -> None:
    campaign = approved()
    assert status(campaign) == "approved"
    assert campaign.approved_version is not None
    assert campaign.approved_version.number == 1
    assert lifecycle.start(campaign.pk, NOW)
    assert status(campaign) == "running"
    assert not lifecycle.start(campaign.pk, NOW)


def test_the_history_says_who_did_what_with_which_version() -> None:
    boss = make_user("boss", team=make_team())
    campaign = make_campaign([make_segment([make_customer()])])
    version = lifecycle.ask_for_approval(campaign.pk, boss, NOW)
    lifecycle.decline(campaign.pk, boss, NOW, note="The subject shouts.")
    told = [(entry.action, entry.by, entry.note, entry.version) for entry in campaign.history.all()]
    assert told == [
        ("created", boss, "", version),
        ("ask", boss, "", version),
        ("decline", boss, "The subject shouts.", version),
    ]


def test_preflight_stands_before_review_and_says_everything_at_once() -> None:
    campaign = make_campaign([], channels=[])
    with pytest.raises(PreflightFailed) as refusal:
        lifecycle.ask_for_approval(campaign.pk, None, NOW)
    assert refusal.value.sentences == [
        "Include at least one segment: this campaign is for nobody.",
        "Choose at least one channel.",
    ]
    assert status(campaign) == "draft"


@pytest.mark.parametrize(
    ("role", "may_ask", "may_approve"),
    [("viewer", False, False), ("planner", True, False), ("approver", True, True), ("", False, False)],
)
def test_roles_decide_who_may_ask_and_who_may_approve(role: str, may_ask: bool, may_approve: bool) -> None:
    campaign = make_campaign([make_segment([make_customer()])])
    user = make_user(team=campaign.team if role else None, role=role or "viewer")
    assert _is_allowed(lambda: lifecycle.ask_for_approval(campaign.pk, user, NOW)) is may_ask
    Campaign.objects.filter(pk=campaign.pk).update(status="in_review")
    version = record_version(campaign.pk, None, NOW)
    Campaign.objects.filter(pk=campaign.pk).update(status="in_review")
    assert _is_allowed(lambda: lifecycle.approve(campaign.pk, version.number, user, NOW)) is may_approve


def test_a_superuser_may_do_everything_and_an_approver_of_another_team_nothing() -> None:
    campaign = approved()
    lifecycle.pause(campaign.pk, make_user(is_superuser=True), NOW)
    stranger = make_user(team=make_team("product"))
    with pytest.raises(NotAllowed, match="Only planners and approvers of Lifecycle"):
        lifecycle.resume(campaign.pk, stranger, NOW)


def test_an_approval_is_of_the_version_that_was_read() -> None:
    campaign = make_campaign([make_segment([make_customer()])])
    lifecycle.ask_for_approval(campaign.pk, None, NOW)
    with pytest.raises(StaleChange, match="has changed since version 7"):
        lifecycle.approve(campaign.pk, 7, None, NOW)
    Campaign.objects.filter(pk=campaign.pk).update(priority=99)
    with pytest.raises(StaleChange, match="is being edited"):
        lifecycle.approve(campaign.pk, 1, None, NOW)
    assert status(campaign) == "in_review"


def test_a_move_that_the_table_does_not_know_is_refused_with_the_status() -> None:
    campaign = approved()
    with pytest.raises(StaleChange, match="is approved: it cannot be resumed"):
        lifecycle.resume(campaign.pk, None, NOW)
    lifecycle.cancel(campaign.pk, None, NOW)
    for step in (lifecycle.pause, lifecycle.cancel):
        with pytest.raises(StaleChange, match="is cancelled"):
            step(campaign.pk, None, NOW)


def test_a_template_never_goes_to_review() -> None:
    campaign = make_campaign([make_segment([make_customer()])], is_template=True)
    with pytest.raises(NotAllowed, match="is a template"):
        lifecycle.ask_for_approval(campaign.pk, None, NOW)


def test_a_pause_stops_what_is_leaving_and_a_resume_lets_it_go_on() -> None:
    campaign = approved()
    lifecycle.start(campaign.pk, NOW)
    leaving = make_send(campaign, slot="a", state=Send.State.SENDING)
    deciding = make_send(campaign, slot="b", state=Send.State.ADMITTING)
    lifecycle.pause(campaign.pk, None, NOW)
    assert [_state(leaving), _state(deciding)] == ["paused", "admitting"]
    lifecycle.resume(campaign.pk, None, NOW)
    assert [_state(leaving), _state(deciding)] == ["sending", "admitting"]


def test_a_cancel_takes_everything_off_that_is_not_over() -> None:
    campaign = approved()
    sends = [make_send(campaign, slot=state, state=state) for state in ("admitting", "sending", "paused", "done")]
    firing = Firing.objects.create(
        campaign=campaign, customer=make_customer(), key="event:1", occurred_at=NOW, due_at=NOW, send=sends[0]
    )
    lifecycle.cancel(campaign.pk, None, NOW)
    assert [_state(send) for send in sends] == ["cancelled", "cancelled", "cancelled", "done"]
    assert set(campaign.sends.values_list("state", flat=True)) == {"cancelled", "done"}
    firing.refresh_from_db()
    assert (firing.state, firing.reason) == ("dropped", "the campaign was cancelled")


def test_an_edit_of_a_paused_campaign_gives_up_what_was_stopped() -> None:
    campaign = approved()
    lifecycle.start(campaign.pk, NOW)
    stopped = make_send(campaign, slot="a", state=Send.State.SENDING)
    lifecycle.pause(campaign.pk, None, NOW)
    Campaign.objects.filter(pk=campaign.pk).update(priority=99)
    record_version(campaign.pk, None, NOW)
    assert (status(campaign), _state(stopped)) == ("draft", "cancelled")


def _state(send: Send) -> str:
    return Send.objects.get(pk=send.pk).state


def _is_allowed(step: object) -> bool:
    assert callable(step)
    try:
        step()
    except NotAllowed:
        return False
    return True


def test_somebody_who_left_may_do_nothing() -> None:
    campaign = approved()
    gone = make_user(team=campaign.team)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        lifecycle.pause(campaign.pk, User.objects.get(pk=gone.pk), NOW)


def test_saving_what_was_read_before_a_pause_does_not_undo_the_pause() -> None:
    campaign = make_campaign()
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.RUNNING)
    read = Campaign.objects.get(pk=campaign.pk)
    lifecycle.pause(campaign.pk, None, NOW)
    read.name = "Another name"
    read.save()
    assert Campaign.objects.values_list("name", "status").get(pk=campaign.pk) == ("Another name", "paused")


@pytest.mark.django_db(transaction=True)
def test_a_step_without_its_line_in_the_history_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = approved()
    lifecycle.start(campaign.pk, NOW)
    Send.objects.update(state=Send.State.DONE)

    def lost(*_: object, **__: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(states, "write_history", lost)
    with pytest.raises(OperationalError):
        plan_all(NOW + timedelta(days=5))
    assert status(campaign) == "running"
