"""The pure function that decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from deliveries.admission import REASONS, Decision, Gate, decide

IDS = st.sets(st.integers(0, 40)).map(BitMap)
GATES = st.lists(st.builds(Gate, st.sampled_from(REASONS), st.sampled_from(["", "cap:1", "cap:2"]), IDS)).map(
    lambda gates: sorted(gates, key=lambda gate: REASONS.index(gate.reason))
)


@given(IDS, GATES)
def test_invariant_02_every_customer_has_exactly_one_outcome_and_the_sums_are_exact(
    audience: BitMap, gates: list[Gate]
) -> None:
    decision = decide(audience, gates)
    parts = [decision.admitted, *(gate.taken for gate in decision.withheld)]
    assert sum(len(part) for part in parts) == len(audience)
    assert BitMap.union(*parts) == audience
    assert all(gate.taken for gate in decision.withheld)


@given(IDS, GATES)
def test_everyone_is_told_the_first_reason_that_applies(audience: BitMap, gates: list[Gate]) -> None:
    decision = decide(audience, gates)
    for customer in audience:
        first = next((gate for gate in gates if customer in gate.taken), None)
        told = next((gate for gate in decision.withheld if customer in gate.taken), None)
        assert (first and (first.reason, first.bound_by)) == (told and (told.reason, told.bound_by))


def test_gates_may_share_a_reason_and_each_names_what_bound() -> None:
    gates = [Gate("capped", "cap:3", BitMap([1, 2])), Gate("capped", "cap:5", BitMap([2, 3]))]
    decision = decide(BitMap([1, 2, 3, 4]), gates)
    assert decision == Decision(
        BitMap([4]), (Gate("capped", "cap:3", BitMap([1, 2])), Gate("capped", "cap:5", BitMap([3])))
    )


def test_the_audience_that_was_given_is_left_as_it_was() -> None:
    audience = BitMap([1, 2])
    decide(audience, [Gate("unreachable", "", BitMap([1]))])
    assert audience == BitMap([1, 2])


def test_gates_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="out of order"):
        decide(BitMap(), [Gate("capped", "", BitMap()), Gate("unreachable", "", BitMap())])
