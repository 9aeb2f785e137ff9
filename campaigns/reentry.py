"""Re-entry: which of the things that happened to customers fire a campaign, given when it fired before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Happening:
    """One reason for one customer: its key makes it fire once, however often it is read."""

    customer_id: int
    key: str
    occurred_at: datetime


@dataclass(frozen=True)
class Earlier:
    """A firing that there is already. One that was dropped keeps its key and does not stand in the way of others."""

    key: str
    occurred_at: datetime
    was_dropped: bool = False


def new_firings(
    happenings: Iterable[Happening], earlier: Mapping[int, Iterable[Earlier]], reentry_days: int | None
) -> list[Happening]:
    """The happenings that fire, in the order in which they happened.

    `reentry_days`: None fires once per customer, 0 always, N again after N days from a firing in either direction:
    what is read late must not come close to what was read before it. `earlier` is by customer id.
    """
    keys = {(customer_id, firing.key) for customer_id, firings in earlier.items() for firing in firings}
    counted = {
        customer_id: [firing.occurred_at for firing in firings if not firing.was_dropped]
        for customer_id, firings in earlier.items()
    }
    fired = []
    for happening in sorted(happenings, key=lambda one: (one.occurred_at, one.key)):
        moments = counted.setdefault(happening.customer_id, [])
        key = (happening.customer_id, happening.key)
        if key not in keys and _may_enter(happening.occurred_at, moments, reentry_days):
            keys.add(key)
            moments.append(happening.occurred_at)
            fired.append(happening)
    return fired


def _may_enter(occurred_at: datetime, moments: Iterable[datetime], reentry_days: int | None) -> bool:
    if reentry_days is None:
        return not any(moments)
    apart = timedelta(days=reentry_days)
    return all(abs(occurred_at - moment) >= apart for moment in moments)
