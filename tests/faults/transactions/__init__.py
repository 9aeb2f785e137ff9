"""Every kind of transaction that the project commits: a scene of its own, and the work that commits it.

Customers have the same ids each time that a scene is made, so that two runs of it can be compared.
"""

from collections.abc import Callable

from tests.faults.transactions import ledger, meetings, people, plans
from tests.faults.transactions.scenes import Work

__all__ = ["KINDS", "Work"]

KINDS: tuple[Callable[[], Work], ...] = (
    ledger.freezing,
    ledger.admitting,
    ledger.admitting_firings,
    ledger.dispatching,
    ledger.delivering_locally,
    ledger.rescheduling,
    ledger.reaping,
    ledger.finishing,
    plans.planning,
    plans.firing,
    plans.starting_to_fire,
    plans.finding_overlaps,
    plans.asking,
    plans.approving,
    plans.pausing,
    plans.resuming,
    plans.cancelling,
    meetings.opening_a_review,
    meetings.merging,
    meetings.stopping,
    meetings.taking_back,
    meetings.closing_a_review,
    meetings.accepting_a_handoff,
    people.opting_out,
    people.suppressing,
    people.erasing,
    people.recording_events,
    people.writing_customers,
    people.refreshing_a_segment,
)
