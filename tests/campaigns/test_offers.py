"""Which decisions are offered, over plain values."""

from campaigns.offers import Side, can_leave_out, can_take_in, offers


def side(pk: int, include: set[int], exclude: set[int] = frozenset(), **fields: bool) -> Side:  # type: ignore[assignment]
    given = {"is_over": False, "is_continuous": False, "moves": True, **fields}
    return Side(campaign_id=pk, include=frozenset(include), exclude=frozenset(exclude), **given)


def test_one_campaign_is_kept_moved_stopped_or_handed_over() -> None:
    assert offers([side(1, {10})]) == {"keep": (), "move": (1,), "stop": (1,), "hand_over": (1,)}


def test_of_two_each_may_leave_out_the_other_and_duplicates_may_be_merged() -> None:
    pair = [side(1, {10}), side(2, {20})]
    assert offers(pair)["exclude"] == (1, 2)
    assert "merge" not in offers(pair)
    assert offers(pair, is_duplicate=True)["merge"] == (1, 2)


def test_what_is_over_can_only_be_kept() -> None:
    assert offers([side(1, {10}, is_over=True)]) == {"keep": ()}
    assert offers([side(1, {10}), side(2, {20}, is_over=True)])["stop"] == (1,)
    assert "exclude" not in offers([side(1, {10}), side(2, {20}, is_over=True)])


def test_a_send_that_has_started_or_a_continuous_campaign_is_not_moved() -> None:
    assert "move" not in offers([side(1, {10}, moves=False)])


def test_a_segment_that_both_include_is_not_left_out_and_one_that_is_excluded_already_is_nothing_new() -> None:
    assert not can_leave_out(side(1, {10}), side(2, {10, 20}))
    assert not can_leave_out(side(1, {10}, {20}), side(2, {20}))
    assert can_leave_out(side(1, {10}, {30}), side(2, {20}))


def test_a_merge_reaches_nobody_who_was_to_be_left_out() -> None:
    assert can_take_in(side(1, {10}, {30}), side(2, {20}, {30}))
    assert not can_take_in(side(1, {10}), side(2, {20}, {30}))
    assert not can_take_in(side(1, {10}, {20}), side(2, {20}))
    assert not can_take_in(side(1, {10}, is_continuous=True), side(2, {20}))
