"""Reviews that several people open, decide in and close at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from campaigns.models import Campaign, Decision, Finding, Handoff, HandoffMail, MinutesMail, Review, Send
from campaigns.queries.standing import standing, standing_of_all
from campaigns.services.decisions import Answer, decide, take_back
from campaigns.services.handoffs import accept, offer, take, withdraw
from campaigns.services.keeping import keep_low, take_back_together
from campaigns.services.mails import claim_mail, waiting_minutes
from campaigns.services.overlaps import acknowledge, check_overlaps
from campaigns.services.planning import plan_sends
from campaigns.services.reviews import close_review
from tests.builders import NOW, make_campaign, make_item, make_review, make_team, make_user
from tests.campaigns.meetings import clashing, decided, item_about, opened
from tests.faults.test_races import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
ROUNDS = 6
LATER = NOW + timedelta(minutes=30)


def test_a_review_that_several_open_at_once_is_one_with_each_item_once() -> None:
    clashing()
    for _ in range(ROUNDS):
        assert at_once(opened, opened, opened) == []
        review = Review.objects.get()
        assert review.items.filter(about="finding").count() == 1
        review.delete()


def test_a_review_that_several_close_at_once_has_one_set_of_minutes_and_one_mail_each() -> None:
    make_user(team=make_team(), email="ana@example.com")
    clashing()
    for _ in range(ROUNDS):
        review = opened()
        closed: list[bool] = []
        works: list[Callable[[], object]] = [
            lambda: closed.append(close_review(review.pk, None, LATER, "One")),  # noqa: B023
            lambda: closed.append(close_review(review.pk, None, LATER, "Two")),  # noqa: B023
        ]
        assert at_once(*works) == []
        assert sorted(closed) == [False, True]
        assert MinutesMail.objects.count() == 1
        Review.objects.all().delete()


def test_a_mail_that_several_would_send_is_claimed_by_one() -> None:
    for number in range(20):
        make_user(team=make_team(), email=f"member-{number}@example.com")
    close_review(opened().pk, None, LATER)
    claimed: list[int] = []

    def work() -> None:
        while mail := claim_mail(waiting_minutes(LATER), LATER):
            claimed.append(mail.pk)

    assert at_once(work, work, work) == []
    assert len(claimed) == len(set(claimed)) == 20


def test_of_several_decisions_on_one_item_one_is_made_and_done() -> None:
    for _ in range(ROUNDS):
        finding = clashing()
        review = opened()
        item = item_about(review)
        seen = standing(item)
        moment = (NOW + timedelta(days=2)).replace(tzinfo=None)
        raised = at_once(
            lambda: decide(item.pk, Answer("stop", "A", seen, finding.first_id), None, NOW),  # noqa: B023
            lambda: decide(item.pk, Answer("merge", "B", seen, finding.second_id), None, NOW),  # noqa: B023
            lambda: decide(item.pk, Answer("move", "C", seen, finding.first_id, moment), None, NOW),  # noqa: B023
            lambda: decide(item.pk, Answer("exclude", "D", seen, finding.second_id), None, NOW),  # noqa: B023
        )
        assert raised == []
        (decision,) = Decision.objects.all()
        stopped = Campaign.objects.filter(status="cancelled").count()
        assert stopped == (decision.kind in ("stop", "merge"))
        assert Send.objects.filter(moved_by_hand=True).count() == (decision.kind == "move")
        start_over()


def test_decisions_beside_closing_checking_planning_and_taking_back_do_not_wait_in_a_ring() -> None:
    for number in range(ROUNDS):
        finding = clashing()
        review = opened()
        item = item_about(review)
        if number % 2:
            decided(item, "exclude", campaign_id=finding.first_id)
        seen = standing(item)
        raised = at_once(
            lambda: decide(item.pk, Answer("keep", "A", seen), None, NOW),  # noqa: B023
            lambda: take_back(item.pk, None, NOW),  # noqa: B023
            lambda: close_review(review.pk, None, LATER),  # noqa: B023
            lambda: check_overlaps(NOW),
            lambda: plan_sends(finding.second_id, NOW),  # noqa: B023
        )
        assert raised == []
        item.refresh_from_db()
        standing_ones = Decision.objects.filter(taken_back_at=None).count()
        assert standing_ones <= 1
        assert not (item.carries_over and standing_ones)
        start_over()


def test_an_offer_that_is_accepted_withdrawn_and_taken_at_once_has_one_outcome() -> None:
    team = make_team()
    ana, eli = (make_user(name, team=team) for name in ("ana", "eli"))
    for _ in range(ROUNDS):
        campaign = make_campaign(owner=None)
        handoff = offer(campaign.pk, eli.pk, ana, NOW)
        raised = at_once(
            lambda: accept(handoff.pk, eli, NOW),  # noqa: B023
            lambda: withdraw(handoff.pk, ana, NOW),  # noqa: B023
            lambda: take(campaign.pk, ana, NOW),  # noqa: B023
            lambda: offer(campaign.pk, ana.pk, None, NOW),  # noqa: B023
        )
        assert raised == []
        campaign.refresh_from_db()
        assert Handoff.objects.filter(campaign=campaign, state="offered").count() <= 1
        accepted = Handoff.objects.filter(campaign=campaign, state="accepted").exists()
        assert campaign.owner in ((eli,) if accepted else (None, ana))


def low_findings(review: Review, count: int = 4) -> list[Finding]:
    """Between campaigns that have no send: the checker, which finds nothing of them, resolves them."""
    found = []
    for _ in range(count):
        first, second = (make_campaign(owner=make_user()) for _ in range(2))
        finding = Finding.objects.create(
            key=f"crowding:{first.pk}:{second.pk}", kind="crowding", severity="low", first=first, second=second,
            shared=5, percent_of_first=1, percent_of_second=1, inputs="x", found_at=NOW, checked_at=NOW,
        )  # fmt: skip
        make_item(
            review, first, "finding", other=second, finding=finding, key=f"finding:{finding.pk}",
            facts={"severity": "low", "shared": 5, "percent": 1.0},
        )  # fmt: skip
        found.append(finding)
    return found


def test_all_the_low_ones_are_kept_by_one_and_a_single_one_beside_it_is_decided_once() -> None:
    ana, eli = (make_user(name, team=make_team()) for name in ("ana", "eli"))
    for number in range(ROUNDS):
        review = make_review()
        low = low_findings(review)
        items = list(review.items.select_related("finding"))
        seen, of_one = standing_of_all(items), standing(items[0])
        works: list[Callable[[], object]] = [
            lambda: keep_low(review.pk, seen, "All.", ana, LATER, carried=False),  # noqa: B023
            lambda: keep_low(review.pk, seen, "All!", eli, LATER, carried=False),  # noqa: B023
            lambda: decide(items[0].pk, Answer("keep", "One.", of_one), eli, NOW),  # noqa: B023
            lambda: close_review(review.pk, None, LATER),  # noqa: B023
            lambda: acknowledge(low[1].pk, eli, "Elsewhere.", NOW),  # noqa: B023
        ]
        # And the checker, which locks the same findings, in every second round: it resolves them.
        assert at_once(*works, *([lambda: check_overlaps(NOW)] if number % 2 else [])) == []
        counts = [item.decisions.filter(taken_back_at=None).count() for item in items]
        together = Decision.objects.filter(undo__has_key="together", taken_back_at=None)
        assert max(counts) <= 1
        assert together.count() in (0, len(items))
        assert not review.items.filter(carries_over=True, decisions__taken_back_at=None, decisions__isnull=False)
        start_over()


def test_what_was_kept_together_is_taken_back_by_several_once() -> None:
    ana = make_user("ana", team=make_team())
    for _ in range(ROUNDS):
        review = make_review()
        low_findings(review)
        items = list(review.items.select_related("finding"))
        keep_low(review.pk, standing_of_all(items), "All.", ana, NOW, carried=False)
        key = items[0].decisions.get().undo["together"]
        taken: list[int] = []
        raised = at_once(
            lambda: taken.append(take_back_together(review.pk, key, ana, LATER)),  # noqa: B023
            lambda: taken.append(take_back_together(review.pk, key, ana, LATER)),  # noqa: B023
            lambda: taken.append(take_back(items[0].pk, ana, LATER)),  # noqa: B023
            lambda: check_overlaps(NOW),
        )
        assert raised == []
        assert sum(taken) <= len(items)
        assert Decision.objects.filter(taken_back_at=LATER).count() == sum(taken)
        start_over()


def test_an_offer_that_several_make_at_once_is_mailed_once() -> None:
    team = make_team()
    ana, eli = (make_user(name, team=team, email=f"{name}@example.com") for name in ("ana", "eli"))
    for _ in range(ROUNDS):
        campaign = make_campaign(owner=ana)
        work = lambda: offer(campaign.pk, eli.pk, ana, NOW)  # noqa: B023, E731
        assert at_once(work, work, work) == []
        assert HandoffMail.objects.filter(handoff__campaign=campaign).count() == 1


def start_over() -> None:
    """What is over is on no agenda and gets in nobody's way."""
    Review.objects.all().delete()
    Finding.objects.all().delete()
    Campaign.objects.update(status="done")
    Send.objects.update(state="done", moved_by_hand=False)
