"""Decisions: each acts on the plan at once, is refused when the plan is another, and can be taken back where it can."""

import re
from datetime import datetime, timedelta

import pytest

from campaigns.models import Campaign, Decision, Finding, Handoff, HistoryEntry, Retirement
from campaigns.queries.standing import standing
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.services.decisions import Answer, decide, offers_of, take_back
from campaigns.services.fixes import leave_out
from campaigns.services.handoffs import accept, offer
from campaigns.services.lifecycle import cancel, pause
from campaigns.services.overlaps import acknowledge
from campaigns.services.reviews import close_review
from campaigns.services.sends import move
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_item, make_review, make_team, make_user
from tests.campaigns.meetings import clashing, decided, item_about, opened

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 26, 12, 0)  # noqa: DTZ001 - the clock on the wall
LATER = NOW + timedelta(minutes=5)


def status(campaign_id: int) -> str:
    return Campaign.objects.get(pk=campaign_id).status


def test_keeping_a_finding_acknowledges_it_with_the_reason() -> None:
    finding = clashing()
    decision = decided(item_about(opened()), "keep", reason="Two days apart.")
    finding.refresh_from_db()
    assert (finding.state, finding.acknowledged_reason) == ("acknowledged", "Two days apart.")
    assert (decision.campaign, decision.reason, decision.at) == (None, "Two days apart.", NOW)


def test_keeping_taken_back_opens_the_finding_again() -> None:
    finding = clashing()
    item = item_about(opened())
    decided(item, "keep")
    assert take_back(item.pk, None, LATER)
    finding.refresh_from_db()
    assert (finding.state, finding.acknowledged_reason) == ("open", "")
    assert not take_back(item.pk, None, LATER)


def test_an_acknowledgement_of_somebody_else_is_not_taken_back_with_it() -> None:
    finding = clashing()
    item = item_about(opened())
    decided(item, "keep")
    Finding.objects.update(state="open")
    acknowledge(finding.pk, None, "Again", LATER)
    with pytest.raises(StaleChange, match="settled otherwise"):
        take_back(item.pk, None, LATER)


def test_a_send_is_moved_and_moved_back_and_the_approval_is_void() -> None:
    finding = clashing()
    item = item_about(opened())
    decision = decided(item, "move", campaign_id=finding.second_id, moment=NOON)
    send = finding.second.sends.get()
    assert (send.due_at.replace(tzinfo=None), status(finding.second_id)) == (NOON, "draft")
    assert decision.did == (
        "Moved from Tue 24 Nov 12:00 to Thu 26 Nov 12:00. Its approval is void: it has to be asked for again."
    )
    take_back(item.pk, None, LATER)
    send.refresh_from_db()
    assert f"{send.due_at:%a %H:%M}" == "Tue 12:00"
    assert Decision.objects.get().taken_back_at == LATER


def test_a_send_that_somebody_moved_on_is_not_moved_back() -> None:
    finding = clashing()
    item = item_about(opened())
    decided(item, "move", campaign_id=finding.first_id, moment=NOON)
    move(finding.first.sends.get().pk, NOON + timedelta(hours=1), None, LATER)
    with pytest.raises(StaleChange, match="moved this send meanwhile"):
        take_back(item.pk, None, LATER)
    assert Decision.objects.get().taken_back_at is None


@pytest.mark.parametrize("moment", [None, NOON - timedelta(days=30)])
def test_a_move_without_a_moment_or_into_the_past_is_refused(moment: datetime | None) -> None:
    finding = clashing()
    item = item_about(opened())
    with pytest.raises(NotAllowed):
        decided(item, "move", campaign_id=finding.first_id, moment=moment)
    assert not item.decisions.exists()


def test_excluding_leaves_out_the_other_audience_and_taking_it_back_lets_it_in_again() -> None:
    finding = clashing()
    item = item_about(opened())
    decision = decided(item, "exclude", campaign_id=finding.first_id)
    assert decision.did.startswith("Leaves out the other’s audience: 3 people before, 1 now.")
    assert list(finding.first.exclude.all()) == list(finding.second.include.all())
    assert status(finding.first_id) == "draft"
    take_back(item.pk, None, LATER)
    assert not finding.first.exclude.exists()


