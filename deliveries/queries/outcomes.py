"""What was decided and what became of it, in numbers: per send and channel."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Sum

from deliveries.models import Withheld
from deliveries.queries.tallies import states_of


@dataclass
class ChannelOutcome:
    """`admitted` = the sum of `states`; `admitted` + the sum of `withheld` = everyone who was decided on."""

    withheld: Counter[str] = field(default_factory=Counter)  # by reason
    states: Counter[str] = field(default_factory=Counter)  # of the admitted

    @property
    def admitted(self) -> int:
        return self.states.total()

    @property
    def decided(self) -> int:
        return self.admitted + self.withheld.total()


def outcomes_of(send_ids: Iterable[int]) -> dict[tuple[int, str], ChannelOutcome]:
    """By (send, channel). Four statements, whatever the number of sends."""
    wanted = list(send_ids)
    outcomes: defaultdict[tuple[int, str], ChannelOutcome] = defaultdict(ChannelOutcome)
    sets = Withheld.objects.filter(send__in=wanted).order_by().values_list("send_id", "channel", "reason")
    for send_id, channel, reason, size in sets.annotate(total=Sum("size")):
        outcomes[send_id, channel].withheld[reason] = size
    for send_id, counts in states_of(wanted).items():
        for channel, states in counts.items():
            outcomes[send_id, channel].states = states
    return dict(outcomes)
