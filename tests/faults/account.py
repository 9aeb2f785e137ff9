"""The same account after every scenario: the ledger on one side, what the mail server saw on the other."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum

from campaigns.models import Send
from deliveries.models import Cap, Delivery, Withheld
from tests.faults.servers import Sink

State = Delivery.State


@dataclass(frozen=True)
class Account:
    """All are numbers of ledger rows, or of messages where it says so."""

    states: dict[str, int]
    undecided: int  # of the frozen audiences: neither in the ledger nor withheld
    open: int
    unconfirmed: int  # sent, and not at the sink
    unexplained: int  # ended in another way, without a reason
    duplicates: int  # messages at the sink beyond the first of their Message-ID
    over_cap: int  # customers
    uncertain: int
    unseen: int  # uncertain, and not at the sink

    @property
    def lost(self) -> int:
        """Neither at the sink nor in a final state that says why."""
        return self.undecided + self.open + self.unconfirmed + self.unexplained

    @property
    def figures(self) -> dict[str, int]:
        """Of a result; the bars say the rest."""
        return {name: getattr(self, name) for name in ("lost", "duplicates", "uncertain", "unseen")}

    @property
    def bars(self) -> dict[str, bool]:
        """What holds after every scenario."""
        return {
            "lost 0": self.lost == 0,
            "no row left open": self.open == 0,
            "what is sent was seen": self.unconfirmed == 0,
            "a reason on all others": self.unexplained == 0,
            "caps": self.over_cap == 0,
        }


def take_account(sink: Sink) -> Account:
    seen = sink.seen
    rows = list(Delivery.objects.values_list("state", "reason", "message_id"))
    uncertain = [message_id for state, _, message_id in rows if state == State.UNCERTAIN]
    return Account(
        states=dict(Counter(state for state, _, _ in rows)),
        undecided=_undecided(),
        open=sum(state in Delivery.OPEN for state, _, _ in rows),
        unconfirmed=sum(state == State.SENT and not seen[message_id] for state, _, message_id in rows),
        unexplained=sum(not reason for state, reason, _ in rows if state not in (*Delivery.OPEN, State.SENT)),
        duplicates=seen.total() - len(seen),
        over_cap=sum(_over(cap) for cap in Cap.objects.all()),
        uncertain=len(uncertain),
        unseen=sum(not seen[message_id] for message_id in uncertain),
    )


def _undecided() -> int:
    """A cancelled send need not be decided on."""
    sends = Send.objects.exclude(state=Send.State.CANCELLED)
    audience: Any = sends.aggregate(size=Sum("audience_size"))["size"] or 0
    withheld: Any = Withheld.objects.filter(send__in=sends).aggregate(size=Sum("size"))["size"] or 0
    return int(audience) - int(withheld) - Delivery.objects.filter(send__in=sends).count()


def _over(cap: Cap) -> int:
    """Customers who hold more slots than the cap allows; all of a scenario is within one window."""
    taken = Delivery.objects.filter(counts_toward_caps=True, state__in=Delivery.HOLDING)
    return taken.values("customer").annotate(slots=Count("id")).filter(slots__gt=cap.limit).count()