def test_an_exclusion_is_not_taken_back_from_a_campaign_that_was_edited_since() -> None:
    finding = clashing()
    item = item_about(opened())
    decided(item, "exclude", campaign_id=finding.first_id)
    Campaign.objects.filter(pk=finding.first_id).update(name="Another")
    record_version(finding.first_id, None, LATER)
    with pytest.raises(StaleChange, match="edited since"):
        take_back(item.pk, None, LATER)


def test_nobody_is_left_is_no_exclusion() -> None:
    finding = clashing()
    first, second = finding.first, finding.second
    second.include.set([*second.include.all()])
    first.include.get().refreshes.update(members=second.include.get().refreshes.get().members)
    with pytest.raises(NotAllowed, match="Nobody would be left"):
        leave_out(first.pk, second.pk, None, NOW)
    assert not first.exclude.exists()


def test_a_merge_takes_in_the_people_of_the_other_and_stops_it_for_good() -> None:
    finding = clashing()
    item = item_about(opened())
    decision = decided(item, "merge", campaign_id=finding.first_id)
    assert decision.did.startswith("Takes in the other’s people: 3 before, 4 now. The other one is stopped.")
    assert (status(finding.first_id), status(finding.second_id)) == ("draft", "cancelled")
    with pytest.raises(NotAllowed, match="for good"):
        take_back(item.pk, None, LATER)


def test_stopping_retires_it_with_why_and_what_was_learnt() -> None:
    finding = clashing()
    decided(
        item_about(opened()), "stop", campaign_id=finding.second_id, reason="Too many.", learnt="Once a month will do."
    )
    assert status(finding.second_id) == "cancelled"
    retirement = Retirement.objects.get()
    assert (retirement.why, retirement.learnt) == ("Too many.", "Once a month will do.")
    assert HistoryEntry.objects.get(action="cancel").note == "Too many."


def test_handing_over_offers_it_and_taking_it_back_withdraws_the_offer_while_it_is_open() -> None:
    finding = clashing()
    eli = make_user("eli", team=make_team(), role="planner")
    item = item_about(opened())
    decision = decided(item, "hand_over", campaign_id=finding.first_id, to_id=eli.pk)
    assert decision.did == "Offered to eli, who has to accept it."
    take_back(item.pk, None, LATER)
    assert Handoff.objects.get().state == "withdrawn"
    decided(item, "hand_over", campaign_id=finding.first_id, to_id=eli.pk)
    accept(Handoff.objects.latest("pk").pk, eli, LATER)
    with pytest.raises(StaleChange, match="This offer is over"):
        take_back(item.pk, None, LATER)


def test_an_item_is_decided_once_and_after_it_was_taken_back_again() -> None:
    clashing()
    item = item_about(opened())
    ana = make_user("ana", is_superuser=True)
    decided(item, "keep", ana)
    with pytest.raises(StaleChange, match="ana has decided this already: keep"):
        decided(item, "keep")
    take_back(item.pk, None, LATER)
    decided(item, "keep")
    assert item.decisions.count() == 2


@pytest.mark.parametrize("change", [cancel, pause])
def test_a_plan_that_changed_since_the_page_was_made_is_told(change: object) -> None:
    finding = clashing()
    item = item_about(opened())
    seen = standing(item)
    assert callable(change)
    change(finding.second_id, None, NOW)
    with pytest.raises(StaleChange, match="The plan has changed"):
        decide(item.pk, Answer("keep", "Fine.", seen), None, LATER)
    assert Finding.objects.get().state == "open"


def test_a_closed_review_is_closed() -> None:
    clashing()
    review = opened()
    item = item_about(review)
    decided(item, "keep")
    close_review(review.pk, None, LATER)
    with pytest.raises(StaleChange, match="closed"):
        take_back(item.pk, None, LATER)
    with pytest.raises(StaleChange, match="closed"):
        decided(item_about(review, "lacking"), "keep")


