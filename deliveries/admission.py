"""Admission as set algebra: every customer of an audience ends with exactly one outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyroaring import BitMap

# The order in which reasons take customers out of what is left. It decides what a customer with two reasons is
# told, so it never changes silently. `on_hold` (somebody asked that no marketing reach them for a while) stands behind
# what holds for good: who would not have had it anyway is told that. `held_out` stands after everything that would have
# stopped the message anyway, so that the held-out compare with all that come after them. `missed` (the hour in their
# zone had passed by more than the grace) and `expired` (quiet hours or a deferral would make it too late) are not in
# the design's list of reasons: they stand after the holdout because they are about the moment, not the customer.
REASONS = (
    "unreachable",
    "suppressed",
    "unsubscribed",
    "on_hold",
    "other_channel",
    "duplicate",
    "held_out",
    "missed",
    "expired",
    "capped",
    "yielded",
)
_RANKS = {reason: rank for rank, reason in enumerate(REASONS)}


@dataclass(frozen=True)
class Gate:
    """One reason, what bound them (`cap:3`, `campaign:9`, `topic:2`, ...) and whom it would take: customer ids."""

    reason: str
    bound_by: str
    taken: BitMap


@dataclass(frozen=True)
class Decision:
    """Who is admitted, and disjoint, non-empty gates for everybody else."""

    admitted: BitMap
    withheld: tuple[Gate, ...]


def decide(audience: BitMap, gates: Sequence[Gate]) -> Decision:
    """Let each gate take its customers out of what the gates before it left.

    Gates may share a reason; they must come in the order of `REASONS`: anything else is a `ValueError`, because the
    first reason that applies is the one that a customer is told.
    """
    ranks = [_RANKS[gate.reason] for gate in gates]
    if ranks != sorted(ranks):
        raise ValueError(f"gates out of order: {[gate.reason for gate in gates]}")
    left = audience.copy()
    withheld = []
    for gate in gates:
        if taken := left & gate.taken:
            withheld.append(Gate(gate.reason, gate.bound_by, taken))
            left -= taken
    return Decision(left, tuple(withheld))
