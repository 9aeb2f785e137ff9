from datetime import timedelta

import pytest

from deliveries.channels.base import Outcome, Verdict
from deliveries.verdicts import LONGEST_WAIT, MAX_ATTEMPTS, Tried, settle, wait
from tests.builders import NOW

DAY = NOW + timedelta(days=1)


def outcome(verdict: Verdict, **fields: object) -> Outcome:
    return Outcome(7, verdict, {"text": "busy"}, **fields)  # type: ignore[arg-type]


def test_each_try_waits_longer_up_to_a_limit() -> None:
    waits = [wait(7, tries) for tries in range(1, 12)]
    assert waits[:7] == sorted(waits[:7])
    assert all(LONGEST_WAIT <= each <= LONGEST_WAIT * 1.2 for each in waits[6:])


def test_messages_that_failed_together_do_not_come_back_together() -> None:
    waits = {wait(pk, 1) for pk in range(100)}
    assert len(waits) == 100
    assert all(timedelta(minutes=1) <= each <= timedelta(seconds=72) for each in waits)


def test_tries_are_capped_and_the_reason_says_so() -> None:
    move = settle(outcome(Verdict.DEFERRED), Tried(7, MAX_ATTEMPTS - 1, DAY), NOW)
    assert (move.state, move.reason) == ("failed", "gave up after 8 tries: busy")


def test_a_try_that_would_come_too_late_is_not_made() -> None:
    move = settle(outcome(Verdict.DEFERRED), Tried(7, 0, NOW + timedelta(seconds=30)), NOW)
    assert (move.state, move.reason) == ("expired", "the next try would be too late: busy")


def test_a_channel_that_slows_down_costs_no_attempt() -> None:
    move = settle(outcome(Verdict.DEFERRED, slow_down=True), Tried(7, 3, DAY), NOW)
    assert (move.state, move.attempts, move.due_at) == ("planned", 3, NOW + timedelta(seconds=15))


@pytest.mark.parametrize(("is_idempotent", "state"), [(False, "uncertain"), (True, "planned")])
def test_what_is_ambiguous_is_tried_again_only_where_repeats_are_known(is_idempotent: bool, state: str) -> None:
    assert settle(outcome(Verdict.AMBIGUOUS), Tried(7, 0, DAY), NOW, may_repeat=is_idempotent).state == state


def test_what_stays_ambiguous_to_the_last_try_is_uncertain() -> None:
    tried = Tried(7, MAX_ATTEMPTS - 1, DAY)
    assert settle(outcome(Verdict.AMBIGUOUS), tried, NOW, may_repeat=True).state == "uncertain"


def test_what_may_have_left_and_is_too_late_for_another_try_is_uncertain() -> None:
    move = settle(outcome(Verdict.AMBIGUOUS), Tried(1, 0, NOW + timedelta(seconds=10)), NOW, may_repeat=True)
    assert (move.state, move.is_repeat) == ("uncertain", True)