def test_a_decision_without_a_reason_or_without_a_campaign_is_refused() -> None:
    clashing()
    item = item_about(opened())
    with pytest.raises(NotAllowed, match="Say why"):
        decided(item, "keep", reason=" ")
    with pytest.raises(NotAllowed, match="which of the two"):
        decided(item, "stop")
    with pytest.raises(NotAllowed, match="cannot be decided here"):
        decided(item, "burn")


def test_those_who_plan_for_the_team_decide_and_nobody_else() -> None:
    finding = clashing()
    other = make_user(team=make_team("success"), role="approver")
    viewer = make_user(team=make_team(), role="viewer")
    item = item_about(opened())
    for person in (other, viewer):
        for kind in ("keep", "stop", "exclude", "merge"):
            with pytest.raises(NotAllowed, match="who plan for Lifecycle"):
                decided(item, kind, person, campaign_id=finding.first_id)
    planner = make_user(team=make_team(), role="planner")
    with pytest.raises(NotAllowed, match="owner and approvers"):
        decided(item, "hand_over", planner, campaign_id=finding.first_id, to_id=planner.pk)
    decided(item, "keep", planner)


def test_of_two_teams_each_decides_on_its_own() -> None:
    finding = clashing()
    Campaign.objects.filter(pk=finding.second_id).update(team=make_team("success"))
    person = make_user(team=make_team("success"), role="planner")
    item = item_about(opened())
    with pytest.raises(NotAllowed, match="who plan for Lifecycle"):
        decided(item, "stop", person, campaign_id=finding.first_id)
    with pytest.raises(NotAllowed):
        decided(item, "merge", person, campaign_id=finding.second_id)
    assert status(finding.first_id) == status(finding.second_id) == "approved"
    decided(item, "stop", person, campaign_id=finding.second_id)


def test_a_finding_that_settled_itself_offers_nothing() -> None:
    clashing()
    item = item_about(opened())
    Finding.objects.update(state="resolved")
    item.refresh_from_db()
    assert offers_of(item) == {}


def test_the_words_of_what_was_done_name_no_campaign() -> None:
    finding = clashing()
    item = item_about(opened())
    names = {finding.first.name, finding.second.name}
    for kind in ("keep", "move", "exclude"):
        decision = decided(item, kind, campaign_id=finding.first_id, moment=NOON)
        assert not [name for name in names if name in decision.did + str(item.facts)]
        take_back(item.pk, None, LATER)


def test_keeping_a_single_campaign_changes_nothing_and_can_be_taken_back() -> None:
    item = make_item(make_review(), make_campaign())
    assert decided(item, "keep").did == "Stays as it is planned."
    assert take_back(item.pk, None, LATER)


def test_a_decision_is_taken_back_by_those_who_saw_it_and_not_another_one() -> None:
    clashing()
    item = item_about(opened())
    seen = decided(item, "keep")
    take_back(item.pk, None, LATER, seen.pk)
    decided(item, "keep", reason="After all.")
    with pytest.raises(StaleChange, match="decided otherwise"):
        take_back(item.pk, None, LATER, seen.pk)
    assert Decision.objects.get(taken_back_at=None).reason == "After all."


def test_how_an_item_stands_tells_nothing_of_its_campaigns() -> None:
    clashing()
    item = item_about(opened())
    assert re.fullmatch("[0-9a-f]{64}", standing(item))


def test_taking_back_a_handoff_that_was_offered_before_leaves_the_offer() -> None:
    finding = clashing(owner=make_user("ana", team=make_team()))
    eli = make_user("eli", team=make_team())
    earlier = offer(finding.first_id, eli.pk, None, NOW - timedelta(days=1))
    item = item_about(opened())
    decided(item, "hand_over", campaign_id=finding.first_id, to_id=eli.pk)
    assert take_back(item.pk, None, LATER)
    earlier.refresh_from_db()
    assert earlier.state == "offered"
